import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { build, type Plugin } from "esbuild";
import { SallyportError } from "../../protocol/errors.ts";

/** The Worker's modules, as Miniflare takes them. */
export interface WorkerBundle {
  mainModule: string;
  modules: Record<string, { type: "esm" | "wasm"; contents: string | Uint8Array<ArrayBuffer> }>;
}

const MAIN = "edge.js";

/**
 * The Worker in one module, bundled in memory unless it is bundled, and beside it the WebAssembly that it imports.
 * Throws `invalid_config` when it does not build.
 */
export async function bundleWorker(entry: string | undefined): Promise<WorkerBundle> {
  if (entry === undefined) {
    throw new SallyportError("invalid_config", "The edge's Worker is missing.", "Install Sallyport again.");
  }
  if (entry.endsWith(".js")) {
    const folder = dirname(entry);
    const files = readdirSync(folder).filter((name) => name.endsWith(".wasm"));
    return bundle(
      readFileSync(entry, "utf8"),
      files.map((name) => join(folder, name)),
    );
  }
  const wasm = new Set<string>();
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    mainFields: ["browser", "module", "main"],
    external: ["cloudflare:*", "node:*"],
    plugins: [compiledWasm(wasm)],
    logLevel: "silent",
  }).catch((error: Error) => {
    throw new SallyportError("invalid_config", `The edge's Worker does not build: ${error.message}`);
  });
  return bundle(result.outputFiles[0]!.text, [...wasm]);
}

function bundle(script: string, wasm: string[]): WorkerBundle {
  const modules: WorkerBundle["modules"] = { [MAIN]: { type: "esm", contents: script } };
  for (const file of wasm) modules[basename(file)] = { type: "wasm", contents: readFileSync(file) };
  return { mainModule: MAIN, modules };
}

/** Leaves imports of WebAssembly to workerd, which compiles them; a Worker may not compile bytes itself. */
function compiledWasm(found: Set<string>): Plugin {
  return {
    name: "compiled-wasm",
    setup({ onResolve }) {
      onResolve({ filter: /\.wasm$/ }, ({ path, resolveDir }) => {
        found.add(join(resolveDir, path));
        return { path: `./${basename(path)}`, external: true };
      });
    },
  };
}
