import type { CommandFacts, FileName } from "./facts.ts";
import type { Bound } from "./values.ts";

/** Where a command stands, as far as it tells what the command does. */
export interface Place {
  via: readonly string[];
  runAs: string | null;
  host: string | null;
  stdin: CommandFacts["stdin"];
  /** What stands in its input, where it is static text. */
  stdinText: string | null;
  /** The folder that it runs in; null where it isn't known. Commands change it for those after them. */
  folder: FileName | null;
  /** Variables that are set for it. Commands add to it for those after them. */
  assigned: ReadonlySet<string>;
  /** Functions that are defined, before it or after it. */
  functions: ReadonlySet<string>;
  /** Variables that hold whole numbers only; see `Bindings`. */
  numbers: ReadonlySet<string>;
  /** What the line has set here. Commands add to it for those after them in the same list. */
  bound: Bound;
  /** Variables of the script that setting can't fail for; see `Bindings`. */
  settable: Bound;
  /** No other script that the same shell reads sets variables. */
  steady: boolean;
  /** Scripts in each other. */
  depth: number;
  /** What isn't known of any command here, in words. */
  notes: readonly string[];
}

export function firstPlace(): Place {
  return {
    via: [],
    runAs: null,
    host: null,
    stdin: "agent",
    stdinText: null,
    folder: "~",
    assigned: new Set(),
    functions: new Set(),
    numbers: new Set(),
    bound: new Map(),
    settable: new Map(),
    steady: true,
    depth: 0,
    notes: [],
  };
}
