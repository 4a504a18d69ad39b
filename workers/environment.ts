import { type PrivateKey, parsePublicKey } from "../protocol/signatures.ts";
import type { TelemetryEnvironment } from "../protocol/telemetry/settings.ts";
import type { AccessRequest } from "./approval/access-object.ts";
import type { ConnectorHub } from "./hub/object.ts";
import type { Ledger } from "./ledger/object.ts";
import type { Session } from "./session/object.ts";
import type { WitnessEnv } from "./witness/settings.ts";

/** Bindings of the edge Worker; `wrangler.toml` and a self-hosted edge supply the same. */
export interface Env extends WitnessEnv, TelemetryEnvironment {
  SESSION: DurableObjectNamespace<Session>;
  /** One object per connector name. */
  HUB: DurableObjectNamespace<ConnectorHub>;
  /** One object per access request, named by the request's id. */
  ACCESS: DurableObjectNamespace<AccessRequest>;
  /** One object, named `ledger`. */
  LEDGER: DurableObjectNamespace<Ledger>;
  DIRECTORY: D1Database;
  /** Sealed recordings, and events for a SIEM that are to be kept there. */
  RECORDINGS: R2Bucket;
  /** The edge's public URL: links to approvals are made of it, and people sign in there. Needed behind a proxy. */
  PUBLIC_URL?: string;
  /** SHA-256 (hex) of the bootstrap administrator's token; unset, there is none. */
  BOOTSTRAP_TOKEN_SHA256?: string;
  /** Ed25519 private key as a JWK: seals recordings. */
  EDGE_SIGNING_KEY: string;
  /** The request header in which a trusted proxy gives the client's address; unset, the address is unknown. */
  ADDRESS_HEADER?: string;
  /** How many Session objects share all sessions; 0 or unset gives each session its own. */
  SESSION_SHARDS?: string;
  /** Bytes of the export file in a part of a sealed recording, and bytes that a live session logs before older ones are sealed. */
  SEAL_PART_BYTES?: string;
  SEAL_LIVE_BYTES?: string;
  /** How long connectors may take to say that they judge by new policies, ms, before they are cut off. */
  POLICY_TAKE_MS?: string;
  /** Slack's incoming webhook for approvals; itself a secret. Unset, Slack is not told. */
  SLACK_WEBHOOK_URL?: string;
  /** The signing secret of the Slack app; unset, messages have no buttons and nobody answers in Slack. */
  SLACK_SIGNING_SECRET?: string;
  /** A webhook of one's own for approvals; a secret where it carries one. Unset, nobody is told. */
  APPROVAL_WEBHOOK_URL?: string;
  /** What its messages are signed with: `whsec_` and base64 of 24 to 64 bytes. Without it nothing is sent. */
  APPROVAL_WEBHOOK_SECRET?: string;
  /** Where events for a SIEM are posted; a secret where it carries one. Unset, nothing is posted. */
  SIEM_URL?: string;
  /** `hec` (Splunk's HTTP Event Collector) or `json` (a signed webhook); unset, `json`. */
  SIEM_FORMAT?: string;
  /** The collector's token, or what the webhook is signed with: `whsec_` and base64 of 24 to 64 bytes. */
  SIEM_TOKEN?: string;
  /** `on`: events are also kept in RECORDINGS, under `events/`. */
  SIEM_R2?: string;
}

/** What follows must fit into the second that is promised, too. */
const TAKE_MS = 800;

/** How long connectors may take to say that they judge by new policies, ms. */
export function takeMs({ POLICY_TAKE_MS }: Pick<Env, "POLICY_TAKE_MS">): number {
  return Number(POLICY_TAKE_MS) || TAKE_MS;
}

/** The edge's signing key. Throws without a word of what the binding holds. */
export function edgeSigningKey({ EDGE_SIGNING_KEY }: Pick<Env, "EDGE_SIGNING_KEY">): PrivateKey {
  try {
    const key = JSON.parse(EDGE_SIGNING_KEY) as Partial<PrivateKey>;
    if (typeof key.d === "string") return { ...parsePublicKey(key), d: key.d };
  } catch {
    // A parser's message quotes its input.
  }
  throw new Error("the binding EDGE_SIGNING_KEY is not an Ed25519 private key as a JWK");
}
