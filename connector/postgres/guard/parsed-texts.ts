import { type ParsedStatement, parseSql } from "../../../protocol/sql/parser.ts";

const MAX_TEXTS = 2_000;
/** Characters of all texts that are kept. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** Texts and their parse trees, so that a text that comes again is not parsed again. Shared by a process's sessions. */
export class ParsedTexts {
  readonly #parsed = new Map<string, ParsedStatement[]>();
  #characters = 0;

  /** Throws what `parseSql` throws. */
  parse(sql: string): ParsedStatement[] {
    const known = this.#parsed.get(sql);
    if (known !== undefined) return known;
    const parsed = parseSql(sql);
    for (const oldest of this.#parsed.keys()) {
      if (this.#parsed.size < MAX_TEXTS && this.#characters + sql.length <= MAX_CHARACTERS) break;
      this.#parsed.delete(oldest);
      this.#characters -= oldest.length;
    }
    this.#parsed.set(sql, parsed);
    this.#characters += sql.length;
    return parsed;
  }
}
