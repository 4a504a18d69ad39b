import { Hono } from "hono";
import { VERSION } from "../../protocol/control.ts";
import { thumbprint } from "../../protocol/signatures.ts";
import { allConnectorKeys } from "../directory/connectors.ts";
import { allEdgeKeys } from "../directory/edge-keys.ts";
import { loadSettings } from "../directory/settings.ts";
import { type Env, edgeSigningKey } from "../environment.ts";

/** What anybody may ask. */
export const publicRoutes = new Hono<{ Bindings: Env }>()
  .get("/health", (c) => c.json({ version: VERSION, name: "sallyport" }))
  .get("/keys", async (c) => {
    const [edge, connectors] = await Promise.all([
      allEdgeKeys(c.env.DIRECTORY, edgeSigningKey(c.env)),
      allConnectorKeys(c.env.DIRECTORY),
    ]);
    return c.json({
      edge: edge.map((key) => ({ ...key, kid: thumbprint(key) })),
      connectors: connectors.map(({ connector, jwk, revoked }) => ({
        name: connector,
        key: { ...jwk, kid: thumbprint(jwk) },
        revoked,
      })),
    });
  })
  .get("/login", async (c) => {
    const { issuers } = await loadSettings(c.env.DIRECTORY);
    return c.json({
      issuers: issuers
        .filter(({ clientId }) => clientId !== undefined)
        .map(({ name, issuer, clientId, audience }) => ({ name, issuer, clientId, audience })),
    });
  });
