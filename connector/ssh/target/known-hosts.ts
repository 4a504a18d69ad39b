import { createHmac, timingSafeEqual } from "node:crypto";
import { open } from "node:fs/promises";
import { SallyportError } from "../../../protocol/errors.ts";
import { parsePublicKey, type SshPublicKey } from "../../../protocol/ssh/public-key.ts";

/** What a known_hosts file says of one host. */
export interface KnownHost {
  keys: SshPublicKey[];
  /** Keys that nothing may be accepted by. */
  revoked: SshPublicKey[];
  /** Whether an authority is trusted for it, whose certificates aren't looked at. */
  hasAuthority: boolean;
}

/** Longest file that is read, and lines of it. Bytes. */
const MAX_FILE = 4 * 1024 * 1024;
const MAX_LINE = 128 * 1024;
const DEFAULT_PORT = 22;

/** Reads the file for one host. `target` stands in errors. Throws `invalid_config`. */
export async function readKnownHosts(path: string, host: string, port: number): Promise<KnownHost> {
  return knownHost(await readText(path), path, host, port);
}

/**
 * Looks a host up in the text of a known_hosts file, sshd(8), SSH_KNOWN_HOSTS FILE FORMAT. A line that can't be read is
 * an error, as it may revoke a key. Throws `invalid_config` with `path` and the line's number.
 */
export function knownHost(text: string, path: string, host: string, port: number): KnownHost {
  const names = nameOf(host, port);
  const found: KnownHost = { keys: [], revoked: [], hasAuthority: false };
  for (const [i, line] of text.split("\n").entries()) {
    const fields = line.trim().split(/[ \t]+/);
    if (fields[0] === "" || fields[0]!.startsWith("#")) continue;
    const marker = fields[0]!.startsWith("@") ? fields.shift() : undefined;
    const [patterns, ...rest] = fields;
    const key = line.length > MAX_LINE ? null : parsePublicKey(rest.join(" "));
    if (patterns === undefined || key === null || !isKnownMarker(marker)) {
      throw new SallyportError(
        "invalid_config",
        `${path}:${i + 1}: this is no line of a known_hosts file`,
        "Correct or remove it; `ssh-keyscan -t ed25519 HOST` prints such lines, to be compared with the host's own.",
      );
    }
    if (!matchesHost(patterns, names)) continue;
    if (marker === "@cert-authority") found.hasAuthority = true;
    else if (marker === "@revoked") found.revoked.push(key);
    else found.keys.push(key);
  }
  return found;
}

function isKnownMarker(marker: string | undefined): boolean {
  return marker === undefined || marker === "@cert-authority" || marker === "@revoked";
}

/** As it stands in the file: in brackets with a port that isn't 22. */
export function nameOf(host: string, port: number): string {
  const name = host.toLowerCase();
  return port === DEFAULT_PORT ? name : `[${name}]:${port}`;
}

function matchesHost(patterns: string, name: string): boolean {
  if (patterns.startsWith("|")) return matchesHash(patterns, name);
  let matches = false;
  for (const pattern of patterns.toLowerCase().split(",")) {
    if (pattern.startsWith("!") && matchesPattern(pattern.slice(1), name)) return false;
    matches ||= matchesPattern(pattern, name);
  }
  return matches;
}

/** `|1|SALT|HASH`: HMAC-SHA1 of the name by the salt, base64. */
function matchesHash(text: string, name: string): boolean {
  const [, salt, hash] = /^\|1\|([A-Za-z0-9+/]+=*)\|([A-Za-z0-9+/]+=*)$/.exec(text) ?? [];
  if (salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, "base64");
  const actual = createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest();
  return expected.length === actual.length && timingSafeEqual(expected, actual);
}

/** `*` is any characters, `?` any one. In time of the product of the lengths, whatever the pattern. */
function matchesPattern(pattern: string, name: string): boolean {
  let [p, n] = [0, 0];
  let [star, resume] = [-1, 0];
  while (n < name.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = n;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === name[n])) {
      p++;
      n++;
    } else if (star >= 0) {
      p = star + 1;
      n = ++resume;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}

async function readText(path: string): Promise<string> {
  const fail = (why: string, hint: string) =>
    new SallyportError("invalid_config", `the known_hosts file ${path} ${why}`, hint);
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_FILE + 1), 0, MAX_FILE + 1, 0);
    if (bytesRead <= MAX_FILE) return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw fail(`can't be read (${code})`, "Check connection.hostKeys.knownHosts and who may read the file.");
  }
  throw fail(`is longer than ${MAX_FILE} bytes`, "Give the connector a file with its own targets.");
}
