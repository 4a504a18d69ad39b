// npm run build:verify [FILE]: the verifier as one file that needs Node alone (standalone.ts).
import { chmodSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ENTRY = fileURLToPath(new URL("standalone.ts", import.meta.url));

/** The oldest Node that runs it. */
const TARGET = "node20.12";

/** Writes the verifier to a file; answers the modules that it imports, all of them Node's own. */
export async function bundleVerifier(file: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [ENTRY],
    bundle: true,
    outfile: file,
    format: "esm",
    platform: "node",
    target: TARGET,
    banner: { js: "#!/usr/bin/env node" },
    legalComments: "inline",
    metafile: true,
    logLevel: "silent",
  });
  chmodSync(file, 0o755);
  return Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? "dist/sallyport-verify.mjs";
  await bundleVerifier(file);
  console.log(file);
}
