import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import * as wire from "../../protocol/postgres/messages.ts";
import { SEED } from "../../protocol/seeded.ts";
import type { Heard } from "../compatibility/conversation.ts";
import { bound, type Step, unnamed, until } from "../compatibility/corpus/case.ts";
import { type Message, PIPELINES, stepsOf } from "./pipelines.ts";
import { type Guarded, startGuarded, WORKER } from "./rig.ts";
import {
  BESIDE,
  BLOCKED,
  CIRCUMSTANCES,
  type Circumstance,
  denied,
  FORMS,
  type Form,
  type Functions,
  TAKES_BEGUN,
  type Trio,
} from "./scenarios.ts";
import { type Answer, lines, Wire } from "./wire.ts";

/**
 * Blocking leaves client and target agreeing about the transaction: message for message, a session with a blocked
 * statement is what PostgreSQL makes of one with a statement that it refuses itself.
 */

const FIXTURE = `
CREATE TABLE kept (n int);
CREATE TABLE victims (n int);
CREATE SCHEMA hidden;
CREATE TABLE hidden.victims (n int);
CREATE FUNCTION keep(n int) RETURNS int LANGUAGE sql AS 'INSERT INTO kept VALUES (n) RETURNING n';
CREATE FUNCTION strike(n int) RETURNS int LANGUAGE sql AS 'DELETE FROM victims RETURNING n';
CREATE FUNCTION denied(n int) RETURNS int LANGUAGE sql AS 'SELECT n';
REVOKE ALL ON FUNCTION denied FROM public;
CREATE TABLE fickle (n int);
CREATE TABLE never (n int);
GRANT ALL ON kept, victims, fickle TO ${WORKER};
`;

const POLICIES = `
@id("all") permit(principal, action, resource);
@id("victims") @reason("victims stay as they are")
forbid(principal, action in [Action::"postgres:read", Action::"postgres:write", Action::"postgres:define"], resource)
when { context.reads.contains("public.victims") || context.writes.contains("public.victims") };
@id("strike") @reason("victims stay as they are")
forbid(principal, action in [Action::"postgres:select", Action::"postgres:call"], resource)
when { context.functions.contains("public.strike") };
`;

const NOT_FICKLE = `${POLICIES}
@id("fickle") @reason("not any more") forbid(principal, action == Action::"postgres:delete", resource)
when { context.writes.contains("public.fickle") };`;

describe("a blocked statement and the transaction", { timeout: 340_000 }, () => {
  let guarded: Guarded;
  let functions: Functions;

  before(async () => {
    guarded = await startGuarded({ fixture: FIXTURE, policies: POLICIES, role: WORKER });
    const { rows } = await guarded.admin.query<Functions>(
      "SELECT 'keep'::regproc::oid AS keep, 'strike'::regproc::oid AS strike, 'denied'::regproc::oid AS denied",
    );
    functions = rows[0]!;
  });

  after(async () => {
    for (const session of Object.values(sessions)) await session.close();
    await guarded.stop();
  });

  /** One session in each place, for all scenarios: opening one costs more than a scenario. */
  const sessions: Partial<Record<"direct" | "through", Wire>> = {};

  /** Every message, each in a line, and what is in the tables behind it. */
  async function held(place: "direct" | "through", steps: Step[]): Promise<string[]> {
    await guarded.admin.query(
      "DELETE FROM kept; DELETE FROM victims; INSERT INTO victims VALUES (1), (2), (3)",
    );
    if (sessions[place]?.over !== false) sessions[place] = await Wire.open(guarded[place]);
    const session = sessions[place];
    session.send(...CLEAR);
    const heard: Heard[] = [];
    await session.settle();
    for (const step of steps) {
      if ("send" in step) session.send(...step.send);
      heard.push(...(await session.hear(step.until)));
    }
    heard.push(...(await session.settle()).heard);
    const { rows } = await guarded.admin.query(
      "SELECT (SELECT json_agg(n ORDER BY n) FROM kept) AS kept, (SELECT json_agg(n ORDER BY n) FROM victims) AS victims",
    );
    return [...lines(heard), JSON.stringify(rows)];
  }

  for (const form of FORMS) {
    describe(form.name, () => {
      for (const circumstance of CIRCUMSTANCES) {
        if (circumstance.begun !== null && !TAKES_BEGUN.has(form)) continue;
        test(circumstance.name, async () => {
          const blocked = form.blocked ?? BLOCKED;
          for (const [position, steps] of scenarios(form, circumstance, functions)) {
            const expected = await held("direct", denied(steps, blocked, functions));
            const actual = await held("through", steps);
            assert.deepEqual(agreed(actual, expected), expected, `blocked ${position}`);
          }
        });
      }
    });
  }

  describe("what was prepared while it was permitted", () => {
    const SYNC = wire.sync();
    const run = [bound("", "s"), wire.execute({ portal: "", maxRows: 0 })];
    const kept = bound("kept", "s");
    const WAYS: Record<string, (session: Wire) => Promise<Answer>> = {
      "bound again": (session) => session.ask(run, SYNC),
      "bound again among others": (session) =>
        session.ask(unnamed({ sql: BESIDE[0] }), run, unnamed({ sql: BESIDE[1] }), SYNC),
      "run by EXECUTE": (session) => session.query("EXECUTE s"),
      "run from a portal that was bound before": (session) =>
        session.ask(wire.execute({ portal: "kept", maxRows: 0 }), SYNC),
    };

    /**
     * Direct it is a statement to whose table the role has no right, which the server says when it is run; a Bind
     * may be refused where the server refuses the Execute.
     */
    async function heldAgain(
      place: "direct" | "through",
      { before, after }: Circumstance,
      way: (session: Wire) => Promise<Answer>,
    ): Promise<string[]> {
      await guarded.admin.query("DELETE FROM kept; DELETE FROM fickle; INSERT INTO fickle VALUES (1), (2)");
      if (place === "through") await guarded.policies(POLICIES);
      const session = await Wire.open(guarded[place]);
      const sql = place === "through" ? "DELETE FROM fickle" : "DELETE FROM never";
      const heard = [
        ...(await session.ask(wire.parse({ statement: "s", sql, parameterTypes: [] }), SYNC)).heard,
      ];
      for (const one of before.slice(0, -1)) heard.push(...(await session.query(one)).heard);
      heard.push(...(await session.ask(kept, SYNC)).heard);
      for (const one of before.slice(-1)) heard.push(...(await session.query(one)).heard);
      if (place === "through") await guarded.policies(NOT_FICKLE);
      heard.push(...(await way(session)).heard);
      for (const one of after) heard.push(...(await session.query(one)).heard);
      await session.close();
      const left = await guarded.admin.query("SELECT (SELECT count(*) FROM fickle), n FROM kept ORDER BY n");
      const dropped = /^(BindComplete|NoData)/;
      return [...lines(heard).filter((line) => !dropped.test(line)), JSON.stringify(left.rows)];
    }

    for (const [name, way] of Object.entries(WAYS)) {
      test(`fails as the server fails when it is ${name}`, async () => {
        for (const circumstance of CIRCUMSTANCES.slice(0, 3)) {
          const expected = await heldAgain("direct", circumstance, way);
          const actual = await heldAgain("through", circumstance, way);
          assert.deepEqual(agreed(actual, expected), expected, circumstance.name);
        }
      });
    }
  });

  test(`random pipelines (SEED=${SEED})`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const one = async (pipeline: Message[][]) => {
      const steps = stepsOf(pipeline);
      const expected = await held("direct", denied(steps, BLOCKED, functions));
      const actual = await held("through", steps);
      assert.deepEqual(agreed(actual, expected), expected);
    };
    await fc.assert(fc.asyncProperty(PIPELINES, one), { seed: SEED, numRuns: 60 });
  });
});

/** One scenario for each place of the blocked statement among three. */
function scenarios(
  form: Form,
  { before, begun, after }: Circumstance,
  functions: Functions,
): [string, Step[]][] {
  const [one, other] = form.beside ?? BESIDE;
  const blocked = form.blocked ?? BLOCKED;
  const trios: [string, Trio][] = [
    ["first", [blocked, one, other]],
    ["middle", [one, blocked, other]],
    ["last", [one, other, blocked]],
  ];
  return trios.map(([position, trio]) => {
    const begin = TAKES_BEGUN.has(form) ? begun : null;
    const steps = form.steps(trio, begin, functions);
    return [position, [...atOnce(before), ...steps, ...atOnce(after)]];
  });
}

/** What one scenario leaves to the next, gone. */
const CLEAR = [
  wire.query("ROLLBACK"),
  wire.query("DEALLOCATE ALL"),
  wire.close({ kind: "portal", name: "" }),
];

/** Simple queries, sent at once. */
function atOnce(statements: string[]): Step[] {
  if (statements.length === 0) return [];
  return [{ send: statements.map(wire.query), until: until("ReadyForQuery", statements.length) }];
}

/**
 * What the gateway said, with the differences taken out that are meant. In an aborted transaction the server refuses any
 * statement with 25P02 before it looks at it, and a blocked one is told to be blocked. And there it keeps the unnamed
 * portal in which a simple query failed, but not that of one which it could not even plan: whoever executes it is told
 * that there is none.
 */
function agreed(actual: string[], expected: string[]): string[] {
  return actual.map((line, index) =>
    expected[index] === "ErrorResponse 25P02" && REFUSED_LIKEWISE.has(line) ? expected[index] : line,
  );
}

const REFUSED_LIKEWISE: ReadonlySet<string> = new Set(["ErrorResponse 42501", "ErrorResponse 34000"]);
