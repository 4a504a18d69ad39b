import type { FileName, ShellEffect } from "../facts.ts";
import { ANY_FILE, everythingBelow, fileName, folderOfPattern } from "./file-name.ts";

/** A word of a call. */
export interface Word {
  /** Null where it isn't static. */
  text: string | null;
  /** Where it becomes names of files: their pattern. */
  pattern: string | null;
}

/** What the operands of a program are. */
export type Operands =
  /** There are none. */
  | "none"
  /** Words that say nothing about files. */
  | "text"
  /** Files or folders of which it shows names, sizes and modes, not what stands in them. */
  | "lists"
  | "reads"
  | "writes"
  /** The first is text (a pattern, an expression), the others are files that it reads. */
  | "text-then-reads";

/**
 * What a program does. An option that isn't named here isn't understood, and so isn't the call: long options are
 * never completed, since which ones a program has depends on its version.
 *
 * Options are written as in getopt(3): "abn:m?" are short ones, n with a value, m with one that may be attached;
 * "--all", "--lines=" with a value, "--color=?" with one that may be attached; "-name", "-size=" are long ones with
 * one dash.
 */
export interface Program {
  /** What every call does; reads where nothing else is said. */
  effects?: readonly ShellEffect[];
  /** Options without further effect. */
  options?: string;
  /** Options whose value is a file that it reads. */
  reads?: string;
  /** Options whose value is a file that it writes. */
  writes?: string;
  /** Options that add an effect. */
  does?: Readonly<Record<string, readonly ShellEffect[]>>;
  /** Options that make it go into folders: "-r -R --recursive". */
  deep?: string;
  /** Options after which the first operand is no text: "-e -f --regexp". */
  replaces?: string;
  operands?: Operands;
  /** At most so many operands; one more isn't understood. */
  most?: number;
  /** It goes into folders always. */
  always?: "deep";
  /** None of the options that it has, named here or not, does more: so a word that isn't static does no harm. */
  harmless?: true;
  /** The first operand ends the options. */
  first?: true;
  /** It has no options: every word is an operand. */
  verbatim?: true;
  /** "-20" is a number. */
  numbers?: true;
  /** What else a call does, which can't be said by a row. */
  more?: (call: Call, findings: Findings) => void;
  /** By the first operand; "" is the call without one. Each may have further ones. */
  subcommands?: Readonly<Record<string, Program>>;
}

/** A call as its options and operands. */
export interface Call {
  /** Names with their dashes. */
  options: { name: string; value: Word | null }[];
  operands: Word[];
  stdin: "agent" | "pipe" | "file" | "text";
}

/** Collects what a call does. */
export class Findings {
  readonly effects = new Set<ShellEffect>();
  readonly reads = new Set<FileName>();
  readonly writes = new Set<FileName>();
  readonly opaque = new Set<string>();
  readonly folder: FileName | null;

  constructor(folder: FileName | null) {
    this.folder = folder;
  }

  does(...effects: readonly ShellEffect[]): void {
    for (const effect of effects) this.effects.add(effect);
  }

  unknown(why: string): void {
    this.opaque.add(why);
  }

  read(word: Word, below = false): void {
    const name = this.name(word);
    this.reads.add(name);
    // A folder's own name stands beside what is below it, so that a policy may name either.
    if (below) this.reads.add(everythingBelow(name));
  }

  write(word: Word): void {
    this.writes.add(this.name(word));
  }

  list(word: Word): void {
    this.reads.add(word.text === null ? folderOfPattern(this.name(word)) : this.name(word));
  }

  name(word: Word): FileName {
    if (word.text !== null) return fileName(word.text, this.folder);
    // Other than "*", "?" and "[…]": forms that only some shells know, or that run code (zsh).
    if (word.pattern === null || /[(){}|^<>~#\\]/.test(word.pattern.replace(/^~\//, ""))) return ANY_FILE;
    return fileName(word.pattern, this.folder);
  }
}

export const wordOf = (text: string): Word => ({ text, pattern: null });
