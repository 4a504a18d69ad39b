import { createHmac } from "node:crypto";
import type { Approval } from "../../protocol/approval/approval.ts";
import type { Env } from "../environment.ts";
import { approvalLink } from "./link.ts";
import type { OutboxMessage, Receiver } from "./outbox.ts";
import { type Delivery, deliveryOf, type Fetch, post, postableUrl } from "./post.ts";

/** About an hour, with the outbox's backoff. */
const MAX_ATTEMPTS = 20;
/** Standard Webhooks 1.0.0: a secret has 24 to 64 bytes. */
const SECRET_BYTES = { least: 24, most: 64 };

/** What is posted to the generic webhook. */
export interface WebhookBody {
  type: "approval.asked" | "approval.voted" | "approval.ended";
  /** When it happened, ISO 8601; each attempt's own time is in the header. */
  timestamp: string;
  approval: Approval;
  /** The page on which people answer; null where the edge's public URL is not known. */
  url: string | null;
}

/**
 * The generic webhook, signed as Standard Webhooks 1.0.0 says. Each message is sent until it is answered with 2xx, in
 * the order of what happened, always under the same `webhook-id`.
 */
export class WebhookReceiver implements Receiver {
  readonly channel = "webhook";
  readonly newestOnly = false;
  readonly maxAttempts = MAX_ATTEMPTS;
  readonly #env: Pick<Env, "APPROVAL_WEBHOOK_URL" | "APPROVAL_WEBHOOK_SECRET" | "PUBLIC_URL">;
  readonly #fetch: Fetch;

  constructor(
    env: Pick<Env, "APPROVAL_WEBHOOK_URL" | "APPROVAL_WEBHOOK_SECRET" | "PUBLIC_URL">,
    fetcher: Fetch,
  ) {
    this.#env = env;
    this.#fetch = fetcher;
  }

  async send({ key, news, approval }: OutboxMessage, now: number): Promise<Delivery> {
    const url = postableUrl(this.#env.APPROVAL_WEBHOOK_URL);
    const secret = webhookKey(this.#env.APPROVAL_WEBHOOK_SECRET ?? "");
    if (url === null) return unusable("APPROVAL_WEBHOOK_URL is not an https URL");
    if (secret === null)
      return unusable("APPROVAL_WEBHOOK_SECRET has not the form whsec_BASE64 with 24 to 64 bytes");
    const what = news[0]!;
    const body: WebhookBody = {
      type: `approval.${what}`,
      timestamp: new Date(happened(approval, what)).toISOString(),
      approval,
      url: approvalLink(this.#env, approval.id),
    };
    const content = JSON.stringify(body);
    const posted = await post(
      this.#fetch,
      url.href,
      content,
      webhookHeaders(secret, `msg_${key}`, now, content),
    );
    return deliveryOf(posted, what);
  }
}

/** The key's bytes from `whsec_BASE64`; null for any other text, and for a key that is too short or too long. */
export function webhookKey(secret: string): Buffer | null {
  const [, base64] = /^whsec_([A-Za-z0-9+/]{32,88}={0,2})$/.exec(secret) ?? [];
  const key = Buffer.from(base64 ?? "", "base64");
  return key.length < SECRET_BYTES.least || key.length > SECRET_BYTES.most ? null : key;
}

/** The headers of one attempt (Standard Webhooks 1.0.0, "Webhook headers"); `id` has no full stop in it. */
export function webhookHeaders(
  key: Uint8Array,
  id: string,
  now: number,
  body: string,
): Record<string, string> {
  const seconds = Math.floor(now / 1_000);
  const signature = createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64");
  return {
    "webhook-id": id,
    "webhook-timestamp": String(seconds),
    "webhook-signature": `v1,${signature}`,
  };
}

function happened({ asked, votes, decided }: Approval, what: OutboxMessage["news"][number]): number {
  if (what === "ended") return decided?.at ?? asked;
  return what === "voted" ? (votes.at(-1)?.at ?? asked) : asked;
}

function unusable(detail: string): Delivery {
  return { outcome: "failed", detail, again: false };
}
