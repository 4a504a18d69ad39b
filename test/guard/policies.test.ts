import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as wire from "../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../compatibility/corpus/case.ts";
import { testTarget } from "../gateway.ts";
import { TARGET } from "../postgres-gateway.ts";
import { type Guarded, startGuarded } from "./rig.ts";
import type { Answer, Wire } from "./wire.ts";

/** A policy set and open sessions: when it counts, what it says, and what happens when it can't be evaluated. */

const FIXTURE = `
CREATE TABLE open (id int PRIMARY KEY, name text);
INSERT INTO open SELECT n, 'name ' || n FROM generate_series(1, 100) n;
CREATE TABLE victims (id int PRIMARY KEY);
INSERT INTO victims VALUES (1), (2);
CREATE TABLE secrets (id int, name text);
INSERT INTO secrets VALUES (1, 'tok-77');
CREATE VIEW shown AS SELECT id, name FROM open;
`;

const ALL = '@id("all") permit(principal, action, resource);';
const NOT_OPEN = `${ALL}
@id("not-open") @reason("nobody reads this now")
forbid(principal, action in [Action::"postgres:read", Action::"postgres:write"], resource)
when { context.reads.contains("public.open") || context.writes.contains("public.open") };`;

/** How soon a change must count in sessions that are open, ms: a second, and patience with a loaded machine. */
const SOON_MS = 10_000;
/** How long what another connection committed may go unnoticed, ms: two seconds, and as much patience. */
const CATALOG_MS = 20_000;

const SYNC = wire.sync();
const OPEN = "SELECT name FROM open ORDER BY id";

function allowed(answer: Answer): Answer {
  assert.deepEqual(answer.errors, []);
  return answer;
}

function blocked(answer: Answer, words: RegExp): void {
  assert.equal(answer.errors[0]?.sqlstate, "42501", `${answer.errors[0]?.message} ${answer.tags}`);
  assert.match(answer.errors[0].message, words);
}

describe("policies and open sessions", { timeout: 300_000 }, () => {
  let guarded: Guarded;

  before(async () => {
    guarded = await startGuarded({ fixture: FIXTURE, policies: ALL });
  });

  after(() => guarded.stop());

  const apply = (policies: string) => guarded.gateway.edge.apply({ targets: [testTarget(TARGET)], policies });

  /** Asks again and again; answers after how many ms it was blocked. */
  async function blockedAfter(ask: () => Promise<Answer>, words: RegExp): Promise<number> {
    const start = performance.now();
    for (;;) {
      const answer = await ask();
      const passed = performance.now() - start;
      if (answer.errors.length > 0) {
        blocked(answer, words);
        return passed;
      }
      assert.ok(passed < 10 * SOON_MS, "the change doesn't count");
    }
  }

  const WAYS: Record<string, { prepare(session: Wire): Promise<void>; ask(session: Wire): Promise<Answer> }> =
    {
      "a simple query": { prepare: async () => {}, ask: (session) => session.query(OPEN) },
      "a statement that the protocol prepared": {
        prepare: async (session) => {
          allowed(await session.ask(wire.parse({ statement: "s", sql: OPEN, parameterTypes: [] }), SYNC));
        },
        ask: (session) => session.ask(bound("", "s"), wire.execute({ portal: "", maxRows: 0 }), SYNC),
      },
      "a statement that SQL prepared": {
        prepare: async (session) => void allowed(await session.query(`PREPARE s AS ${OPEN}`)),
        ask: (session) => session.query("EXECUTE s"),
      },
      "a portal that is kept": {
        prepare: async (session) => {
          allowed(await session.query("BEGIN"));
          allowed(
            await session.ask(
              wire.parse({ statement: "", sql: OPEN, parameterTypes: [] }),
              bound("p", ""),
              SYNC,
            ),
          );
        },
        ask: (session) => session.ask(wire.execute({ portal: "p", maxRows: 1 }), SYNC),
      },
      "a cursor": {
        prepare: async (session) => void allowed(await session.query(`BEGIN; DECLARE c CURSOR FOR ${OPEN}`)),
        ask: (session) => session.query("FETCH FORWARD 1 FROM c"),
      },
    };

  for (const [name, { prepare, ask }] of Object.entries(WAYS)) {
    test(`a change counts within a second for ${name}`, async () => {
      await guarded.policies(ALL);
      await guarded.session(async (session) => {
        await prepare(session);
        allowed(await ask(session));
        await apply(NOT_OPEN);
        const ms = await blockedAfter(() => ask(session), /nobody reads this now/);
        assert.ok(ms < SOON_MS, `after ${ms} ms`);
      });
    });
  }

  test("a change back lets the same session go on", async () => {
    await guarded.policies(NOT_OPEN);
    await guarded.session(async (session) => {
      blocked(await session.query(OPEN), /nobody/);
      await guarded.policies(ALL);
      allowed(await session.query(OPEN));
    });
  });

  test("a set that does not validate is not taken, and the one in force stays", async () => {
    await guarded.policies(NOT_OPEN);
    await assert.rejects(apply(`${ALL} forbid(principal, action == Action::"postgres:fly", resource);`));
    await assert.rejects(apply("permit(principal, action, resource"));
    await guarded.session(async (session) => blocked(await session.query(OPEN), /nobody/));
  });

  test("a refusal has the reason, the policy and what to do, and nothing of the literals", async () => {
    await guarded.policies(NOT_OPEN);
    await guarded.session(async (session) => {
      const { errors } = await session.query("SELECT * FROM open WHERE name = 'hunter2'");
      const [error] = errors;
      assert.equal(error?.severity, "ERROR");
      assert.match(error.message, /nobody reads this now/);
      assert.match(error.hint, /not-open/);
      assert.doesNotMatch(`${error.message}${error.hint}`, /hunter2/);
    });
  });

  test("what no policy permits is blocked, and the words say so", async () => {
    await guarded.policies('@id("connect") permit(principal, action == Action::"connect", resource);');
    await guarded.session(async (session) => {
      for (const sql of [
        "SELECT 1",
        "BEGIN",
        "SHOW work_mem",
        "DELETE FROM victims",
        "SET work_mem = '5MB'",
      ]) {
        blocked(await session.query(sql), /./);
        blocked(await session.ask(...unnamed({ sql }), SYNC), /./);
      }
      assert.equal((await session.query("")).status, "I");
    });
  });

  test("a verdict `approve` holds: a notice names who could approve, and a refusal when nobody does", async () => {
    await guarded.policies(`${ALL}
@id("held") @reason("a person looks first") @approvers("dba") @expires("1s")
forbid(principal, action == Action::"postgres:delete", resource) unless { context.approved };`);
    await guarded.session(async (session) => {
      const answer = await session.query("DELETE FROM victims");
      assert.deepEqual(
        answer.heard.map(({ name }) => name),
        ["NoticeResponse", "ErrorResponse", "ReadyForQuery"],
      );
      blocked(answer, /approval expired/);
      assert.match(answer.errors[0]!.hint, /1 of dba .*a person looks first/);
    });
    const { rows } = await guarded.admin.query("SELECT count(*)::int AS left FROM victims");
    assert.deepEqual(rows, [{ left: 2 }]);
  });

  for (const [effect, policies] of [
    [
      "permit",
      `@id("others") permit(principal, action, resource) unless { action == Action::"postgres:delete" };
@id("faulty") permit(principal, action == Action::"postgres:delete", resource)
when { context.session.statements * 9007199254740991 * 9007199254740991 >= 0 };`,
    ],
    [
      "forbid",
      `${ALL}
@id("faulty") forbid(principal, action == Action::"postgres:delete", resource)
when { context.session.statements * 9007199254740991 * 9007199254740991 == 1 };`,
    ],
    [
      "forbid behind a permit that would hold",
      `${ALL}
@id("held") @approvers("dba") forbid(principal, action == Action::"postgres:delete", resource)
unless { context.approved };
@id("faulty") forbid(principal, action == Action::"postgres:delete", resource)
when { context.session.statements * 9007199254740991 * 9007199254740991 == 0 };`,
    ],
  ] as const) {
    test(`an evaluation that fails refuses: in a ${effect}`, async () => {
      await guarded.policies(policies);
      await guarded.session(async (session) => {
        allowed(await session.query("SELECT 1"));
        for (let n = 0; n < 3; n++) blocked(await session.query("DELETE FROM victims"), /./);
        allowed(await session.query("SELECT 1"));
      });
      const { rows } = await guarded.admin.query("SELECT count(*)::int AS left FROM victims");
      assert.deepEqual(rows, [{ left: 2 }]);
    });
  }

  test("a view that another connection changes is judged as it is within two seconds", async () => {
    await guarded.policies(`${ALL}
@id("secrets") @reason("secrets stay") forbid(principal, action in Action::"postgres:read", resource)
when { context.reads.contains("public.secrets") };`);
    await guarded.session(async (session) => {
      const ask = () => session.query("SELECT name FROM shown WHERE id = 1");
      allowed(await ask());
      await guarded.admin.query("CREATE OR REPLACE VIEW shown AS SELECT id, name FROM secrets");
      const ms = await blockedAfter(ask, /secrets stay/);
      assert.ok(ms < CATALOG_MS, `after ${ms} ms`);
      await guarded.admin.query("CREATE OR REPLACE VIEW shown AS SELECT id, name FROM open");
    });
  });

  test("a view that another session of the gateway changes is judged as it is at once", async () => {
    await guarded.policies(`${ALL}
@id("secrets") @reason("secrets stay") forbid(principal, action == Action::"postgres:select", resource)
when { context.reads.contains("public.secrets") && context.tag == "SELECT" };`);
    await guarded.session(async (session) => {
      allowed(await session.query("SELECT name FROM shown"));
      await guarded.session(async (other) => {
        allowed(await other.query("BEGIN"));
        const made = await other.query("CREATE OR REPLACE VIEW shown AS SELECT id, name FROM secrets");
        allowed(made);
        // Until then the server itself would have the statement wait for the lock.
        allowed(await other.query("COMMIT"));
        blocked(await session.query("SELECT name FROM shown"), /secrets stay/);
        allowed(await other.query("CREATE OR REPLACE VIEW shown AS SELECT id, name FROM open"));
        allowed(await session.query("SELECT name FROM shown"));
      });
    });
  });
});
