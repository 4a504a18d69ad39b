import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { factsOf, type LeafFacts } from "../../protocol/witness/facts.ts";
import { readLeaf } from "../../protocol/witness/item.ts";
import { dayOf, type IndexName } from "../../protocol/witness/schema.ts";
import type { TableItem, WitnessTable } from "./table.ts";

const DAY_MS = 86_400_000;

/** Verdicts that are about a sealed session's two halves: they have an index of their own. */
const AGREEMENTS: readonly string[] = ["differs", "absent"];

/** What is asked; of several all must hold. Times are ms since 1970, both included. */
export interface WitnessQuestion {
  session?: string;
  principal?: string;
  target?: string;
  /** An approval's status, how a session ended, `deleted`, `differs` or `absent`. */
  verdict?: string;
  since: number;
  until: number;
}

/** A leaf that answers a question. `odd`: what of it is not as the edge writes it; null where nothing is. */
export interface FoundLeaf {
  index: number;
  hash: string;
  written: number;
  entry: LedgerEntry;
  odd: string | null;
}

/** By which index a question is asked: that which has the fewest leaves under one value. */
export function indexFor(question: WitnessQuestion): { index: IndexName; value: string } | null {
  const { session, verdict, principal, target } = question;
  if (session !== undefined) return { index: "session", value: session };
  if (verdict !== undefined) {
    return { index: AGREEMENTS.includes(verdict) ? "agreement" : "verdict", value: verdict };
  }
  if (principal !== undefined) return { index: "principal", value: principal };
  return target === undefined ? null : { index: "target", value: target };
}

/**
 * The leaves that answer a question, the newest first; of a question about times alone day by day. Reads the entries of a
 * hundred keys at once, and no page before it is wanted.
 */
export async function* searchWitness(
  table: Pick<WitnessTable, "keys" | "items">,
  origin: string,
  question: WitnessQuestion,
): AsyncGenerator<FoundLeaf> {
  const { since, until } = question;
  const by = indexFor(question);
  const values = by === null ? daysBack(since, until) : [by.value];
  for (const value of values) {
    for await (const keys of table.keys(by?.index ?? "day", origin, value, { since, until })) {
      for (const item of await table.items(keys)) {
        const found = foundLeaf(origin, item);
        if (found !== null && answers(factsOf(found.text), question)) yield found.leaf;
      }
    }
  }
}

function foundLeaf(origin: string, item: TableItem): { leaf: FoundLeaf; text: string } | null {
  const leaf = readLeaf(origin, item);
  if (leaf === null) return null;
  const { index, hash, written, odd, entry: text } = leaf;
  try {
    return { leaf: { index, hash, written, entry: JSON.parse(text) as LedgerEntry, odd }, text };
  } catch {
    return null;
  }
}

function answers(
  facts: LeafFacts,
  { session, principal, target, verdict, since, until }: WitnessQuestion,
): boolean {
  return (
    facts.time >= since &&
    facts.time <= until &&
    (session === undefined || facts.session === session) &&
    (principal === undefined || facts.principal === principal) &&
    (target === undefined || facts.target === target) &&
    (verdict === undefined || facts.verdict === verdict || facts.agreement === verdict)
  );
}

/** The days, UTC, from that of `until` back to that of `since`. */
function* daysBack(since: number, until: number): Generator<string> {
  for (let at = until; Math.floor(at / DAY_MS) >= Math.floor(since / DAY_MS); at -= DAY_MS) {
    const day = dayOf(at);
    if (day !== null) yield day;
  }
}
