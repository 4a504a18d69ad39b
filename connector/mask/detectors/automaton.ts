/** Which bytes may stand at one place of a pattern: 256 flags. */
export type ByteSet = Uint8Array;

/**
 * Finds many patterns at once in one pass, with two looks into tables for each byte whatever the bytes are: a
 * deterministic automaton, as Aho and Corasick build it of words, here of sequences of byte sets. A state is where its
 * row begins: the one after a byte is `next[state + classes[byte]]`. Bytes that no pattern tells apart share a class,
 * so that the rows that are often looked at fit the processor's caches.
 */
export interface Automaton {
  classes: Uint8Array;
  next: Int32Array;
  /** States from this one on end a pattern. */
  hits: number;
  /** Numbers of the patterns that end in a state. */
  found(state: number): readonly number[];
  /** Of the patterns that `wanted` names: the most bytes of one that may have begun in a state, and not ended. */
  begun(state: number, wanted: (pattern: number) => boolean): number;
}

/** `patterns`: each a sequence of byte sets, at most 63. */
export function automaton(patterns: readonly (readonly ByteSet[])[]): Automaton {
  const { classes, examples } = byteClasses(patterns);
  // A state is the set of places reached in patterns, `pattern * STRIDE + steps matched`, sorted.
  const places: number[][] = [[]];
  const byKey = new Map<string, number>([["", 0]]);
  const stepped = (before: readonly number[], byte: number) =>
    before
      .filter((place) => patterns[Math.floor(place / STRIDE)]![place % STRIDE]?.[byte] === 1)
      .map((place) => place + 1);
  const starts = [...patterns.keys()].map((pattern) => pattern * STRIDE);
  const begun = examples.map((byte) => stepped(starts, byte));
  const rows: number[][] = [];
  for (let state = 0; state < places.length; state += 1) {
    rows.push(
      examples.map((byte, one) => {
        const after = [...stepped(places[state]!, byte), ...begun[one]!].sort((a, b) => a - b);
        const key = after.join();
        let target = byKey.get(key);
        if (target === undefined) {
          target = places.length;
          byKey.set(key, target);
          places.push(after);
        }
        return target;
      }),
    );
  }
  const found = places.map((state) =>
    state
      .filter((place) => place % STRIDE === patterns[Math.floor(place / STRIDE)]!.length)
      .map((place) => Math.floor(place / STRIDE)),
  );
  // The states in which something was found stand behind the others, so that one comparison tells them.
  const order = [...places.keys()].sort((a, b) => Math.sign(found[a]!.length) - Math.sign(found[b]!.length));
  const index = new Int32Array(order.length);
  for (const [to, from] of order.entries()) index[from] = to;
  const row = examples.length;
  const next = new Int32Array(order.length * row);
  for (const [to, from] of order.entries()) {
    for (const [one, target] of rows[from]!.entries()) next[to * row + one] = index[target]! * row;
  }
  const hits = found.filter((one) => one.length === 0).length * row;
  const byState = order.map((from) => found[from]!);
  const open = (state: number, wanted: (pattern: number) => boolean) =>
    places[order[state / row]!]!.filter((place) => wanted(Math.floor(place / STRIDE)))
      .filter((place) => place % STRIDE < patterns[Math.floor(place / STRIDE)]!.length)
      .reduce((most, place) => Math.max(most, place % STRIDE), 0);
  return { classes, next, hits, found: (state) => byState[state / row]!, begun: open };
}

/** More than the steps of any pattern. */
const STRIDE = 64;

/** The class of each byte, and one byte of each class. */
function byteClasses(patterns: readonly (readonly ByteSet[])[]): { classes: Uint8Array; examples: number[] } {
  let classes = new Uint8Array(256);
  let examples = [0];
  for (const set of new Set(patterns.flat())) {
    const split = new Map<number, number>();
    const refined = new Uint8Array(256);
    examples = [];
    for (let byte = 0; byte < 256; byte += 1) {
      const key = classes[byte]! * 2 + set[byte]!;
      let one = split.get(key);
      if (one === undefined) {
        one = examples.length;
        split.set(key, one);
        examples.push(byte);
      }
      refined[byte] = one;
    }
    classes = refined;
  }
  return { classes, examples };
}
