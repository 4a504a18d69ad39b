import { HASH_LENGTH } from "../entry.ts";

/**
 * The chain's latest heads, by how many frames they cover. A session that ends at once (a kill, a lost
 * connector) leaves frames in the log that the connector never took; its seal then covers a prefix, which is
 * known only after the last entry. Memory: 32 bytes a head, `capacity` heads at most.
 */
export class RecentHeads {
  readonly #capacity: number;
  #bytes: Buffer;
  #count = 0;

  constructor(capacity: number, genesis: Uint8Array) {
    this.#capacity = capacity;
    this.#bytes = Buffer.alloc(Math.min(64, capacity) * HASH_LENGTH);
    this.#bytes.set(genesis, 0);
  }

  /** Frames covered by the newest head. */
  get count(): number {
    return this.#count;
  }

  get newest(): Uint8Array {
    return this.at(this.#count)!;
  }

  push(head: Uint8Array): void {
    this.#count++;
    const room = this.#bytes.length / HASH_LENGTH;
    if (this.#count >= room && room < this.#capacity) {
      const larger = Buffer.alloc(Math.min(room * 2, this.#capacity) * HASH_LENGTH);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes.set(head, this.#offset(this.#count));
  }

  /** The head after so many frames, or undefined when that is not yet reached or no longer kept. */
  at(count: number): Uint8Array | undefined {
    if (!Number.isInteger(count) || count < 0 || count > this.#count) return undefined;
    if (this.#count - count >= this.#capacity) return undefined;
    const offset = this.#offset(count);
    return this.#bytes.subarray(offset, offset + HASH_LENGTH);
  }

  #offset(count: number): number {
    return (count * HASH_LENGTH) % this.#bytes.length;
  }
}
