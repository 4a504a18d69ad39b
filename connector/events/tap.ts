import type { ApprovalNews } from "../../protocol/approval/approval.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import { DEFAULT_LIMITS, type EdgeEvent, type SessionFacts } from "../../protocol/control.ts";
import { type Entry, EntryKind } from "../../protocol/entry.ts";
import { FrameType } from "../../protocol/frame.ts";
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

/** Reads the entries of one session, from the first on. What it throws ends its reading, never the session. */
export interface EntryReader {
  /** What of the session is lost where it fails: `its events can't be told`. */
  readonly loss: string;
  entry(entry: Entry): void;
  /** There are no more. */
  end(): void;
}

/** What entries are composed with. */
export interface TapOwner {
  log: Log;
  clock(): number;
}

/**
 * The entries of one session, from what the connector itself has of it: composed as the edge would write them, with the connector's
 * own numbers and clock.
 */
export class EntryTap implements SessionTap {
  readonly #owner: TapOwner;
  readonly #readers: Set<EntryReader>;
  #session = "";
  #seq = 0;

  constructor(readers: readonly EntryReader[], owner: TapOwner) {
    this.#readers = new Set(readers);
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
    this.#edge({ event: "ended", code, reason });
    this.#each((reader) => reader.end());
    this.#readers.clear();
  }

  #edge(event: EdgeEvent): void {
    this.#entry(EntryKind.edge, Buffer.from(JSON.stringify(event)));
  }

  #entry(kind: EntryKind, frame: Uint8Array): void {
    const entry = { kind, seq: ++this.#seq, time: this.#owner.clock(), frame };
    this.#each((reader) => reader.entry(entry));
  }

  #each(step: (reader: EntryReader) => void): void {
    if (this.#session === "") return;
    for (const reader of this.#readers) {
      try {
        step(reader);
      } catch (error) {
        this.#readers.delete(reader);
        const words = error instanceof Error ? error.message : "unknown failure";
        this.#owner.log(`${reader.loss}: ${words}`, { session: this.#session });
      }
    }
  }
}
