import { print, printTable } from "../terminal.ts";
import { maskedWords } from "./masking-words.ts";
import { type Field, onOneLine, printFields } from "./session-fields.ts";
import type { SessionSummary } from "./summary.ts";

const OUTCOME = 60;
const STATEMENT = 100;

/** Prints a session's facts, how it ended, and its statements as a table. */
export function printSummary(summary: SessionSummary): void {
  const { statements, blocked, held, masked, maskedValues, listed } = summary;
  const values = maskedWords(Object.entries(maskedValues)) ?? "no value";
  printFields(summary, [
    ["statements", `${statements}, of which ${blocked} blocked and ${held} held for approval`],
    ...(masked > 0
      ? [["masked", `${masked} ${masked === 1 ? "statement" : "statements"}: ${values}`] satisfies Field]
      : []),
  ]);
  if (statements > listed.length) print(`the latest ${listed.length} of ${statements} statements:`);
  printTable(
    ["#", "TIME", "MS", "ROWS", "OUTCOME", "STATEMENT"],
    listed.map(({ number, time, duration, rows, outcome, text }) => [
      String(number),
      new Date(time).toISOString().slice(11, 23),
      String(duration),
      String(rows),
      onOneLine(outcome, OUTCOME),
      onOneLine(text ?? "(its text is not in this recording)", STATEMENT),
    ]),
  );
}
