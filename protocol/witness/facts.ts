import type { LedgerEntry } from "../ledger/entry.ts";
import { type IndexName, MAX_KEY_VALUE } from "./schema.ts";

/** By what a leaf is found. What it has nothing of is absent. */
export type LeafFacts = Partial<Record<Exclude<IndexName, "day">, string>> & { time: number };

/**
 * What an entry's text says of itself for the indexes. Total: a text that is no entry has time 0 and nothing else.
 * `verdict`: what became of an approval; how a session ended, unless it was closed as usual; `deleted`. `agreement`: of
 * sealed sessions of which edge and connector do not say the same.
 */
export function factsOf(text: string): LeafFacts {
  const entry = parsed(text);
  const facts: LeafFacts = { time: Number.isSafeInteger(entry.time) ? (entry.time as number) : 0 };
  const note = (name: Exclude<IndexName, "day">, value: unknown) => {
    if (typeof value !== "string" || value === "" || !value.isWellFormed()) return;
    if (Buffer.byteLength(value) > MAX_KEY_VALUE) return;
    facts[name] = value;
  };
  note("principal", entry.principal);
  note("target", entry.target);
  note("session", entry.session);
  note("verdict", verdictOf(entry));
  if (entry.type === "session_sealed" && entry.agreement !== "agreed") note("agreement", entry.agreement);
  return facts;
}

type Parsed = Partial<Record<KeysOf<LedgerEntry>, unknown>>;
type KeysOf<Union> = Union extends unknown ? keyof Union : never;

function verdictOf(entry: Parsed): unknown {
  switch (entry.type as LedgerEntry["type"]) {
    case "approval":
      return entry.status;
    case "session_void":
      return entry.endCode;
    case "session_sealed":
      return entry.endCode === "closed" ? undefined : entry.endCode;
    case "session_deleted":
      return "deleted";
    default:
      return undefined;
  }
}

function parsed(text: string): Parsed {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
