import { type SqlToken, scanTokens } from "../../../protocol/sql/parser.ts";

/** What stands in the place of the bytes from `start` to `end` (excluded) of a text. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** A text can't be taken apart as its parse tree says; the statement is refused. */
export class Unspliceable extends Error {
  constructor() {
    super("its text can't be taken apart as its parse tree says");
  }
}

/**
 * A statement's text as PostgreSQL's lexer cuts it. Positions are bytes of UTF-8, as the parser gives them. Comments
 * are no tokens here.
 */
export class SourceText {
  readonly #bytes: Buffer;
  readonly #tokens: SqlToken[];
  readonly #byStart = new Map<number, number>();

  /** Throws what `scanTokens` throws. */
  constructor(sql: string) {
    this.#bytes = Buffer.from(sql);
    this.#tokens = scanTokens(sql).filter(({ tokenName }) => !COMMENTS.has(tokenName));
    for (const [index, { start }] of this.#tokens.entries()) this.#byStart.set(start, index);
  }

  /** The number of the token that begins here. Throws Unspliceable. */
  at(location: number | undefined): number {
    return this.#byStart.get(location ?? 0) ?? fail();
  }

  /** The token's text as it is written, in capitals; empty beyond both ends. */
  word(index: number): string {
    return this.#token(index)?.text.toUpperCase() ?? "";
  }

  start(index: number): number {
    return (this.#token(index) ?? fail()).start;
  }

  /** Where the token ends. */
  end(index: number): number {
    return (this.#token(index) ?? fail()).end;
  }

  /** Whether the text has this anywhere. */
  includes(text: string): boolean {
    return this.#bytes.includes(text);
  }

  slice(start: number, end: number): string {
    return this.#bytes.toString("utf8", start, end);
  }

  /** The number of the token behind a name's part that begins at `index`: `U&"…" UESCAPE '…'` are three. */
  afterPart(index: number): number {
    return this.word(index + 1) === "UESCAPE" ? index + 3 : index + 1;
  }

  /** The number of the token behind a name of so many parts. */
  afterName(index: number, parts: number): number {
    let next = this.afterPart(index);
    for (let count = 1; count < parts; count += 1) {
      if (this.word(next) !== ".") fail();
      next = this.afterPart(next + 1);
    }
    return next;
  }

  /** The number of the token behind the parenthesis that closes the one at `index`. */
  afterParenthesis(index: number): number {
    let depth = 0;
    for (let at = index; at < this.#tokens.length; at += 1) {
      const word = this.word(at);
      if (word === "(") depth += 1;
      if (word === ")") depth -= 1;
      if (depth === 0) return at + 1;
    }
    return fail();
  }

  /** The text with these edits, in any order; equal ones are one. Throws Unspliceable where two overlap. */
  splice(edits: readonly Edit[]): Spliced {
    const ordered = [...edits].sort((one, other) => one.start - other.start || one.end - other.end);
    const pieces: Buffer[] = [];
    const inserted: Span[] = [];
    let from = 0;
    let length = 0;
    let last: Edit | undefined;
    const add = (piece: Buffer) => {
      pieces.push(piece);
      length += piece.length;
    };
    for (const edit of ordered) {
      const { start, end, text } = edit;
      if (last?.start === start && last.end === end && last.text === text) continue;
      if (start < from) fail();
      add(this.#bytes.subarray(from, start));
      const piece = Buffer.from(text);
      inserted.push({ start: length, end: length + piece.length });
      add(piece);
      from = end;
      last = edit;
    }
    add(this.#bytes.subarray(from));
    return { sql: Buffer.concat(pieces).toString("utf8"), inserted };
  }

  #token(index: number): SqlToken | undefined {
    return this.#tokens[index];
  }
}

/** A text is taken apart only when something in it changes. */
export class LazySource {
  readonly #sql: string;
  #source: SourceText | undefined;

  constructor(sql: string) {
    this.#sql = sql;
  }

  get text(): SourceText {
    this.#source ??= new SourceText(this.#sql);
    return this.#source;
  }
}

/** Bytes of the new text from `start` to `end`, excluded. */
export interface Span {
  start: number;
  end: number;
}

/** The new text, and where in it the edits' own texts stand. */
export interface Spliced {
  sql: string;
  inserted: Span[];
}

const COMMENTS: ReadonlySet<string> = new Set(["SQL_COMMENT", "C_COMMENT"]);

function fail(): never {
  throw new Unspliceable();
}
