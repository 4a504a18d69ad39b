import type { ApprovalNews } from "../../protocol/approval.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import { DEFAULT_LIMITS, type EdgeEvent, type SessionFacts } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { FrameType } from "../../protocol/frame.ts";
import type { OcsfEvent } from "../../protocol/ocsf/event.ts";
import { SessionEvents } from "../../protocol/ocsf/session.ts";
import type { Log } from "../log.ts";

/** Sees what passes in a session, in the order in which the connector has it. */
export interface SessionTap {
  /** An agent has joined. */
  opened(facts: SessionFacts): void;
  /** A frame of the agent's, as it was delivered, or of the connector's, as it is sent. */
  frame(from: "agent" | "connector", frame: Uint8Array): void;
  /** What became of a question. */
  news(news: ApprovalNews): void;
  ended(code: EndCode, reason: string): void;
}

/** What makes taps, and gets their lines. */
export interface TapOwner {
  add(line: string): void;
  log: Log;
  clock(): number;
}

/**
 * The events of one session, from what the connector itself has of it: entries are composed as the edge would write them, with
 * the connector's own numbers and clock. So an event's `metadata.uid` is not the one that the edge gives, but `SESSION/cSEQ/ITEM`
 * in its place. Whatever goes wrong here ends the events of this session, never the session.
 */
export class EventTap implements SessionTap {
  readonly #owner: TapOwner;
  readonly #events = new SessionEvents("connector");
  #session = "";
  #seq = 0;
  #isOver = false;

  constructor(owner: TapOwner) {
    this.#owner = owner;
  }

  opened(facts: SessionFacts): void {
    this.#session = facts.session;
    this.#edge({ event: "opened", facts, limits: DEFAULT_LIMITS, edgeKey: "" });
  }

  frame(from: "agent" | "connector", frame: Uint8Array): void {
    // A receiver may change what it was given.
    if (from === "agent") this.#entry(EntryKind.agent, Buffer.from(frame));
    else this.#entry(frame[0] === FrameType.event ? EntryKind.connector : EntryKind.target, frame);
  }

  news({ approval, news }: ApprovalNews): void {
    if (news.status !== "approved" && news.status !== "denied" && news.status !== "expired") return;
    const { status } = news;
    const by = news.status === "approved" ? news.by : news.status === "denied" ? [news.by] : [];
    const reason = news.status === "denied" ? news.reason : null;
    const under = news.status === "approved" ? news.under : null;
    this.#edge({ event: "approval_decided", approval, status, by, reason, until: null, under });
  }

  ended(code: EndCode, reason: string): void {
    if (this.#isOver) return;
    this.#edge({ event: "ended", code, reason });
    this.#tell(() => this.#events.end());
    this.#isOver = true;
  }

  #edge(event: EdgeEvent): void {
    this.#entry(EntryKind.edge, Buffer.from(JSON.stringify(event)));
  }

  #entry(kind: EntryKind, frame: Uint8Array): void {
    const entry = { kind, seq: ++this.#seq, time: this.#owner.clock(), frame };
    this.#tell(() => this.#events.entry(entry));
  }

  #tell(read: () => OcsfEvent[]): void {
    if (this.#isOver || this.#session === "") return;
    try {
      for (const event of read()) this.#owner.add(JSON.stringify(event));
    } catch (error) {
      this.#isOver = true;
      const words = error instanceof Error ? error.message : "unknown failure";
      this.#owner.log(`its events can't be told: ${words}`, { session: this.#session });
    }
  }
}
