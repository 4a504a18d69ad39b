import { type Candidate, type Edit, Edits, holds, type Told } from "./json-edits.ts";
import { lengthBit, NOWHERE, type Place, type Scalar, type Treatment } from "./json-place.ts";
import { BLANK, JsonReader, type JsonVisitor, Malformed } from "./json-reader.ts";
import type { JsonMaskOptions, Unread } from "./json-rules.ts";
import { JsonText } from "./json-text.ts";
import { LongString } from "./long-string.ts";

export { MAX_DEPTH, Malformed } from "./json-reader.ts";
export type { JsonRules } from "./json-rules.ts";

/** Bytes of a document in a string; of what waits for an object to tell what it is. */
export const MAX_DOCUMENT = 2 * 1024 * 1024;
export const MAX_HELD = 8 * 1024 * 1024;
/** Digits of the shortest number, and bytes of the shortest name, that detectors look at. */
const DIGITS = 9;
const NAME = 8;
const QUOTE = Buffer.from('"');
const BACKSLASH = 0x5c;
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;

interface Frame extends Told {
  isObject: boolean;
  place: Place;
  /** Of all scalars in it. */
  treatment: Treatment | null;
  claims: readonly Claimed[];
}

type Claimed = Pick<Candidate, "object" | "claim">;

const NO_CLAIMS: readonly Claimed[] = [];

/**
 * Masks JSON as it comes, one document or several, cut anywhere. What isn't masked stays byte for byte, and goes on as
 * soon as it can be told: a string at its end, a member with its value, a member on which an object's later words have a
 * say with these. Chunks are changed in place. A string beyond `MAX_STRING` is hidden if it has a label, whatever it is,
 * else detectors look at it piece by piece.
 */
export class JsonMask implements JsonVisitor {
  readonly #options: JsonMaskOptions;
  readonly #json: JsonText | null;
  readonly #edits: Edits;
  readonly #reader = new JsonReader(this);
  readonly #frames: Frame[] = [];
  #frame: Frame | null = null;
  /** Of the member that is being read: its name with its quotes, counted from the beginning; -1: none. */
  #name = -1;
  #nameEnd = -1;
  #nameIsEscaped = false;
  /** What is known of the value that comes. The name is empty where it can't have a say. */
  #key: string | null = null;
  #place: Place = NOWHERE;
  /** What is in more than so many frames is left out, by the edit; -1: nothing is. */
  #dropping = -1;
  #dropped: Edit | null = null;
  #long: LongString | null = null;

  constructor(options: JsonMaskOptions) {
    this.#options = options;
    this.#json = options.scanner === null ? null : new JsonText(options.scanner);
    this.#edits = new Edits(options.count);
  }

  /** What came and has not gone on. */
  get unsent(): Buffer {
    return this.#reader.bytes.subarray(this.#reader.sent, this.#reader.end);
  }

  /** The chunk is the mask's own from here on. Throws Malformed; what `out` has then may go on. */
  write(chunk: Buffer, out: Buffer[]): void {
    this.#reader.append(chunk);
    try {
      this.#reader.read(chunk);
    } finally {
      this.#send(out);
    }
    if (this.unsent.length > MAX_HELD)
      throw new Malformed("more stands before what tells of it than is held", true);
  }

  /** Nothing more comes. Throws Malformed. */
  end(out: Buffer[]): void {
    try {
      this.#reader.finish();
    } finally {
      this.#send(out);
    }
  }

  #send(out: Buffer[]): void {
    const reader = this.#reader;
    const to = reader.visited(this.#dropping >= 0 || this.#long !== null);
    reader.sent = this.#edits.apply(reader.bytes, reader.base, reader.sent, to, out);
  }

  document(): void {
    this.#place = this.#options.rules.root;
    this.#key = null;
    this.#name = -1;
  }

  element(index: number): void {
    const { place } = this.#frame!;
    this.#name = -1;
    this.#key = null;
    this.#place = place.isDead ? NOWHERE : place.element(index);
  }

  name(start: number, end: number, isEscaped: boolean): void {
    if (this.#dropping >= 0) return;
    const { base } = this.#reader;
    this.#name = base + start;
    this.#nameEnd = base + end;
    this.#nameIsEscaped = isEscaped;
    const { place } = this.#frame!;
    if (isEscaped || this.#isNeeded(place, start, end)) {
      this.#key = this.#said(start, end, isEscaped);
      this.#place = place.isDead ? NOWHERE : place.member(this.#key);
    } else {
      this.#key = "";
      this.#place = place.other;
    }
  }

  /** Whether the name may have a say, by its first byte and its length. */
  #isNeeded({ names }: Place, start: number, end: number): boolean {
    if (names === null) return true;
    const length = end - start - 2;
    const first = length === 0 ? 0 : this.#reader.bytes[start + 1]!;
    const { objects } = this.#options.rules;
    return ((names[first]! | (objects?.names[first] ?? 0)) & lengthBit(length)) !== 0;
  }

  #said(start: number, end: number, isEscaped: boolean): string {
    const text = this.#reader.bytes.toString("utf8", start + 1, end - 1);
    if (!isEscaped) return text;
    try {
      return JSON.parse(`"${text}"`) as string;
    } catch {
      throw this.#reader.malformed(start, "a string has an escape that is none");
    }
  }

  open(isObject: boolean, at: number): void {
    let treatment: Treatment | null = null;
    let claims = NO_CLAIMS;
    if (this.#dropping < 0) {
      treatment = this.#frame?.treatment ?? this.#place.treatment;
      claims = this.#claimsOn(false);
      this.#nameOnly();
      if (treatment !== null && treatment.container !== null)
        this.#drop(at, treatment.container, treatment.label);
    }
    this.#frame = { isObject, place: this.#place, treatment, claims, kind: null, name: null, isOver: false };
    this.#frames.push(this.#frame);
    this.#name = -1;
  }

  close(end: number): void {
    this.#frames.pop()!.isOver = true;
    this.#frame = this.#frames.at(-1) ?? null;
    this.#dropEnded(end);
  }

  /** What begins at `at` is left out, with all that is in it. */
  #drop(at: number, text: string, label: string): void {
    const start = this.#reader.base + at;
    const end = Number.POSITIVE_INFINITY;
    this.#dropped = { start, end, text: Buffer.from(text), candidates: null, label };
    this.#edits.add(this.#dropped);
    this.#dropping = this.#frames.length;
  }

  #dropEnded(end: number): void {
    if (this.#dropping !== this.#frames.length) return;
    this.#dropping = -1;
    this.#dropped!.end = this.#reader.base + end;
  }

  /** Claims on the value that comes, which may hold. */
  #claimsOn(isScalar: boolean): readonly Claimed[] {
    const { objects } = this.#options.rules;
    const frame = this.#frame;
    if (objects === null || frame === null) return NO_CLAIMS;
    const own = frame.isObject && this.#key ? objects.claims.get(this.#key) : undefined;
    if (own === undefined) return frame.claims;
    const claims: Claimed[] = [];
    for (const claim of own) {
      if ((isScalar || claim.isDeep) && holds({ object: frame, claim }) !== false)
        claims.push({ object: frame, claim });
    }
    return claims.length === 0 ? frame.claims : [...claims, ...frame.claims];
  }

  string(start: number, end: number, isEscaped: boolean): void {
    if (this.#dropping >= 0) return;
    let text: string | null = null;
    const said = () => {
      text ??= this.#said(start, end, isEscaped);
      return text;
    };
    this.#tell(start, said);
    const hidden = this.#hidden(() => ({ type: "string", text: said(), key: this.#key }));
    if (hidden !== null && !Array.isArray(hidden)) {
      this.#nameOnly();
      this.#edit(start, end, Buffer.from(hidden.text), hidden.label, null);
      return;
    }
    const inner = this.#document(start, end, isEscaped, said);
    if (inner !== null) this.#nameOnly();
    if (inner !== null && !Buffer.isBuffer(inner)) {
      this.#edit(start, end, Buffer.from(inner.text), inner.label, null);
      return;
    }
    const instead = inner ?? this.#scan(start, end, isEscaped);
    if (instead !== null || hidden !== null) this.#edit(start, end, instead, null, hidden);
  }

  /** What an object says that it is. That it says two things is no accident. */
  #tell(at: number, said: () => string): void {
    const frame = this.#frame;
    const teller = this.#key;
    if (frame === null || !frame.isObject || (teller !== "kind" && teller !== "name")) return;
    if (this.#options.rules.objects === null) return;
    if (frame[teller] !== null && frame[teller] !== said()) {
      throw this.#reader.malformed(at, `an object has two members ${teller}`, true);
    }
    frame[teller] = said();
  }

  /** What hides the scalar for certain; or what may, once its objects have said more; or null. */
  #hidden(value: () => Scalar): { text: string; label: string } | Candidate[] | null {
    const treatment = this.#frame?.treatment ?? this.#place.treatment;
    const shown = treatment?.scalar(value()) ?? null;
    if (treatment !== null && shown !== null) return { text: shown, label: treatment.label };
    const open: Candidate[] = [];
    for (const claimed of this.#claimsOn(true)) {
      const held = holds(claimed);
      const { treatment: one } = claimed.claim;
      const text = held === false ? null : one.scalar(value());
      if (text === null) continue;
      if (held) return { text, label: one.label };
      open.push({ ...claimed, text });
    }
    return open.length === 0 ? null : open;
  }

  #edit(
    start: number,
    end: number,
    text: Buffer | null,
    label: string | null,
    candidates: readonly Candidate[] | null,
  ): void {
    const { base } = this.#reader;
    this.#edits.add({ start: base + start, end: base + end, text, candidates, label });
  }

  /** A document within a string, masked as one, or hidden unread; null where it is none, or nothing changes. */
  #document(start: number, end: number, isEscaped: boolean, said: () => string): Buffer | Unread | null {
    const { nested, rules, scanner, count } = this.#options;
    if (!this.#opensDocument(start)) return null;
    if (nested === 0) return rules.unread ?? null;
    const bytes = Buffer.from(isEscaped ? said() : this.#reader.bytes.subarray(start + 1, end - 1));
    const original = Buffer.from(bytes);
    const mask = new JsonMask({ rules, scanner, count, nested: nested - 1 });
    const out: Buffer[] = [];
    try {
      mask.write(bytes, out);
      mask.end(out);
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      return error.isBound ? (rules.unread ?? null) : null;
    }
    const masked = Buffer.concat(out);
    return masked.equals(original) ? null : Buffer.from(JSON.stringify(masked.toString()));
  }

  #opensDocument(start: number): boolean {
    const { bytes } = this.#reader;
    let at = start + 1;
    while (BLANK[bytes[at]!] === 1) at += 1;
    return bytes[at] === OPEN_OBJECT || bytes[at] === OPEN_ARRAY || bytes[at] === BACKSLASH;
  }

  /** Where the name stands and ends, or, without one, the value; then whether it has escapes. */
  #named(value: number): [start: number, end: number, isEscaped: boolean] {
    const { base } = this.#reader;
    if (this.#name < 0) return [value, value, false];
    return [this.#name - base, this.#nameEnd - base, this.#nameIsEscaped];
  }

  /** Detectors' look at a string and the name before it; the string as it is to stand, or null where it may stay. */
  #scan(start: number, end: number, isEscaped: boolean): Buffer | null {
    if (this.#json === null) {
      if (isEscaped) this.#said(start, end, true);
      return null;
    }
    const [name, gap, nameIsEscaped] = this.#named(start);
    const { bytes } = this.#reader;
    if (!isEscaped && !nameIsEscaped) {
      this.#json.plain(bytes, name, gap, start, end);
      return null;
    }
    const inside = this.#json.escaped(bytes, name, gap, start, end);
    if (inside === -1) throw this.#reader.malformed(start, "a string has an escape that is none");
    return inside === null ? null : Buffer.concat([QUOTE, inside, QUOTE]);
  }

  /** Detectors' look at a name whose value they don't see. */
  #nameOnly(): void {
    const [start, end, isEscaped] = this.#named(0);
    if (this.#json === null || end - start < NAME) return;
    const { bytes } = this.#reader;
    if (!isEscaped) {
      this.#json.name(bytes, start, end);
      return;
    }
    const masked = this.#json.escaped(bytes, start, start, start, end);
    if (masked === null || masked === -1) return;
    this.#edit(start, end, Buffer.concat([QUOTE, masked, QUOTE]), null, null);
  }

  number(start: number, end: number): void {
    if (this.#dropping >= 0) return;
    const { bytes } = this.#reader;
    const hidden = this.#hidden(() => ({
      type: "number",
      text: bytes.toString("latin1", start, end),
      key: this.#key,
    }));
    const [name, gap, nameIsEscaped] = this.#named(start);
    const isShown = hidden === null || Array.isArray(hidden);
    if (isShown && this.#json !== null && end - start >= DIGITS && !nameIsEscaped) {
      this.#json.number(bytes, name, gap, start, end);
    } else this.#nameOnly();
    this.#hide(start, end, hidden);
  }

  literal(text: "true" | "false" | "null", start: number, end: number): void {
    if (this.#dropping >= 0) return;
    this.#nameOnly();
    if (text !== "null")
      this.#hide(
        start,
        end,
        this.#hidden(() => ({ type: "boolean", text, key: this.#key })),
      );
  }

  #hide(start: number, end: number, hidden: { text: string; label: string } | Candidate[] | null): void {
    if (Array.isArray(hidden)) this.#edit(start, end, null, null, hidden);
    else if (hidden !== null) this.#edit(start, end, Buffer.from(hidden.text), hidden.label, null);
  }

  isHeld(start: number, at: number): boolean {
    if (this.#dropping >= 0) return false;
    return at - start <= MAX_DOCUMENT && this.#options.nested > 0 && this.#opensDocument(start);
  }

  beginLong(start: number): void {
    if (this.#dropping >= 0) {
      this.#long = new LongString(null);
      return;
    }
    const hidden = this.#hidden(() => ({ type: "string", text: null, key: this.#key }));
    this.#nameOnly();
    const { rules, scanner } = this.#options;
    const unread = hidden === null && this.#opensDocument(start) ? rules.unread : undefined;
    this.#long = new LongString(hidden === null && unread === undefined ? scanner : null);
    // What can't be told yet is hidden as well, and so is a document that is too long to be held.
    if (Array.isArray(hidden)) this.#drop(start, hidden[0]!.text, hidden[0]!.claim.treatment.label);
    else if (hidden !== null) this.#drop(start, hidden.text, hidden.label);
    else if (unread !== undefined) this.#drop(start, unread.text, unread.label);
  }

  piece(from: number, to: number, isLast: boolean): void {
    const masked = this.#long!.push(this.#reader.bytes.subarray(from, to), isLast);
    if (masked === -1) throw this.#reader.malformed(from, "a string has an escape that is none");
    if (masked !== null) this.#edit(from, to, masked, null, null);
    if (!isLast) return;
    this.#long = null;
    // A string within what is left out ends nothing.
    if (this.#dropped !== null && !this.#isWithin()) this.#dropEnded(to + 1);
  }

  /** Whether it is an object or array that is left out: the string lies in a frame of it. */
  #isWithin(): boolean {
    return this.#dropping >= 0 && this.#frames.length > this.#dropping;
  }
}
