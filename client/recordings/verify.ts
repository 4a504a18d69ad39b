import { readFile } from "node:fs/promises";
import { SallyportError } from "../../protocol/errors.ts";
import type { Verdict } from "../../protocol/recording/findings.ts";
import { type Keys, parseKeys } from "../../protocol/recording/keys.ts";

/** What the exit status of `verify` says. */
export const VerifyStatus = {
  verified: 0,
  failed: 1,
  /** Nothing is wrong, but something is missing that would prove the rest. */
  incomplete: 7,
} as const satisfies Record<Verdict, number>;

export const VERIFY_HELP = `Exit status:
  0  verified: everything holds
  1  not verified: something was changed, cut, moved, removed or forged
  7  incomplete: nothing is wrong, but something is missing: a session had not ended, a seal, an entry, a witness
  docs/evidence.md says of each line what it proves.`;

/** Bytes of a keys file. */
const MAX_KEYS = 32 * 1024 * 1024;

/** Reads the keys file. Throws `invalid_request` or `not_found`. */
export async function readKeys(path: string): Promise<Keys> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new SallyportError(
      error.code === "ENOENT" ? "not_found" : "invalid_request",
      `The keys file ${path} can't be read: ${error.message}`,
      "Fetch it once and keep it: curl EDGE/v1/keys > keys.json",
    );
  });
  return parseKeys(parseJson(bytes, path));
}

function parseJson(bytes: Buffer, path: string): unknown {
  if (bytes.length > MAX_KEYS)
    throw new SallyportError("invalid_request", `${path} is no keys file: too long`);
  try {
    return JSON.parse(bytes.toString());
  } catch {
    throw new SallyportError("invalid_request", `${path} is no JSON`);
  }
}
