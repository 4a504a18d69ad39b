import { WITNESS_FORMAT } from "../../protocol/evidence/documents.ts";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { leafHash } from "../../protocol/ledger/merkle.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { Frontier } from "../../protocol/witness/frontier.ts";
import { readCheckpoint, readLeaf, type WitnessedCheckpoint } from "../../protocol/witness/item.ts";
import type { TableItem, WitnessTable } from "./table.ts";

/** What an export found. `odd`: in words, what is not as the edge writes it, a hundred at most. */
export interface Exported {
  leaves: number;
  checkpoints: number;
  odd: string[];
}

const MAX_ODD = 100;

/** What of the table an export reads. */
export type Exporting = Pick<WitnessTable, "newestSize" | "leaves" | "checkpoints">;

/**
 * Writes all that the witness has of a ledger, as JSON lines: docs/witness.md, "The file". What is there is written as it
 * is, also where it is wrong: `sallyport verify` judges it. Told apart is what can be seen on the way: gaps, hashes and
 * keys that do not follow from their entry, checkpoints that do not cover the leaves before them; signatures are not.
 * Memory: a page of each kind, whatever the ledger's size.
 */
export async function exportWitness(
  table: Exporting,
  origin: string,
  write: (text: string) => Promise<void>,
): Promise<Exported> {
  // Its leaves are there: they were before it. What is written while this reads is behind it.
  const newest = await table.newestSize(origin);
  const checkpoints = inTurn(table.checkpoints(origin, newest));
  const report = new Report(origin);
  await write(`${JSON.stringify({ format: WITNESS_FORMAT, origin })}\n`);
  let due = await checkpoints.next();
  /** The checkpoints of at most this size. */
  const upTo = async (size: number): Promise<string> => {
    let lines = "";
    while (!due.done) {
      const read = readCheckpoint(due.value);
      if (read !== null && read.size > size) break;
      if (report.checkpoint(read)) lines += `${JSON.stringify(read)}\n`;
      due = await checkpoints.next();
    }
    return lines;
  };
  let isOver = false;
  for await (const page of table.leaves(origin)) {
    let lines = "";
    for (const item of page) {
      const leaf = readLeaf(origin, item);
      // No checkpoint covers it, and one before it is on its way: the edge writes several at once.
      isOver = leaf !== null && leaf.index >= newest && leaf.index > report.next;
      if (isOver) break;
      if (leaf !== null) lines += await upTo(leaf.index);
      if (!report.leaf(leaf) || leaf === null) continue;
      const { index, hash, entry, written } = leaf;
      lines += `${JSON.stringify({ index, hash, entry, written })}\n`;
    }
    await write(lines);
    if (isOver) break;
  }
  await write(await upTo(newest));
  return report.result;
}

/** Looks at what is exported, in its order. */
class Report {
  readonly result: Exported = { leaves: 0, checkpoints: 0, odd: [] };
  readonly #origin: string;
  readonly #frontier = Frontier.empty();
  /** The leaf that comes next. */
  next = 0;
  #hasGap = false;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Whether the leaf is one. */
  leaf(leaf: ReturnType<typeof readLeaf>): boolean {
    if (leaf === null) {
      this.#odd("An item among the leaves is none.");
      return false;
    }
    const { index, entry, odd } = leaf;
    this.#gapBefore(index);
    if (odd !== null) this.#odd(`Leaf ${index} is not as the edge writes it: its ${odd}.`);
    this.#frontier.append(leafHash(Buffer.from(entry)));
    this.next = index + 1;
    this.result.leaves++;
    return true;
  }

  checkpoint(read: WitnessedCheckpoint | null): boolean {
    if (read === null) {
      this.#odd("An item among the checkpoints is none.");
      return false;
    }
    this.#gapBefore(read.size);
    const says = headOf(read.checkpoint);
    const root = Buffer.from(this.#frontier.root()).toString("base64");
    if (says === null || says.size !== read.size || says.origin !== this.#origin) {
      this.#odd(`Checkpoint ${read.size} is none of this ledger and size.`);
    } else if (!this.#hasGap && says.root !== root) {
      this.#odd(`Checkpoint ${read.size} does not cover the leaves before it.`);
    }
    this.result.checkpoints++;
    return true;
  }

  #gapBefore(index: number): void {
    if (index <= this.next) return;
    const last = index - 1;
    this.#odd(
      last === this.next ? `Leaf ${last} is missing.` : `Leaves ${this.next} to ${last} are missing.`,
    );
    this.#hasGap = true;
    this.next = index;
  }

  #odd(words: string): void {
    if (this.result.odd.length < MAX_ODD) this.result.odd.push(words);
  }
}

function headOf(note: string): { origin: string; size: number; root: string } | null {
  try {
    const { origin, size, root } = parseCheckpoint(parseNote(note).text);
    return { origin, size, root: Buffer.from(root).toString("base64") };
  } catch {
    return null;
  }
}

async function* inTurn(pages: AsyncGenerator<TableItem[]>): AsyncGenerator<TableItem> {
  for await (const page of pages) yield* page;
}
