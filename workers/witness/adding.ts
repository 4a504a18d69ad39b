import { type Item, saysTheSame } from "../../protocol/witness/item.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { WitnessTable } from "./table.ts";

/** What became of one item. `done`: it stands in the table, by this attempt or one before. */
export type Added =
  | { done: true }
  | { done: false; failure: Failure }
  /** Null for nothing, where it must stand. */
  | { done: false; theirs: Record<string, unknown> | null };

const VANISHED: Failure = {
  kind: "again",
  words: "what stood under the key was gone when it was read",
  isStale: false,
};

/**
 * Writes an item where nothing stands; where something does, reads it: it may be the item itself, whose answer was lost.
 * Never throws.
 */
export async function addOnce(table: WitnessTable, item: Item): Promise<Added> {
  try {
    await table.add(item);
    return { done: true };
  } catch (error) {
    const failure = failureOf(error);
    if (failure.kind !== "exists") return { done: false, failure };
  }
  let theirs: Record<string, unknown> | null;
  try {
    theirs = await table.read(item);
  } catch (error) {
    return { done: false, failure: failureOf(error) };
  }
  if (theirs === null) return { done: false, failure: VANISHED };
  return saysTheSame(item, theirs) ? { done: true } : { done: false, theirs };
}

/** Whether an item that was written is still there, and says the same. Never throws. */
export async function isThere(table: WitnessTable, item: Item): Promise<Added> {
  try {
    const theirs = await table.read(item);
    return theirs !== null && saysTheSame(item, theirs) ? { done: true } : { done: false, theirs };
  } catch (error) {
    return { done: false, failure: failureOf(error) };
  }
}

/**
 * Writes items in order, at most `width` at once, so that fewer than that stand behind one that is missing. After the
 * first that can't be written no other is begun. Answers what became of those that were begun, in order.
 */
export async function addInOrder(
  table: WitnessTable,
  items: readonly Item[],
  width: number,
): Promise<Added[]> {
  const outcomes: Added[] = [];
  let next = 0;
  let isOver = false;
  const lane = async () => {
    while (!isOver && next < items.length) {
      const at = next++;
      const outcome = await addOnce(table, items[at]!);
      outcomes[at] = outcome;
      if (!outcome.done) isOver = true;
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return outcomes;
}
