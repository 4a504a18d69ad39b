import { createHash } from "node:crypto";
import type { Fetch } from "../approval/post.ts";
import { webhookHeaders } from "../approval/webhook.ts";
import type { Destination, Outgoing, Sent } from "./destination.ts";
import { postBatch } from "./http.ts";

/** Answers that are about what was sent: Bad Request, Content Too Large, Unprocessable Content. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * A receiver of one's own: `{"type":"ocsf.events","timestamp":…,"data":[…]}`, signed as Standard Webhooks 1.0.0 says. The
 * same batch has the same `webhook-id`; what was sent twice in different batches is known by `metadata.uid`.
 */
export class WebhookDestination implements Destination {
  readonly name = "http";
  readonly isEdges = false;
  readonly lingerMs = 2_000;
  readonly maxEvents = 500;
  readonly maxBytes = 700 * 1024;
  readonly mixes = true;
  readonly #url: string;
  readonly #key: Uint8Array;
  readonly #fetch: Fetch;

  constructor(url: URL, key: Uint8Array, fetcher: Fetch) {
    this.#url = url.href;
    this.#key = key;
    this.#fetch = fetcher;
  }

  async send(batch: readonly Outgoing[], now: number): Promise<Sent> {
    const head = JSON.stringify({ type: "ocsf.events", timestamp: new Date(now).toISOString() });
    const body = `${head.slice(0, -1)},"data":[${batch.map(({ json }) => json).join(",")}]}`;
    const { status, detail, retryAfterMs } = await postBatch(this.#fetch, this.#url, body, {
      "content-type": "application/json; charset=utf-8",
      ...webhookHeaders(this.#key, idOf(batch), now, body),
    });
    if (status >= 200 && status < 300) return { outcome: "delivered" };
    if (REFUSALS.has(status)) return { outcome: "refused", detail };
    return { outcome: "failed", detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
}

function idOf(batch: readonly Outgoing[]): string {
  const hash = createHash("sha256");
  for (const { event } of batch) hash.update(`${event.metadata.uid}\n`);
  return `msg_${hash.digest("hex").slice(0, 32)}`;
}
