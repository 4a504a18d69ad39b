import { SallyportError } from "../errors.ts";
import type { SqlToken } from "./parser.ts";

/** How often the source of one `SET (a, b) = (SELECT …)` may stand in the parse tree, as they stand in each other. */
const MAX_COPIES = 1_000;

/**
 * The parser writes the source of `SET (a, b, …) = source` once for each column, so such assignments inside each other
 * multiply: 451 bytes of them took it 12 s. Throws `limit_exceeded` for those; the tokens are of one whole text.
 */
export function checkRowAssignments(tokens: readonly SqlToken[]): void {
  /** Commas seen in each open bracket. */
  const open: number[] = [];
  /** Assignments whose source may be open: the brackets outside them, and their columns. */
  const outer: { depth: number; copies: number }[] = [];
  let columns = 0;
  for (const { text, tokenName } of tokens) {
    if (tokenName === "SQL_COMMENT" || tokenName === "C_COMMENT") continue;
    if (text === "(") {
      open.push(1);
      columns = 0;
    } else if (text === ")") {
      columns = open.pop() ?? 0;
    } else if (text === "=" && columns > 0) {
      while (outer.length > 0 && outer.at(-1)!.depth >= open.length) outer.pop();
      const copies = (outer.at(-1)?.copies ?? 1) * columns;
      if (copies > MAX_COPIES) {
        throw new SallyportError(
          "limit_exceeded",
          "assignments of the form SET (a, b) = (SELECT …) stand too deep inside each other",
          "Write some of them as SET a = …, b = ….",
        );
      }
      outer.push({ depth: open.length, copies });
      columns = 0;
    } else {
      if (text === "," && open.length > 0) open[open.length - 1]! += 1;
      columns = 0;
    }
  }
}
