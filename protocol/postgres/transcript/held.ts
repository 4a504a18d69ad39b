import type { TranscriptEvent } from "../transcript.ts";
import { type ApprovalEntry, approvalEntry } from "./approval-entry.ts";
import { Unanswered } from "./unanswered.ts";

/** Questions that are remembered: as many as a session may have asked. */
const MAX_REMEMBERED = 1_000;

/** A question of which an entry tells. */
export interface Question {
  /** The statement that is held; null when it is none of those that wait, as a Parse alone is. */
  statement: number | null;
  /** When it was asked, ms since 1970. */
  asked: number;
}

/** What an event tells of an approval. `question` is null when the recording does not show how it was asked. */
export interface Told {
  entry: ApprovalEntry;
  question: Question | null;
}

/**
 * Follows which statements wait, which of them are held, and for how long: entries have a question's number, and no
 * statement's. Memory is bounded.
 */
export class HeldStatements {
  readonly #unanswered = new Unanswered();
  readonly #questions = new Map<number, Question & { over: boolean }>();
  /** Ms that statements were held, until they have an answer. */
  readonly #waited = new Map<number, number>();

  /** Takes the events of a transcript, all of them in their order; answers what one tells of an approval. */
  take(event: TranscriptEvent): Told | null {
    this.#unanswered.take(event);
    const entry = approvalEntry(event);
    if (!entry) return null;
    if (entry.event === "approval_asked") this.#ask(entry, event.time);
    const question = this.#questions.get(entry.approval);
    if (!question) return { entry, question: null };
    const { statement, asked } = question;
    if (endsWait(entry) && !question.over && statement !== null) {
      question.over = true;
      this.#waited.set(statement, (this.#waited.get(statement) ?? 0) + Math.max(0, event.time - asked));
      dropOldest(this.#waited);
      if (entry.event === "approval_used") this.#unanswered.released(statement);
    }
    return { entry, question: { statement, asked } };
  }

  /** The statement of which a judgement speaks, as `Unanswered.judged`; `asked`: people had been asked about it. */
  judged(text: string): { statement: number | null; asked: boolean } {
    const statement = this.#unanswered.judged(text);
    return { statement, asked: statement !== null && this.#waited.has(statement) };
  }

  /** What a statement took without the time for which it was held, ms; the held time is taken off once. */
  served(statement: number | null, duration: number): number {
    if (statement === null) return duration;
    const waited = this.#waited.get(statement) ?? 0;
    this.#waited.delete(statement);
    return Math.max(0, duration - waited);
  }

  #ask({ approval, question }: Extract<ApprovalEntry, { event: "approval_asked" }>, asked: number): void {
    const statement = question.kind === "statement" ? this.#unanswered.held(question.statement) : null;
    this.#questions.delete(approval);
    this.#questions.set(approval, { statement, asked, over: false });
    dropOldest(this.#questions);
  }
}

/** Whether what is held goes on, or never will. */
function endsWait(entry: ApprovalEntry): boolean {
  if (entry.event === "approval_decided") return entry.status !== "approved" && entry.status !== "lapsed";
  return entry.event === "approval_used" || entry.event === "approval_withdrawn";
}

function dropOldest(map: Map<number, unknown>): void {
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return;
    map.delete(oldest);
  }
}
