import { type ApprovalAsk, type ApprovalEvent, MAX_APPROVALS } from "../approval/approval.ts";
import type { Entry } from "../entry.ts";
import type { HttpRequest } from "../http/request.ts";
import { apiText } from "../http/request-text.ts";
import { HttpTranscript, type HttpTranscriptEvent } from "../http/transcript/transcript.ts";
import { exchangeActions } from "../policy/exchange.ts";
import type { Activity } from "./activity.ts";
import { type Asked, addMasked, Draft, maskedBy } from "./draft.ts";
import type { KindReader } from "./kind-reader.ts";

interface Exchange {
  draft: Draft;
  /** The target, or the way to it, failed; or the agent left. */
  isBroken: boolean;
  /** Ms for which it was held. */
  held: number;
}

type Of<Type extends HttpTranscriptEvent["type"]> = Extract<HttpTranscriptEvent, { type: Type }>;

/**
 * Activities of an HTTP or Kubernetes session: its exchanges, without what their bodies hold. Each is given out when it
 * is over. Memory is bounded, as the transcript has few that are open.
 */
export class HttpActivities implements KindReader {
  readonly #transcript = new HttpTranscript();
  readonly #open = new Map<number, Exchange>();
  readonly #asked = new Map<number, Asked>();
  readonly #unassigned = new Map<string, number>();
  /** The exchange that last had an answer. */
  #heard = 0;
  #out: Activity[] = [];

  entry(entry: Entry): Activity[] {
    for (const event of this.#transcript.push(entry)) this.#take(event);
    return this.#out.splice(0);
  }

  get open(): Activity[] {
    return Array.from(this.#open.values(), ({ draft }) => draft.activity);
  }

  end(): Activity[] {
    for (const { draft } of this.#open.values()) this.#out.push(draft.activity);
    this.#open.clear();
    return this.#out.splice(0);
  }

  get unassigned(): ReadonlyMap<string, number> {
    return this.#unassigned;
  }

  #take(event: HttpTranscriptEvent): void {
    switch (event.type) {
      case "connector":
        if (event.event.event === "detected") this.#mask(this.#heard, maskedBy(event.event.found));
        break;
      case "request": {
        const draft = new Draft(event, 0, "request", `${event.head.method} ${event.head.target}`);
        this.#open.set(event.exchange, { draft, isBroken: false, held: 0 });
        break;
      }
      case "approval":
        this.#approval(event);
        break;
      case "sent":
        this.#change(event.exchange, ({ draft }) => {
          draft.isSent = true;
          taken(draft, event.request);
        });
        break;
      case "judged":
        this.#judged(event);
        break;
      case "response":
        this.#response(event);
        break;
      case "bytes":
      case "message":
        if (event.from === "target") this.#heard = event.exchange;
        break;
      case "end":
        this.#change(event.exchange, ({ draft, held }) => {
          if (event.from === "target") draft.durationMs = Math.max(0, event.duration - held);
        });
        break;
      case "reset":
        this.#change(event.exchange, (exchange) => {
          exchange.isBroken = true;
          if (event.by === "target" && exchange.draft.outcome === "ok") exchange.draft.outcome = "error";
        });
        break;
      case "masked":
        this.#mask(event.exchange, Object.entries(event.fields));
        break;
      case "failed":
        this.#change(event.exchange, (exchange) => {
          exchange.isBroken = true;
          exchange.draft.outcome = "error";
        });
        break;
      case "over":
        this.#over(event);
    }
  }

  #approval({ exchange: number, waited, entry }: Of<"approval">): void {
    if (entry.event === "approval_asked") this.#ask(entry);
    const asked = this.#asked.get(entry.approval);
    this.#change(number, (exchange) => {
      const { draft } = exchange;
      if (entry.event === "approval_asked" && asked) draft.ask(asked);
      if (entry.event === "approval_used") {
        // The question may be that of an exchange before, which made the same request.
        if (asked) draft.ask(asked);
        draft.state = "released";
        exchange.held = waited ?? 0;
      }
      if (draft.approval === entry.approval && isRefusal(entry)) draft.state = "refused";
    });
  }

  #ask({ approval, question }: Extract<ApprovalAsk, { event: "approval_asked" }>): void {
    const { policies, reason, actions } = question;
    this.#asked.set(approval, { approval, policies, reason, actions });
    if (this.#asked.size > MAX_APPROVALS) this.#asked.delete(this.#asked.keys().next().value!);
  }

  #judged({ exchange: number, request, decision, unreadable }: Of<"judged">): void {
    this.#change(number, ({ draft }) => {
      taken(draft, request);
      draft.refuse(decision);
      // The target did what was asked: only its answer was refused.
      if (unreadable !== null) draft.acts(["http:unreadable"]);
    });
  }

  /** The answer to what was refused, or what failed, is the connector's own. */
  #response({ exchange: number, head }: Of<"response">): void {
    this.#change(number, ({ draft }) => {
      if (head.status < 200 && head.status !== 101) return;
      if (!draft.isSent || draft.state === "refused" || draft.outcome === "error") return;
      this.#heard = number;
      draft.status = String(head.status);
      draft.outcome = head.status < 400 ? "ok" : "error";
    });
  }

  #over({ exchange: number }: Of<"over">): void {
    this.#change(number, ({ draft, isBroken }) => {
      if (!draft.isSent) {
        draft.outcome = "refused";
        // What the connector answered by itself, or people never did.
        if (draft.state === "asked" || (draft.state === "allowed" && !isBroken)) draft.state = "refused";
      }
      this.#open.delete(number);
      this.#out.push(draft.activity);
    });
  }

  #mask(number: number, values: [string, number][]): void {
    const draft = this.#open.get(number)?.draft;
    if (draft) draft.mask(values);
    else addMasked(this.#unassigned, values);
  }

  #change(number: number | null, change: (exchange: Exchange) => void): void {
    const exchange = number === null ? undefined : this.#open.get(number);
    if (exchange) change(exchange);
  }
}

/** What the connector took the request for. */
function taken(draft: Draft, request: HttpRequest): void {
  draft.acts(exchangeActions(request));
  if (request.kubernetes === null) return;
  const command = commandOf(request);
  const words = command === "" ? apiText(request.kubernetes) : `${apiText(request.kubernetes)}: ${command}`;
  draft.say(`${words}\n${request.method} ${request.target}`);
}

/** The command line of `exec`, from the query. */
function commandOf({ target, kubernetes }: HttpRequest): string {
  if (kubernetes?.subresource !== "exec") return "";
  const start = target.indexOf("?");
  return start < 0 ? "" : new URLSearchParams(target.slice(start + 1)).getAll("command").join(" ");
}

/** Whether what is held never goes on. */
function isRefusal(entry: ApprovalAsk | ApprovalEvent): boolean {
  if (entry.event === "approval_decided") return entry.status !== "approved" && entry.status !== "lapsed";
  return entry.event === "approval_withdrawn";
}
