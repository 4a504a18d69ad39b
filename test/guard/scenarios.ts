import * as wire from "../../protocol/postgres/messages.ts";
import { bound, type Step, simple, unnamed, until } from "../compatibility/corpus/case.ts";

/**
 * The matrix of what a session may be doing when a statement is blocked. A scenario is held twice: with the gateway,
 * whose policy blocks one of its statements, and with the server, where each message that has the statement is
 * replaced by one that the server itself refuses with 42501.
 */

/** The three statements of a scenario, one of which is blocked. */
export type Trio = [string, string, string];

export interface Form {
  name: string;
  /** The statements beside the blocked one; inserts by default. */
  beside?: [string, string];
  /** What is blocked; a delete by default. */
  blocked?: string;
  steps(trio: Trio, begun: string | null, functions: Functions): Step[];
}

/** Object ids of functions for the function-call message. */
export interface Functions {
  /** Inserts a row. */
  keep: number;
  /** Blocked by the policy. */
  strike: number;
  /** The role has no right to it. */
  denied: number;
}

export const BLOCKED = "DELETE FROM victims";
export const BESIDE: [string, string] = ["INSERT INTO kept VALUES (1)", "INSERT INTO kept VALUES (2)"];
/** It fails while it is analysed, as the role may not use the schema. */
export const DENIED = "DELETE FROM hidden.victims";

/** The same steps with what is blocked replaced, message for message, by what the server refuses. */
export function denied(steps: Step[], blocked: string, functions: Functions): Step[] {
  return steps.map((step) =>
    "send" in step ? { ...step, send: step.send.map((message) => deny(message, blocked, functions)) } : step,
  );
}

function deny(message: Uint8Array, blocked: string, { strike, denied: function_ }: Functions): Uint8Array {
  const body = message.subarray(5);
  switch (wire.messageName("frontend", message[0]!)) {
    case "Query":
      return wire.parseQuery(body).sql.includes(blocked) ? wire.query(DENIED) : message;
    case "Parse": {
      const parsed = wire.parseParse(body);
      return parsed.sql.includes(blocked) ? wire.parse({ ...parsed, sql: DENIED }) : message;
    }
    case "FunctionCall": {
      const call = wire.parseFunctionCall(body);
      return call.function === strike ? wire.functionCall({ ...call, function: function_ }) : message;
    }
    default:
      return message;
  }
}

export interface Circumstance {
  name: string;
  /** Simple queries before. */
  before: string[];
  /** A statement in the same batch of the extended protocol before the three; only forms with a batch have it. */
  begun: string | null;
  /** Simple queries behind. */
  after: string[];
}

const END = ["INSERT INTO kept VALUES (90)", "SELECT n FROM kept ORDER BY n"];

export const CIRCUMSTANCES: Circumstance[] = [
  { name: "outside a transaction", before: [], begun: null, after: [...END] },
  {
    name: "in a transaction",
    before: ["BEGIN", "INSERT INTO kept VALUES (80)"],
    begun: null,
    after: [...END, "COMMIT"],
  },
  {
    name: "after a savepoint",
    before: ["BEGIN", "INSERT INTO kept VALUES (80)", "SAVEPOINT here", "INSERT INTO kept VALUES (81)"],
    begun: null,
    after: [...END, "ROLLBACK TO here", ...END, "COMMIT"],
  },
  {
    name: "in an aborted transaction",
    before: ["BEGIN", "INSERT INTO kept VALUES (80)", "SELECT 1/0"],
    begun: null,
    after: [...END, "COMMIT"],
  },
  {
    name: "in an aborted subtransaction",
    before: ["BEGIN", "INSERT INTO kept VALUES (80)", "SAVEPOINT here", "SELECT 1/0"],
    begun: null,
    after: ["ROLLBACK TO here", ...END, "COMMIT"],
  },
  {
    name: "in a pipeline's implicit transaction",
    before: [],
    begun: "INSERT INTO kept VALUES (70)",
    after: [...END],
  },
];

const ready = (times = 1) => until("ReadyForQuery", times);
const FLUSH = wire.flush();
const SYNC = wire.sync();

/** Where the messages' own answers can't be counted: behind a Sync an empty query, which every state answers. */
function settled(messages: Uint8Array[]): Step[] {
  return [{ send: [...messages, SYNC, wire.query("")], until: until("EmptyQueryResponse") }];
}

function batch(begun: string | null): Uint8Array[] {
  return begun === null ? [] : unnamed({ sql: begun });
}

function named(sql: string, index: number): Uint8Array {
  return wire.parse({ statement: `s${index}`, sql, parameterTypes: [] });
}

function run(index: number): Uint8Array[] {
  return [
    bound("", `s${index}`),
    wire.describe({ kind: "portal", name: "" }),
    wire.execute({ portal: "", maxRows: 0 }),
  ];
}

function call(id: number): Uint8Array {
  const argument = Buffer.from("5");
  return wire.functionCall({ function: id, argumentFormats: [], arguments: [argument], resultFormat: 0 });
}

const COPIED = [wire.copyData(Buffer.from("41\n42\n")), wire.copyDone()];

/** Forms that can stand in a batch, before whose first message another statement may have run without a Sync. */
const BATCHES: Form[] = [
  {
    name: "extended, one Sync for all",
    steps: (statements, begun) => [
      { send: [...batch(begun), ...statements.flatMap((sql) => unnamed({ sql })), SYNC], until: ready() },
    ],
  },
  {
    name: "extended, Flush instead of Sync",
    steps: (statements, begun) => [
      {
        send: [...batch(begun), ...statements.flatMap((sql) => [...unnamed({ sql }), FLUSH])],
        until: until("ErrorResponse"),
      },
      { send: [SYNC], until: ready() },
    ],
  },
  {
    name: "named statements, all parsed first, in one batch",
    steps: (statements, begun) => [
      {
        send: [...batch(begun), ...statements.map(named), ...statements.flatMap((_, n) => run(n)), SYNC],
        until: ready(),
      },
    ],
  },
  {
    name: "extended, then a simple query without a Sync between",
    steps: ([first, second, third], begun) =>
      settled([...batch(begun), ...unnamed({ sql: first }), ...unnamed({ sql: second }), wire.query(third)]),
  },
  {
    name: "SQL's PREPARE and EXECUTE by the extended protocol",
    steps: (statements, begun) => [
      {
        send: [
          ...batch(begun),
          ...statements.flatMap((sql, n) => [
            ...unnamed({ sql: `PREPARE p${n} AS ${sql}` }),
            ...unnamed({ sql: `EXECUTE p${n}` }),
          ]),
          SYNC,
        ],
        until: ready(),
      },
    ],
  },
];

export const FORMS: Form[] = [
  { name: "simple", steps: (statements) => simple(...statements) },
  {
    name: "simple, sent at once",
    steps: (statements) => [{ send: statements.map(wire.query), until: ready(3) }],
  },
  {
    name: "several in one simple query",
    steps: (statements) => simple(statements.join("; ")),
  },
  {
    name: "extended, a Sync each",
    steps: (statements) => statements.map((sql) => ({ send: [...unnamed({ sql }), SYNC], until: ready() })),
  },
  {
    name: "extended, a Sync each, sent at once",
    steps: (statements) => [
      { send: statements.flatMap((sql) => [...unnamed({ sql }), SYNC]), until: ready(3) },
    ],
  },
  ...BATCHES,
  {
    name: "named statements, each parsed and described with a Sync, then run with a Sync each",
    steps: (statements) => [
      ...statements.map((sql, n) => ({
        send: [named(sql, n), wire.describe({ kind: "statement", name: `s${n}` }), SYNC],
        until: ready(),
      })),
      ...statements.map((_, n) => ({ send: [...run(n), SYNC], until: ready() })),
    ],
  },
  {
    name: "named statements, parsed with a Sync each, then run in one batch",
    steps: (statements) => [
      { send: statements.flatMap((sql, n) => [named(sql, n), SYNC]), until: ready(3) },
      { send: [...statements.flatMap((_, n) => run(n)), SYNC], until: ready() },
    ],
  },
  {
    name: "SQL's PREPARE, then the protocol's Bind",
    steps: (statements) => [
      ...simple(...statements.map((sql, n) => `PREPARE s${n} AS ${sql}`)),
      ...statements.map((_, n) => ({ send: [...run(n), SYNC], until: ready() })),
    ],
  },
  {
    name: "the protocol's Parse, then SQL's EXECUTE",
    steps: (statements) => [
      { send: statements.flatMap((sql, n) => [named(sql, n), SYNC]), until: ready(3) },
      ...simple(...statements.map((_, n) => `EXECUTE s${n}`)),
    ],
  },
  {
    name: "between the pieces of a portal",
    steps: (statements) => [
      {
        send: [
          wire.parse({ statement: "", sql: "SELECT n FROM generate_series(1, 9) n", parameterTypes: [] }),
          bound("cursor", ""),
          wire.execute({ portal: "cursor", maxRows: 2 }),
          FLUSH,
          ...statements.flatMap((sql) => [
            ...unnamed({ sql }),
            wire.execute({ portal: "cursor", maxRows: 2 }),
          ]),
          SYNC,
        ],
        until: ready(),
      },
      { send: [wire.execute({ portal: "cursor", maxRows: 2 }), SYNC], until: ready() },
    ],
  },
  {
    name: "COPY in, its data sent ahead",
    beside: ["COPY kept FROM STDIN", "COPY kept FROM STDIN"],
    blocked: "COPY victims FROM STDIN",
    steps: (statements) => statements.map((sql) => ({ send: [wire.query(sql), ...COPIED], until: ready() })),
  },
  {
    name: "COPY in by the extended protocol, its data sent ahead",
    beside: ["COPY kept FROM STDIN", "COPY kept FROM STDIN"],
    blocked: "COPY victims FROM STDIN",
    steps: (statements) =>
      statements.map((sql) => ({
        send: [...unnamed({ sql }), ...COPIED, SYNC],
        until: ready(),
      })),
  },
  {
    name: "function-call messages",
    steps: (statements, _begun, { keep, strike }) => [
      ...statements.map((sql) => ({ send: [call(sql === BLOCKED ? strike : keep)], until: ready() })),
      { send: statements.map((sql) => call(sql === BLOCKED ? strike : keep)), until: ready(3) },
    ],
  },
  {
    name: "COPY out, between others",
    beside: ["COPY (SELECT n FROM kept ORDER BY n) TO STDOUT", "INSERT INTO kept VALUES (2)"],
    blocked: "COPY victims TO STDOUT",
    steps: (statements) => [
      ...simple(...statements),
      { send: statements.flatMap((sql) => [...unnamed({ sql }), SYNC]), until: ready(3) },
    ],
  },
];

/** Forms that can have a statement before them in their batch. */
export const TAKES_BEGUN: ReadonlySet<Form> = new Set(BATCHES);
