/**
 * What the parser proved of one SQL statement. Policies see it as their context (protocol/policy/schema.ts), a
 * recording keeps it, `sallyport policy replay` judges it again.
 */
export interface StatementFacts {
  /** PostgreSQL's command tag: `SELECT`, `CREATE TABLE`, …; `EXPLAIN`. */
  tag: string;
  /** Everything that the statement does, each a policy action; all must be allowed. Never empty, sorted, no doubles. */
  actions: StatementAction[];
  /** Why the parser can't say all that the statement does, in words; empty when it can. */
  opaque: string[];
  /** Relations whose rows are read: `schema.name`, `pg_temp.name` for the session's temporary ones. Sorted. */
  reads: string[];
  /** Relations whose rows or definition are written, likewise. */
  writes: string[];
  /** `schema.relation.column`, expanded where the statement says `*` or a whole row. */
  readColumns: string[];
  writeColumns: string[];
  /** Functions, aggregates, procedures and operators' functions called by name: `schema.name`. Sorted. */
  functions: string[];
  /** What it does beside reading and writing rows. */
  effects: Effect[];
  /** Names of settings that it changes, lower case; `*` for all of them. */
  settings: string[];
  where: Where;
  /** The constant of its LIMIT or FETCH FIRST, when it is the only or outermost one; null without one. */
  limit: number | null;
  /** Equal for statements that differ only in constants that name nothing and hold no code. 32 hex digits. */
  fingerprint: string;
}

/** What `StatementFacts.fingerprint` looks like. */
export const FINGERPRINT = /^[0-9a-f]{32}$/;

/** Facts of something that does this one action and, but for what is given, touches nothing. */
export function factsOf(
  tag: string,
  action: StatementAction,
  part: Partial<StatementFacts> = {},
): StatementFacts {
  return {
    tag,
    actions: [action],
    opaque: [],
    reads: [],
    writes: [],
    readColumns: [],
    writeColumns: [],
    functions: [],
    effects: [],
    settings: [],
    where: "none",
    limit: null,
    fingerprint: "",
    ...part,
  };
}

/**
 * Of an UPDATE or DELETE (the weakest, where a statement has several): `none` has no rows to choose (other
 * statements), `missing` no WHERE at all, `constant` one that no row decides (`true`, `1=1`, `id = id`), `condition`
 * one that rows decide, `key` one that fixes all columns of a primary key or unique constraint by equality with
 * constants or parameters.
 */
export type Where = "none" | "missing" | "constant" | "condition" | "key";

export const STATEMENT_ACTIONS = [
  "postgres:select",
  "postgres:insert",
  "postgres:update",
  "postgres:delete",
  "postgres:truncate",
  "postgres:create",
  "postgres:alter",
  "postgres:drop",
  "postgres:grant",
  "postgres:call",
  "postgres:do",
  "postgres:explain",
  "postgres:show",
  "postgres:set",
  "postgres:assume-role",
  "postgres:transaction",
  "postgres:two-phase",
  "postgres:lock",
  "postgres:maintain",
  "postgres:notify",
  "postgres:administer",
  "postgres:escape",
] as const;
export type StatementAction = (typeof STATEMENT_ACTIONS)[number];

export const EFFECTS = [
  /** Reads files of the server. */
  "read-file",
  /** Writes files of the server. */
  "write-file",
  /** Runs a program on the server. */
  "run-program",
  /** Opens a connection from the server to elsewhere. */
  "connect-out",
  /** Makes the server wait. */
  "sleep",
  /** Ends or cancels other backends. */
  "signal-backend",
  /** Reads or writes large objects. */
  "large-object",
  /** Changes a setting. */
  "change-setting",
  /** Takes a lock beside those of rows: LOCK, advisory locks. */
  "lock",
  /** Locks rows: FOR UPDATE and its kin. */
  "lock-rows",
  /** Moves a sequence. */
  "sequence",
  /** Sends or listens to notifications. */
  "notify",
  /** Runs SQL from a string, or code that the parser doesn't see. */
  "dynamic-sql",
  /** Shows other sessions, statistics with samples of rows, or stored secrets. */
  "read-system",
  /** Acts on replication, recovery, WAL or the server as a whole. */
  "control-server",
] as const;
export type Effect = (typeof EFFECTS)[number];

/** What a statement does to the session's own state, which decides how later statements are read. */
export type SessionEffect =
  /** search_path, role, authorization or another setting may have changed, or temporary objects come or gone. */
  | { kind: "settings" }
  /** The catalog may have changed. */
  | { kind: "catalog" }
  /** SQL-level PREPARE: `query` is the statement's own text. */
  | { kind: "prepare"; name: string; query: string }
  /** EXECUTE of a prepared statement, whichever protocol prepared it. */
  | { kind: "execute"; name: string }
  /** DEALLOCATE; null for ALL. DISCARD ALL is `settings` and this. */
  | { kind: "deallocate"; name: string | null }
  | { kind: "begin" }
  | { kind: "commit" }
  | { kind: "rollback" }
  | { kind: "rollback-to" }
  /** COPY … FROM STDIN or TO STDOUT: the protocol changes its state. */
  | { kind: "copy-in" }
  | { kind: "copy-out" };

/** An error that PostgreSQL would give because something does not exist. */
export interface Absent {
  sqlstate: "3F000" | "42P01" | "42703" | "42704" | "42883";
  /** As PostgreSQL has it, but for a function's arguments, whose types aren't known here. */
  message: string;
}

/** One statement of a string. */
export interface ClassifiedStatement {
  facts: StatementFacts;
  effects: SessionEffect[];
  /** Its text, as the server will see it. */
  text: string;
  /** Whether PostgreSQL can EXPLAIN it: SELECT, INSERT, UPDATE, DELETE, MERGE, EXECUTE, DECLARE, CREATE TABLE AS. */
  explainable: boolean;
  /**
   * Why it must be refused whatever the policies say: it would change a setting (protocol/sql/settings.ts, PINNED) on
   * which reading statements rests. Empty for nearly all.
   */
  pinViolations: string[];
  /**
   * What it names that does not exist, in the order in which PostgreSQL would notice; only where that is all that
   * makes it opaque.
   */
  absent?: Absent[];
}
