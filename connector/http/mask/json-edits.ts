import type { Claim } from "./json-object.ts";

/** An object that is being read, as far as claims look at it. */
export interface Told {
  kind: string | null;
  name: string | null;
  /** Nothing more will be said. */
  isOver: boolean;
}

/** A claim on what stands in an object, and the text to show if it holds. */
export interface Candidate {
  object: Told;
  claim: Claim;
  text: string;
}

/** A change of a document: of bytes `start` to `end`, counted from its beginning. */
export interface Edit {
  start: number;
  /** Infinity while the end of what is left out has not come. */
  end: number;
  /** What stands there instead; null leaves it. */
  text: Buffer | null;
  /** It is one of these, the first that holds, before `text` is. */
  candidates: readonly Candidate[] | null;
  label: string | null;
}

/** Whether a claim holds; null while that can't be told. */
export function holds({ object, claim }: Pick<Candidate, "object" | "claim">): boolean | null {
  const told = object[claim.by];
  if (told === null && !object.isOver) return null;
  return claim.holds(told);
}

/** Changes in the order of the document, until they are made. */
export class Edits {
  readonly #count: (label: string) => void;
  #edits: Edit[] = [];

  constructor(count: (label: string) => void) {
    this.#count = count;
  }

  get any(): boolean {
    return this.#edits.length > 0;
  }

  add(edit: Edit): void {
    this.#edits.push(edit);
  }

  /**
   * Puts into `out` what of `bytes[from, to)` may go on, changed; `base` is the place of `bytes[0]` in the document.
   * Answers up to where.
   */
  apply(bytes: Buffer, base: number, from: number, to: number, out: Buffer[]): number {
    let sent = from;
    let made = 0;
    for (const edit of this.#edits) {
      if (!this.#settle(edit)) {
        const held = Math.min(to, edit.start - base);
        this.#edits = this.#edits.slice(made);
        return emit(bytes, sent, held, out);
      }
      const start = edit.start - base;
      if (start >= to) break;
      if (edit.text === null) {
        made += 1;
        continue;
      }
      sent = emit(bytes, sent, Math.max(sent, start), out);
      if (edit.text.length > 0) out.push(edit.text);
      const end = edit.end - base;
      sent = Math.min(end, to);
      if (end <= to) {
        made += 1;
        continue;
      }
      edit.text = EMPTY;
      edit.label = null;
      this.#edits = this.#edits.slice(made);
      return sent;
    }
    this.#edits = this.#edits.slice(made);
    return emit(bytes, sent, to, out);
  }

  /** False while it can't be told what comes of it. */
  #settle(edit: Edit): boolean {
    if (edit.candidates !== null) {
      let isOpen = false;
      for (const candidate of edit.candidates) {
        const held = holds(candidate);
        if (held === null) isOpen = true;
        else if (held) {
          edit.text = Buffer.from(candidate.text);
          edit.label = candidate.claim.treatment.label;
          isOpen = false;
          break;
        }
      }
      if (isOpen) return false;
      edit.candidates = null;
    }
    if (edit.label !== null) this.#count(edit.label);
    edit.label = null;
    return true;
  }
}

const EMPTY = Buffer.alloc(0);

function emit(bytes: Buffer, from: number, to: number, out: Buffer[]): number {
  if (to > from) out.push(bytes.subarray(from, to));
  return Math.max(from, to);
}
