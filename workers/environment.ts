import type { Connector } from "../protocol/directory.ts";
import type { ErrorCode } from "../protocol/errors.ts";

/** Bindings of the edge Worker; `wrangler.toml` and a self-hosted edge supply the same. */
export interface Env {
  SESSION: DurableObjectNamespace<SessionObject>;
  /** One object per connector name. */
  HUB: DurableObjectNamespace<HubObject>;
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

/** What the HTTP API asks of a Session object. `fetch` takes the upgrade request for `/follow/:id?from=SEQ`. */
export interface SessionObject extends Rpc.DurableObjectBranded {
  /** Ends a session; false when it had ended before. Remembers it for a session that is only being opened. */
  kill(session: string, code: ErrorCode, reason: string, by: string): Promise<boolean>;
  /** The session's export file, as far as it goes. */
  recording(session: string): Promise<ReadableStream>;
  fetch(request: Request): Promise<Response>;
}

/** What the HTTP API asks of a ConnectorHub object. */
export interface HubObject extends Rpc.DurableObjectBranded {
  replicas(): Promise<Connector["replicas"]>;
  /** Closes every control socket: the connector's key is no longer good. */
  dropKey(): Promise<void>;
  fetch(request: Request): Promise<Response>;
}
