import { SallyportError } from "../../protocol/errors.ts";
import { MAX_ENTRY } from "../../protocol/ledger/entry.ts";
import { HASH_LENGTH } from "../../protocol/ledger/merkle.ts";
import { MAX_NOTE } from "../../protocol/ledger/note.ts";
import { bundlePath, decodeBundle, TILE_WIDTH, type Tile, tilePath } from "../../protocol/ledger/tile.ts";
import type { EdgeApi } from "../edge-api.ts";
import { fetchPublic } from "../edge-api.ts";

/** Where a ledger is read: c2sp.org/tlog-tiles. Nothing that it gives is verified here, but how long it is. */
export interface LedgerSource {
  /** The signed note. */
  checkpoint(): Promise<string>;
  /** The hashes of a tile, `width` of them. Throws `not_found` for one that isn't there. */
  tile(tile: Tile): Promise<Uint8Array>;
  /** The entries below a tile of level 0, `width` of them. Throws `not_found`; `forbidden` for who may not. */
  entries(tile: Pick<Tile, "index" | "width">): Promise<Uint8Array[]>;
}

/** The ledger of an edge; `api` for its entries, which administrators alone read. */
export class EdgeLedger implements LedgerSource {
  readonly #edge: URL;
  readonly #api: EdgeApi | null;

  constructor(edge: URL, api: EdgeApi | null) {
    this.#edge = edge;
    this.#api = api;
  }

  async checkpoint(): Promise<string> {
    const bytes = await bounded(await fetchPublic(this.#edge, "/ledger/checkpoint"), MAX_NOTE);
    return Buffer.from(bytes).toString();
  }

  async tile(tile: Tile): Promise<Uint8Array> {
    const length = tile.width * HASH_LENGTH;
    const bytes = await bounded(await fetchPublic(this.#edge, `/ledger/${tilePath(tile)}`), length);
    if (bytes.length !== length) throw notTile();
    return bytes;
  }

  async entries(tile: Pick<Tile, "index" | "width">): Promise<Uint8Array[]> {
    if (!this.#api)
      throw new SallyportError("unauthenticated", "The ledger's entries are for administrators.");
    const response = await this.#api.stream(`/ledger/${bundlePath(tile)}`);
    return decodeBundle(await bounded(response, TILE_WIDTH * (MAX_ENTRY + 2)), tile.width);
  }
}

/** Reads at most so many bytes. Throws `protocol_violation` where there are more. */
async function bounded(response: Response, max: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > max) throw notTile();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, length);
}

function notTile(): SallyportError {
  return new SallyportError(
    "protocol_violation",
    "The edge's answer is not what was asked of its ledger.",
    "A proxy before the edge may have answered.",
  );
}
