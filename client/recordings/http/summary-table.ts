import { print, printTable } from "../../terminal.ts";
import { maskedWords } from "../masking-words.ts";
import { type Field, onOneLine, printFields } from "../session-fields.ts";
import type { ExchangeSummary, HttpSummary } from "./summary.ts";

const TEXT = 100;
const OUTCOME = 60;

/** Prints a session's facts, how it ended, and its exchanges as a table. */
export function printHttpSummary(summary: HttpSummary): void {
  const { exchanges, blocked, held, failed, impersonated, maskedValues, listed } = summary;
  const masked = maskedWords(Object.entries(maskedValues));
  const broken = failed === 0 ? "" : `; ${failed} failed by the target`;
  printFields(summary, [
    ...(impersonated === null ? [] : [["acted as", impersonated] satisfies Field]),
    ["requests", `${exchanges}, of which ${blocked} blocked and ${held} held for approval${broken}`],
    ...(masked === null ? [] : [["masked", masked] satisfies Field]),
  ]);
  if (exchanges > listed.length) print(`the latest ${listed.length} of ${exchanges} requests:`);
  printTable(
    ["#", "TIME", "MS", "STATUS", "IN", "OUT", "MASKED", "OUTCOME", "REQUEST"],
    listed.map((row) => [
      String(row.number),
      new Date(row.time).toISOString().slice(11, 23),
      row.duration === null ? "-" : String(row.duration),
      row.status === null ? "-" : String(row.status),
      passed(row.bytesIn, row.messagesIn),
      passed(row.bytesOut, row.messagesOut),
      String(Object.values(row.masked).reduce((sum, count) => sum + count, 0) || "-"),
      onOneLine(row.outcome || "-", OUTCOME),
      onOneLine(request(row), TEXT),
    ]),
  );
}

/** `1024`, or of a WebSocket `1024 in 3`. */
function passed(bytes: number, messages: number): string {
  return messages === 0 ? String(bytes) : `${bytes} in ${messages}`;
}

function request({ api, method, target, websocket }: ExchangeSummary): string {
  return api ?? `${method} ${target}${websocket ? " (WebSocket)" : ""}`;
}
