import { NUMBER_REACH } from "./card.ts";
import { ALNUM, runStart } from "./characters.ts";
import { LOCAL, LOCAL_BYTES } from "./email.ts";
import type { Reach } from "./found.ts";
import { DETECTOR_NAMES, type DetectorName, type Detectors } from "./modes.ts";
import { type Search, searchFor } from "./search.ts";

/** What stands at the end of a text, and could become a value with what comes next. */
export interface Open {
  /** Where the first begins of what any detector could find; where nothing could, the text's end. */
  any: number;
  /** … of what would be masked, and is long enough to tell something. */
  masked: number;
}

/** Shorter beginnings tell nothing; were they waited for, so would be every key that somebody types. */
export const TELLING = 4;
/** Bytes before the end of a text in which open values of bounded length begin; more than any of them has. */
const NEAR = 640;
/** … all that are waited for. */
export const FAR = 8 * 1024;
/** What a value or its neighbourhood consists of, so that nothing is found in the middle of it. */
const SOLID = new Uint8Array(256).fill(1, 0x21);
const ZERO = 0x30;
const KEY = Buffer.from("-----BEGIN ");
const WEB_TOKEN = ALNUM.slice().fill(1, 0x2d, 0x2f).fill(1, 0x5f, 0x60);

/** Tells what of a stream's text one must wait with, since its rest has yet to come. Keeps nothing between two texts. */
export class OpenValues {
  readonly #search: Search;
  readonly #reaches: readonly Reach[];
  /** By pattern of the machine, the index of its reach; -1: none. */
  readonly #reachOf: readonly number[];
  /** By byte: a bit for each reach that it does not belong to. */
  readonly #closes = new Uint32Array(256);
  readonly #starts: Int32Array;
  readonly #closed: Int32Array;
  #modes: Detectors;
  /** By reach, whether values are masked; by pattern too. */
  #maskedReach: boolean[] = [];
  #maskedPattern: boolean[] = [];
  /** By state of the machine, in rows: what has begun there, of all and of what is masked. */
  readonly #begun = new Map<number, number>();
  readonly #begunMasked = new Map<number, number>();

  constructor(modes: Detectors) {
    this.#modes = modes;
    this.#search = searchFor(DETECTOR_NAMES.filter((name) => modes[name] !== "off"));
    const patterns = this.#patterns();
    this.#reaches = [...new Set(patterns.flatMap(({ reach }) => reach ?? []))];
    this.#reachOf = patterns.map(({ reach }) => (reach === null ? -1 : this.#reaches.indexOf(reach)));
    for (const [index, { bytes }] of this.#reaches.entries()) {
      for (let byte = 0; byte < 256; byte += 1) if (bytes[byte] !== 1) this.#closes[byte]! |= 1 << index;
    }
    if (this.#reaches.length > BITS) throw new RangeError("anchors of one kind must share their reach");
    this.#starts = new Int32Array(this.#reaches.length);
    this.#closed = new Int32Array(this.#reaches.length);
    this.use(modes);
  }

  /** The same detectors are on. */
  use(modes: Detectors): void {
    this.#modes = modes;
    this.#begunMasked.clear();
    this.#maskedPattern = this.#patterns().map(({ detectors }) =>
      detectors.some((name) => modes[name] === "mask"),
    );
    this.#maskedReach = this.#reaches.map((_, reach) =>
      this.#reachOf.some((one, pattern) => one === reach && this.#maskedPattern[pattern]),
    );
  }

  /** What is open at the end of `text[from, to)`. Takes time for `FAR` bytes at most. */
  in(text: Uint8Array, from: number, to: number): Open {
    const open = { any: runStart(text, to, Math.max(from, to - NEAR), SOLID), masked: to };
    if (to === from) return open;
    const begin = this.#beginning(text, from, to, open.any);
    const { classes, next, hits } = this.#search.machine;
    let state = 0;
    let bits = 0;
    for (let at = begin; at < to; at += 1) {
      const byte = text[at]!;
      if (bits !== 0) bits = this.#close(bits, byte, at);
      state = next[state + classes[byte]!]!;
      if (state >= hits) bits |= this.#anchored(state, at + 1, bits, begin);
    }
    this.#pending(state, text, from, to, open);
    for (const [index, { before = 0, most, after = 0 }] of this.#reaches.entries()) {
      if (this.#starts[index]! < 0) continue;
      const closed = this.#closed[index]!;
      if (closed >= 0 && to - closed >= after) continue;
      const anchor = Math.max(this.#starts[index]!, to - most - after);
      const start = before === 0 ? anchor : runStart(text, anchor, Math.max(from, anchor - before), SOLID);
      open.any = Math.min(open.any, start);
      if (this.#maskedReach[index] && to - start >= TELLING) open.masked = Math.min(open.masked, start);
    }
    return open;
  }

  /** Where to begin to look, so that nothing that is open is missed; no reach has begun there. */
  #beginning(text: Uint8Array, from: number, to: number, solid: number): number {
    this.#starts.fill(-1);
    this.#closed.fill(-1);
    const near = Math.max(from, to - NEAR);
    const far = Math.max(from, to - FAR);
    if (near === far) return near;
    if (this.#modes["private-key"] !== "off") {
      const key = Buffer.from(text.buffer, text.byteOffset + far, near + KEY.length - far).indexOf(KEY);
      if (key >= 0) return far + key;
    }
    const isToken = solid === near && this.#modes.jwt !== "off";
    return isToken ? runStart(text, near, far, WEB_TOKEN) : near;
  }

  /** Of the reaches that are open, those that a byte leaves so. */
  #close(bits: number, byte: number, at: number): number {
    let closing = bits & this.#closes[byte]!;
    const rest = bits & ~closing;
    while (closing !== 0) {
      const index = 31 - Math.clz32(closing);
      closing &= ~(1 << index);
      this.#closed[index] = at;
    }
    return rest;
  }

  /** Bits of the reaches that begin with what ends before `text[at]`. */
  #anchored(state: number, at: number, bits: number, from: number): number {
    let begun = 0;
    for (const pattern of this.#search.machine.found(state)) {
      const index = this.#reachOf[pattern] ?? -1;
      if (index < 0) continue;
      const { after = 0 } = this.#reaches[index]!;
      const closed = this.#closed[index]!;
      const goesOn = (bits & (1 << index)) !== 0 || (closed >= 0 && at - closed < after);
      const steps = this.#search.anchors[pattern]?.steps.length ?? BARE;
      if (!goesOn) this.#starts[index] = Math.max(from, at - steps);
      this.#closed[index] = -1;
      begun |= 1 << index;
    }
    return begun;
  }

  /** What has begun and isn't an anchor yet. */
  #pending(state: number, text: Uint8Array, from: number, to: number, open: Open): void {
    open.any = Math.min(open.any, to - this.#most(this.#begun, state, () => true));
    const masked = this.#most(this.#begunMasked, state, (pattern) => this.#maskedPattern[pattern] ?? false);
    // No number that is looked for begins so, but a packet of git's protocol.
    const zeros =
      masked === TELLING && text[to - 4] === ZERO && text[to - 3] === ZERO && text[to - 2] === ZERO;
    if (masked >= TELLING && !zeros) open.masked = Math.min(open.masked, to - masked);
    if (this.#modes.email !== "mask") return;
    const local = runStart(text, to, Math.max(from, to - LOCAL), LOCAL_BYTES);
    if (to - local >= TELLING) open.masked = Math.min(open.masked, local);
  }

  #most(known: Map<number, number>, state: number, wanted: (pattern: number) => boolean): number {
    let most = known.get(state);
    if (most === undefined) {
      most = this.#search.machine.begun(state, wanted);
      known.set(state, most);
    }
    return most;
  }

  /** By the machine's numbers: the detectors of each, and its reach. */
  #patterns(): { detectors: readonly DetectorName[]; reach: Reach | null }[] {
    const numbers = (["card", "ssn"] as const).filter((name) => this.#modes[name] !== "off");
    return [
      ...this.#search.anchors.map(({ detector, reach }) => ({ detectors: [detector], reach })),
      { detectors: numbers, reach: numbers.length > 0 ? NUMBER_REACH : null },
      { detectors: [], reach: null },
    ];
  }
}

/** Digits of a bare number that the machine knows. */
const BARE = 9;
/** Of an integer, without its sign. */
const BITS = 31;
