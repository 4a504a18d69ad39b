import type { SearchHit } from "../../protocol/activity/search.ts";
import { printable, styled, timeText } from "../terminal.ts";

const COLOURS = { allow: "green", approve: "yellow", block: "red" } as const;

/** The words and phrases that the edge searches for, to be marked in what it finds. */
export function searchedWords(text: string): string[] {
  return Array.from(text.matchAll(/"([^"]*)"|\S+/g), ([whole, phrase]) =>
    (phrase ?? whole).replace(/\s+/g, " ").trim().toLowerCase(),
  ).filter((word) => word !== "");
}

/** A hit in two lines: when, what became of it, who, where; and the text, with what was searched for marked. */
export function hitLines(hit: SearchHit, words: readonly string[]): string[] {
  const { time, verdict, kind, principal, onBehalfOf, target, session, seq, count, isLive, excerpt } = hit;
  const who = onBehalfOf === null ? principal : `${principal} for ${onBehalfOf}`;
  const place = `${session} #${seq}${isLive ? " (live)" : ""}`;
  const times = count > 1 ? `  ×${count}` : "";
  const colour = COLOURS[verdict] ?? "dim";
  const head = `${timeText(time)}  ${styled(colour, printable(verdict).padEnd(7))}  ${printable(`${kind}  ${who} on ${target}`)}`;
  return [`${head}  ${styled("dim", printable(place))}${times}`, `  ${marked(excerpt, words)}`];
}

/** The text made printable, each word of the search in bold. */
function marked(text: string, words: readonly string[]): string {
  const lower = text.toLowerCase();
  let shown = "";
  let at = 0;
  while (at < text.length) {
    const places = words
      .map((word) => ({ from: lower.indexOf(word, at), length: word.length }))
      .filter(({ from }) => from >= 0);
    // Of letters that are longer in lower case the places would be others: then nothing is marked.
    if (places.length === 0 || lower.length !== text.length) break;
    const next = places.reduce((one, other) =>
      other.from < one.from || (other.from === one.from && other.length > one.length) ? other : one,
    );
    shown += printable(text.slice(at, next.from));
    shown += styled("bold", printable(text.slice(next.from, next.from + next.length)));
    at = next.from + next.length;
  }
  return shown + printable(text.slice(at));
}
