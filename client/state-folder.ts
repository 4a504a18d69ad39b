import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { exportJWK, generateKeyPair } from "jose";
import { SallyportError } from "../protocol/errors.ts";
import { type FileLock, tryLock } from "./file-lock.ts";
import { readIfPresent, writePrivate } from "./private-file.ts";

/** What a running edge writes into its state folder, so that others find it and its successor cleans up. */
export interface RunningEdge {
  pid: number;
  /** Process id of workerd, once it runs. */
  workerd?: number;
  url?: string;
}

/** Creates the folder (0700) if needed and locks it. Throws `conflict` when another edge holds it. */
export function lockStateFolder(folder: string): FileLock {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const lock = tryLock(join(folder, "edge.lock"));
  if (lock) {
    return {
      release() {
        rmSync(join(folder, "edge.json"), { force: true });
        lock.release();
      },
    };
  }
  const other = readRunningEdge(folder);
  const who = other ? ` (process ${other.pid}${other.url ? `, ${other.url}` : ""})` : "";
  throw new SallyportError(
    "conflict",
    `Another edge is using the state folder ${folder}${who}.`,
    "Stop it, or give this one a state folder of its own: edge.state in the configuration file, or --state.",
  );
}

/** Who last ran in this folder, or undefined. Not proof that it still runs. */
export function readRunningEdge(folder: string): RunningEdge | undefined {
  const text = readIfPresent(join(folder, "edge.json"));
  return text === undefined ? undefined : (JSON.parse(text) as RunningEdge);
}

export function writeRunningEdge(folder: string, running: RunningEdge): void {
  writePrivate(join(folder, "edge.json"), JSON.stringify(running));
}

/** The edge's Ed25519 signing key as a private JWK in JSON, made at the first start. */
export async function edgeSigningKey(folder: string): Promise<string> {
  const file = join(folder, "edge-key.json");
  const known = readIfPresent(file);
  if (known !== undefined) return known;
  const { privateKey } = await generateKeyPair("Ed25519", { extractable: true });
  const text = JSON.stringify(await exportJWK(privateKey));
  writePrivate(file, text);
  return text;
}

/** The bootstrap administrator's token, made at the first start. The file's owner can read it. */
export function adminToken(folder: string): { token: string; sha256: string } {
  const file = adminTokenFile(folder);
  let token = readIfPresent(file)?.trim();
  if (token === undefined) {
    token = `syp_${randomBytes(32).toString("base64url")}`;
    writePrivate(file, `${token}\n`);
  }
  return { token, sha256: createHash("sha256").update(token).digest("hex") };
}

export function adminTokenFile(folder: string): string {
  return join(folder, "admin-token");
}
