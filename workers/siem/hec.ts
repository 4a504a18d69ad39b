import type { Fetch } from "../approval/post.ts";
import type { Destination, Outgoing, Sent } from "./destination.ts";
import { type Answer, postBatch } from "./http.ts";

/** Where Splunk takes events in batches. */
const PATH = "/services/collector/event";
/** Codes of answers 400 that are about an event: no data, invalid data, its field missing or blank, its indexed fields. */
const EVENT_CODES: ReadonlySet<number> = new Set([5, 6, 12, 13, 15]);

/**
 * Splunk's HTTP Event Collector: JSON objects one after another in one body, `Authorization: Splunk TOKEN`. Acknowledgement
 * by the indexer is not asked for.
 */
export class HecDestination implements Destination {
  readonly name = "http";
  readonly isEdges = false;
  readonly lingerMs = 2_000;
  readonly maxEvents = 500;
  /** Splunk's own limit of a request is 800 KB in older releases. */
  readonly maxBytes = 700 * 1024;
  readonly mixes = true;
  readonly #url: string;
  readonly #token: string;
  readonly #host: string;
  readonly #fetch: Fetch;

  /** `url`: of the collector, its path may be left out; `host`: what events say they come from. */
  constructor(url: URL, token: string, host: string, fetcher: Fetch) {
    const endpoint = new URL(url);
    if (endpoint.pathname === "/") endpoint.pathname = PATH;
    this.#url = endpoint.href;
    this.#token = token;
    this.#host = host;
    this.#fetch = fetcher;
  }

  async send(batch: readonly Outgoing[]): Promise<Sent> {
    const body = batch.map((one) => this.#envelope(one)).join("\n");
    const answer = await postBatch(this.#fetch, this.#url, body, {
      authorization: `Splunk ${this.#token}`,
      "content-type": "application/json; charset=utf-8",
    });
    return outcomeOf(answer);
  }

  #envelope({ event, json }: Outgoing): string {
    const meta = {
      time: event.time / 1_000,
      host: this.#host,
      source: "sallyport",
      sourcetype: "sallyport:ocsf",
    };
    return `${JSON.stringify(meta).slice(0, -1)},"event":${json}}`;
  }
}

function outcomeOf({ status, text, detail, retryAfterMs }: Answer): Sent {
  const { code, words } = codeOf(text);
  if (status === 200 && (code === 0 || code === null)) return { outcome: "delivered" };
  const told = `${detail}${code === null ? "" : `, code ${code}`}${words === null ? "" : ` (${words})`}`;
  if (status === 413 || (status === 400 && (code === null || EVENT_CODES.has(code))))
    return { outcome: "refused", detail: told };
  return { outcome: "failed", detail: told, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

/** `{"text":"Success","code":0}`; its text only where it is plain words: another could quote what was sent. */
function codeOf(text: string): { code: number | null; words: string | null } {
  try {
    const { code, text: words } = JSON.parse(text) as { code?: unknown; text?: unknown };
    return {
      code: Number.isSafeInteger(code) ? (code as number) : null,
      words: typeof words === "string" && /^[A-Za-z .]{1,80}$/.test(words) ? words : null,
    };
  } catch {
    return { code: null, words: null };
  }
}
