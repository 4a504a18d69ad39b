import { rowNamed } from "./apply.ts";
import { AWK } from "./awk.ts";
import { BUILTINS } from "./builtins.ts";
import { CHANGING_FILES } from "./changing-files.ts";
import { CONTAINERS } from "./containers.ts";
import { FIND } from "./find.ts";
import { GIT_ALONE } from "./git.ts";
import { MACHINE_CONTROL } from "./machine-control.ts";
import { MACHINE_STATE } from "./machine-state.ts";
import { NETWORK } from "./network.ts";
import { PAGING } from "./paging.ts";
import type { Program } from "./program.ts";
import { READING_TEXT } from "./reading-text.ts";
import { RUNNING_CODE } from "./running-code.ts";
import { SED } from "./sed.ts";
import { SOFTWARE } from "./software.ts";
import { WRAPPERS } from "./wrappers.ts";

const TABLES: readonly Readonly<Record<string, Program>>[] = [
  BUILTINS,
  READING_TEXT,
  MACHINE_STATE,
  CHANGING_FILES,
  MACHINE_CONTROL,
  NETWORK,
  CONTAINERS,
  GIT_ALONE,
  SOFTWARE,
  PAGING,
  WRAPPERS,
  RUNNING_CODE,
  { "sed gsed": SED, "awk gawk mawk nawk": AWK, find: FIND },
];

/** What is known of the program of that name. */
export function programNamed(name: string): Program | undefined {
  for (const table of TABLES) {
    const found = rowNamed(table, name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every name that a row stands for, with duplicates where two rows claim one. */
export function programNames(): string[] {
  return TABLES.flatMap((table) => Object.keys(table).flatMap((names) => names.split(" ")));
}
