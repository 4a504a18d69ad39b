/** Characters of a text that has a shape: what is longer costs more to compare than it gains. */
const MAX_TEXT = 1_024;

/** A text without what its columns are compared with. */
export interface TextShape {
  /**
   * Equal for texts of the same tokens, but for whole numbers below 10^9 and strings that stand to the right of a comparison
   * (`=`, `<>`, `!=`, `<`, `>`, `<=`, `>=`), each only with its like. Blanks and case count.
   */
  shape: string;
  /** A text of this shape that has another constant in each of those places. */
  twin(): string;
}

/**
 * The shape of a text; null where it has no such constant, or anything by which its tokens can't be told without a
 * doubt: a backslash, a comment, `$`, other than ASCII outside quotes. So PostgreSQL's parser reads two texts of one
 * shape as the same tree, but for those constants (documentation, "Lexical Structure").
 */
export function textShapeOf(sql: string): TextShape | null {
  if (sql.length > MAX_TEXT || sql.includes("\\")) return null;
  const constants = comparedConstants(sql);
  if (constants === null || constants.length === 0) return null;
  let shape = "";
  let from = 0;
  for (const { start, end, mark } of constants) {
    shape += sql.slice(from, start) + mark;
    from = end;
  }
  shape += sql.slice(from);
  return { shape, twin: () => twinOf(sql, constants) };
}

interface Constant {
  start: number;
  end: number;
  mark: typeof NUMBER | typeof STRING;
}

/** In a shape; no text has a NUL. */
const NUMBER = "\0n";
const STRING = "\0s";

const COMPARISONS: ReadonlySet<string> = new Set(["=", "<>", "!=", "<", ">", "<=", ">="]);
/** As an integer constant; with ten digits it may be one of another type. */
const WHOLE = /^(?:0|[1-9]\d{0,8})$/;

/** Tokens, each where the one before ends: blanks, quoted, words and numbers, operators, and single characters. */
const TOKEN =
  /([ \t\r\n]+)|('(?:[^']|'')*')|("(?:[^"]|"")*")|([A-Za-z0-9_.]+)|([-+*/<>=~!@#%^&|`?]+)|[()[\],;:]/y;

function comparedConstants(sql: string): Constant[] | null {
  const found: Constant[] = [];
  let isCompared = false;
  let before = "";
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < sql.length) {
    const start = TOKEN.lastIndex;
    const token = TOKEN.exec(sql);
    if (token === null) return null;
    const [text, blank, string, , word, operator] = token;
    if (blank !== undefined) continue;
    const end = start + text.length;
    if (operator !== undefined) {
      if (text.includes("--") || text.includes("/*")) return null;
      // `:=` names an argument.
      isCompared = COMPARISONS.has(text) && before !== ":";
    } else {
      if (
        isCompared &&
        (string !== undefined || (word !== undefined && WHOLE.test(text))) &&
        standsAlone(sql, end)
      )
        found.push({ start, end, mark: string === undefined ? NUMBER : STRING });
      isCompared = false;
    }
    before = text;
  }
  return found;
}

/** What may follow a constant: neither a cast, nor a string that goes on with it in another line. */
const NOTHING_MORE = /$|[;),]|[ \t\r\n]+(?:$|[^' \t\r\n:])/y;

function standsAlone(sql: string, end: number): boolean {
  NOTHING_MORE.lastIndex = end;
  return NOTHING_MORE.test(sql);
}

function twinOf(sql: string, constants: Constant[]): string {
  let twin = "";
  let from = 0;
  for (const [index, { start, end, mark }] of constants.entries()) {
    const number = String(700_000 + index);
    const other = mark === NUMBER ? number : `'twin ${number}'`;
    twin += sql.slice(from, start) + (sql.slice(start, end) === other ? other.replace("7", "8") : other);
    from = end;
  }
  return twin + sql.slice(from);
}
