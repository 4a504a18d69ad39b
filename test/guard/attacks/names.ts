import assert from "node:assert/strict";
import * as wire from "../../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../../compatibility/corpus/case.ts";
import { SECRET } from "./fixture.ts";
import { type Attack, failed, passed, refused } from "./tools.ts";

const SYNC = wire.sync();

function parsed(statement: string, sql: string): Uint8Array {
  return wire.parse({ statement, sql, parameterTypes: [] });
}

function run(statement: string, portal = ""): Uint8Array[] {
  return [bound(portal, statement), wire.execute({ portal, maxRows: 0 })];
}

/**
 * A name means one relation when the statement is judged and another when the server reads it. In `decoy` stand
 * harmless tables of the guarded ones' names.
 */
export const NAMES: Record<string, Attack> = {
  "a statement prepared under one path is judged again under the next: Parse": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    const first = passed(await session.ask(parsed("s", "SELECT token FROM secrets"), ...run("s"), SYNC));
    assert.deepEqual(first.rows, [["decoy"]]);
    passed(await session.query("SET search_path = public"));
    refused(await session.ask(...run("s"), SYNC));
    refused(await session.query("EXECUTE s"));
  },
  "a statement prepared under one path is judged again under the next: PREPARE": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    passed(await session.query("PREPARE s AS SELECT token FROM secrets"));
    passed(await session.query("EXECUTE s"));
    passed(await session.query("SET search_path = public"));
    refused(await session.query("EXECUTE s"));
    refused(await session.query("EXPLAIN ANALYZE EXECUTE s"));
    refused(await session.query("CREATE TABLE play.copied AS EXECUTE s"));
    refused(await session.ask(...run("s"), SYNC));
  },
  "the path and what uses it, sent at once as simple queries": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    session.send(wire.query("SET search_path = public"), wire.query("SELECT token FROM secrets"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
  },
  "the path and what uses it, in one string": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    refused(await session.query("SET search_path = public; SELECT token FROM secrets"));
    refused(await session.query("SET LOCAL search_path = public; DELETE FROM victims"));
    refused(await session.query("RESET search_path; DELETE FROM victims"));
    refused(await session.query("BEGIN; SET LOCAL search_path = public; DELETE FROM victims; COMMIT"));
  },
  "the path and what uses it, in one pipeline of the extended protocol": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    failed(
      await session.ask(
        ...unnamed({ sql: "SET search_path = public" }),
        ...unnamed({ sql: "SELECT token FROM secrets" }),
        SYNC,
      ),
    );
    passed(await session.query("SET search_path = decoy"));
    passed(await session.ask(parsed("s", "DELETE FROM victims WHERE id = 99"), SYNC));
    failed(await session.ask(parsed("", "SET search_path = public"), ...run(""), ...run("s"), SYNC));
  },
  "the path by set_config, alone, in a list, and with what uses it": async (tools) => {
    const session = await tools.open();
    // Refused or tracked, as the policy has it; the secret doesn't come out.
    passed(await session.query("SET search_path = decoy"));
    await session.query("SELECT set_config('search_path', 'public', false)");
    await session.query("SELECT token FROM secrets");
    await session.query("SET search_path = decoy");
    await session.query("SELECT set_config('search_' || 'path', 'public', false)");
    await session.query("SELECT token FROM secrets");
    await session.query("SET search_path = decoy");
    await session.query("SELECT set_config('search_path', 'public', false); SELECT token FROM secrets");
    await session.query("SET search_path = decoy");
    await session.query("UPDATE pg_settings SET setting = 'public' WHERE name = 'search_path'");
    await session.query("SELECT token FROM secrets");
  },
  "the path goes back with its transaction": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN"));
    passed(await session.query("SET LOCAL search_path = decoy"));
    passed(await session.ask(parsed("s", "SELECT token FROM secrets"), ...run("s"), SYNC));
    passed(await session.query("ROLLBACK"));
    refused(await session.ask(...run("s"), SYNC));
    passed(await session.query("BEGIN; SET search_path = decoy"));
    session.send(wire.query("ROLLBACK"), wire.query("DELETE FROM victims"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
    passed(await session.query("BEGIN; SET search_path = decoy"));
    session.send(wire.query("ROLLBACK AND CHAIN"), wire.query("DELETE FROM victims"), wire.query("COMMIT"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
    await session.until("ReadyForQuery");
  },
  "the path goes back with its savepoint": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN; SAVEPOINT a; SET search_path = decoy"));
    passed(await session.query("DELETE FROM victims WHERE id = 99"));
    session.send(wire.query("ROLLBACK TO a"), wire.query("DELETE FROM victims"), wire.query("COMMIT"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
    await session.until("ReadyForQuery");
  },
  "a path that a failing string takes back": async (tools) => {
    const session = await tools.open();
    session.send(wire.query("SET search_path = decoy; SELECT 1/0"), wire.query("DELETE FROM victims"));
    failed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
    session.send(
      ...unnamed({ sql: "SET search_path = decoy" }),
      ...unnamed({ sql: "SELECT 1/0" }),
      SYNC,
      ...unnamed({ sql: "DELETE FROM victims" }),
      SYNC,
    );
    failed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
  },
  "a transaction's end behind what was judged in it, all sent at once": async (tools) => {
    for (const [end, made] of [
      ["ROLLBACK", "SET search_path = decoy"],
      ["COMMIT", "SET LOCAL search_path = decoy"],
      ["ROLLBACK", "CREATE TEMP TABLE victims (id int)"],
      ["COMMIT", "CREATE TEMP TABLE victims (id int) ON COMMIT DROP"],
      ["SELECT 1/0; COMMIT", "CREATE TEMP TABLE victims (id int)"],
    ] as const) {
      const session = await tools.open();
      const sent = [
        "BEGIN",
        made,
        "DELETE FROM victims WHERE id = 99",
        end,
        "ROLLBACK",
        "DELETE FROM victims",
      ];
      session.send(...sent.map(wire.query));
      for (const _ of sent.slice(0, -1)) await session.until("ReadyForQuery");
      refused(await session.until("ReadyForQuery"));
      session.send(
        ...sent.flatMap((sql) => unnamed({ sql })).slice(0, -4),
        SYNC,
        ...unnamed({ sql: sent.at(-1)! }),
        SYNC,
      );
      await session.until("ReadyForQuery");
      failed(await session.until("ReadyForQuery"));
    }
  },
  "COMMIT of an aborted transaction takes the path back": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN; SET search_path = decoy"));
    failed(await session.query("SELECT 1/0"));
    session.send(wire.query("COMMIT"), wire.query("DELETE FROM victims"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
  },
  "a temporary table of the name, gone before the statement runs": async (tools) => {
    for (const gone of ["DROP TABLE secrets", "DISCARD TEMP", "DISCARD ALL", "DROP TABLE pg_temp.secrets"]) {
      const session = await tools.open();
      passed(await session.query("CREATE TEMP TABLE secrets (token text)"));
      passed(await session.ask(parsed("s", "SELECT token FROM secrets"), ...run("s"), SYNC));
      session.send(wire.query(gone), ...run("s"), SYNC);
      await session.until("ReadyForQuery");
      failed(await session.until("ReadyForQuery"));
      session.send(wire.query("SELECT token FROM secrets"));
      const last = await session.until("ReadyForQuery");
      assert.deepEqual([gone, last.errors[0]?.sqlstate], [gone, "42501"]);
    }
  },
  "a temporary table that its commit drops": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN"));
    passed(await session.query("CREATE TEMP TABLE victims (id int) ON COMMIT DROP"));
    passed(await session.query("DELETE FROM victims"));
    session.send(wire.query("COMMIT"), wire.query("DELETE FROM victims"));
    passed(await session.until("ReadyForQuery"));
    failed(await session.until("ReadyForQuery"));
    await session.query("ROLLBACK");
    failed(
      await session.query(
        "BEGIN; CREATE TEMP TABLE victims (id int) ON COMMIT DROP; COMMIT; DELETE FROM victims",
      ),
    );
  },
  "a temporary table with a harmless name holds no guarded rows": async (tools) => {
    const session = await tools.open();
    refused(await session.query("CREATE TEMP TABLE notes AS SELECT token FROM secrets"));
    failed(await session.query("SELECT * FROM notes"));
    refused(await session.query("CREATE TEMP VIEW notes AS SELECT token FROM secrets; SELECT * FROM notes"));
  },
  "a temporary view of guarded rows is seen through": async (tools) => {
    const session = await tools.open();
    await session.query("CREATE TEMP VIEW notes AS SELECT token FROM secrets");
    failed(await session.query("SELECT * FROM notes"));
    await session.query("CREATE TEMP VIEW rest AS SELECT * FROM victims");
    failed(await session.query("DELETE FROM rest"));
  },
  "the schema of one's own name stands first in the path, and then is gone": async (tools) => {
    const session = await tools.open();
    await session.query("CREATE SCHEMA admin");
    await session.query("CREATE TABLE admin.secrets (token text)");
    await session.ask(parsed("s", "SELECT token FROM secrets"), SYNC);
    await session.query("DROP TABLE admin.secrets");
    failed(await session.ask(...run("s"), SYNC));
    failed(await session.query("SELECT token FROM secrets"));
    await session.query("CREATE TABLE admin.victims (id int)");
    session.send(wire.query("DROP SCHEMA admin CASCADE"), wire.query("DELETE FROM victims"));
    // Where the schema may not be dropped, the harmless table is the one that is emptied.
    const [dropped, deleted] = [await session.until("ReadyForQuery"), await session.until("ReadyForQuery")];
    if (dropped.errors.length === 0) failed(deleted);
  },
  "a table made in a transaction and taken back with it": async (tools) => {
    const session = await tools.open();
    await session.query("CREATE SCHEMA admin");
    await session.query("BEGIN");
    await session.query("CREATE TABLE admin.victims (id int)");
    await session.query("DELETE FROM victims");
    session.send(wire.query("ROLLBACK"), wire.query("DELETE FROM victims"));
    await session.until("ReadyForQuery");
    failed(await session.until("ReadyForQuery"));
  },
  "functions and operators before PostgreSQL's own in the path": async (tools) => {
    const session = await tools.open();
    await session.query("SET search_path = play, pg_catalog, public");
    failed(await session.query("SELECT lower('X')"));
    failed(await session.query("SELECT 1 = 1"));
    failed(await session.query("SELECT id FROM open WHERE id = 1"));
    failed(await session.query("SELECT id FROM open WHERE id IN (1, 2)"));
    failed(await session.query("SELECT NULLIF(1, 1)"));
    failed(await session.query("SELECT CASE 1 WHEN 1 THEN 2 END"));
    failed(await session.query("SELECT 'x'::text::box"));
  },
  "a view replaced in the session's own transaction": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SELECT token FROM play.fickle"));
    await session.query("BEGIN");
    await session.query("CREATE OR REPLACE VIEW play.fickle AS SELECT id, token FROM public.secrets");
    failed(await session.query("SELECT token FROM play.fickle"));
    await session.query("ROLLBACK");
    failed(
      await session.query(
        "BEGIN; CREATE OR REPLACE VIEW play.fickle AS SELECT id, token FROM public.secrets; SELECT token FROM play.fickle",
      ),
    );
    await session.query("ROLLBACK");
  },
  "a view replaced by another session of the gateway": async (tools) => {
    const session = await tools.open();
    const other = await tools.open();
    passed(await session.query("SELECT token FROM play.fickle"));
    // Through a path that hides the name it is a statement about harmless tables.
    await other.query("CREATE OR REPLACE VIEW play.fickle AS SELECT id, name AS token FROM public.victims");
    await session.query("SELECT token FROM play.fickle");
    await other.query("CREATE OR REPLACE VIEW play.fickle AS SELECT id, token FROM public.secrets");
    await session.query("SELECT token FROM play.fickle");
  },
  "a prepared statement whose view becomes another": async (tools) => {
    const session = await tools.open();
    passed(await session.ask(parsed("s", "SELECT token FROM play.fickle"), ...run("s"), SYNC));
    await session.query("CREATE OR REPLACE VIEW play.fickle AS SELECT id, token FROM public.secrets");
    const answer = await session.ask(...run("s"), SYNC);
    assert.ok(!JSON.stringify(answer.rows).includes(SECRET));
  },
  "a table renamed to a harmless name": async (tools) => {
    const session = await tools.open();
    refused(await session.query("ALTER TABLE secrets RENAME TO notes"));
    refused(await session.query("BEGIN; ALTER TABLE secrets RENAME TO notes; SELECT * FROM notes; ROLLBACK"));
    await session.query("ROLLBACK");
    failed(await session.query("ALTER TABLE open RENAME TO other; ALTER TABLE secrets RENAME TO open"));
  },
  "a schema renamed so that another stands in its place": async (tools) => {
    const session = await tools.open();
    failed(
      await session.query(
        "BEGIN; ALTER SCHEMA public RENAME TO mine; ALTER SCHEMA decoy RENAME TO public; SELECT * FROM mine.secrets",
      ),
    );
    await session.query("ROLLBACK");
    await session.query("BEGIN");
    await session.query("ALTER SCHEMA public RENAME TO mine");
    failed(await session.query("SELECT * FROM mine.secrets"));
    await session.query("ROLLBACK");
  },
};
