import { isAlias, isMap, isScalar, isSeq, Lexer, parseDocument, Scalar } from "yaml";
import { JsonNumber, type JsonValue, readJson } from "../http/json.ts";

/**
 * Characters, tokens and levels of a body in YAML that is read; JSON, which is YAML too, may be longer. The parser needs
 * time by the square of some of them, and nothing else of the connector runs meanwhile.
 */
const MAX_YAML = 64 * 1024;
const MAX_TOKENS = 8_000;
const MAX_DEPTH = 64;

const NOT_READ =
  "the body is no YAML that is read here: it has anchors, tags, several documents, or an error";
const VERSIONS = "the body has a value that versions of YAML read differently: write it in quotation marks";
const TOO_LONG = "the body is too long to be read as YAML: send it as JSON";

class Unread extends Error {}

/**
 * Reads a body of one document in YAML as the API server does: what becomes of it in JSON. Undefined where it is
 * anything that could be read in two ways, such as `yes`, `0777` or an alias.
 */
export function readYaml(text: string): { value: JsonValue | undefined; opaque: readonly string[] } {
  const json = readJson(text, { foldCase: false });
  if (json.value !== undefined) return json;
  try {
    if (text.length > MAX_YAML) throw new Unread(TOO_LONG);
    checkTokens(text);
    const document = parseDocument(text, { version: "1.2", uniqueKeys: false, logLevel: "error" });
    if (document.errors.length > 0 || document.warnings.length > 0) throw new Unread(NOT_READ);
    return { value: jsonOf(document.contents, 0), opaque: [] };
  } catch (error) {
    if (error instanceof Unread) return { value: undefined, opaque: [error.message] };
    // What the parser throws where it is nested too deeply for it.
    if (error instanceof RangeError) return { value: undefined, opaque: [NOT_READ] };
    throw error;
  }
}

/** Whether a text is short and simple enough for a parser of YAML, which would need long for others. */
export function isParsable(text: string): boolean {
  if (text.length > MAX_YAML) return false;
  try {
    checkTokens(text);
    return true;
  } catch (error) {
    if (error instanceof Unread) return false;
    throw error;
  }
}

/** Before a scalar's text, in the tokens of the lexer; at the end of a flow collection that is cut off. */
const SCALAR = "\x1f";
const CUT_OFF = "\x18";

/** Throws `Unread` for what is not read, or would take long. */
function checkTokens(text: string): void {
  let tokens = 0;
  let depth = 0;
  let before = "";
  for (const token of new Lexer().lex(text)) {
    if (++tokens > MAX_TOKENS) throw new Unread(TOO_LONG);
    if (before !== SCALAR) {
      if (token === "[" || token === "{") depth++;
      else if (token === "]" || token === "}") depth--;
      if (depth < 0 || depth > MAX_DEPTH || token === CUT_OFF) throw new Unread(NOT_READ);
      if (/^[&*!%]/.test(token)) throw new Unread(NOT_READ);
    }
    before = token;
  }
}

function jsonOf(node: unknown, depth: number): JsonValue {
  if (depth > MAX_DEPTH || isAlias(node)) throw new Unread(NOT_READ);
  if (node === null) return null;
  if (isSeq(node)) return node.items.map((item) => jsonOf(item, depth + 1));
  if (isMap(node)) {
    const members = new Map<string, JsonValue>();
    for (const { key, value } of node.items) {
      const name = jsonOf(key, depth + 1);
      if (typeof name !== "string" || name === "<<" || members.has(name)) throw new Unread(NOT_READ);
      members.set(name, jsonOf(value, depth + 1));
    }
    return members;
  }
  if (!isScalar(node)) throw new Unread(NOT_READ);
  if (node.type === Scalar.PLAIN) return plain(node.source ?? "");
  if (typeof node.value !== "string") throw new Unread(NOT_READ);
  return node.value;
}

/** A scalar without quotation marks: what all versions of YAML take for the same, and Go's for JSON's. */
function plain(source: string): JsonValue {
  if (source === "true" || source === "false") return source === "true";
  if (source === "null" || source === "~" || source === "") return null;
  if (/^-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?$/.test(source)) return new JsonNumber(source);
  if (/^(?:y|yes|n|no|on|off|true|false|null|=)$/i.test(source) || LIKE_NUMBER.test(source)) {
    throw new Unread(VERSIONS);
  }
  return source;
}

/** Numbers of any base, with a sign, exponent, underscores or colons, infinity, dates: and what is like them. */
const LIKE_NUMBER = /^[-+]?(?:\.?[0-9][-+0-9_.:a-fA-FxXoO]*(?:[tT ][-+0-9:. zZ]*)?|\.(?:inf|nan))$/i;
