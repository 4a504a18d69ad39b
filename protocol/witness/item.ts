import { createHash } from "node:crypto";
import { SallyportError } from "../errors.ts";
import { MAX_ENTRY } from "../ledger/entry.ts";
import { leafHash } from "../ledger/merkle.ts";
import { MAX_NOTE } from "../ledger/note.ts";
import { factsOf } from "./facts.ts";
import { dayOf, INDEX_SORT, INDEXES, indexKey, ORIGINS, partitionOf } from "./schema.ts";

/** A value as DynamoDB's JSON has it: texts and numbers are all that we write. */
export type Attribute = { S: string } | { N: string };
export type Item = Record<string, Attribute>;

/** A leaf of the ledger as the witness keeps it. */
export interface WitnessedLeaf {
  index: number;
  /** RFC 6962 section 2.1, hex. */
  hash: string;
  /** The entry's JSON text, as it was hashed. */
  entry: string;
  /** When the edge wrote it, by the edge's clock, ms since 1970. */
  written: number;
}

export interface WitnessedCheckpoint {
  size: number;
  /** The signed note. */
  checkpoint: string;
  written: number;
}

/**
 * The item of a leaf. Throws `invalid_request` for an entry over `MAX_ENTRY` bytes or that is no Unicode text: it could
 * not be read back as it was hashed.
 */
export function leafItem(origin: string, index: number, entry: string, written: number): Item {
  const bytes = Buffer.from(entry);
  if (bytes.length > MAX_ENTRY || !entry.isWellFormed()) {
    throw new SallyportError("invalid_request", `leaf ${index} of the ledger is no entry`);
  }
  const facts = factsOf(entry);
  const item: Item = {
    pk: { S: partitionOf(origin, "leaves") },
    n: { N: String(index) },
    hash: { S: leafHash(bytes).toString("hex") },
    entry: { S: entry },
    written: { N: String(written) },
    [INDEX_SORT]: { N: String(facts.time) },
  };
  for (const name of INDEXES) {
    const value = name === "day" ? dayOf(facts.time) : facts[name];
    if (typeof value === "string") item[name] = { S: indexKey(origin, value) };
  }
  return item;
}

export function checkpointItem(origin: string, size: number, checkpoint: string, written: number): Item {
  return {
    pk: { S: partitionOf(origin, "checkpoints") },
    n: { N: String(size) },
    checkpoint: { S: checkpoint },
    written: { N: String(written) },
  };
}

/** Tells an auditor which ledgers a table has. */
export function originItem(origin: string, written: number): Item {
  const digest = createHash("sha256").update(origin).digest();
  return {
    pk: { S: ORIGINS },
    n: { N: String(digest.readUIntBE(0, 6)) },
    origin: { S: origin },
    written: { N: String(written) },
  };
}

/** The key of an item. */
export function keyOf(item: Item): Item {
  return { pk: item.pk!, n: item.n! };
}

/** A leaf as it was read; null where the item is none. */
export interface ReadLeaf extends WitnessedLeaf {
  /** What is not as the edge writes it: the hash, or a key of an index, that does not follow from the entry. */
  odd: string | null;
}

/** Reads a leaf back. Null for an item that has not even a leaf's parts. */
export function readLeaf(origin: string, item: Record<string, unknown>): ReadLeaf | null {
  const [index, written] = [numberOf(item.n), numberOf(item.written)];
  const [hash, entry] = [textOf(item.hash), textOf(item.entry)];
  if (index === null || written === null || hash === null || entry === null) return null;
  if (!/^[0-9a-f]{64}$/.test(hash) || Buffer.byteLength(entry) > MAX_ENTRY || !entry.isWellFormed())
    return null;
  return { index, hash, entry, written, odd: difference(leafItem(origin, index, entry, written), item) };
}

/** Reads a checkpoint back, whoever signed it. Null for an item that has not a checkpoint's parts. */
export function readCheckpoint(item: Record<string, unknown>): WitnessedCheckpoint | null {
  const [size, written] = [numberOf(item.n), numberOf(item.written)];
  const checkpoint = textOf(item.checkpoint);
  if (size === null || written === null || checkpoint === null || checkpoint.length > MAX_NOTE) return null;
  return { size, checkpoint, written };
}

/** The name of an attribute that differs, or is there in one alone; null where none does. */
function difference(one: Item, other: Record<string, unknown>): string | null {
  const plain = (attribute: unknown) => {
    const text = textOf(attribute);
    return text === null ? numberOf(attribute) : text;
  };
  for (const name of new Set([...Object.keys(one), ...Object.keys(other)])) {
    if (plain(one[name]) === null || plain(one[name]) !== plain(other[name])) return name;
  }
  return null;
}

/** The text of an attribute; null where it is none. */
export function textOf(attribute: unknown): string | null {
  const text = (attribute as { S?: unknown } | null | undefined)?.S;
  return typeof text === "string" ? text : null;
}

/** A whole number from 0; null where the attribute is none. */
export function numberOf(attribute: unknown): number | null {
  const digits = (attribute as { N?: unknown } | null | undefined)?.N;
  if (typeof digits !== "string" || !/^(?:0|[1-9]\d{0,15})$/.test(digits)) return null;
  return Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
}

/**
 * Whether what stands under an item's key says the same: the same entry under the same hash, the same text of a
 * checkpoint. When it was written, and the keys of indexes, which a later version may make otherwise, don't count;
 * neither do a checkpoint's signatures, as another key of the edge signs the same tree.
 */
export function saysTheSame(ours: Item, theirs: Record<string, unknown>): boolean {
  return (
    ["hash", "entry", "origin"].every((name) => textOf(ours[name]) === textOf(theirs[name])) &&
    signedText(ours) === signedText(theirs)
  );
}

/** What tells an item's content in short, hex: the leaf's own hash, or SHA-256 of what the checkpoint signs. */
export function digestOf(item: Record<string, unknown>): string {
  const entry = textOf(item.entry);
  if (entry !== null) return leafHash(Buffer.from(entry)).toString("hex");
  return createHash("sha256")
    .update(signedText(item) ?? textOf(item.origin) ?? "")
    .digest("hex");
}

function signedText(item: Record<string, unknown>): string | null {
  const note = textOf(item.checkpoint);
  return note === null ? null : note.slice(0, note.lastIndexOf("\n\n") + 1);
}
