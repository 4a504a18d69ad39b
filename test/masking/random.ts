import { seededRandom } from "../../protocol/recording/testing.ts";

/** Choices that are the same for the same seed. */
export class Chooser {
  readonly #below: (below: number) => number;

  constructor(seed: number) {
    this.#below = seededRandom(seed);
  }

  /** 0 up to `count`, which is left out. */
  below(count: number): number {
    return this.#below(count);
  }

  chance(probability: number): boolean {
    return this.#below(1_000_000) < probability * 1_000_000;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.#below(choices.length)]!;
  }

  /** By weight, any of the keys. */
  weighted<T extends string>(weights: Partial<Record<T, number>>): T {
    const entries = Object.entries(weights) as [T, number][];
    let left = this.#below(entries.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [key, weight] of entries) {
      left -= weight;
      if (left < 0) return key;
    }
    throw new TypeError("no weights");
  }

  shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.#below(2 ** 30) }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}
