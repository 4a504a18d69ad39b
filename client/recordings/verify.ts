import { readFile } from "node:fs/promises";
import { SallyportError } from "../../protocol/errors.ts";
import { CHECKS } from "../../protocol/recording/findings.ts";
import { type Keys, parseKeys } from "../../protocol/recording/keys.ts";
import type { Verification } from "../../protocol/recording/verify.ts";
import { printable, styled } from "../terminal.ts";

/** What the exit status of `verify` says. */
export const VerifyStatus = {
  verified: 0,
  failed: 1,
  /** Nothing is wrong, but a seal or the end is missing. */
  incomplete: 7,
} as const satisfies Record<Verification["verdict"], number>;

export const VERIFY_HELP = `Exit status:
  0  verified: everything holds
  1  not verified: something was changed, cut, moved or forged
  7  incomplete: nothing is wrong, but the session had not ended, or a seal is missing`;

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

const VERDICTS = {
  verified: styled("green", "verified"),
  failed: styled("red", "NOT VERIFIED"),
  incomplete: styled("yellow", "incomplete"),
} as const satisfies Record<Verification["verdict"], string>;

const MARKS = { ok: styled("green", "✓"), failed: styled("red", "✗"), absent: styled("yellow", "-") };

/** The verification for people. `keys`: where the keys are from. */
export function verificationLines(result: Verification, keys: string): string[] {
  const session = result.session === null ? "no session" : `session ${result.session}`;
  const wrong = result.firstWrong === null ? "" : `; first wrong entry: ${result.firstWrong}`;
  const width = Math.max(...Object.values(CHECKS).map((words) => words.length));
  return [
    `${VERDICTS[result.verdict]}: ${printable(session)}, ${result.entries} entries${wrong}`,
    ...result.checks.map(
      ({ name, state, sentence }) =>
        `  ${MARKS[state]} ${CHECKS[name].padEnd(width)}  ${printable(sentence)}`,
    ),
    ...result.notes.map((note) => `  note: ${printable(note)}`),
    `  keys: ${printable(keys)}`,
  ];
}
