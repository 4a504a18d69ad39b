import { type ParsedStatement, scanTokens } from "../parser.ts";
import { nodeOf } from "../tree.ts";

/** The name of a PREPARE and the text of the statement after its AS, as the parser will be given it at EXECUTE. */
export function preparedText(statement: ParsedStatement): { name: string; query: string } {
  const [, body] = nodeOf(statement.tree);
  const name = typeof body.name === "string" ? body.name : "";
  let depth = 0;
  for (const token of scanTokens(statement.text)) {
    if (token.text === "(") depth++;
    else if (token.text === ")") depth--;
    // Quoted, it would be a name and no keyword.
    else if (depth === 0 && token.keywordName === "RESERVED_KEYWORD" && /^as$/i.test(token.text)) {
      const query = new TextDecoder().decode(new TextEncoder().encode(statement.text).subarray(token.end));
      return { name, query: query.replace(/^[ \t\n\r\f\v]+/, "") };
    }
  }
  return { name, query: statement.text };
}
