import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { SallyportError } from "../../../protocol/errors.ts";
import type { CatalogName } from "../../../protocol/sql/catalog.ts";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { targetConfig } from "../test-stream.ts";
import { CatalogCache, type CatalogSource } from "./cache.ts";

const VIEW: CatalogName = { kind: "relation", schema: "app", name: "v" };
const TYPE: CatalogName = { kind: "type", schema: "app", name: "t" };

/** A target whose answers the test gives, one question at a time. */
class Scripted implements CatalogSource {
  onLost = () => {};
  sums = "1";
  snapshot = 1;
  asked: { sql: string; answer: (rows: (string | null)[][]) => void; fail: (error: Error) => void }[] = [];
  looks = 0;
  down = false;

  async query(sql: string): Promise<(string | null)[][]> {
    if (this.down) throw new SallyportError("target_unreachable", "down");
    if (!sql.includes("pg_current_snapshot")) {
      return await new Promise((answer, fail) => this.asked.push({ sql, answer, fail }));
    }
    this.looks++;
    const known = /E'([^']*)'/.exec(sql)?.[1];
    const snapshot = `${this.snapshot}:`;
    return [[snapshot, "150004", known === snapshot ? null : this.sums]];
  }

  end(): void {}
}

function scripted() {
  const source = new Scripted();
  const clock = { now: 0 };
  const logged: string[] = [];
  const options = { source, now: () => clock.now, pollMs: 1 << 30 };
  const cache = new CatalogCache(targetConfig({}), "app", (line) => logged.push(line), options);
  return { source, clock, logged, cache };
}

/** Lets everything run that waits for nothing but its turn. */
const settle = () => new Promise<void>((done) => setImmediate(done));

/** A load that was asked, and not answered yet. */
async function asking(cache: CatalogCache, source: Scripted, names = [TYPE]) {
  const load = cache.load(names);
  load.catch(() => {});
  await settle();
  const question = source.asked.shift();
  return { load, question };
}

describe("the shared catalog", () => {
  test("knows a name when it was loaded, and the server's version", async () => {
    const { cache, source } = scripted();
    assert.equal(cache.userType("app", "t"), undefined);
    const { load, question } = await asking(cache, source);
    question?.answer([["0", '[["app", "f"]]']]);
    await load;
    assert.equal(cache.userType("app", "t"), true);
    assert.equal(cache.serverVersion, 150004);
  });

  test("asks once for what several sessions ask at once", async () => {
    const { cache, source } = scripted();
    const { load, question } = await asking(cache, source);
    const second = cache.load([TYPE, TYPE]);
    await settle();
    assert.equal(source.asked.length, 0);
    question?.answer([]);
    await Promise.all([load, second]);
    assert.equal(cache.userType("app", "t"), false);
  });

  test("does not believe an answer to a question from before a change", async () => {
    const { cache, source } = scripted();
    const { load, question } = await asking(cache, source);
    cache.invalidate();
    question?.answer([["0", '[["app", "old"]]']]);
    await settle();
    assert.equal(cache.userType("app", "t"), undefined, "the old answer fills nothing");
    source.asked.shift()?.answer([]);
    await load;
    assert.equal(cache.userType("app", "t"), false, "it was asked again");
  });

  test("does not let a later question join one from before a change", async () => {
    const { cache, source } = scripted();
    const { question } = await asking(cache, source);
    cache.invalidate();
    const { question: second } = await asking(cache, source);
    assert.ok(question && second, "asked twice");
  });

  test("gives up where the catalog changes all the time", async () => {
    const { cache, source } = scripted();
    const load = cache.load([TYPE]);
    const failed = assert.rejects(load, { code: "conflict" });
    for (let n = 0; n < 5; n++) {
      await settle();
      cache.invalidate();
      source.asked.shift()?.answer([]);
    }
    await failed;
  });

  test("forgets everything, and has another version, when the catalog's rows have changed", async () => {
    const { cache, source } = scripted();
    cache.acquire();
    const { load, question } = await asking(cache, source);
    question?.answer([]);
    await load;
    const { version } = cache;
    source.snapshot = 2;
    await look(cache);
    assert.deepEqual(
      [cache.version, cache.userType("app", "t")],
      [version, false],
      "others wrote, but no catalog",
    );
    source.sums = "2";
    source.snapshot = 3;
    await look(cache);
    assert.ok(cache.version > version);
    assert.equal(cache.userType("app", "t"), undefined);
    cache.release();
  });

  test("forgets everything when its connection is lost, and fails until it is back", async () => {
    const { cache, source } = scripted();
    const { load, question } = await asking(cache, source);
    question?.answer([]);
    await load;
    source.down = true;
    source.onLost();
    assert.equal(cache.userType("app", "t"), undefined);
    await assert.rejects(cache.load([TYPE]), { code: "target_unreachable" });
    source.down = false;
    const again = await asking(cache, source);
    again.question?.answer([]);
    await again.load;
    assert.equal(cache.userType("app", "t"), false);
  });

  test("does not believe an answer over a connection that was lost meanwhile", async () => {
    const { cache, source } = scripted();
    const { question } = await asking(cache, source);
    source.onLost();
    question?.answer([["0", '[["app", "old"]]']]);
    await settle();
    assert.equal(cache.userType("app", "t"), undefined);
  });

  test("counts for nothing when nobody has looked for changes in time, also its version", async () => {
    const { cache, source, clock } = scripted();
    const { load, question } = await asking(cache, source);
    question?.answer([]);
    await load;
    const { version } = cache;
    clock.now += (1 << 30) + 5_000;
    assert.ok(cache.version > version);
    assert.equal(cache.userType("app", "t"), undefined);
  });

  test("is asked anew after a minute, whatever was noticed", async () => {
    const { cache, source, clock } = scripted();
    const { load, question } = await asking(cache, source);
    question?.answer([]);
    await load;
    clock.now = 59_999;
    await look(cache);
    assert.equal(cache.userType("app", "t"), false);
    clock.now = 60_000;
    await look(cache);
    assert.equal(cache.userType("app", "t"), undefined);
  });

  test("keeps what is in a temporary schema until the next look, or until a session goes", async () => {
    const { cache, source } = scripted();
    const name = { ...TYPE, schema: "pg_temp_3" };
    cache.acquire();
    cache.acquire();
    const forgets = async (act: () => unknown) => {
      const { load, question } = await asking(cache, source, [name, TYPE]);
      question?.answer([]);
      await load;
      assert.equal(cache.userType("pg_temp_3", "t"), false);
      await act();
      assert.equal(cache.userType("pg_temp_3", "t"), undefined);
    };
    await forgets(() => look(cache));
    await forgets(() => cache.release());
    cache.release();
  });

  test("is forgotten when the last session has gone", async () => {
    const { cache, source } = scripted();
    cache.acquire();
    const { load, question } = await asking(cache, source);
    question?.answer([]);
    await load;
    cache.release();
    assert.equal(cache.userType("app", "t"), undefined);
  });

  test("is bounded: the oldest names go", async () => {
    const { cache, source } = scripted();
    for (let batch = 0; batch < 3; batch++) {
      const names = Array.from({ length: 10_000 }, (_, n) => ({ ...TYPE, name: `t${batch}_${n}` }));
      const { load, question } = await asking(cache, source, names);
      question?.answer([]);
      await load;
    }
    assert.equal(cache.userType("app", "t0_0"), undefined);
    assert.equal(cache.userType("app", "t2_9999"), false);
    await assert.rejects(cache.load(Array.from({ length: 10_001 }, (_, n) => ({ ...TYPE, name: `${n}` }))), {
      code: "limit_exceeded",
    });
  });

  test("refuses an answer about changes that is none", async () => {
    for (const rows of [
      [],
      [["1:", "150004"]],
      [["1:", "x", "1"]],
      [[null, "150004", "1"]],
      [["1:", "150004", null]],
    ]) {
      const { cache, source } = scripted();
      source.query = async () => rows as (string | null)[][];
      await assert.rejects(cache.load([TYPE]), { code: "protocol_violation" });
    }
  });
});

/** What the timer does. */
async function look(cache: CatalogCache): Promise<void> {
  cache.lookNow();
  await settle();
}

describe("the shared catalog of a real server", () => {
  let server: PostgresServer;
  let admin: pg.Client;
  let target: PostgresTargetConfig;

  before(async () => {
    server = await startPostgres();
    const { host, port, superuser: user, password } = server;
    admin = new pg.Client({ host, port, user, password, database: "postgres" });
    await admin.connect();
    await admin.query(`CREATE SCHEMA app; CREATE TABLE app.base (id int); CREATE TABLE app.secret (id int);
      CREATE VIEW app.v AS SELECT id FROM app.base; CREATE ROLE ordinary LOGIN PASSWORD 'admin-password'`);
    process.env.CATALOG_TEST_PASSWORD = password;
    target = targetConfig({ port, user: "ordinary", password: { env: "CATALOG_TEST_PASSWORD" } });
  });

  after(async () => {
    await admin?.end();
    await server?.stop();
  });

  test("notices what others change: views, columns, keys, kin, triggers, policies, functions, types, operators", async () => {
    const cache = new CatalogCache(target, "postgres", () => {}, { pollMs: 1 << 30 });
    cache.acquire();
    const CHANGES = [
      "CREATE OR REPLACE VIEW app.v AS SELECT id FROM app.secret",
      "ALTER TABLE app.base RENAME id TO key",
      "ALTER TABLE app.base RENAME TO based",
      "CREATE UNIQUE INDEX u ON app.secret (id)",
      "CREATE TABLE app.heir () INHERITS (app.secret)",
      "ALTER TABLE app.heir NO INHERIT app.secret",
      "CREATE FUNCTION app.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
      "CREATE TRIGGER t AFTER INSERT ON app.secret FOR EACH ROW EXECUTE FUNCTION app.f()",
      "ALTER TABLE app.secret DISABLE TRIGGER t",
      "CREATE POLICY p ON app.secret USING (true)",
      "ALTER TABLE app.secret ALTER id SET DEFAULT 4",
      "ALTER TABLE app.secret ADD CHECK (id > 0)",
      "CREATE RULE r AS ON DELETE TO app.secret DO ALSO SELECT 1",
      "CREATE DOMAIN app.d AS int",
      "ALTER DOMAIN app.d ADD CHECK (VALUE > 0)",
      "CREATE OPERATOR app.=== (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq)",
      "ALTER SCHEMA app RENAME TO moved",
      "DROP TABLE moved.heir",
    ];
    for (const change of CHANGES) {
      await cache.load([VIEW]);
      const { version } = cache;
      await cache.load([VIEW]);
      assert.equal(cache.version, version);
      await admin.query(change);
      await cache.lookNow();
      assert.ok(cache.version > version, change);
    }
    cache.release();
    cache.stop();
  });

  test("does not forget what it knows for rows, temporary tables, statistics, or DDL that was rolled back", async () => {
    await admin.query("CREATE TABLE public.rows (a int)");
    const cache = new CatalogCache(target, "postgres", () => {}, { pollMs: 1 << 30 });
    await cache.load([{ kind: "relation", schema: "public", name: "rows" }]);
    const { version } = cache;
    await admin.query("INSERT INTO public.rows SELECT generate_series(1, 100)");
    await admin.query("CREATE TEMP TABLE mine (a int PRIMARY KEY DEFAULT 1, b text CHECK (b > ''))");
    await admin.query("ANALYZE public.rows");
    await admin.query("BEGIN; ALTER TABLE public.rows ADD b int; ROLLBACK");
    await cache.lookNow();
    assert.equal(cache.version, version);
    assert.deepEqual(cache.relation("public", "rows")?.columns, ["a"]);
    cache.stop();
  });

  test("notices, without being told, within its time", async () => {
    await admin.query("CREATE SCHEMA late; CREATE VIEW late.v AS SELECT 1 AS a FROM public.rows");
    const cache = new CatalogCache(target, "postgres", () => {}, { pollMs: 10 });
    cache.acquire();
    const name: CatalogName = { kind: "relation", schema: "late", name: "v" };
    await cache.load([name]);
    assert.match(cache.relation("late", "v")?.view ?? "", /public\.rows/);
    await admin.query("CREATE OR REPLACE VIEW late.v AS SELECT 1 AS a FROM pg_authid");
    while (cache.relation("late", "v") !== undefined) await settle();
    await cache.load([name]);
    assert.match(cache.relation("late", "v")?.view ?? "", /pg_authid/);
    cache.release();
    cache.stop();
  });

  test("is empty when its backend was ended, and is filled again by a new one", async () => {
    const cache = new CatalogCache(target, "postgres", () => {}, { pollMs: 1 << 30 });
    const name: CatalogName = { kind: "functions", schema: "pg_catalog", name: "lower" };
    await cache.load([name]);
    const { version } = cache;
    await admin.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sallyport catalog'",
    );
    await cache.load([name]);
    assert.ok(cache.version > version, "changes may have gone by");
    assert.equal(cache.functions("pg_catalog", "lower")?.[0]?.builtin, true);
    cache.stop();
    await assert.rejects(cache.load([name]), { code: "session_ended" });
  });
});
