import { ATTR_SERVER_ADDRESS, ATTR_SERVER_PORT } from "@opentelemetry/semantic-conventions";
import { ActivityReader } from "../../protocol/activity/activities.ts";
import type { Activity } from "../../protocol/activity/activity.ts";
import { MAX_APPROVALS } from "../../protocol/approval/approval.ts";
import { carriesExchanges, type SessionFacts } from "../../protocol/control.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { ERRORS } from "../../protocol/errors.ts";
import { FrameFlag } from "../../protocol/frame.ts";
import { connectorEvent, edgeEvent } from "../../protocol/recording/events.ts";
import { ATTRIBUTE, UNSTABLE } from "../../protocol/telemetry/attributes.ts";
import type { RunningSpan, Tracing } from "../../protocol/telemetry/tracing.ts";
import { readTraceContext } from "../../protocol/trace-context.ts";
import type { EntryReader } from "../events/tap.ts";
import { activityAttributes, activityError, activityName } from "./activity-attributes.ts";
import { TracedExchanges } from "./exchanges.ts";
import { SpanBudget } from "./span-budget.ts";

/** People were asked, and what became of it. */
interface Wait {
  asked: number;
  over: number | null;
  outcome: string;
}

/** Errors by which a target could not be dialled. */
const NOT_DIALLED: ReadonlySet<string> = new Set(["target_unreachable", "target_refused", "target_closed"]);

/**
 * The spans of one session: the session itself, that this connector was dialled in for it, that the target was dialled, and each
 * thing that the agent asked, with the time for which people were asked as a span of its own. They are made of the same
 * entries as recordings, activities and events, and after the fact: nothing waits for them. Spans of exchanges belong to the
 * agent's own trace, where the request names one.
 */
export class SessionSpans implements EntryReader {
  readonly loss = "its spans can't be made";
  readonly #tracing: Tracing;
  readonly #activities = new ActivityReader();
  readonly #exchanges = new TracedExchanges();
  readonly #waits = new Map<number, Wait>();
  /** When the edge asked for this connector, ms since 1970; null where it waited in the session before. */
  readonly #asked: number | null;
  #facts: SessionFacts | null = null;
  #session: RunningSpan | null = null;
  #budget = new SpanBudget(0);
  #database: string | null = null;
  /** From when the target is being dialled; null once that is told. */
  #dialling: number | null = null;
  #bytes = { agent: 0, target: 0 };
  #time = 0;
  #end = "closed";

  constructor(tracing: Tracing, asked: number | null) {
    this.#tracing = tracing;
    this.#asked = asked;
  }

  entry(entry: Entry): void {
    this.#time = entry.time;
    if (this.#facts === null) this.#open(entry);
    if (this.#isSilent) return;
    if (entry.kind === EntryKind.edge) this.#edge(entry);
    else if (entry.kind === EntryKind.connector) this.#connector(entry);
    else this.#bytesOf(entry);
    for (const activity of this.#activities.entry(entry)) this.#tell(activity);
  }

  end(): void {
    if (this.#facts === null) return;
    if (!this.#isSilent) for (const activity of this.#activities.end()) this.#tell(activity);
    const { leftOut } = this.#budget;
    this.#session?.end({
      at: this.#time,
      attributes: {
        [ATTRIBUTE.end]: this.#end,
        [ATTRIBUTE.agentBytes]: this.#bytes.agent,
        [ATTRIBUTE.targetBytes]: this.#bytes.target,
        ...(leftOut > 0 && { [ATTRIBUTE.leftOut]: leftOut }),
      },
      ...(this.#end !== "closed" && { error: this.#end }),
    });
  }

  /** Nothing in this session will be sampled: only exchanges may have a trace of their own. */
  get #isSilent(): boolean {
    return !this.#session?.context.sampled && !carriesExchanges(this.#facts?.kind ?? "postgres");
  }

  #open({ kind, frame, time }: Entry): void {
    const event = kind === EntryKind.edge ? edgeEvent(frame) : null;
    if (event?.event !== "opened") return;
    const { facts } = event;
    this.#facts = facts;
    this.#budget = new SpanBudget(time);
    this.#session = this.#tracing.start("session", {
      parent: readTraceContext(facts.trace?.traceparent, facts.trace?.tracestate),
      kind: "SERVER",
      at: time,
      attributes: {
        ...this.#common,
        [ATTRIBUTE.kind]: facts.kind,
        [ATTRIBUTE.connector]: facts.connector,
        [ATTRIBUTE.mode]: facts.mode,
      },
    });
    if (facts.kind === "ssh") this.#dialling = time;
    if (this.#asked === null) return;
    const { context } = this.#session;
    this.#tracing
      .start("dial in", { parent: context, kind: "CLIENT", at: this.#asked, attributes: this.#common })
      .end({ at: Math.max(this.#asked, time) });
  }

  #edge({ frame, time }: Entry): void {
    const event = edgeEvent(frame);
    if (event?.event === "ended") this.#end = event.code;
    if (event?.event === "approval_decided") this.#waited(event.approval, event.status, time);
  }

  #connector({ frame, time }: Entry): void {
    const isAsk = (frame[1]! & FrameFlag.ask) !== 0;
    // Other events need not be read: what they tell of activities the reader of those says.
    if (!isAsk && (this.#dialling === null || (frame[1]! & FrameFlag.record) !== 0)) return;
    const event = connectorEvent(frame);
    switch (event?.event) {
      case "approval_asked":
        this.#waits.set(event.approval, { asked: time, over: null, outcome: "asked" });
        if (this.#waits.size > MAX_APPROVALS) this.#waits.delete(this.#waits.keys().next().value!);
        break;
      case "approval_withdrawn":
        this.#waited(event.approval, "withdrawn", time);
        break;
      case "target_connected":
        this.#database = event.database;
        this.#dialled(event, time);
        break;
      case "ssh_connected":
        this.#dialled(event, time);
        break;
      case "refused":
        if (NOT_DIALLED.has(event.code)) this.#dialled(null, time, event.code);
    }
  }

  #waited(approval: number, outcome: string, time: number): void {
    const wait = this.#waits.get(approval);
    if (wait?.over === null) Object.assign(wait, { over: time, outcome });
  }

  #dialled(to: { host: string; port: number } | null, time: number, error?: string): void {
    const at = this.#dialling;
    this.#dialling = null;
    if (at === null || this.#session === null) return;
    this.#tracing
      .start("dial target", {
        parent: this.#session.context,
        kind: "CLIENT",
        at,
        attributes: {
          ...this.#common,
          ...(to && { [ATTR_SERVER_ADDRESS]: to.host, [ATTR_SERVER_PORT]: to.port }),
        },
      })
      .end({ at: time, ...(error !== undefined && Object.hasOwn(ERRORS, error) && { error }) });
  }

  #bytesOf(entry: Entry): void {
    const from = entry.kind === EntryKind.agent ? "agent" : "target";
    this.#bytes[from] += entry.frame.length;
    // A database is dialled when the agent has said which; nothing more comes of it until that is answered.
    if (from === "agent" && this.#facts?.kind === "postgres" && this.#database === null)
      this.#dialling = entry.time;
    if (carriesExchanges(this.#facts!.kind)) this.#exchanges.frame(from, entry);
  }

  #tell(activity: Activity): void {
    const facts = this.#facts!;
    const exchange = this.#exchanges.take(activity.seq);
    const session = this.#session!.context;
    const parent = exchange?.trace ?? session;
    if (!this.#budget.take(this.#time)) return;
    const wait = activity.approval === null ? undefined : this.#waits.get(activity.approval);
    const span = this.#tracing.start(activityName(activity), {
      parent,
      kind: "CLIENT",
      at: activity.time,
      attributes: {
        ...activityAttributes(activity, facts, this.#database),
        ...(exchange && {
          [UNSTABLE.requestBytes]: exchange.bytes.agent,
          [UNSTABLE.responseBytes]: exchange.bytes.target,
        }),
      },
      ...(parent !== session && { links: [session] }),
    });
    const over = wait && this.#tellWait(span, activity, wait);
    const error = activityError(activity, facts.kind);
    span.end({
      at: this.#endOf(activity, wait && over ? over - wait.asked : 0),
      ...(error !== undefined && { error }),
    });
  }

  /** Answers when it was over. */
  #tellWait(span: RunningSpan, { time, approval }: Activity, wait: Wait): number {
    // One that an earlier approval covered waited then, and not now.
    const at = Math.max(time, wait.asked);
    const over = Math.max(at, wait.over ?? this.#time);
    this.#tracing
      .start("approval", {
        parent: span.context,
        at,
        attributes: {
          ...this.#common,
          [ATTRIBUTE.approval]: `${this.#facts!.session}-${approval}`,
          [ATTRIBUTE.approvalOutcome]: wait.outcome,
        },
      })
      .end({ at: over });
    return over;
  }

  /** Of files and forwards nothing tells when they were done, where it does not say how long they took. */
  #endOf({ time, kind, durationMs }: Activity, heldMs: number): number {
    if (durationMs !== null) return time + Math.max(0, heldMs) + durationMs;
    return kind === "file" || kind === "forward" ? time : Math.max(time, this.#time);
  }

  get #common() {
    const { session, target } = this.#facts!;
    return { [ATTRIBUTE.session]: session, [ATTRIBUTE.target]: target };
  }
}
