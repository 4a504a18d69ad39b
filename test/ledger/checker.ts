import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findGo, goEnvironment } from "../go.ts";

const SOURCES = join(import.meta.dirname, "checker");
/** A second where its two modules are there; else they are downloaded, ms. */
const BUILD_MS = 60_000;

/**
 * A program that isn't ours and reads the ledger: Go's own `sumdb/note` and `sumdb/tlog`, of the sources beside this file.
 * Built once, into the cache of this user; else why it is missing: what `node:test` takes as `skip`.
 */
export function ledgerChecker(): { path: string } | { missing: string } {
  const caches = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  const folder = join(caches, "sallyport-test", "ledger");
  const path = join(folder, `checker-${hashOfSources()}`);
  if (existsSync(path)) return { path };
  const go = findGo();
  if (go === undefined) return { missing: "the checker is built with Go 1.26 or newer, which is absent" };
  mkdirSync(folder, { recursive: true });
  const output = `${path}.${process.pid}.new`;
  try {
    execFileSync(go, ["build", "-trimpath", "-o", output, "."], {
      cwd: SOURCES,
      env: goEnvironment("readonly"),
      stdio: ["ignore", "ignore", "pipe"],
      timeout: BUILD_MS,
    });
    renameSync(output, path);
    return { path };
  } catch (error) {
    const { stderr } = error as { stderr?: Buffer };
    const lines = (stderr?.toString() || String(error)).trim().split("\n");
    return { missing: `the checker could not be built: ${lines.slice(-2).join(" ")}` };
  }
}

function hashOfSources(): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(SOURCES).sort()) hash.update(name).update(readFileSync(join(SOURCES, name)));
  return hash.digest("hex").slice(0, 16);
}
