import { SallyportError } from "../errors.ts";
import { MAX_ENTRY } from "./entry.ts";
import { HASH_LENGTH, type Node, nodeHash, type Range } from "./merkle.ts";

/** Where the tree's hashes and entries are served: c2sp.org/tlog-tiles. */

/** Levels of the tree in a tile, and hashes in its lowest. */
export const TILE_HEIGHT = 8;
export const TILE_WIDTH = 256;

/** Of a tile's level: 256^6 leaves are more than a ledger's index can count. */
const MAX_LEVEL = 63;

export interface Tile {
  /** Of the tiles: level 0 holds hashes of leaves, each higher one those of full tiles below. */
  level: number;
  index: number;
  /** Hashes in it, 1 to 256; fewer than 256 only at the right edge. */
  width: number;
}

/** What a path asks for. */
export type TileRequest = (Tile & { what: "hashes" }) | { what: "entries"; index: number; width: number };

/** `tile/0/x001/067`, `tile/1/000.p/17`. */
export function tilePath({ level, index, width }: Tile): string {
  return `tile/${level}/${indexPath(index, width)}`;
}

/** `tile/entries/x001/067`, of the entries below a tile of level 0. */
export function bundlePath({ index, width }: Pick<Tile, "index" | "width">): string {
  return `tile/entries/${indexPath(index, width)}`;
}

/** Reads what the two above write, and nothing else; null for any other text. */
export function parseTilePath(path: string): TileRequest | null {
  const match =
    /^tile\/(entries|0|[1-9][0-9]?)\/((?:x[0-9]{3}\/){0,5}[0-9]{3})(?:\.p\/([1-9][0-9]{0,2}))?$/.exec(path);
  if (!match) return null;
  const [, kind, digits, partial] = match as unknown as [string, string, string, string | undefined];
  const index = Number(digits.replace(/[x/]/g, ""));
  const width = partial === undefined ? TILE_WIDTH : Number(partial);
  if (!Number.isSafeInteger(index) || (partial !== undefined && width >= TILE_WIDTH)) return null;
  // One path for each tile: `x000/001` is no other spelling of `001`.
  if (indexPath(index, width) !== path.slice(path.indexOf("/", 5) + 1)) return null;
  if (kind === "entries") return { what: "entries", index, width };
  const level = Number(kind);
  return level > MAX_LEVEL ? null : { what: "hashes", level, index, width };
}

function indexPath(index: number, width: number): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g)!;
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return width === TILE_WIDTH ? path : `${path}.p/${width}`;
}

/** How many hashes the tile has in a tree of `size` leaves: 0 to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/** The node that is hash `offset` of a tile. */
export function nodeOfTile({ level, index }: Tile, offset: number): Node {
  return { level: level * TILE_HEIGHT, index: index * TILE_WIDTH + offset };
}

/** The tile, in a tree of `size` leaves, out of which a node's hash can be had. */
export function tileOf({ level, index }: Node, size: number): Tile {
  const tileLevel = Math.floor(level / TILE_HEIGHT);
  const tileIndex = Math.floor((index * 2 ** (level % TILE_HEIGHT)) / TILE_WIDTH);
  return { level: tileLevel, index: tileIndex, width: tileWidth(tileLevel, tileIndex, size) };
}

/** The tiles that hold all of these, each once. */
export function tilesOf(ranges: readonly Range[], size: number): Tile[] {
  const tiles = new Map<string, Tile>();
  for (const node of ranges.flat()) {
    const tile = tileOf(node, size);
    tiles.set(tilePath(tile), tile);
  }
  return [...tiles.values()];
}

/** A node's hash, of the bytes of the tile that `tileOf` names. Throws `invalid_request` where they are too few. */
export function hashInTile(bytes: Uint8Array, { level, index }: Node): Uint8Array {
  const height = level % TILE_HEIGHT;
  const count = 2 ** height;
  const start = (index * count) % TILE_WIDTH;
  if (bytes.length < (start + count) * HASH_LENGTH)
    throw new SallyportError("invalid_request", "a tile of the ledger is too short");
  let hashes = Array.from({ length: count }, (_, at) => hashAt(bytes, start + at));
  while (hashes.length > 1) {
    hashes = hashes.flatMap((hash, at) => (at % 2 === 0 ? [nodeHash(hash, hashes[at + 1]!)] : []));
  }
  return hashes[0]!;
}

/** Hash `at` of a tile's bytes. */
export function hashAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH);
}

/** Entries, each after its length in two bytes, big-endian. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const lengths = entries.map((entry) => {
    if (entry.length > MAX_ENTRY) throw new RangeError("an entry is too long for a bundle");
    const length = Buffer.alloc(2);
    length.writeUInt16BE(entry.length);
    return length;
  });
  return Buffer.concat(entries.flatMap((entry, at) => [lengths[at]!, entry]));
}

/** The entries of a bundle. Throws `invalid_request` unless they are exactly `count`. */
export function decodeBundle(bytes: Uint8Array, count: number): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries: Uint8Array[] = [];
  let at = 0;
  while (at < bytes.length && entries.length <= count) {
    const length = at + 2 <= bytes.length ? view.getUint16(at) : Number.POSITIVE_INFINITY;
    if (at + 2 + length > bytes.length) throw notWhole(count);
    entries.push(bytes.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  if (entries.length !== count) throw notWhole(count);
  return entries;
}

function notWhole(count: number): SallyportError {
  return new SallyportError("invalid_request", `a bundle of the ledger is not ${count} whole entries`);
}
