/**
 * A value of JSON (RFC 8259). An object is a map, so that no name is special; a number stays as it was written, because
 * readers differ on what is left of a large one.
 */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;

export type JsonObject = ReadonlyMap<string, JsonValue>;

export class JsonNumber {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export interface JsonReading {
  /** Undefined where the text is no JSON, or nested too deeply. */
  value: JsonValue | undefined;
  /** Why others may read it differently, in words; empty where they don't. */
  opaque: readonly string[];
}

/** Levels of nesting. */
const MAX_DEPTH = 64;

const NOT_JSON = "the body is no JSON";
const TOO_DEEP = `the body is nested more than ${MAX_DEPTH} levels deep`;
const TWICE = "an object of the body has a name twice, and readers differ on which they take";
const FOLDED =
  "an object of the body has names that differ in case alone, which some readers take for the same";
const SURROGATE = "a text of the body has half a character";

/**
 * Reads a text that is one value of JSON. A name that stands twice in an object is told, and the last one counts; so
 * is, with `foldCase`, a name that is another's but for its case.
 */
export function readJson(text: string, { foldCase }: { foldCase: boolean }): JsonReading {
  const reader = new JsonReader(text, foldCase);
  try {
    return { value: reader.document(), opaque: [...reader.opaque] };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return { value: undefined, opaque: [error.message] };
  }
}

/** A text of UTF-8 without a byte order mark, or null. */
export function readUtf8(bytes: Uint8Array): string | null {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.startsWith("\ufeff") ? null : text;
  } catch {
    return null;
  }
}

class Unreadable extends Error {}

const BLANKS = " \t\n\r";
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const LITERAL = /true|false|null/y;
const LITERALS: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null };

class JsonReader {
  readonly opaque = new Set<string>();
  readonly #text: string;
  readonly #foldCase: boolean;
  #at = 0;

  constructor(text: string, foldCase: boolean) {
    this.#text = text;
    this.#foldCase = foldCase;
  }

  document(): JsonValue {
    const value = this.#value(0);
    if (this.#at !== this.#text.length) throw new Unreadable(NOT_JSON);
    return value;
  }

  /** A value with the blanks around it. */
  #value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new Unreadable(TOO_DEEP);
    this.#skipBlanks();
    const value = this.#bare(depth);
    this.#skipBlanks();
    return value;
  }

  #bare(depth: number): JsonValue {
    if (this.#skip("{")) return this.#object(depth + 1);
    if (this.#skip("[")) return this.#array(depth + 1);
    if (this.#text[this.#at] === '"') return this.#string();
    const number = this.#take(NUMBER);
    if (number !== null) return new JsonNumber(number);
    const literal = this.#take(LITERAL);
    if (literal === null) throw new Unreadable(NOT_JSON);
    return LITERALS[literal]!;
  }

  #object(depth: number): JsonObject {
    const members = new Map<string, JsonValue>();
    const folded = new Set<string>();
    this.#skipBlanks();
    if (this.#skip("}")) return members;
    do {
      this.#skipBlanks();
      const name = this.#string();
      this.#skipBlanks();
      this.#expect(":");
      const value = this.#value(depth);
      if (members.has(name)) this.opaque.add(TWICE);
      else if (this.#foldCase && folded.has(name.toLowerCase())) this.opaque.add(FOLDED);
      members.set(name, value);
      if (this.#foldCase) folded.add(name.toLowerCase());
    } while (this.#skip(","));
    this.#expect("}");
    return members;
  }

  #array(depth: number): readonly JsonValue[] {
    const items: JsonValue[] = [];
    this.#skipBlanks();
    if (this.#skip("]")) return items;
    do items.push(this.#value(depth));
    while (this.#skip(","));
    this.#expect("]");
    return items;
  }

  #string(): string {
    const end = this.#stringEnd();
    let value: string;
    try {
      value = JSON.parse(this.#text.slice(this.#at, end)) as string;
    } catch {
      throw new Unreadable(NOT_JSON);
    }
    this.#at = end;
    if (!value.isWellFormed()) this.opaque.add(SURROGATE);
    return value;
  }

  /** After the quotation mark that ends the text which begins here: the first with an even number of backslashes before it. */
  #stringEnd(): number {
    if (this.#text[this.#at] !== '"') throw new Unreadable(NOT_JSON);
    let mark = this.#at;
    let escaped: boolean;
    do {
      mark = this.#text.indexOf('"', mark + 1);
      if (mark < 0) throw new Unreadable(NOT_JSON);
      let start = mark;
      while (this.#text[start - 1] === "\\") start--;
      escaped = (mark - start) % 2 === 1;
    } while (escaped);
    return mark + 1;
  }

  #expect(character: string): void {
    if (!this.#skip(character)) throw new Unreadable(NOT_JSON);
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #skipBlanks(): void {
    while (this.#at < this.#text.length && BLANKS.includes(this.#text[this.#at]!)) this.#at++;
  }

  /** What matches here, or null. */
  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return null;
    this.#at += match[0].length;
    return match[0];
  }
}
