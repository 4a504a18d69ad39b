import type { TranscriptEvent } from "../transcript.ts";

/** Characters of texts that are kept to find a judged statement by. */
const MAX_KEPT = 8 * 1024 * 1024;
/** A judgement has at most 8 KiB of its statement's text, and it may be a later statement of a string. A question has all. */
const MAX_TEXT = 64 * 1024;
/** What a statement costs besides its text: each judgement looks through all that wait. */
const OWN_COST = 1_000;

/**
 * Which statements wait for an answer, so as to tell of which of them a judgement speaks: the connector's event has
 * the text and no number. Memory is bounded; what is forgotten is matched to nothing.
 */
export class Unanswered {
  readonly #sent = new Map<number, string>();
  /** Function-call messages, which have no text of their own. */
  readonly #calls = new Set<number>();
  #kept = 0;

  /** Takes the events of a transcript, all of them in their order. */
  take(event: TranscriptEvent): void {
    switch (event.type) {
      case "statement":
        this.#add(event.statement, event.text ?? "");
        if (event.protocol === "function") this.#calls.add(event.statement);
        break;
      case "result":
      case "error":
      case "skipped":
        if (event.statement !== null) this.#remove(event.statement);
    }
  }

  /** The number of the statement that was judged, null when it is none of those that wait, as a Parse alone is. */
  judged(text: string): number | null {
    const number = this.#find(text);
    if (number !== null) this.#remove(number);
    return number;
  }

  /** Likewise of the statement that is held for an approval, which goes on waiting. */
  held(text: string): number | null {
    return this.#find(text);
  }

  /** A statement that was held went to the target: no later judgement speaks of it. */
  released(number: number): void {
    this.#remove(number);
  }

  #find(text: string): number | null {
    for (const same of [isWhole, isPart, isMore]) {
      for (const [number, sent] of this.#sent) if (same(sent, text)) return number;
    }
    for (const number of this.#calls) return number;
    return null;
  }

  #add(number: number, text: string): void {
    const kept = text.slice(0, MAX_TEXT);
    this.#sent.set(number, kept);
    this.#kept += OWN_COST + kept.length;
    for (const oldest of this.#sent.keys()) {
      if (this.#kept <= MAX_KEPT) break;
      this.#remove(oldest);
    }
  }

  #remove(number: number): void {
    const sent = this.#sent.get(number);
    if (sent === undefined) return;
    this.#sent.delete(number);
    this.#calls.delete(number);
    this.#kept -= OWN_COST + sent.length;
  }
}

function isWhole(sent: string, judged: string): boolean {
  return sent === judged.slice(0, MAX_TEXT);
}

/** An EXECUTE is judged, and asked about, with what it runs. */
function isMore(sent: string, judged: string): boolean {
  return sent !== "" && (judged.startsWith(`${sent};`) || judged.startsWith(`${sent}\n\n`));
}

function isPart(sent: string, judged: string): boolean {
  return judged !== "" && sent.includes(judged);
}
