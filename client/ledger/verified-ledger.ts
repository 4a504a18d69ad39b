import { SallyportError } from "../../protocol/errors.ts";
import { counted } from "../../protocol/evidence/words.ts";
import { openCheckpoint, parseCheckpoint, type SignedCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import {
  consistencyRanges,
  foldRange,
  foldRanges,
  inclusionRanges,
  leafHash,
  type Node,
  type Range,
  rootRange,
  verifyConsistency,
  verifyInclusion,
} from "../../protocol/ledger/merkle.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import {
  hashInTile,
  TILE_WIDTH,
  type Tile,
  tileOf,
  tilePath,
  tilesOf,
  tileWidth,
} from "../../protocol/ledger/tile.ts";
import type { PublicKey } from "../../protocol/signatures.ts";
import type { LedgerSource } from "./ledger-source.ts";

/** What is kept of a ledger between two commands. */
export interface LedgerMemory {
  /** The checkpoint that was seen last, a signed note; undefined before the first. */
  last(): string | undefined;
  keep(note: string): Promise<void>;
  /** Keeps a checkpoint that contradicts the last one; answers where. */
  keepFork(note: string): Promise<string>;
}

/** An entry that the checkpoint proves. */
export interface VerifiedEntry {
  index: number;
  /** JSON text. */
  text: string;
}

/** Tiles that are kept while entries are read. */
const MAX_TILES = 64;

/**
 * A ledger that is believed in nothing: its checkpoint must be signed by a key of the edge and contain all that the
 * last one did; what else it gives must lead to that checkpoint.
 */
export class VerifiedLedger {
  readonly checkpoint: SignedCheckpoint;
  readonly #source: LedgerSource;
  readonly #tiles = new Map<string, Uint8Array>();

  private constructor(source: LedgerSource, checkpoint: SignedCheckpoint) {
    this.#source = source;
    this.checkpoint = checkpoint;
  }

  /**
   * Takes the ledger's checkpoint, and remembers it. The first one of a ledger is believed for its signature. Throws
   * `forbidden` for one that no key of the edge has signed; `conflict` for one that contradicts the last one.
   */
  static async open(
    source: LedgerSource,
    keys: readonly PublicKey[],
    memory: LedgerMemory,
  ): Promise<VerifiedLedger> {
    const note = await source.checkpoint();
    const { origin } = parseCheckpoint(parseNote(note).text);
    const ledger = new VerifiedLedger(source, await openCheckpoint(note, origin, keys));
    const last = memory.last();
    if (last !== undefined && last !== note) await ledger.#mustContain(last, memory);
    if (last !== note) await memory.keep(note);
    return ledger;
  }

  /** Verifies that a checkpoint seen elsewhere is of this ledger, at most as long. Throws `conflict`. */
  async contains({
    origin,
    size,
    root,
  }: {
    origin: string;
    size: number;
    root: Uint8Array;
  }): Promise<boolean> {
    const now = this.checkpoint;
    if (origin !== now.origin || size > now.size) return false;
    const proof = await this.#proof(consistencyRanges(size, now.size));
    return verifyConsistency(size, now.size, root, now.root, proof);
  }

  /** The entries from an index to before another, each verified. Throws `protocol_violation` for one that isn't right. */
  async *entries(from: number, to: number): AsyncGenerator<VerifiedEntry, void, undefined> {
    const { size, root } = this.checkpoint;
    const end = Math.min(to, size);
    for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < end; index++) {
      const start = index * TILE_WIDTH;
      const bundle = await this.#source.entries({ index, width: tileWidth(0, index, size) });
      for (const [at, entry] of bundle.entries()) {
        const place = start + at;
        if (place < from || place >= end) continue;
        const proof = await this.#proof(inclusionRanges(place, size));
        if (!verifyInclusion(place, size, leafHash(entry), proof, root)) throw notProven(place);
        yield { index: place, text: Buffer.from(entry).toString() };
      }
    }
  }

  /** Every entry, in order, without a proof for each: throws after the last one where they are not the signed ones. */
  async *all(
    append: (leaf: Uint8Array) => void,
    rootOf: () => Uint8Array,
  ): AsyncGenerator<VerifiedEntry, void, undefined> {
    const { size, root } = this.checkpoint;
    for (let index = 0; index * TILE_WIDTH < size; index++) {
      const bundle = await this.#source.entries({ index, width: tileWidth(0, index, size) });
      for (const [at, entry] of bundle.entries()) {
        append(leafHash(entry));
        yield { index: index * TILE_WIDTH + at, text: Buffer.from(entry).toString() };
      }
    }
    if (Buffer.compare(rootOf(), root) !== 0) throw notSigned(size);
  }

  /** The root as the tiles have it: what is served to everybody must be what is signed. Throws `protocol_violation`. */
  async checkTiles(): Promise<void> {
    const { size, root } = this.checkpoint;
    const ranges = [rootRange(size)];
    await this.#load(ranges);
    if (Buffer.compare(foldRange(ranges[0]!, this.#hash), root) !== 0) throw notSigned(size);
  }

  async #mustContain(last: string, memory: LedgerMemory): Promise<void> {
    const before = parseCheckpoint(parseNote(last).text);
    const now = this.checkpoint;
    // A cache may answer with an older checkpoint than another did: that one must be contained in the later.
    const fork = async (why: string) => {
      const file = await memory.keepFork(now.note);
      return new SallyportError(
        "conflict",
        `The ledger was changed: ${why}.`,
        `The signed checkpoint that proves it is in ${file}, beside the one that was seen before. Keep both.`,
      );
    };
    if (before.origin !== now.origin)
      throw await fork(`it was called ${before.origin}, and is called ${now.origin}`);
    if (before.size > now.size)
      throw await fork(`it had ${counted(before.size, "entry", "entries")}, and has ${now.size}`);
    if (!(await this.contains(before)))
      throw await fork(`its first ${before.size} entries are not those that it showed before`);
  }

  async #proof(ranges: Range[]): Promise<Buffer[]> {
    await this.#load(ranges);
    return foldRanges(ranges, this.#hash);
  }

  async #load(ranges: readonly Range[]): Promise<void> {
    const needed = tilesOf(ranges, this.checkpoint.size);
    const missing = needed.filter((tile) => !this.#tiles.has(tilePath(tile)));
    if (this.#tiles.size + missing.length > MAX_TILES) {
      const kept = new Set(needed.map(tilePath));
      for (const path of [...this.#tiles.keys()]) if (!kept.has(path)) this.#tiles.delete(path);
    }
    await Promise.all(missing.map(async (tile) => this.#tiles.set(tilePath(tile), await this.#fetch(tile))));
  }

  /** A partial tile may have given way to the full one. */
  async #fetch(tile: Tile): Promise<Uint8Array> {
    try {
      return await this.#source.tile(tile);
    } catch (error) {
      if (tile.width === TILE_WIDTH || !(error instanceof SallyportError) || error.code !== "not_found")
        throw error;
      return this.#source.tile({ ...tile, width: TILE_WIDTH });
    }
  }

  readonly #hash = (node: Node): Uint8Array => {
    const tile = tileOf(node, this.checkpoint.size);
    return hashInTile(this.#tiles.get(tilePath(tile))!, node);
  };
}

function notProven(index: number): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `Entry ${index} of the ledger is not the one that the edge signed.`,
    "Its storage was changed, or something between it and you changes answers. See docs/ledger.md, A broken ledger.",
  );
}

function notSigned(size: number): SallyportError {
  return new SallyportError(
    "protocol_violation",
    `The ledger's ${size} entries are not those that the edge signed.`,
    "Its storage was changed, or something between it and you changes answers. See docs/ledger.md, A broken ledger.",
  );
}
