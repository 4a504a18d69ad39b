import type { CommandFacts, FileName } from "../facts.ts";

/** A call of a program that runs others. */
export interface Call {
  /** Its words after its name; null for those that aren't static. */
  args: readonly (string | null)[];
  /** For those of `args` that are null: the pattern, where the word becomes names of files. */
  patterns: readonly (string | null)[];
  stdin: CommandFacts["stdin"];
  /** What stands in its input, where that is static. */
  stdinText: string | null;
}

/** Something that a wrapper runs: words of a command, or the text of a script for `sh -c`. */
export interface Inner {
  run: readonly (string | null)[] | string;
  /** For those of its words that are null: the pattern, where they become names of files. */
  patterns?: readonly (string | null)[];
  runAs?: string;
  host?: string;
  /** The folder that it runs in; null where that isn't known. Absent: the wrapper's own. */
  folder?: FileName | null;
  stdin?: CommandFacts["stdin"];
  /** Variables that the wrapper sets for it. */
  assignments?: string[];
  /** What isn't known of it, in words. */
  opaque?: string[];
}

/** What a wrapper does by its arguments. `opaque`: why not all that it runs is known, in words. */
export interface Reading {
  inner: Inner[];
  opaque: string[];
}

/** One program that runs others. */
export type Wrapper = (call: Call) => Reading;

/** Nothing but itself runs. */
export const ALONE: Reading = { inner: [], opaque: [] };

export function runs(run: Inner["run"], changes: Omit<Inner, "run"> = {}): Reading {
  return { inner: [{ run, ...changes }], opaque: [] };
}

export function unknown(...opaque: string[]): Reading {
  return { inner: [], opaque };
}
