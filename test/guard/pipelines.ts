import fc from "fast-check";
import * as wire from "../../protocol/postgres/messages.ts";
import { bound, type Step, simple, until } from "../compatibility/corpus/case.ts";
import { BLOCKED } from "./scenarios.ts";

/** Random conversations: batches of messages, each with a Sync behind it. */

/** One message as plain data, so that a counterexample can be read. */
export type Message =
  | { query: string }
  | { parse: string; as: string }
  | { bind: string; to: string }
  | { execute: string; rows: number }
  | { describe: "statement" | "portal"; name: string }
  | { close: "statement" | "portal"; name: string }
  | "flush"
  | "sync";

const STATEMENTS = fc.constantFrom("", "a", "b");
const PORTALS = fc.constantFrom("", "p");

const SINGLE = [
  "INSERT INTO kept VALUES (1)",
  "INSERT INTO kept VALUES (2) RETURNING n",
  "SELECT count(*) FROM kept",
  "SELECT n FROM generate_series(1, 3) n",
  "SELECT 1/0",
  "SELECT missing FROM kept",
  "BEGIN",
  "COMMIT",
  "ROLLBACK",
  "SAVEPOINT s",
  "ROLLBACK TO s",
  "RELEASE s",
  "PREPARE a AS INSERT INTO kept VALUES (3)",
  "PREPARE b AS SELECT n FROM kept ORDER BY n",
  "DEALLOCATE a",
  "DEALLOCATE ALL",
  "DECLARE p CURSOR FOR SELECT n FROM generate_series(1, 3) n",
  "FETCH 1 FROM p",
  "CLOSE p",
];
const BLOCKS = [BLOCKED, `${BLOCKED} WHERE n = 1`, `PREPARE a AS ${BLOCKED}`, `EXPLAIN ANALYZE ${BLOCKED}`];
const SEVERAL = [
  "INSERT INTO kept VALUES (4); SELECT 1/0",
  "BEGIN; INSERT INTO kept VALUES (5)",
  "INSERT INTO kept VALUES (6); COMMIT",
  `INSERT INTO kept VALUES (7); ${BLOCKED}`,
  `${BLOCKED}; COMMIT`,
  `COMMIT; ${BLOCKED}; INSERT INTO kept VALUES (8)`,
];

const STATEMENT = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...SINGLE) },
  { weight: 1, arbitrary: fc.constantFrom(...BLOCKS) },
);

const MESSAGE: fc.Arbitrary<Message> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ query: fc.oneof(STATEMENT, fc.constantFrom(...SEVERAL)) }) },
  { weight: 4, arbitrary: fc.record({ parse: STATEMENT, as: STATEMENTS }) },
  { weight: 4, arbitrary: fc.record({ bind: STATEMENTS, to: PORTALS }) },
  { weight: 4, arbitrary: fc.record({ execute: PORTALS, rows: fc.constantFrom(0, 1) }) },
  { weight: 1, arbitrary: fc.record({ describe: fc.constant("statement" as const), name: STATEMENTS }) },
  { weight: 1, arbitrary: fc.record({ describe: fc.constant("portal" as const), name: PORTALS }) },
  { weight: 1, arbitrary: fc.record({ close: fc.constant("statement" as const), name: STATEMENTS }) },
  { weight: 1, arbitrary: fc.record({ close: fc.constant("portal" as const), name: PORTALS }) },
  { weight: 1, arbitrary: fc.constant("flush" as const) },
  { weight: 2, arbitrary: fc.constant("sync" as const) },
);

/** The order in which clients send: most pipelines of single messages fail at their first Bind. */
const RUN: fc.Arbitrary<Message[]> = fc
  .record({ sql: STATEMENT, name: STATEMENTS, portal: PORTALS })
  .map(({ sql, name, portal }) => [
    { parse: sql, as: name },
    { bind: name, to: portal },
    { describe: "portal", name: portal },
    { execute: portal, rows: 0 },
  ]);

export const PIPELINES = fc.array(
  fc
    .array(fc.oneof({ weight: 2, arbitrary: RUN }, { weight: 3, arbitrary: MESSAGE.map((one) => [one]) }), {
      minLength: 1,
      maxLength: 8,
    })
    .map((parts) => parts.flat()),
  { minLength: 1, maxLength: 4 },
);

/**
 * The steps of a pipeline. An answer's length can't be told ahead, as a server skips after an error: behind the Sync
 * stands an empty query, which every state answers.
 */
export function stepsOf(pipeline: Message[][]): Step[] {
  const batches = pipeline.map((batch): Step => {
    const send = [...batch.map(bytes), wire.sync(), wire.query("")];
    return { send, until: until("EmptyQueryResponse") };
  });
  return [...batches, ...simple("COMMIT", "SELECT n FROM kept ORDER BY n")];
}

function bytes(message: Message): Uint8Array {
  if (message === "flush") return wire.flush();
  if (message === "sync") return wire.sync();
  if ("query" in message) return wire.query(message.query);
  if ("parse" in message) {
    return wire.parse({ statement: message.as, sql: message.parse, parameterTypes: [] });
  }
  if ("bind" in message) return bound(message.to, message.bind);
  if ("execute" in message) return wire.execute({ portal: message.execute, maxRows: message.rows });
  if ("describe" in message) return wire.describe({ kind: message.describe, name: message.name });
  return wire.close({ kind: message.close, name: message.name });
}
