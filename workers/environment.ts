import type { ConnectorHub } from "./hub/object.ts";
import type { Session } from "./session/object.ts";

/** Bindings of the edge Worker; `wrangler.toml` and a self-hosted edge supply the same. */
export interface Env {
  SESSION: DurableObjectNamespace<Session>;
  /** One object per connector name. */
  HUB: DurableObjectNamespace<ConnectorHub>;
  DIRECTORY: D1Database;
  /** The edge's public URL where it differs from the request's origin (behind a proxy). */
  PUBLIC_URL?: string;
  /** SHA-256 (hex) of the bootstrap administrator's token; unset, there is none. */
  BOOTSTRAP_TOKEN_SHA256?: string;
  /** Ed25519 private key as a JWK: seals recordings. */
  EDGE_SIGNING_KEY: string;
  /** How many Session objects share all sessions; 0 or unset gives each session its own. */
  SESSION_SHARDS?: string;
}
