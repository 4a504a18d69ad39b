import { SallyportError } from "../errors.ts";

/** Longest line of the protocol, with its end. Bytes. OpenSSH bears more; no name needs it. */
export const MAX_LINE = 2048;
/** Longest name: NAME_MAX of POSIX systems. Bytes. */
export const MAX_NAME = 255;

/** A message of whoever sends files (scp.c; there is no other specification). */
export type ScpMessage =
  /** `C0644 12 name`: a file of so many bytes follows. `D0755 0 name`: what follows is in that folder, until `E`. */
  | { type: "file" | "folder"; name: string; size: number }
  /** `E`: the end of a folder. */
  | { type: "end" }
  /** `T1700000000 0 1700000000 0`: times of the file or folder that is announced next. */
  | { type: "times" }
  /** Something could not be sent; `isFatal`: nor will anything else. */
  | { type: "error"; isFatal: boolean; words: string };

const ENTRY = /^([CD])[0-7]{4} ([0-9]{1,16}) (.+)$/s;
const TIMES = /^T[0-9]{1,19} [0-9]{1,6} [0-9]{1,19} [0-9]{1,6}$/;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;

/**
 * Reads one line without its line feed. Throws `protocol_violation` for all that isn't exactly one of these messages,
 * and for a name that isn't that of one file in the folder that is spoken of: with a slash, "." or "..", empty, too long,
 * with control characters, not UTF-8, or written as OpenSSH writes a line feed in a name, which can't be told from a
 * name that holds just those characters.
 */
export function readMessage(line: Buffer): ScpMessage {
  const kind = line[0];
  if (kind === 0x01 || kind === 0x02) {
    return { type: "error", isFatal: kind === 0x02, words: plainWords(line.subarray(1)) };
  }
  let text: string;
  try {
    text = UTF8.decode(line);
  } catch {
    throw violation("a name that is not valid UTF-8");
  }
  if (text === "E") return { type: "end" };
  if (TIMES.test(text)) return { type: "times" };
  const [, letter, digits, name] = ENTRY.exec(text) ?? [];
  if (letter === undefined) throw violation("a line that is no message");
  const size = Number(digits);
  if (!Number.isSafeInteger(size)) throw violation("a size that is too large");
  if (letter === "D" && size !== 0) throw violation("a folder with a size");
  return { type: letter === "C" ? "file" : "folder", name: checkedName(name!), size };
}

/** Words of a peer for people: controls as "?", at most 512 characters. */
export function plainWords(bytes: Buffer): string {
  return bytes.subarray(0, MAX_LINE).toString("utf8").slice(0, 512).replaceAll(CONTROLS, "?");
}

/** A line that tells the peer that something failed, while more may follow. */
export function errorLine(words: string): Buffer {
  return Buffer.from(`\u0001${words.replaceAll(CONTROLS, "?")}\n`);
}

function checkedName(name: string): string {
  const isOne = name !== "." && name !== ".." && !name.includes("/");
  if (!isOne || Buffer.byteLength(name) > MAX_NAME || CONTROL.test(name) || name.includes("\\^J")) {
    throw violation("a name that is not one file's");
  }
  return name;
}

function violation(what: string): SallyportError {
  return new SallyportError("protocol_violation", `the scp protocol carries ${what}`);
}
