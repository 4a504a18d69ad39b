import * as wire from "../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../compatibility/corpus/case.ts";
import type { Step } from "./attack.ts";

/** Ways to have one statement run and get its answer. */
export type Path = (sql: string) => readonly Step[];

/** Those whose word means a statement that `PREPARE` takes. */
const PREPARABLE = /^\s*(?:\(*\s*SELECT|WITH|VALUES|TABLE|INSERT|UPDATE|DELETE|MERGE)\b/i;
/** Those that `DECLARE` takes; a WITH may still hold what it doesn't. */
const READS = /^\s*(?:\(*\s*SELECT|WITH|VALUES|TABLE)\b/i;

function run(portal: string, maxRows = 0): Uint8Array {
  return wire.execute({ portal, maxRows });
}

const EXTENDED: Record<string, Path> = {
  "extended, text": (sql) => [{ send: unnamed({ sql }) }],
  "extended, binary": (sql) => [{ send: unnamed({ sql, binary: true }) }],
  "a named statement": (sql) => [
    {
      send: [
        wire.parse({ statement: "s", sql, parameterTypes: [] }),
        wire.describe({ kind: "statement", name: "s" }),
      ],
    },
    { send: [bound("p", "s"), run("p"), bound("q", "s", [], true), run("q")] },
  ],
  "a portal row by row": (sql) => [
    {
      send: [
        wire.parse({ statement: "", sql, parameterTypes: [] }),
        bound("p", ""),
        wire.describe({ kind: "portal", name: "p" }),
        ...Array.from({ length: 8 }, () => run("p", 1)),
      ],
    },
  ],
  pipelined: (sql) => [
    { send: [...unnamed({ sql: "SELECT 1" }), ...unnamed({ sql }), ...unnamed({ sql: "SELECT 2" })] },
  ],
};

const PREPARED: Record<string, Path> = {
  "PREPARE and EXECUTE": (sql) => [`PREPARE s AS ${sql}`, "EXECUTE s"],
  "PREPARE, and a Bind": (sql) => [`PREPARE s AS ${sql}`, { send: [bound("", "s", [], true), run("")] }],
};

const READ: Record<string, Path> = {
  "DECLARE and FETCH": (sql) => [`DECLARE c CURSOR FOR ${sql}`, "FETCH 2 FROM c", "FETCH ALL FROM c"],
  "a cursor that holds": (sql) => [
    "COMMIT",
    `BEGIN; DECLARE h CURSOR WITH HOLD FOR ${sql}; COMMIT`,
    "FETCH ALL FROM h; CLOSE h",
  ],
  "COPY as text": (sql) => [`COPY (${sql}) TO STDOUT`],
  "COPY as CSV": (sql) => [`COPY (${sql}) TO STDOUT (FORMAT csv, HEADER)`],
  "COPY, binary": (sql) => [`COPY (${sql}) TO STDOUT (FORMAT binary)`],
  "a table made of it": (sql) => [`CREATE TEMP TABLE made_of_it AS ${sql}`, "TABLE made_of_it"],
  "a view of it": (sql) => [`CREATE TEMP VIEW view_of_it AS ${sql}`, "TABLE view_of_it"],
  "a subquery": (sql) => [`SELECT * FROM (${sql}) AS whole`],
};

const ANY: Record<string, Path> = {
  "several statements": (sql) => [`SELECT 1; ${sql}; SELECT 2`],
  "behind a savepoint": (sql) => ["SAVEPOINT s", "SELECT 1/0", "ROLLBACK TO s", sql],
};

/** The paths that a statement may take beside the simple query, by name. */
export function pathsOf(sql: string): Record<string, Path> {
  if (/;/.test(sql.replace(/'[^']*'|\$\$.*\$\$/gs, ""))) return {};
  return {
    ...EXTENDED,
    ...(PREPARABLE.test(sql) && PREPARED),
    ...(READS.test(sql) && READ),
    ...ANY,
  };
}
