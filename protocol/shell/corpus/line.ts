/** A command line of the corpus. */
export interface AttackLine {
  line: string;
  /** What it would do on the target, in words. */
  would: string;
}

/** Lines that hide what they do in the same way. */
export interface AttackClass {
  name: string;
  lines: readonly AttackLine[];
}

/** A class whose lines would all do the same. */
export function attacks(name: string, would: string, ...lines: string[]): AttackClass {
  return { name, lines: lines.map((line) => ({ line, would })) };
}
