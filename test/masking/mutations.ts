import { type SqlToken, scanTokens } from "../../protocol/sql/parser.ts";
import type { Chooser } from "./random.ts";

const GAPS = [
  " ",
  "\n",
  "\t \r\n",
  " /* ; ) FROM customers */ ",
  "/* é 李 𝄞 */",
  " /* /* nested */ ' */ ",
  ' -- it\'s "quoted" (\n',
  "\f",
  "/**/",
] as const;

/**
 * The same statement otherwise written: comments, blanks and letters of several bytes between its tokens, names in
 * capitals, in quotes or as U&"…". What it says stays the same.
 */
export function rewritten(sql: string, random: Chooser): string {
  const tokens = scanTokens(sql).filter(({ tokenName }) => !tokenName.endsWith("_COMMENT"));
  const share = random.pick([0.05, 0.2, 0.6]);
  let text = random.chance(0.5) ? random.pick(GAPS) : "";
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    if (before !== undefined) text += gap(before, token, random, share);
    text += random.chance(share) ? renamed(token, tokens[index + 1], random) : token.text;
  }
  return text + (random.chance(0.3) ? random.pick(GAPS) : "");
}

function gap(before: SqlToken, token: SqlToken, random: Chooser, share: number): string {
  const touching = before.end === token.start;
  // A newline between two strings joins them, and what follows a U& string is its escape.
  if (isString(before) && isString(token)) return " ";
  if (!random.chance(share)) return touching ? "" : " ";
  // The parser looks one token further from these, and there sees a comment: it then refuses the text.
  if (LOOKING_ON.test(before.text) || /^U&/i.test(before.text)) return random.pick([" ", "\n", "\t"]);
  const chosen = random.pick(GAPS);
  // Two operators would be read as one where a comment begins beside them.
  return touching && chosen.startsWith("/") ? ` ${chosen}` : chosen;
}

const LOOKING_ON = /^(?:NOT|NULLS|WITH|WITHOUT|FORMAT|UESCAPE)$/i;
const isString = ({ tokenName }: SqlToken) => /^(SCONST|USCONST|BCONST|XCONST)$/.test(tokenName);

function renamed(token: SqlToken, next: SqlToken | undefined, random: Chooser): string {
  const { text, tokenName, keywordName } = token;
  if (keywordName !== "NO_KEYWORD") return random.chance(0.5) ? text.toUpperCase() : capitalised(text);
  if (tokenName !== "IDENT") return text;
  if (text.startsWith('"')) {
    const inner = text.slice(1, -1).replaceAll('""', '"');
    return next?.text.toUpperCase() === "UESCAPE" ? text : escaped(inner);
  }
  if (!/^[a-z_][a-z0-9_$]*$/i.test(text)) return text;
  return random.pick([
    text.toUpperCase(),
    `"${text.toLowerCase()}"`,
    escaped(text.toLowerCase()),
    capitalised(text),
  ]);
}

function capitalised(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `U&"\\0065mail"`: every other letter by its number. */
function escaped(name: string): string {
  const letters = [...name].map((letter, n) => {
    if (letter === '"') return '""';
    if (letter === "\\") return "\\\\";
    const code = letter.codePointAt(0)!;
    if (n % 2 > 0 && code < 128) return letter;
    return code > 0xffff
      ? `\\+${code.toString(16).padStart(6, "0")}`
      : `\\${code.toString(16).padStart(4, "0")}`;
  });
  return `U&"${letters.join("")}"`;
}
