import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as wire from "../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../compatibility/corpus/case.ts";
import { type Guarded, startGuarded } from "./rig.ts";
import type { Answer, Wire } from "./wire.ts";

/** What a policy bounds: the planner's estimate, a result's rows and bytes, how much and how often a session asks. */

const FIXTURE = `
CREATE EXTENSION pg_stat_statements;
CREATE TABLE big (id int PRIMARY KEY, name text);
INSERT INTO big SELECT n, 'name ' || n FROM generate_series(1, 20000) n;
ANALYZE big;
CREATE TABLE notes (n int);
CREATE VIEW all_big AS SELECT * FROM big;
`;

const ALL = '@id("all") permit(principal, action, resource);';
const OTHERS = `@id("others") permit(principal, action, resource) unless { action == Action::"postgres:select" };`;

const BY_PLAN = `${OTHERS}
@id("cheap") permit(principal, action == Action::"postgres:select", resource)
when { context has plan && context.plan.rows <= 1000 && context.plan.cost <= 100000 };
@id("tables-only") @reason("not without a plan") forbid(principal, action == Action::"postgres:select", resource)
unless { context has plan };`;

const CUT = `${OTHERS}
@id("few") @rows("10") permit(principal, action == Action::"postgres:select", resource);`;
const CUT_WRITES = `@id("few") @rows("10") permit(principal, action, resource);`;
const CUT_BYTES = `${OTHERS}
@id("small") @bytes("1KiB") permit(principal, action == Action::"postgres:select", resource);`;

const SYNC = wire.sync();

function allowed(answer: Answer): Answer {
  assert.deepEqual(answer.errors, []);
  return answer;
}

function blocked(answer: Answer, words = /./): void {
  const [error] = answer.errors;
  assert.ok(error, `it passed: ${answer.tags}`);
  assert.equal(error.sqlstate, "42501", error.message);
  assert.match(error.message, words);
}

/** An error of PostgreSQL's class 54, "program limit exceeded", after no more rows than the policy lets pass. */
function cut(answer: Answer, rows = 10): void {
  const [error] = answer.errors;
  assert.ok(error, `it was not cut: ${answer.tags}`);
  assert.equal(error.sqlstate, "54000", error.message);
  assert.equal(answer.errors.length, 1);
  assert.ok(answer.rows.length <= rows, `${answer.rows.length} rows`);
  assert.equal(answer.heard.at(-1)?.name, "ReadyForQuery");
}

describe("bounds", { timeout: 340_000 }, () => {
  let guarded: Guarded;

  before(async () => {
    const settings = { shared_preload_libraries: "pg_stat_statements", "pg_stat_statements.track": "top" };
    guarded = await startGuarded({ fixture: FIXTURE, policies: ALL, settings });
  });

  after(() => guarded.stop());

  const session = <T>(work: (session: Wire) => Promise<T>) => guarded.session(work);

  async function notes(): Promise<number> {
    const { rows } = await guarded.admin.query<{ count: number }>("SELECT count(*)::int FROM notes");
    return rows[0]!.count;
  }

  /** How often the server was asked for a plan since the last time. */
  async function explained(): Promise<number> {
    const { rows } = await guarded.admin.query<{ calls: number }>(
      "SELECT coalesce(sum(calls), 0)::int AS calls FROM pg_stat_statements WHERE query ILIKE '%explain%' AND query NOT LIKE '%pg_stat_statements%'",
    );
    await guarded.admin.query("SELECT pg_stat_statements_reset()");
    return rows[0]!.calls;
  }

  describe("the planner's estimate", () => {
    test("is asked only where a policy looks at it", async () => {
      await guarded.policies(ALL);
      await explained();
      await session(async (one) => {
        allowed(await one.query("SELECT * FROM big"));
        allowed(await one.ask(...unnamed({ sql: "SELECT id FROM big" }), SYNC));
      });
      assert.equal(await explained(), 0);
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        allowed(await one.query("INSERT INTO notes VALUES (1)"));
        allowed(await one.query("UPDATE notes SET n = 2"));
        allowed(await one.ask(...unnamed({ sql: "TRUNCATE notes" }), SYNC));
        assert.equal(await explained(), 0);
        allowed(await one.query("SELECT name FROM big WHERE id = 7"));
        assert.equal(await explained(), 1);
      });
    });

    test("decides: by the key yes, the whole table no", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        assert.deepEqual(allowed(await one.query("SELECT name FROM big WHERE id = 7")).rows, [["name 7"]]);
        blocked(await one.query("SELECT name FROM big"));
        blocked(await one.query("SELECT * FROM all_big"));
        blocked(await one.query("SELECT a.id FROM big a, big b"));
        allowed(await one.query("SELECT name FROM big ORDER BY id LIMIT 3"));
        allowed(await one.query("SELECT count(*) FROM big"));
      });
    });

    test("decides for the extended protocol, with the values that are bound", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        const run = (sql: string, values: string[]) =>
          one.ask(...unnamed({ sql, types: [23], values }), SYNC);
        allowed(await run("SELECT name FROM big WHERE id = $1", ["7"]));
        allowed(await run("SELECT name FROM big WHERE id < $1", ["7"]));
        blocked(await run("SELECT name FROM big WHERE id < $1", ["19999"]));
        blocked(await one.ask(...unnamed({ sql: "SELECT name FROM big" }), SYNC));
        assert.equal((await one.query("SELECT 1")).status, "I");
      });
    });

    test("is asked for every statement that takes the unnamed one's place", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        const run = (sql: string) => one.ask(...unnamed({ sql }), SYNC);
        for (let n = 1; n < 4; n++) allowed(await run(`SELECT name FROM big WHERE id = ${n}`));
        allowed(await one.query("BEGIN"));
        for (let n = 1; n < 4; n++) allowed(await run(`SELECT id FROM big WHERE id = ${n}`));
        blocked(await run("SELECT id FROM big"));
      });
    });

    test("is asked in the session's own state: its tables, its settings, its transaction", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        allowed(await one.query("BEGIN"));
        allowed(await one.query("CREATE TEMP TABLE mine AS SELECT 1 AS n"));
        allowed(await one.query("SELECT * FROM mine WHERE n = 1 LIMIT 1"));
        allowed(await one.query("CREATE TABLE uncommitted (n int)"));
        allowed(await one.query("SELECT * FROM uncommitted LIMIT 1"));
        blocked(await one.query("SELECT * FROM big"));
        assert.equal((await one.query("SELECT 1")).errors[0]?.sqlstate, "25P02");
        assert.equal((await one.query("ROLLBACK")).status, "I");
      });
    });

    test("does not come in time: refused, and the transaction is as the client believes", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        await guarded.admin.query("BEGIN; LOCK TABLE big IN ACCESS EXCLUSIVE MODE");
        allowed(await one.query("SET statement_timeout = '1s'"));
        allowed(await one.query("BEGIN"));
        allowed(await one.query("INSERT INTO notes VALUES (7)"));
        const answer = await one.query("SELECT name FROM big WHERE id = 8");
        await guarded.admin.query("COMMIT");
        assert.ok(answer.errors.length > 0);
        assert.equal(answer.status, "E");
        assert.deepEqual((await one.query("COMMIT")).tags, ["ROLLBACK"]);
        allowed(await one.query("SET statement_timeout = 0"));
        allowed(await one.query("SELECT name FROM big WHERE id = 8"));
      });
    });

    test("is not fooled by several statements in one string, EXECUTE, or a cursor", async () => {
      await guarded.policies(BY_PLAN);
      await session(async (one) => {
        blocked(await one.query("SELECT 1; SELECT name FROM big"));
        blocked(await one.query("BEGIN; SELECT name FROM big; COMMIT"));
        await one.query("ROLLBACK");
        await one.query("PREPARE p AS SELECT name FROM big");
        assert.ok((await one.query("EXECUTE p")).errors.length > 0);
        await one.query("BEGIN");
        await one.query("DECLARE c CURSOR FOR SELECT name FROM big");
        assert.ok((await one.query("FETCH ALL FROM c")).errors.length > 0);
        await one.query("ROLLBACK");
      });
    });
  });

  describe("a result", () => {
    test("of as many rows as are permitted is whole", async () => {
      await guarded.policies(CUT);
      await session(async (one) => {
        assert.equal(allowed(await one.query("SELECT id FROM big LIMIT 10")).rows.length, 10);
        const extended = await one.ask(...unnamed({ sql: "SELECT id FROM big LIMIT 10" }), SYNC);
        assert.equal(allowed(extended).rows.length, 10);
      });
    });

    test("has its own bound, also among others of a pipeline", async () => {
      await guarded.policies(CUT);
      await session(async (one) => {
        const eight = unnamed({ sql: "SELECT id FROM big LIMIT 8" });
        assert.equal(allowed(await one.ask(...eight, ...eight, ...eight, SYNC)).rows.length, 24);
        assert.equal(allowed(await one.ask(...eight, SYNC)).rows.length, 8);
      });
    });

    for (const [name, sql] of [
      ["barely too long", "SELECT id FROM big LIMIT 11"],
      ["long", "SELECT id, name FROM big"],
      ["much too long", "SELECT a.id, b.name FROM big a, big b"],
    ] as const) {
      test(`${name} is cut with an error, and the session goes on`, async () => {
        await guarded.policies(CUT);
        await session(async (one) => {
          for (const answer of [
            await one.query(sql),
            await one.ask(...unnamed({ sql }), SYNC),
            await one.query(`COPY (${sql}) TO STDOUT`),
          ]) {
            cut(answer);
            assert.equal(answer.status, "I");
            const copied = answer.heard.filter(({ name }) => name === "CopyData").length;
            assert.ok(copied <= 10, `${copied} rows copied`);
            assert.deepEqual(allowed(await one.query("SELECT 'next'")).rows, [["next"]]);
          }
        });
      });

      test(`${name} in a transaction aborts it, on both sides`, async () => {
        await guarded.policies(CUT);
        const before = await notes();
        await session(async (one) => {
          for (const ask of [() => one.query(sql), () => one.ask(...unnamed({ sql }), SYNC)]) {
            allowed(await one.query("BEGIN"));
            allowed(await one.query("INSERT INTO notes VALUES (1)"));
            const answer = await ask();
            cut(answer);
            assert.equal(answer.status, "E");
            assert.equal((await one.query("SELECT 1")).errors[0]?.sqlstate, "25P02");
            assert.deepEqual((await one.query("COMMIT")).tags, ["ROLLBACK"]);
          }
        });
        assert.equal(await notes(), before);
      });
    }

    test("cut after a savepoint leaves what was before it", async () => {
      await guarded.policies(CUT);
      const before = await notes();
      await session(async (one) => {
        allowed(await one.query("BEGIN"));
        allowed(await one.query("INSERT INTO notes VALUES (1)"));
        allowed(await one.query("SAVEPOINT s"));
        cut(await one.query("SELECT id FROM big"));
        allowed(await one.query("ROLLBACK TO s"));
        allowed(await one.query("COMMIT"));
      });
      assert.equal(await notes(), before + 1);
    });

    test("fetched in pieces of a portal is cut where its sum is too long", async () => {
      await guarded.policies(CUT);
      await session(async (one) => {
        allowed(await one.query("BEGIN"));
        const fetch = (maxRows: number) => one.ask(wire.execute({ portal: "p", maxRows }), SYNC);
        allowed(
          await one.ask(
            wire.parse({ statement: "", sql: "SELECT id FROM big", parameterTypes: [] }),
            bound("p", ""),
            SYNC,
          ),
        );
        assert.equal(allowed(await fetch(4)).rows.length, 4);
        assert.equal(allowed(await fetch(4)).rows.length, 4);
        const last = await fetch(4);
        cut(last, 2);
        assert.equal(last.status, "E");
        allowed(await one.query("ROLLBACK"));
      });
    });

    test("in a pipeline fails the rest of its batch, and only that", async () => {
      await guarded.policies(CUT);
      const before = await notes();
      await session(async (one) => {
        one.send(
          ...unnamed({ sql: "INSERT INTO notes VALUES (1)" }),
          ...unnamed({ sql: "SELECT id FROM big" }),
          ...unnamed({ sql: "INSERT INTO notes VALUES (2)" }),
          SYNC,
          ...unnamed({ sql: "INSERT INTO notes VALUES (3)" }),
          SYNC,
        );
        const first = await one.until("ReadyForQuery");
        // What the gateway can't take back on the target, it must not pretend: it may end the session instead.
        if (first.status === null) {
          assert.equal(first.errors.at(-1)?.severity, "FATAL");
          return;
        }
        cut(first);
        allowed(await one.until("ReadyForQuery"));
        assert.equal(await notes(), before + 1);
      });
    });

    test("of a write that returns too many rows is undone, or the session says that it can't tell", async () => {
      await guarded.policies(CUT_WRITES);
      const names = async () =>
        (await guarded.admin.query("SELECT md5(string_agg(name, ',' ORDER BY id)) FROM big")).rows;
      const before = await names();
      await session(async (one) => {
        allowed(await one.query("BEGIN"));
        const answer = await one.query("UPDATE big SET name = 'changed' RETURNING id");
        const [error] = answer.errors;
        assert.equal(error?.sqlstate, "54000");
        assert.ok(answer.rows.length <= 10);
        if (answer.status === null) assert.equal(answer.errors.at(-1)?.severity, "FATAL");
        else assert.deepEqual((await one.query("COMMIT")).tags, ["ROLLBACK"]);
      });
      assert.deepEqual(await names(), before);
    });

    test("of too many bytes is cut", async () => {
      await guarded.policies(CUT_BYTES);
      await session(async (one) => {
        assert.equal(allowed(await one.query("SELECT repeat('x', 900)")).rows.length, 1);
        cut(await one.query("SELECT repeat('x', 2000)"), 0);
        cut(await one.query("SELECT id, name FROM big"), 60);
        cut(await one.query("SELECT repeat('x', 5000000)"), 0);
        cut(await one.query("COPY big TO STDOUT"), 0);
        allowed(await one.query("SELECT 1"));
      });
    });
  });

  describe("counters", () => {
    const counted = (when: string) => `
@id("never-too-many") permit(principal, action, resource);
@id("too-many") @reason("too many") forbid(principal, action in [Action::"postgres:read", Action::"postgres:write"], resource)
when { ${when} };`;

    /** How many of the answers came before the first refusal. */
    async function untilBlocked(one: Wire, sql: (n: number) => string, most = 20): Promise<number> {
      for (let n = 0; n < most; n++) {
        const answer = await one.query(sql(n));
        if (answer.errors.length === 0) continue;
        blocked(answer, /too many/);
        return n;
      }
      return most;
    }

    test("of a session's statements stop it, and not the next session", async () => {
      await guarded.policies(counted("context.session.statements >= 5"));
      for (let n = 0; n < 2; n++) {
        await session(async (one) => {
          assert.equal(await untilBlocked(one, () => "SELECT 1"), 5);
          blocked(await one.ask(...unnamed({ sql: "SELECT 1" }), SYNC));
          blocked(await one.query("INSERT INTO notes VALUES (1)"));
        });
      }
    });

    test("of a session's statements count those of the extended protocol and of one string", async () => {
      await guarded.policies(counted("context.session.statements >= 6"));
      await session(async (one) => {
        allowed(await one.ask(...unnamed({ sql: "SELECT 1" }), ...unnamed({ sql: "SELECT 2" }), SYNC));
        allowed(await one.query("SELECT 3; SELECT 4"));
        allowed(
          await one.ask(
            wire.parse({ statement: "s", sql: "SELECT 5", parameterTypes: [] }),
            ...[bound("", "s"), wire.execute({ portal: "", maxRows: 0 })],
            ...[bound("", "s"), wire.execute({ portal: "", maxRows: 0 })],
            SYNC,
          ),
        );
        blocked(await one.ask(bound("", "s"), wire.execute({ portal: "", maxRows: 0 }), SYNC));
      });
    });

    test("of the last minute, of rows and of bytes stop a session", async () => {
      for (const [when, expected] of [
        ["context.session.statementsLastMinute >= 4", 4],
        ["context.session.rows >= 30", 3],
        ["context.session.bytes >= 1000", 5],
      ] as const) {
        await guarded.policies(counted(when));
        await session(async (one) => {
          const sql = when.includes("bytes") ? "SELECT repeat('x', 200)" : "SELECT id FROM big LIMIT 10";
          const passed = await untilBlocked(one, () => sql);
          assert.ok(Math.abs(passed - expected) <= (when.includes("bytes") ? 1 : 0), `${when}: ${passed}`);
        });
      }
    });

    test("of the same statement again and again, whatever its constants; others still run", async () => {
      await guarded.policies(counted("context.session.repeatedLastMinute >= 5"));
      await session(async (one) => {
        assert.equal(await untilBlocked(one, (n) => `SELECT name FROM big WHERE id = ${n}`), 5);
        blocked(await one.query("select NAME from big where id = 99 -- another writing"));
        allowed(await one.query("SELECT id FROM big WHERE id = 1"));
        allowed(await one.query("SELECT 1"));
      });
    });

    test("of a principal hold for all its sessions, not for another's", async () => {
      const used = await session(async (one) => {
        await guarded.policies(counted("context.principalUsage.statements >= 1000000"));
        for (let n = 0; n < 30; n++) allowed(await one.query("SELECT 1"));
      });
      assert.equal(used, undefined);
      await guarded.policies(
        counted('context.principalUsage.repeatedLastMinute >= 4 && context.tag == "SELECT"'),
      );
      const sql = "SELECT name, id FROM big WHERE id = 12345";
      for (let n = 0; n < 4; n++) await session(async (one) => void allowed(await one.query(sql)));
      await session(async (one) => blocked(await one.query(sql), /too many/));
    });
  });
});
