import { createHash, randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { exportJWK, generateKeyPair } from "jose";
import { SallyportError } from "../protocol/errors.ts";

/** What a running edge writes into its state folder, so that others find it and its successor cleans up. */
export interface RunningEdge {
  pid: number;
  /** Process id of workerd, once it runs. */
  workerd?: number;
  url?: string;
}

/**
 * Creates the folder (0700) if needed and locks it for this process. The lock is one that the kernel keeps and
 * drops with the process (SQLite's file lock): a lock file with a process id would be stale after a power cut.
 * Throws `conflict` when another edge holds it.
 */
export function lockStateFolder(folder: string): { release(): void } {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = new DatabaseSync(join(folder, "edge.lock"));
  try {
    database.exec("PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE");
  } catch {
    database.close();
    const other = readRunningEdge(folder);
    throw new SallyportError(
      "conflict",
      `Another edge is using the state folder ${folder}${other ? ` (process ${other.pid}${other.url ? `, ${other.url}` : ""})` : ""}.`,
      "Stop it, or give this one a state folder of its own (edge.state in the configuration file).",
    );
  }
  return {
    release() {
      rmSync(join(folder, "edge.json"), { force: true });
      database.close();
    },
  };
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

/** Writes a file that only its owner reads (0600), so that a reader sees all of it or the one before. */
export function writePrivate(file: string, text: string): void {
  const next = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  writeFileSync(next, text, { mode: 0o600, flag: "wx", flush: true });
  chmodSync(next, 0o600);
  renameSync(next, file);
}

/** The file's text, or undefined where there is none. */
export function readIfPresent(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
