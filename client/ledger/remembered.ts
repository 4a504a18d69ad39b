import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { lock } from "../file-lock.ts";
import { readIfPresent, writePrivate } from "../private-file.ts";
import type { LedgerMemory } from "./verified-ledger.ts";

/** How long another process may take to write, ms. */
const LOCK_MS = 10_000;

/**
 * The last checkpoint of each edge's ledger that this user has seen, in `ledgers/HOST/` of the command's folder. It
 * never goes back: of two processes at once the later checkpoint stays.
 */
export function rememberedLedger(folder: string, edge: URL): LedgerMemory {
  const place = join(folder, "ledgers", edge.host.replaceAll(/[^A-Za-z0-9.-]/g, "_"));
  const file = join(place, "checkpoint");
  return {
    last: () => readIfPresent(file),
    async keep(note) {
      // The folder must be there for the lock.
      if (readIfPresent(file) === undefined) writePrivate(file, note);
      const held = await lock(join(place, "lock"), LOCK_MS);
      try {
        const last = readIfPresent(file);
        if (last === undefined || sizeOf(last) <= sizeOf(note)) writePrivate(file, note);
      } finally {
        held.release();
      }
    },
    async keepFork(note) {
      const fork = join(place, `fork-${createHash("sha256").update(note).digest("hex").slice(0, 16)}`);
      writePrivate(fork, note);
      return fork;
    },
  };
}

function sizeOf(note: string): number {
  return parseCheckpoint(parseNote(note).text).size;
}
