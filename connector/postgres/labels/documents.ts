import { columnWords } from "./column-words.ts";
import { ELEMENT, jsonLeaves, type Step } from "./json-leaves.ts";
import type { Family } from "./kinds.ts";
import { type Evidence, hintOf, noEvidence, type Sign, type SignReader } from "./signs.ts";

/** What the documents of a column have in one place. */
export interface Place {
  /** Keys from the outside, all of which are names rather than data. */
  path: string[];
  /** The last key's words, and those of what it stands in; empty where keys are data. */
  words: string;
  around: string;
  family: Family;
  evidence: Evidence;
  /** It stands below `path`: in an array, or behind keys that are data, or rare. */
  below: "array" | "keys" | null;
}

/** Places of one column; those of further ones are not told apart. */
const MAX_NODES = 20_000;
/** A key is a name only if so many documents have it, and this part of those that have what it stands in. */
const LEAST_DOCUMENTS = 3;
const LEAST_SHARE = 0.2;
const MAX_KEY_BYTES = 63;
/** Longer runs of digits stand in data. */
const NAME = /^(?!.*[0-9]{4})[\p{L}_$@][\p{L}\p{N}_$@ .:-]*$/u;

interface Node {
  children: Map<Step, Node>;
  /** Documents that have it. */
  documents: number;
  /** The last of them. */
  last: number;
  texts: Evidence;
  numbers: Evidence;
}

/** Gathers what JSON documents hold and where, of which only names of keys and numbers come out. */
export class Documents {
  readonly #reader: SignReader;
  readonly #root = newNode();
  #nodes = 0;
  #count = 0;

  constructor(reader: SignReader) {
    this.#reader = reader;
  }

  /** One document; its text may be cut. */
  add(text: string): void {
    this.#count += 1;
    this.#root.documents += 1;
    jsonLeaves(text, (steps, value, kind) => {
      let node: Node | undefined = this.#root;
      for (const step of steps) node = node && this.#child(node, step);
      if (node === undefined) return;
      const evidence = kind === "text" ? node.texts : node.numbers;
      this.#reader.add(evidence, value.slice(0, MAX_VALUE), hintOf(wordsOf(steps.at(-1))));
    });
  }

  /** Every place that holds strings or numbers. */
  places(): Place[] {
    const places: Place[] = [];
    this.#gather(this.#root, { path: [], words: "", around: "", below: null }, places);
    return places;
  }

  #child(node: Node, step: Step): Node | undefined {
    let child = node.children.get(step);
    if (child === undefined) {
      if (this.#nodes === MAX_NODES) return undefined;
      this.#nodes += 1;
      child = newNode();
      node.children.set(step, child);
    }
    if (child.last !== this.#count) {
      child.last = this.#count;
      child.documents += 1;
    }
    return child;
  }

  #gather(node: Node, where: Omit<Place, "family" | "evidence">, places: Place[]): void {
    const { texts, numbers } = node;
    const family = texts.values >= numbers.values ? "text" : "number";
    const evidence = family === "text" ? texts : numbers;
    if (evidence.values > 0) places.push({ ...where, family, evidence });
    const { path, words, below } = where;
    const data: Node[] = [];
    for (const [step, child] of node.children) {
      if (step === ELEMENT) this.#gather(child, { ...where, below: below ?? "array" }, places);
      else if (!this.#isName(step, child, node)) data.push(child);
      else {
        const inner = below === null ? [...path, step] : path;
        this.#gather(child, { path: inner, words: columnWords(step), around: words, below }, places);
      }
    }
    const unnamed = { path, words: "", around: words, below: "keys" } as const;
    if (data.length > 0) this.#gather(merged(data), unnamed, places);
  }

  /** What stands as a key in few documents may be somebody's: such keys never leave. */
  #isName(key: string, child: Node, parent: Node): boolean {
    return (
      child.documents >= LEAST_DOCUMENTS &&
      child.documents >= LEAST_SHARE * parent.documents &&
      Buffer.byteLength(key) <= MAX_KEY_BYTES &&
      NAME.test(key) &&
      !this.#reader.finds(key)
    );
  }
}

/** Characters of a value in a document that are looked at. */
const MAX_VALUE = 512;

function wordsOf(step: Step | undefined): string {
  return typeof step === "string" ? columnWords(step.slice(0, MAX_KEY_BYTES)) : "";
}

function newNode(): Node {
  return { children: new Map(), documents: 0, last: 0, texts: noEvidence(), numbers: noEvidence() };
}

/** Several as if they stood in one place. */
function merged(nodes: readonly Node[]): Node {
  const all = newNode();
  const below = new Map<Step, Node[]>();
  for (const { children, documents, texts, numbers } of nodes) {
    all.documents += documents;
    addUp(all.texts, texts);
    addUp(all.numbers, numbers);
    for (const [step, child] of children) {
      const same = below.get(step);
      if (same === undefined) below.set(step, [child]);
      else same.push(child);
    }
  }
  for (const [step, same] of below) all.children.set(step, same.length === 1 ? same[0]! : merged(same));
  return all;
}

function addUp(sum: Evidence, more: Evidence): void {
  sum.values += more.values;
  for (const which of ["are", "hold"] as const)
    for (const [sign, count] of Object.entries(more[which]) as [Sign, number][])
      sum[which][sign] = (sum[which][sign] ?? 0) + count;
}
