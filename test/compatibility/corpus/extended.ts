import * as wire from "../../../protocol/postgres/messages.ts";
import { bound, type Case, extended, simple, unnamed, until } from "./case.ts";

const INT4 = 23;
const TEXT = 25;

/** The extended query protocol: prepared statements, portals, Describe, pipelines and their errors. */
export const EXTENDED: Case[] = [
  {
    name: "an unnamed statement",
    steps: [
      extended(
        unnamed({ sql: "SELECT $1::int + 1 AS n, $2 AS t", types: [0, TEXT], values: ["41", "words"] }),
      ),
      extended(unnamed({ sql: "SELECT $1::text IS NULL", values: [null] })),
      extended(unnamed({ sql: "SELECT n FROM generate_series(1, 5) n", binary: true })),
      extended(unnamed({ sql: "" })),
      extended(unnamed({ sql: "INSERT INTO landing VALUES ($1, $2)", values: ["1", "one"] })),
      extended(unnamed({ sql: "TRUNCATE landing" })),
    ],
  },
  {
    name: "a named statement, described, bound often, closed",
    steps: [
      extended(
        wire.parse({ statement: "by_id", sql: "SELECT * FROM item WHERE id = $1", parameterTypes: [INT4] }),
        wire.describe({ kind: "statement", name: "by_id" }),
      ),
      ...["1", "2", "3", "4"].map((id) =>
        extended(bound("", "by_id", [id]), wire.execute({ portal: "", maxRows: 0 })),
      ),
      extended(wire.parse({ statement: "by_id", sql: "SELECT 1", parameterTypes: [] })),
      extended(wire.close({ kind: "statement", name: "by_id" })),
      extended(wire.close({ kind: "statement", name: "never" })),
      extended(bound("", "by_id", ["1"])),
      extended(wire.describe({ kind: "statement", name: "by_id" })),
    ],
  },
  {
    name: "portals with row limits",
    steps: [
      ...simple("BEGIN"),
      extended(
        wire.parse({ statement: "s", sql: "SELECT n FROM generate_series(1, $1) n", parameterTypes: [INT4] }),
        bound("p", "s", ["10"]),
        bound("q", "s", ["3"]),
        wire.describe({ kind: "portal", name: "p" }),
        wire.execute({ portal: "p", maxRows: 4 }),
        wire.execute({ portal: "q", maxRows: 3 }),
        wire.execute({ portal: "p", maxRows: 4 }),
      ),
      extended(wire.execute({ portal: "p", maxRows: 4 }), wire.execute({ portal: "q", maxRows: 1 })),
      extended(wire.close({ kind: "portal", name: "p" }), wire.execute({ portal: "p", maxRows: 0 })),
      ...simple("ROLLBACK"),
      extended(wire.execute({ portal: "q", maxRows: 0 })),
    ],
  },
  {
    name: "a portal ends with its Sync",
    steps: [
      extended(unnamed({ sql: "SELECT n FROM generate_series(1, 10) n", maxRows: 2 })),
      extended(wire.execute({ portal: "", maxRows: 2 })),
    ],
  },
  {
    name: "Describe of what has no rows and of unknown types",
    steps: [
      extended(
        wire.parse({ statement: "w", sql: "UPDATE item SET price = $1 WHERE id = $2", parameterTypes: [] }),
        wire.describe({ kind: "statement", name: "w" }),
        wire.parse({
          statement: "r",
          sql: "DELETE FROM part WHERE name = $1 RETURNING *",
          parameterTypes: [],
        }),
        wire.describe({ kind: "statement", name: "r" }),
        wire.parse({ statement: "e", sql: "", parameterTypes: [] }),
        wire.describe({ kind: "statement", name: "e" }),
      ),
      extended(wire.parse({ statement: "u", sql: "SELECT $1", parameterTypes: [] }), describeStatement("u")),
      extended(wire.parse({ statement: "x", sql: "SELECT $2", parameterTypes: [] })),
      extended(describeStatement("missing")),
      extended(wire.describe({ kind: "portal", name: "missing" })),
    ],
  },
  {
    name: "Flush answers without a Sync",
    steps: [
      {
        send: [
          wire.parse({ statement: "f", sql: "SELECT 1 AS one", parameterTypes: [] }),
          describeStatement("f"),
          wire.flush(),
        ],
        until: until("RowDescription"),
      },
      {
        send: [bound("", "f"), wire.execute({ portal: "", maxRows: 0 }), wire.flush()],
        until: until("CommandComplete"),
      },
      extended(),
      extended(),
    ],
  },
  {
    name: "a pipeline of many statements, one Sync each",
    steps: [
      {
        send: Array.from({ length: 50 }, (_, n) => [
          ...unnamed({ sql: "SELECT $1::int * 2", values: [String(n)] }),
          wire.sync(),
        ]).flat(),
        until: until("ReadyForQuery", 50),
      },
    ],
  },
  {
    name: "a pipeline with an error skips to its Sync and undoes what came before",
    steps: [
      {
        send: [
          ...unnamed({ sql: "INSERT INTO landing VALUES (1, 'undone')" }),
          ...unnamed({ sql: "SELECT 1/0" }),
          ...unnamed({ sql: "INSERT INTO landing VALUES (2, 'skipped')" }),
          wire.sync(),
          ...unnamed({ sql: "SELECT count(*) FROM landing" }),
          wire.sync(),
          ...unnamed({ sql: "SELECT nothing" }),
          wire.flush(),
          ...unnamed({ sql: "SELECT 'skipped'" }),
          wire.sync(),
        ],
        until: until("ReadyForQuery", 3),
      },
    ],
  },
  {
    name: "simple queries in a pipeline",
    steps: [
      {
        send: [
          wire.query("SELECT 1"),
          ...unnamed({ sql: "SELECT 2" }),
          wire.query("SELECT 3; SELECT 1/0"),
          wire.query("SELECT 4"),
          wire.sync(),
        ],
        until: until("ReadyForQuery", 4),
      },
    ],
  },
  {
    name: "transactions inside a pipeline",
    steps: [
      {
        send: [
          ...unnamed({ sql: "BEGIN" }),
          wire.sync(),
          ...unnamed({ sql: "INSERT INTO landing VALUES ($1, $2)", values: ["1", "one"] }),
          wire.sync(),
          ...unnamed({ sql: "SAVEPOINT s" }),
          ...unnamed({ sql: "SELECT * FROM nowhere" }),
          wire.sync(),
          ...unnamed({ sql: "ROLLBACK TO s" }),
          ...unnamed({ sql: "SELECT * FROM landing" }),
          wire.sync(),
          ...unnamed({ sql: "ROLLBACK" }),
          wire.sync(),
        ],
        until: until("ReadyForQuery", 5),
      },
    ],
  },
  {
    name: "messages that the server refuses",
    steps: [
      extended(bound("", "none")),
      extended(wire.parse({ statement: "", sql: "SELECT $1::int", parameterTypes: [] }), bound("", "", [])),
      extended(unnamed({ sql: "SELECT $1::int", values: ["no number"] })),
      extended(unnamed({ sql: "SELECT $1::int", values: [Buffer.from([1, 2])] })),
      extended(unnamed({ sql: "SELECT $1::text", values: [Buffer.from([0xff, 0xfe])] })),
      extended(wire.parse({ statement: "", sql: "SELECT 1; SELECT 2", parameterTypes: [] })),
      extended(wire.parse({ statement: "", sql: "SELECT $1", parameterTypes: [4_000_000_000] })),
      extended(wire.execute({ portal: "", maxRows: -1 })),
      extended(unnamed({ sql: "SELECT 'and on'" })),
    ],
  },
  {
    name: "CopyData, CopyDone and CopyFail outside a COPY are passed over",
    steps: [
      extended(wire.copyData(Buffer.from("1\tx\n")), wire.copyDone(), wire.copyFail("why not")),
      ...simple("SELECT 1"),
    ],
  },
  {
    name: "a statement's plan that its table has left behind",
    steps: [
      ...simple("CREATE TEMP TABLE moving (a int)"),
      extended(wire.parse({ statement: "m", sql: "SELECT * FROM moving", parameterTypes: [] })),
      ...simple("ALTER TABLE moving ADD COLUMN b text"),
      extended(bound("", "m"), wire.execute({ portal: "", maxRows: 0 })),
    ],
  },
  {
    name: "many parameters",
    steps: [
      extended(
        unnamed({
          sql: `SELECT cardinality(ARRAY[${Array.from({ length: 5_000 }, (_, n) => `$${n + 1}::int`)}])`,
          values: Array.from({ length: 5_000 }, (_, n) => String(n)),
        }),
      ),
    ],
  },
];

function describeStatement(name: string): Buffer {
  return wire.describe({ kind: "statement", name });
}
