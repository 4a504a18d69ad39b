import { apiText } from "../../../protocol/http/request-text.ts";
import type { HttpTranscriptEvent } from "../../../protocol/http/transcript/transcript.ts";
import { addMasked } from "../masking-words.ts";
import { refusalText } from "../request-words.ts";
import { CommonSummarizer, type CommonSummary } from "../session-summary.ts";

/** What a session with an HTTP or Kubernetes target did, in short. */
export interface HttpSummary extends CommonSummary {
  /** As whom a Kubernetes target was told that the agent acts; null where it was told of nobody. */
  impersonated: string | null;
  /** Of all exchanges, including those not listed. */
  exchanges: number;
  /** Requests that did not reach the target, and responses that did not reach the agent, because policy blocked them. */
  blocked: number;
  /** Requests and responses that needed an approval, whether they had it in the end or not. */
  held: number;
  /** Exchanges that the target failed. */
  failed: number;
  /** Values of responses that were masked, by label. */
  maskedValues: Record<string, number>;
  /** The latest. */
  listed: ExchangeSummary[];
}

export interface ExchangeSummary {
  number: number;
  /** When it began, ms since 1970. */
  time: number;
  method: string;
  target: string;
  websocket: boolean;
  /** What a Kubernetes target took it for, in words; null elsewhere, and where it never came to that. */
  api: string | null;
  /** Of the response; null where there was none. */
  status: number | null;
  /** Of bodies or messages: from the agent, and to it. */
  bytesIn: number;
  bytesOut: number;
  /** Of a WebSocket. */
  messagesIn: number;
  messagesOut: number;
  /** Ms until the response had ended, by the edge's clock, without those for which it was held; null where it has no end. */
  duration: number | null;
  /** What policies and people said, and how it broke off; empty where there is nothing to say. */
  outcome: string;
  /** It was refused, or did not come to its end. */
  failed: boolean;
  /** Values that were masked, by label. */
  masked: Record<string, number>;
}

/** The beginning of a text is enough to know an exchange by. */
const TEXT = 2_000;
const OUTCOME = 500;

type Of<Type extends HttpTranscriptEvent["type"]> = Extract<HttpTranscriptEvent, { type: Type }>;
type Row = Omit<ExchangeSummary, "masked"> & { masked: Map<string, number>; held: number; closed: boolean };

/** Gathers a summary; holds `limit` exchanges. */
export class HttpSummarizer {
  readonly #limit: number;
  readonly #common = new CommonSummarizer();
  readonly #rows = new Map<number, Row>();
  readonly #masked = new Map<string, number>();
  #impersonated: string | null = null;
  #count = 0;
  #blocked = 0;
  #held = 0;
  #failed = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts an entry, told or not. */
  entry(): void {
    this.#common.entry();
  }

  take(event: HttpTranscriptEvent): void {
    switch (event.type) {
      case "edge":
        this.#common.edge(event.event, event.time);
        break;
      case "connector":
        this.#common.connector(event.event);
        break;
      case "approval":
        this.#approval(event);
        break;
      case "request":
        this.#begin(event);
        break;
      case "sent":
        this.#impersonated = event.impersonated?.slice(0, TEXT) ?? this.#impersonated;
        this.#taken(event.exchange, event.request);
        break;
      case "judged":
        this.#taken(event.exchange, event.request);
        this.#judged(event);
        break;
      case "response":
        this.#change(event.exchange, (row) => {
          row.status = event.head.status;
        });
        break;
      case "bytes":
      case "message":
        this.#passed(event);
        break;
      case "end":
        this.#change(event.exchange, (row) => {
          if (event.from === "target") row.duration = Math.max(0, event.duration - row.held);
          else if (event.close) row.closed = true;
        });
        break;
      case "reset":
        this.#reset(event);
        break;
      case "over":
        if (event.outcome === "unfinished") this.#add(event.exchange, "no end", true);
        break;
      case "masked":
        addMasked(this.#masked, event.fields);
        this.#change(event.exchange, (row) => addMasked(row.masked, event.fields));
        break;
      case "failed":
        this.#failed++;
        this.#add(event.exchange, `${event.code}: ${event.message}`, true);
    }
  }

  get summary(): HttpSummary {
    return {
      ...this.#common.summary,
      impersonated: this.#impersonated,
      exchanges: this.#count,
      blocked: this.#blocked,
      held: this.#held,
      failed: this.#failed,
      maskedValues: Object.fromEntries(this.#masked),
      listed: [...this.#rows.values()].map(({ held: _, closed: __, masked, ...row }) => ({
        ...row,
        masked: Object.fromEntries(masked),
      })),
    };
  }

  #begin({ exchange: number, time, head }: Of<"request">): void {
    this.#count++;
    this.#rows.set(number, {
      number,
      time,
      method: head.method.slice(0, TEXT),
      target: head.target.slice(0, TEXT),
      websocket: head.websocket !== undefined,
      api: null,
      status: null,
      bytesIn: 0,
      bytesOut: 0,
      messagesIn: 0,
      messagesOut: 0,
      duration: null,
      outcome: "",
      failed: false,
      masked: new Map(),
      held: 0,
      closed: false,
    });
    if (this.#rows.size <= this.#limit) return;
    for (const oldest of this.#rows.keys()) {
      this.#rows.delete(oldest);
      break;
    }
  }

  #taken(exchange: number, { kubernetes }: Of<"sent">["request"]): void {
    if (kubernetes === null) return;
    this.#change(exchange, (row) => {
      row.api = apiText(kubernetes).slice(0, TEXT);
    });
  }

  #approval({ entry, exchange, waited }: Of<"approval">): void {
    const became = this.#common.approval(entry);
    if (entry.event === "approval_asked") this.#held++;
    if (entry.event === "approval_used") {
      this.#change(exchange, (row) => {
        row.held = waited ?? 0;
      });
    }
    if (became) this.#add(exchange, became.outcome, became.failed);
  }

  #judged({ exchange, decision, afterApproval }: Of<"judged">): void {
    this.#change(exchange, (row) => {
      row.failed = true;
    });
    if (decision.verdict === "approve" && afterApproval) return;
    if (decision.verdict === "approve") this.#held++;
    else this.#blocked++;
    this.#add(exchange, refusalText(decision), true);
  }

  /** An agent that has closed its WebSocket may be gone before the target has closed it, too. */
  #reset({ exchange, by, reason, duration }: Of<"reset">): void {
    const row = this.#rows.get(exchange);
    if (by === "agent" && row?.closed) row.duration = duration;
    else this.#add(exchange, `${by === "agent" ? "given up" : "broken off"}: ${reason}`, true);
  }

  #passed(event: Of<"bytes"> | Of<"message">): void {
    const messages = event.type === "message" && event.begins ? 1 : 0;
    this.#change(event.exchange, (row) => {
      if (event.from === "agent") {
        row.bytesIn += event.bytes.length;
        row.messagesIn += messages;
      } else {
        row.bytesOut += event.bytes.length;
        row.messagesOut += messages;
      }
    });
  }

  #add(exchange: number | null, outcome: string, failed: boolean): void {
    this.#change(exchange, (row) => {
      row.outcome = (row.outcome === "" ? outcome : `${row.outcome}; ${outcome}`).slice(0, OUTCOME);
      if (failed) row.failed = true;
    });
  }

  #change(exchange: number | null, change: (row: Row) => void): void {
    const row = exchange === null ? undefined : this.#rows.get(exchange);
    if (row) change(row);
  }
}
