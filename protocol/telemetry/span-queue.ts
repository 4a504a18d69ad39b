import { TraceFlags } from "@opentelemetry/api";
import { JsonTraceSerializer } from "@opentelemetry/otlp-transformer";
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { TelemetrySettings } from "./settings.ts";

/** What a queue needs of where it runs. */
export interface QueueMeans {
  fetch(url: URL, init: RequestInit): Promise<Response>;
  now(): number;
  /** Tells the operator. */
  warn(words: string): void;
  /** Spans wait now, where none did, or a whole batch does: `send` is wanted, at once or a little later. */
  wanted(delayMs: number): void;
}

/** What is worth another try (https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes). */
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 60_000;
/** How much longer than its time limit an export may seem to be under way, ms: whoever began it may have been ended. */
const SLACK_MS = 1_000;

/**
 * Spans on their way to a collector, by OTLP over HTTP, in JSON. Nobody waits for it: beyond a bound spans are dropped and counted,
 * a request has a time limit and only one is under way, and what the collector answers or does not answer changes nothing
 * but when it is asked again. It holds no socket and no timer, so that it may live where each turn has its own: spans are
 * added in one and sent in another.
 */
export class SpanQueue implements SpanProcessor {
  readonly #settings: TelemetrySettings;
  readonly #means: QueueMeans;
  #waiting: ReadableSpan[] = [];
  #dropped = 0;
  #untold = 0;
  #isFailing = false;
  #pauseMs = FIRST_PAUSE_MS;
  /** No export before this time, ms since 1970. */
  #notBefore = 0;
  /** Until when one is under way. */
  #busyUntil = 0;

  constructor(settings: TelemetrySettings, means: QueueMeans) {
    this.#settings = settings;
    this.#means = means;
  }

  /** Spans that wait. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Spans that were dropped since the start: there was no room, or the collector did not want them. */
  get dropped(): number {
    return this.#dropped;
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    const { size, batch, delayMs } = this.#settings.queue;
    if (this.#waiting.length >= size) {
      this.#drop(1);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length === batch) this.#means.wanted(0);
    else if (this.#waiting.length === 1) this.#means.wanted(delayMs);
  }

  /** Sends what waits, batch by batch, as far as the collector takes it. `urgent`: whatever pause it has. Never throws. */
  async send(urgent = false): Promise<void> {
    const { timeoutMs, queue } = this.#settings;
    while (this.#waiting.length > 0) {
      const now = this.#means.now();
      if (now < this.#busyUntil) return;
      if (now < this.#notBefore && !urgent) {
        this.#means.wanted(this.#notBefore - now);
        return;
      }
      this.#busyUntil = now + timeoutMs + SLACK_MS;
      const spans = this.#waiting.splice(0, queue.batch);
      const outcome = await this.#post(spans);
      this.#busyUntil = 0;
      if (outcome === "taken") this.#well();
      else this.#failed(spans, outcome);
      if (outcome === "later" && urgent) return;
    }
  }

  forceFlush(): Promise<void> {
    return this.send(true);
  }

  shutdown(): Promise<void> {
    return this.send(true);
  }

  /** `lost`: it will never be taken. */
  async #post(spans: ReadableSpan[]): Promise<"taken" | "later" | "lost"> {
    const { endpoint, headers, timeoutMs } = this.#settings;
    try {
      const response = await this.#means.fetch(endpoint, {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JsonTraceSerializer.serializeRequest(spans) as Uint8Array<ArrayBuffer>,
        // The headers are for this address alone.
        redirect: "manual",
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Nothing in it would change anything.
      void response.body?.cancel().catch(() => {});
      if (response.ok) return "taken";
      return RETRYABLE.has(response.status) ? "later" : "lost";
    } catch {
      return "later";
    }
  }

  #well(): void {
    if (this.#isFailing) this.#means.warn("the collector takes spans again");
    if (this.#untold > 0)
      this.#means.warn(`${this.#untold} spans were dropped, ${this.#dropped} since the start`);
    this.#isFailing = false;
    this.#untold = 0;
    this.#pauseMs = FIRST_PAUSE_MS;
    this.#notBefore = 0;
  }

  #failed(spans: ReadableSpan[], outcome: "later" | "lost"): void {
    if (!this.#isFailing)
      this.#means.warn(
        "the collector does not take spans: they wait, and are dropped where there are too many",
      );
    this.#isFailing = true;
    const room = outcome === "lost" ? 0 : Math.max(0, this.#settings.queue.size - this.#waiting.length);
    this.#waiting = [...spans.slice(0, room), ...this.#waiting];
    this.#drop(spans.length - Math.min(room, spans.length));
    this.#notBefore = this.#means.now() + this.#pauseMs;
    this.#pauseMs = Math.min(this.#pauseMs * 2, LAST_PAUSE_MS);
  }

  #drop(count: number): void {
    this.#dropped += count;
    this.#untold += count;
  }
}
