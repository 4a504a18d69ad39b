import { SallyportError } from "../errors.ts";
import { emptyRoot, HASH_LENGTH, nodeHash } from "../ledger/merkle.ts";

/**
 * The root over leaves that come one after another, of which none is kept: the roots of the perfect subtrees that make
 * up the tree so far, from left to right (RFC 6962 section 2.1), one for each bit of the size.
 */
export class Frontier {
  #size: number;
  readonly #nodes: Uint8Array[];

  private constructor(size: number, nodes: Uint8Array[]) {
    this.#size = size;
    this.#nodes = nodes;
  }

  static empty(): Frontier {
    return new Frontier(0, []);
  }

  /** Reads what `toString` writes. Throws `invalid_request`. */
  static parse(text: string): Frontier {
    const [digits = "", hex = ""] = text.split(":");
    const size = Number(digits);
    const nodes = Buffer.from(hex, "hex");
    const isSize = Number.isSafeInteger(size) && size >= 0;
    const frontier = new Frontier(
      size,
      Array.from({ length: isSize ? bits(size) : 0 }, (_, at) =>
        nodes.subarray(at * HASH_LENGTH, (at + 1) * HASH_LENGTH),
      ),
    );
    if (!isSize || nodes.length !== bits(size) * HASH_LENGTH || frontier.toString() !== text) {
      throw new SallyportError("invalid_request", "this is no frontier of a tree");
    }
    return frontier;
  }

  get size(): number {
    return this.#size;
  }

  append(leaf: Uint8Array): void {
    let node = leaf;
    for (let rest = this.#size; rest % 2 === 1; rest = (rest - 1) / 2)
      node = nodeHash(this.#nodes.pop()!, node);
    this.#nodes.push(node);
    this.#size++;
  }

  root(): Uint8Array {
    if (this.#nodes.length === 0) return emptyRoot();
    return this.#nodes.reduceRight((right, left) => nodeHash(left, right));
  }

  toString(): string {
    return `${this.#size}:${this.#nodes.map((node) => Buffer.from(node).toString("hex")).join("")}`;
  }
}

/** How many bits of a size are set. */
function bits(size: number): number {
  let count = 0;
  for (let rest = size; rest >= 1; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
