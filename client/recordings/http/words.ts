import type { ExchangeFacts } from "../../../protocol/http/facts.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { CloseFrame, Side } from "../../../protocol/http/transcript/transcript.ts";
import { printable } from "../../terminal.ts";
import { MORE, recorded } from "../recorded-text.ts";
import type { Passed } from "./passed.ts";

/** Facts on a line. */
const MAX_LISTED = 20;

/** Field lines, or trailers. */
export function fieldLines(fields: Fields): string[] {
  return fields.map(([name, value]) => MORE + printable(`${name}: ${value}`));
}

/** How a side closed a WebSocket: `the agent closed with 1000: done`. */
export function closeText(from: Side, { code, reason }: CloseFrame): string {
  const with_ = code === null ? "" : ` with ${code}`;
  return `the ${from} closed${with_}${reason === "" ? "" : `: ${reason}`}`;
}

/** What passed from this side, as far as it was not shown whole; null where nothing did. */
export function passedText(side: Side, passed: Passed | undefined): string | null {
  const way = passed?.of(side);
  if (way === undefined || way.bytes + way.messages === 0) return null;
  const bytes = `${way.bytes} ${way.bytes === 1 ? "byte" : "bytes"}`;
  if (way.messages > 0) return `${bytes} in ${way.messages} ${way.messages === 1 ? "message" : "messages"}`;
  if (way.isText && way.shown < way.bytes) return `${bytes}, of which ${way.shown} are shown`;
  return way.isText ? bytes : `${bytes} of ${way.contentType ?? "no stated type"}`;
}

/** What was proved of a request: a line for each member that says something. */
export function exchangeFactsText(facts: ExchangeFacts | null): string[] {
  if (facts === null) return [];
  const lines = Object.entries(facts).flatMap(([name, value]) => {
    if (name === "type" || value === null || value === false) return [];
    if (!Array.isArray(value)) return [`${name} ${String(value)}`];
    if (value.length === 0) return [];
    const words = value.slice(0, MAX_LISTED).map((one) => (Array.isArray(one) ? one.join("=") : String(one)));
    const more = value.length > MAX_LISTED ? `, and ${value.length - MAX_LISTED} more` : "";
    return [`${name} ${words.join(", ")}${more}`];
  });
  return recorded(lines.join("\n"));
}
