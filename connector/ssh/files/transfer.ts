import { createHash } from "node:crypto";
import type { Transferred } from "../../../protocol/ssh/events.ts";

/** Counts and hashes what is moved between an open file and the agent, in one direction. Offsets in bytes. */
export class Transfer {
  readonly #hash = createHash("sha256");
  readonly #isReplaced: boolean;
  #bytes = 0;
  /** Where the file's next byte in order lies; null before the first. */
  #next: bigint | null = null;
  #isFromStart = true;
  #isOrdered = true;
  #size: bigint | null = null;
  #end: bigint | null = null;

  /** `isReplaced`: the file was empty when it was opened, so that what is written is all of it. */
  constructor(isReplaced: boolean) {
    this.#isReplaced = isReplaced;
  }

  /** Hashes bytes that lie at `offset`, and counts them. */
  add(offset: bigint, data: Uint8Array): void {
    this.#bytes += data.length;
    if (data.length === 0) return;
    if (this.#next === null) {
      this.#isFromStart = offset === 0n;
      this.#next = offset;
    }
    if (offset !== this.#next) this.disorder();
    if (!this.#isOrdered) return;
    this.#hash.update(data);
    this.#next = offset + BigInt(data.length);
  }

  /** Bytes that were counted did not arrive. */
  lost(bytes: number): void {
    this.#bytes -= bytes;
    this.disorder();
  }

  /** The file was made as long as this: no change where that is what was written, as clients do at the end. */
  truncated(size: bigint): void {
    if (size === (this.#next ?? 0n)) this.#size = size;
    else this.disorder();
  }

  /** What was moved is not known to be in order any more. */
  disorder(): void {
    this.#isOrdered = false;
  }

  /** The target told the file's size. */
  sized(size: bigint): void {
    this.#size = size;
  }

  /** The target has nothing at `offset` and behind it. */
  endsAt(offset: bigint): void {
    if (this.#end === null || offset < this.#end) this.#end = offset;
  }

  result(): Transferred {
    const next = this.#next ?? 0n;
    const isComplete = this.#isReplaced || next === this.#size || next === this.#end;
    return {
      bytes: this.#bytes,
      sha256: this.#isOrdered ? this.#hash.copy().digest("hex") : null,
      whole: this.#isOrdered && this.#isFromStart && isComplete,
    };
  }
}
