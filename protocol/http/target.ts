import { SallyportError } from "../errors.ts";
import { MAX_TARGET } from "./head.ts";
import { isOverride } from "./overrides.ts";

export interface Target {
  /** Decoded, none empty. A slash that was sent as `%2F` stays so, and nothing else reads like it. */
  segments: readonly string[];
  /** The segments joined by `/`, with a leading one, and a trailing one where it was sent. */
  path: string;
  /** Parameters of the query in order, decoded as forms are (`+` is a blank); of one without `=` the value is empty. */
  query: readonly (readonly [name: string, value: string])[];
  /** Why servers may read the query in another way, in words; empty where they don't. */
  opaque: readonly string[];
}

export interface TargetOptions {
  /** Whether `%2F` may stand in the path. */
  encodedSlashes: boolean;
}

/**
 * Reads a request's target (RFC 9112 section 3.2.1, RFC 3986). Throws `invalid_request` for all that is no origin form,
 * and for every path that two servers may take for two different ones; its hint says what to send instead.
 */
export function readTarget(target: string, options: TargetOptions): Target {
  checkForm(target);
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  checkPath(path);
  const trailing = path.endsWith("/");
  const raw = path.slice(1, trailing && path.length > 1 ? -1 : undefined);
  const segments = raw === "" ? [] : raw.split("/").map((segment) => decodeSegment(segment, options));
  const joined = `/${segments.join("/")}`;
  return {
    segments,
    path: trailing && segments.length > 0 ? `${joined}/` : joined,
    ...readQuery(query),
  };
}

function refuse(what: string, hint: string): never {
  throw new SallyportError("invalid_request", `the request's target ${what}`, hint);
}

function checkForm(target: string): void {
  if (target.length > MAX_TARGET) {
    refuse(
      `is longer than ${MAX_TARGET} bytes`,
      "Send parameters in the body, where the service takes them there.",
    );
  }
  if (!target.startsWith("/")) {
    refuse("is not a path", "It begins with a slash; which host it goes to is settled by the target.");
  }
  if (!/^[!-~]*$/.test(target)) {
    refuse(
      "has characters that can't stand in a URL",
      "Percent-encode blanks and all that is not ASCII, as UTF-8.",
    );
  }
  if (target.includes("#")) {
    refuse("has a fragment", "Leave out what begins with #, or write %23 where it is meant literally.");
  }
}

function checkPath(path: string): void {
  if (path.includes("//")) {
    refuse(
      "has an empty segment in its path",
      "Write one slash where there are two; some servers take them for one.",
    );
  }
  if (path.includes("\\")) {
    refuse("has a backslash in its path", "Write a slash; some servers take a backslash for one.");
  }
  if (path.includes(";")) {
    refuse(
      "has a semicolon in its path",
      "Leave it out, with what follows: some servers cut it off, others don't.",
    );
  }
  if (/["<>^`{|}]/.test(path)) {
    refuse("has characters in its path that must be encoded there", 'Percent-encode each of "<>^`{|}.');
  }
  if (/%(?![0-9A-Fa-f]{2})/.test(path)) {
    refuse("has a % in its path that begins no escape", "Write %25 for a percent sign.");
  }
  if (/%25[0-9A-Fa-f]{2}/.test(path)) {
    refuse(
      "has an escape in its path that is escaped itself",
      "Encode the path once; some servers decode it twice.",
    );
  }
  if (/%(?:2[DdEe]|3[0-9]|4[1-9A-Fa-f]|5[0-9AaFf]|6[1-9A-Fa-f]|7[0-9Aa])/.test(path)) {
    refuse(
      "has escapes in its path for characters that need none",
      "Write letters, digits and - . _ as they are: some servers compare the path before they decode it.",
    );
  }
}

/** Characters that look like a slash or backslash and are taken for one where text is narrowed to another character set. */
const LIKE_SLASHES = /[\u2044\u2215\u2216\u29f5\u29f8\u29f9]/;

function decodeSegment(raw: string, options: TargetOptions): string {
  const parts = raw.split(/%2F/i);
  if (parts.length > 1 && !options.encodedSlashes) {
    refuse(
      "has a slash in its path that is encoded",
      "Some servers take %2F for a slash; the target's settings can allow it.",
    );
  }
  return parts.map(decodePart).join("%2F");
}

function decodePart(raw: string): string {
  const part = decodeUtf8(raw);
  if (part === null) {
    refuse(
      "has escapes in its path that are not UTF-8",
      "Encode characters of the path as UTF-8, in its shortest form.",
    );
  }
  if (/\p{Cc}/u.test(part)) {
    refuse("has a control character in its path", "Leave it out; some servers end the path there.");
  }
  const plain = part.normalize("NFKC");
  if (isDots(part) || isDots(plain)) {
    refuse(
      "has a dot segment in its path",
      "Send the path that . and .. lead to; servers differ on where that is.",
    );
  }
  if (/[\\;]/.test(plain) || plain.includes("/") || LIKE_SLASHES.test(plain)) {
    refuse(
      "has a character in its path that some servers take for a slash, backslash or semicolon",
      "Leave it out; names that need it can't be reached here.",
    );
  }
  if (plain.includes("%") && /%[0-9A-Fa-f]{2}/.test(plain)) {
    refuse(
      "has an escape in its path that is escaped itself",
      "Encode the path once; some servers decode it twice.",
    );
  }
  return part;
}

function isDots(segment: string): boolean {
  return segment === "." || segment === "..";
}

const SEMICOLON = "servers differ on whether a semicolon parts parameters of the query";
const NOT_UTF8 = "the query has escapes that are not UTF-8";
const NULL = "the query has a null character, where some servers end it";

function readQuery(query: string): Pick<Target, "query" | "opaque"> {
  if (/%(?![0-9A-Fa-f]{2})/.test(query)) {
    refuse("has a % in its query that begins no escape", "Write %25 for a percent sign.");
  }
  const opaque = new Set<string>();
  if (query.includes(";")) opaque.add(SEMICOLON);
  const decode = (raw: string): string => {
    const text = raw.replaceAll("+", " ");
    const decoded = decodeUtf8(text);
    if (decoded === null) opaque.add(NOT_UTF8);
    if (decoded?.includes("\0")) opaque.add(NULL);
    return decoded ?? Buffer.from(unescaped(text), "latin1").toString();
  };
  const pairs: (readonly [string, string])[] = [];
  for (const piece of query.split("&")) {
    if (piece === "") continue;
    const equals = piece.indexOf("=");
    const name = decode(equals < 0 ? piece : piece.slice(0, equals));
    if (isOverride(name)) {
      refuse(
        "says in its query which method or path is meant",
        "Send the request with that method and path itself.",
      );
    }
    pairs.push([name, equals < 0 ? "" : decode(piece.slice(equals + 1))]);
  }
  return { query: pairs, opaque: [...opaque] };
}

/** Null for what is not UTF-8. Every `%` must begin an escape. */
function decodeUtf8(raw: string): string | null {
  try {
    return decodeURIComponent(raw);
  } catch {
    return null;
  }
}

function unescaped(raw: string): string {
  return raw.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}
