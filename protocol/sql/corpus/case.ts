import type { Where } from "../facts.ts";

/** A statement and what must be found of it. What is left out must be empty: nothing is read, written, or hidden. */
export interface Case {
  sql: string;
  /** Without `postgres:`, separated by blanks. */
  actions: string;
  tag?: string;
  /** Relations, separated by blanks; those without a dot are in `public`. */
  reads?: string;
  writes?: string;
  effects?: string;
  where?: Where;
  settings?: string;
  limit?: number;
  /** Whether the classification must say that it is incomplete. */
  opaque?: true;
  /** Why the case is here, where the statement doesn't say so itself. */
  because?: string;
}

export function entry(sql: string, actions: string, rest: Omit<Case, "sql" | "actions"> = {}): Case {
  return { sql, actions, ...rest };
}
