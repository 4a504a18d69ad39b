import type { Node } from "@pgsql/types";
import type { Effect, SessionEffect, StatementAction } from "../facts.ts";
import type { SettingChange } from "../settings.ts";

/** A value, or how to tell it from the statement. */
export type Of<S, T> = T | ((statement: S) => T);

/** All that the classifier knows of one kind of statement. */
export interface StatementRow<S> {
  /** PostgreSQL's command tag (CreateCommandTag in its utility.c). */
  tag: Of<S, string>;
  actions: Of<S, readonly StatementAction[]>;
  effects?: Of<S, readonly Effect[]>;
  session?: Of<S, readonly SessionEffect[]>;
  /** Changes of settings. Those that are not of this session are only held against the pins. */
  settings?: (statement: S) => { changes: readonly SettingChange[]; ofSession: boolean };
  opaque?: Of<S, readonly string[]>;
  /** A query in it runs, now or when it is executed: reading rows is then an action of its own. */
  runs?: boolean;
  /** The statement that it wraps, for EXPLAIN, PREPARE and their kin. */
  inner?: (statement: S) => Node | undefined;
  /** Whether PostgreSQL can EXPLAIN it. */
  explainable?: boolean;
}

/** The value of a row's field for one statement. */
export function of<S, T>(field: Of<S, T>, statement: S): T {
  return typeof field === "function" ? (field as (statement: S) => T)(statement) : field;
}
