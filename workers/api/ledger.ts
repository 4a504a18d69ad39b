import { type Context, Hono } from "hono";
import { SallyportError } from "../../protocol/errors.ts";
import { parseTilePath, TILE_WIDTH, type TileRequest } from "../../protocol/ledger/tile.ts";
import { ledgerStub } from "../ledger/stub.ts";
import { administrator, type SignedIn, signedIn } from "./edge.ts";

/** A full tile never changes; a partial one neither, but gives way to a wider one. */
const IMMUTABLE = "public, max-age=31536000, immutable";
/** c2sp.org/tlog-tiles: no caching beyond a few seconds. */
const BRIEFLY = "public, max-age=2";

/**
 * The ledger as c2sp.org/tlog-tiles has it, its prefix being `/ledger`. Hashes are for everybody; entries tell who did
 * what, and are for administrators.
 */
export const ledgerRoutes = new Hono<SignedIn>()
  .get("/checkpoint", async (c) => {
    const { note } = await ledgerStub(c.env).checkpoint();
    return new Response(note, {
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": BRIEFLY },
    });
  })
  .get("/tile/entries/*", signedIn, administrator, (c) => serve(c, "private, max-age=31536000, immutable"))
  .get("/tile/*", (c) => serve(c, IMMUTABLE));

/** How the ledger is: for administrators. */
export const ledgerStatusRoutes = new Hono<SignedIn>().get("/status", signedIn, administrator, async (c) =>
  c.json(await ledgerStub(c.env).status()),
);

async function serve(c: Context<SignedIn>, caching: string): Promise<Response> {
  const request = parseTilePath(c.req.path.replace(/^\/ledger\//, ""));
  const tile = request && (await ledgerStub(c.env).tile(request));
  if (!tile) throw new SallyportError("not_found", `the ledger has no such tile ${range(request)}`);
  return new Response(tile, {
    headers: { "content-type": "application/octet-stream", "cache-control": caching },
  });
}

function range(request: TileRequest | null): string {
  if (request === null) return "(see c2sp.org/tlog-tiles for their paths)";
  return request.width < TILE_WIDTH ? "yet, or no more" : "yet";
}
