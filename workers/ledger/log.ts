import type { Checkpoint } from "../../protocol/ledger/checkpoint.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import {
  completedHashes,
  foldRange,
  foldRanges,
  HASH_LENGTH,
  inclusionRanges,
  leafHash,
  type Node,
  rootRange,
} from "../../protocol/ledger/merkle.ts";
import { entryText } from "../../protocol/ledger/reading.ts";
import { hashAt, nodeOfTile, TILE_HEIGHT, type Tile } from "../../protocol/ledger/tile.ts";
import type { Sql } from "../session/log.ts";

/**
 * One row for each leaf. `hashes` are those that it completes, its own first: nothing is ever written again, and the
 * hash of any perfect subtree stands in the row of its last leaf. `session` finds the entries of one session.
 */
export const LEDGER_SCHEMA = [
  `CREATE TABLE IF NOT EXISTS leaves (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, session TEXT, hashes BLOB NOT NULL, entry TEXT NOT NULL
  ) STRICT`,
  "CREATE INDEX IF NOT EXISTS leaves_session ON leaves (session) WHERE session IS NOT NULL",
  "CREATE TABLE IF NOT EXISTS checkpoints (size INTEGER PRIMARY KEY, note TEXT NOT NULL, time INTEGER NOT NULL) STRICT",
  "CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID",
];

/** A leaf as the ledger holds it. */
export interface Leaf {
  index: number;
  /** Hex. */
  hash: string;
  /** JSON text. */
  entry: string;
}

/** What became of an entry that was to be appended. */
export type Appended = { key: string; index: number; isNew: boolean } | { key: string; conflict: true };

/** A checkpoint as it was signed. */
export interface StoredCheckpoint {
  size: number;
  note: string;
  /** When it was signed, ms since 1970. */
  time: number;
}

/** The part of a Durable Object's storage that makes several statements one. */
export interface Transactional {
  transactionSync<T>(step: () => T): T;
}

/** The Merkle log in a database. Appending, the root and proofs read and write O(log n) rows; nothing is changed. */
export class LedgerLog {
  /** Leaves so far. */
  size: number;
  readonly #sql: Sql;

  /** The schema must be there. */
  constructor(sql: Sql) {
    this.#sql = sql;
    this.size = Number(this.#value("SELECT COALESCE(MAX(id) + 1, 0) AS value FROM leaves"));
  }

  /**
   * Appends an entry, unless one with its key is there: if that tells the same, but for nonce and time, it is the one;
   * else there is a conflict and nothing is appended. Throws `invalid_request` for what is no entry.
   */
  append(entry: LedgerEntry): Appended {
    const text = entryText(entry);
    const { key } = entry;
    const [known] = this.#rows<{ id: number; entry: string }>(
      "SELECT id, entry FROM leaves WHERE key = ?",
      key,
    );
    if (known) {
      return tells(known.entry) === tells(text)
        ? { key, index: known.id, isNew: false }
        : { key, conflict: true };
    }
    const index = this.size;
    const hashes = Buffer.concat(completedHashes(index, leafHash(Buffer.from(text)), this.read));
    const session = "session" in entry ? entry.session : null;
    this.#sql.exec("INSERT INTO leaves VALUES (?, ?, ?, ?, ?)", index, key, session, hashes, text);
    this.size = index + 1;
    return { key, index, isNew: true };
  }

  /** Does what `step` appends all together or not at all. */
  all<T>(storage: Transactional, step: () => T): T {
    const { size } = this;
    try {
      return storage.transactionSync(step);
    } catch (error) {
      this.size = size;
      throw error;
    }
  }

  /** The hash of a perfect subtree. Throws where it is not there: the log has lost a row. */
  readonly read = ({ level, index }: Node): Uint8Array => {
    const [row] = this.#rows<{ hashes: ArrayBuffer }>(
      "SELECT hashes FROM leaves WHERE id = ?",
      (index + 1) * 2 ** level - 1,
    );
    return hashOf(row, level);
  };

  /** The root over the first `size` leaves, all by default. */
  root(size = this.size): Buffer {
    return foldRange(rootRange(size), this.read);
  }

  /** The inclusion proof of a leaf to the tree of `size` leaves. */
  inclusion(index: number, size: number): Buffer[] {
    return foldRanges(inclusionRanges(index, size), this.read);
  }

  /** The bytes of a tile, all of whose hashes must be there. */
  tile(tile: Tile): Buffer {
    const level = tile.level * TILE_HEIGHT;
    const step = 2 ** level;
    const first = (nodeOfTile(tile, 0).index + 1) * step - 1;
    const rows = this.#rows<{ hashes: ArrayBuffer }>(
      // Level by level the rows are further apart: each is found by its own id.
      `WITH RECURSIVE place (id, left) AS (SELECT ?1, ?3 UNION ALL SELECT id + ?2, left - 1 FROM place WHERE left > 1)
       SELECT hashes FROM place JOIN leaves USING (id) ORDER BY id`,
      first,
      step,
      tile.width,
    );
    if (rows.length !== tile.width) throw new Error("a row of the ledger is missing");
    return Buffer.concat(rows.map((row) => hashOf(row, level)));
  }

  /** Leaves from an index on, at most `limit` of them and as many bytes as `maxBytes` and one more entry. */
  leaves(from: number, limit: number, maxBytes = Number.POSITIVE_INFINITY): Leaf[] {
    const leaves: Leaf[] = [];
    let bytes = 0;
    const rows = this.#sql.exec(
      "SELECT id, hashes, entry FROM leaves WHERE id >= ? ORDER BY id LIMIT ?",
      from,
      limit,
    ) as Iterable<unknown> as Iterable<LeafRow>;
    for (const row of rows) {
      leaves.push(leafOf(row));
      bytes += row.entry.length;
      if (bytes > maxBytes) break;
    }
    return leaves;
  }

  /** The leaves of one session, in order. */
  leavesOf(session: string, limit: number): Leaf[] {
    return this.#rows<LeafRow>(
      "SELECT id, hashes, entry FROM leaves WHERE session = ? ORDER BY id LIMIT ?",
      session,
      limit,
    ).map(leafOf);
  }

  /** The place of the entry with this key, or null. */
  indexOf(key: string): number | null {
    const [row] = this.#rows<{ id: number }>("SELECT id FROM leaves WHERE key = ?", key);
    return row?.id ?? null;
  }

  /** Keeps a signed checkpoint for ever. */
  keepCheckpoint({ size, note, time }: StoredCheckpoint): void {
    this.#sql.exec("INSERT OR REPLACE INTO checkpoints VALUES (?, ?, ?)", size, note, time);
  }

  /** The latest signed checkpoint of at most this size. */
  checkpoint(size = Number.MAX_SAFE_INTEGER): StoredCheckpoint | null {
    const [row] = this.#rows<StoredCheckpoint>(
      "SELECT size, note, time FROM checkpoints WHERE size <= ? ORDER BY size DESC LIMIT 1",
      size,
    );
    return row ?? null;
  }

  /**
   * Whether a checkpoint that was signed still holds: the leaves are there, and their hashes give its root. Throws
   * nothing: rows that are missing are an answer.
   */
  agrees({ size, root }: Pick<Checkpoint, "size" | "root">): boolean {
    if (size > this.size) return false;
    try {
      return Buffer.compare(this.root(size), root) === 0;
    } catch {
      return false;
    }
  }

  /** A fact that was kept under this name, or null. */
  fact(name: string): string | null {
    const [row] = this.#rows<{ value: string }>("SELECT value FROM facts WHERE name = ?", name);
    return row?.value ?? null;
  }

  keepFact(name: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO facts VALUES (?, ?)", name, value);
  }

  #value(query: string): unknown {
    return this.#rows<{ value: unknown }>(query)[0]!.value;
  }

  #rows<Row>(query: string, ...values: (string | number)[]): Row[] {
    return [...this.#sql.exec(query, ...values)] as Row[];
  }
}

interface LeafRow {
  id: number;
  hashes: ArrayBuffer;
  entry: string;
}

function leafOf({ id, hashes, entry }: LeafRow): Leaf {
  return { index: id, hash: Buffer.from(hashes, 0, HASH_LENGTH).toString("hex"), entry };
}

function hashOf(row: { hashes: ArrayBuffer } | undefined, level: number): Uint8Array {
  const hash = row && hashAt(new Uint8Array(row.hashes), level);
  if (hash?.length !== HASH_LENGTH) throw new Error("a row of the ledger is missing, or too short");
  return hash;
}

/** What an entry tells beside its salt and the moment at which it was written. */
function tells(text: string): string {
  return JSON.stringify({ ...(JSON.parse(text) as LedgerEntry), nonce: "", time: 0 });
}
