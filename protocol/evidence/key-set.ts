import { createHash } from "node:crypto";

const WORDS = 4;
const FIRST_SLOTS = 1024;
/** Slots that may be taken, of all. */
const LOAD = 0.75;

/** Which texts were there already: 16 bytes of SHA-256 for each, 43 at most with the room to grow. */
export class KeySet {
  #slots = new Uint32Array(FIRST_SLOTS * WORDS);
  #size = 0;

  /** Whether it is new; then it is there from now on. */
  add(text: string): boolean {
    const digest = createHash("sha256").update(text).digest();
    const key = Uint32Array.from({ length: WORDS }, (_, word) => digest.readUInt32LE(word * 4));
    // An empty slot is all zeros.
    if (key.every((word) => word === 0)) key[0] = 1;
    if (!this.#put(key)) return false;
    if (++this.#size > (LOAD * this.#slots.length) / WORDS) this.#grow();
    return true;
  }

  #put(key: Uint32Array): boolean {
    const slots = this.#slots.length / WORDS;
    for (let slot = key[0]! & (slots - 1); ; slot = (slot + 1) & (slots - 1)) {
      const at = this.#slots.subarray(slot * WORDS, slot * WORDS + WORDS);
      if (at.every((word) => word === 0)) {
        at.set(key);
        return true;
      }
      if (at.every((word, index) => word === key[index])) return false;
    }
  }

  #grow(): void {
    const kept = this.#slots;
    this.#slots = new Uint32Array(kept.length * 2);
    for (let at = 0; at < kept.length; at += WORDS) {
      const key = kept.subarray(at, at + WORDS);
      if (key.some((word) => word !== 0)) this.#put(key);
    }
  }
}
