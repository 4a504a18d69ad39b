import { createHash } from "node:crypto";

/**
 * Two databases that differ in nothing but labelled values, and in those only where their masks don't show it: what
 * an agent without `unmask` is told must be the same of both, byte for byte.
 */
export type World = "a" | "b";
export const WORLDS = ["a", "b"] as const;

/** What stands in one labelled cell, and nowhere else. */
export interface Canary {
  cell: string;
  /** As it is searched for: lower-case letters and digits only. */
  text: string;
}

/** Letters without vowels, so that no word is a canary. The lower ones begin the one world's values. */
const LOWER = "bcdfghjk";
const UPPER = "pqrstvwx";
const LETTERS = `${LOWER}lmn${UPPER}z`;
/** Characters of a canary: a shorter text may be there by chance. */
const SHORTEST = 8;

/**
 * The labelled values of a world. Every other cell (by `odd`) begins low where the other world's begins high, so
 * comparisons with a constant and orders differ between the worlds for every cell.
 */
export class Values {
  readonly world: World;
  readonly canaries: Canary[] = [];

  constructor(world: World) {
    this.world = world;
  }

  /** Letters. */
  word(cell: string, odd: boolean, length = 14): string {
    const bytes = this.#bytes(cell);
    const first = this.#low(odd) ? LOWER : UPPER;
    let text = first[bytes[0]! % first.length]!;
    for (let at = 1; at < length; at++) text += LETTERS[bytes[at]! % LETTERS.length];
    return this.#kept(cell, text);
  }

  /** Decimal digits. */
  digits(cell: string, odd: boolean, length: number): string {
    return this.#kept(cell, this.#decimal(cell, odd, length));
  }

  /** A number whose multiple of 10^`hidden` is `shown`; what is below differs. */
  number(cell: string, odd: boolean, shown: number, hidden: number): number {
    return Number(this.#kept(cell, `${shown}${this.#decimal(cell, odd, hidden)}`));
  }

  /** A day of this year. */
  day(cell: string, odd: boolean, year: number): string {
    const bytes = this.#bytes(cell);
    const two = (number: number) => String(number).padStart(2, "0");
    const month = this.#low(odd) ? 2 + (bytes[0]! % 3) : 9 + (bytes[0]! % 3);
    const day = 2 + (bytes[1]! % 26);
    const text = `${year}-${two(month)}-${two(day)}`;
    this.#kept(cell, text.replaceAll("-", ""));
    return text;
  }

  uuid(cell: string, odd: boolean): string {
    const hex = `${this.#low(odd) ? "1" : "e"}${this.#bytes(cell).toString("hex").slice(1, 32)}`;
    this.#kept(cell, hex);
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  }

  /** One of several, which differs between the worlds; too common to be searched for. */
  choice(cell: string, odd: boolean, among: readonly string[]): string {
    const half = among.length / 2;
    return among[(this.#low(odd) ? 0 : half) + (this.#bytes(cell)[0]! % half)]!;
  }

  #low(odd: boolean): boolean {
    return (this.world === "a") === odd;
  }

  #bytes(cell: string): Buffer {
    return createHash("sha256").update(`${this.world} ${cell}`).digest();
  }

  #decimal(cell: string, odd: boolean, length: number): string {
    const bytes = this.#bytes(cell);
    let text = String((this.#low(odd) ? 1 : 6) + (bytes[0]! % 4));
    for (let at = 1; at < length; at++) text += bytes[at]! % 10;
    return text;
  }

  #kept(cell: string, text: string): string {
    if (text.length >= SHORTEST) this.canaries.push({ cell, text });
    return text;
  }
}
