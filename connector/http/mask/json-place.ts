import { fitsParts, type PathStep } from "../../mask/document-labels.ts";

/** A scalar of a document that isn't null. */
export interface Scalar {
  type: "string" | "number" | "boolean";
  /** Of a string what it says, of others as they stand; null for a string of more than is held. */
  text: string | null;
  /** The name of the member whose value it is; null for an element. */
  key: string | null;
}

/** What becomes of a labelled value. */
export interface Treatment {
  readonly label: string;
  /** JSON to show instead; null leaves it as it is. */
  scalar(value: Scalar): string | null;
  /** JSON to show instead of an object or array; null: the scalars in it are treated, and its names stay. */
  readonly container: string | null;
}

/** A place in documents, as rules see it. */
export interface Place {
  /** No rule is about what is below it. */
  readonly isDead: boolean;
  /** Of the value at the place. */
  readonly treatment: Treatment | null;
  /**
   * Which names have a say, by their first byte in UTF-8: bits of their lengths, the last one for all that are as long
   * or longer; null: any may. All others lead to `other`.
   */
  readonly names: Uint32Array | null;
  readonly other: Place;
  member(name: string): Place;
  element(index: number): Place;
  /** Where each element is that a rule names, and all others. */
  elements(): Place[];
}

/** Bit of a name's length in bytes. */
export function lengthBit(length: number): number {
  return 1 << Math.min(length, 31);
}

/** The first bytes and lengths of these names. */
export function nameTable(names: Iterable<string>): Uint32Array {
  const table = new Uint32Array(256);
  for (const name of names) {
    const bytes = Buffer.from(name);
    table[bytes[0] ?? 0]! |= lengthBit(bytes.length);
  }
  return table;
}

/** What a rule says of the value at its path; `treatment` null: that it is not labelled. The first that fits counts. */
export interface PathRule {
  path: readonly PathStep[];
  treatment: Treatment | null;
}

/** Places that are kept for one set of rules, and names that are kept for a place: documents of others choose them. */
const MAX_PLACES = 2_000;
const MAX_NAMES = 500;

/** Nothing is labelled here or below. */
export const NOWHERE: Place = {
  isDead: true,
  treatment: null,
  names: new Uint32Array(256),
  get other() {
    return NOWHERE;
  },
  member: () => NOWHERE,
  element: () => NOWHERE,
  elements: () => [],
};

/** The place at which documents begin, by these rules. */
export function rootPlace(rules: readonly PathRule[]): Place {
  return rules.some(({ treatment }) => treatment !== null) ? new RulePlaces(rules).root : NOWHERE;
}

/** A position is a rule's index, and how many of its steps are taken: `index * STRIDE + steps`. */
const STRIDE = 64;

/** All places of one set of rules: the states of an automaton that is made as documents need it. */
class RulePlaces {
  readonly rules: readonly PathRule[];
  readonly root: Place;
  readonly #places = new Map<string, RulePlace>();

  constructor(rules: readonly PathRule[]) {
    this.rules = rules;
    this.root = this.at(rules.map((_, index) => index * STRIDE));
  }

  at(positions: readonly number[]): Place {
    if (positions.length === 0) return NOWHERE;
    const key = positions.join();
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place = new RulePlace(this, positions);
    if (this.#places.size < MAX_PLACES) this.#places.set(key, place);
    return place;
  }
}

class RulePlace implements Place {
  readonly isDead: boolean;
  readonly treatment: Treatment | null;
  readonly names: Uint32Array | null;
  readonly #places: RulePlaces;
  readonly #positions: readonly number[];
  readonly #members = new Map<string, Place>();
  readonly #elements = new Map<number, Place>();
  /** The first index that no rule names. */
  readonly #beyond: number;
  #other: Place | null = null;

  constructor(places: RulePlaces, positions: readonly number[]) {
    this.#places = places;
    this.#positions = positions;
    const steps = positions.flatMap((position) => this.#step(position) ?? []);
    this.isDead = steps.length === 0;
    const ended = positions.find((position) => this.#step(position) === null);
    this.treatment = ended === undefined ? null : places.rules[Math.floor(ended / STRIDE)]!.treatment;
    const isOpen = steps.some(({ selects }) => selects.kind === "pattern");
    const names = steps.flatMap(({ selects }) => (selects.kind === "name" ? selects.name : []));
    this.names = isOpen ? null : nameTable(names);
    this.#beyond = Math.max(
      0,
      ...steps.map(({ selects }) => (selects.kind === "index" ? selects.index + 1 : 0)),
    );
  }

  get other(): Place {
    this.#other ??= this.#next(null, null);
    return this.#other;
  }

  member(name: string): Place {
    const known = this.#members.get(name);
    if (known !== undefined) return known;
    const place = this.#next(name, null);
    if (this.#members.size < MAX_NAMES) this.#members.set(name, place);
    return place;
  }

  element(index: number): Place {
    const at = Math.min(index, this.#beyond);
    const known = this.#elements.get(at);
    if (known !== undefined) return known;
    const place = this.#next(null, at);
    if (this.#elements.size < MAX_NAMES) this.#elements.set(at, place);
    return place;
  }

  elements(): Place[] {
    const named = this.#positions.flatMap((position) => {
      const selects = this.#step(position)?.selects;
      return selects?.kind === "index" ? [selects.index] : [];
    });
    return [...new Set([...named, this.#beyond])].map((index) => this.element(index));
  }

  #step(position: number): PathStep | null {
    return this.#places.rules[Math.floor(position / STRIDE)]!.path[position % STRIDE] ?? null;
  }

  /** `name` and `index` null: a member whose name no rule has. */
  #next(name: string | null, index: number | null): Place {
    const next = new Set<number>();
    for (const position of this.#positions) {
      const step = this.#step(position);
      if (step === null) continue;
      if (step.deep) next.add(position);
      if (selects(step, name, index)) next.add(position + 1);
    }
    return this.#places.at([...next].sort((a, b) => a - b));
  }
}

function selects({ selects: one }: PathStep, name: string | null, index: number | null): boolean {
  switch (one.kind) {
    case "any":
      return true;
    case "name":
      return name === one.name;
    case "pattern":
      return name !== null && fitsParts(one.parts, name);
    case "index":
      return index === one.index;
  }
}
