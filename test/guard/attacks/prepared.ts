import assert from "node:assert/strict";
import * as wire from "../../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../../compatibility/corpus/case.ts";
import { type Attack, failed, passed, refused } from "./tools.ts";

const SYNC = wire.sync();
const WIPE = "DELETE FROM victims";

function parsed(statement: string, sql: string): Uint8Array {
  return wire.parse({ statement, sql, parameterTypes: [] });
}

function run(statement: string, portal = ""): Uint8Array[] {
  return [bound(portal, statement), wire.execute({ portal, maxRows: 0 })];
}

/** A name of a statement or portal means one text to the guard and another to the server. */
export const PREPARED: Record<string, Attack> = {
  "prepared by SQL, run by the protocol": async (tools) => {
    const session = await tools.open();
    refused(await session.query(`PREPARE s AS ${WIPE}`));
    failed(await session.ask(...run("s"), SYNC));
    passed(await session.query("PREPARE t AS SELECT 7"));
    assert.deepEqual(passed(await session.ask(...run("t"), SYNC)).rows, [["7"]]);
  },
  "prepared by the protocol, run by SQL": async (tools) => {
    const session = await tools.open();
    refused(await session.ask(parsed("s", WIPE), SYNC));
    failed(await session.query("EXECUTE s"));
    passed(await session.ask(parsed("t", "SELECT 7"), SYNC));
    assert.deepEqual(passed(await session.query("EXECUTE t")).rows, [["7"]]);
  },
  "a name used again": async (tools) => {
    const session = await tools.open();
    passed(await session.query("PREPARE s AS SELECT 1"));
    passed(await session.query("DEALLOCATE s"));
    refused(await session.ask(parsed("s", WIPE), SYNC));
    failed(await session.query("EXECUTE s"));
    refused(await session.query(`PREPARE s AS SELECT 1; DEALLOCATE s; PREPARE s AS ${WIPE}; EXECUTE s`));
    failed(await session.query("EXECUTE s"));
    passed(await session.ask(parsed("s", "SELECT 1"), SYNC));
    refused(
      await session.ask(wire.close({ kind: "statement", name: "s" }), parsed("s", WIPE), ...run("s"), SYNC),
    );
    failed(await session.ask(...run("s"), SYNC));
  },
  "a new text that the server skipped": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    passed(await session.ask(parsed("s", WIPE), ...run("s"), SYNC));
    // After the error the server takes neither Close nor Parse; `s` is the first text still.
    failed(
      await session.ask(
        ...unnamed({ sql: "SELECT 1/0" }),
        wire.close({ kind: "statement", name: "s" }),
        parsed("s", "SELECT 1"),
        SYNC,
      ),
    );
    passed(await session.query("SET search_path = public"));
    refused(await session.ask(...run("s"), SYNC));
  },
  "a new text that the server refused": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    passed(await session.ask(parsed("s", WIPE), SYNC));
    failed(await session.ask(parsed("s", "SELECT 1"), SYNC));
    passed(await session.query("BEGIN"));
    failed(await session.query("SELECT 1/0"));
    failed(await session.query("DEALLOCATE s"));
    failed(await session.query("PREPARE s AS SELECT 1"));
    passed(await session.query("ROLLBACK"));
    passed(await session.query("SET search_path = public"));
    refused(await session.ask(...run("s"), SYNC));
    refused(await session.query("EXECUTE s"));
  },
  "a new text of a string that fails at its end": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    // PREPARE and DEALLOCATE stay though the transaction is undone.
    passed(await session.query("PREPARE s AS SELECT 1"));
    failed(await session.query(`DEALLOCATE s; PREPARE s AS ${WIPE}; SELECT 1/0`));
    passed(await session.query("SET search_path = public"));
    failed(await session.query("EXECUTE s"));
    failed(await session.ask(...run("s"), SYNC));
    passed(await session.query("SET search_path = decoy; DEALLOCATE ALL"));
    passed(await session.query("PREPARE s AS SELECT 1"));
    failed(
      await session.ask(
        ...unnamed({ sql: "DEALLOCATE s" }),
        ...unnamed({ sql: `PREPARE s AS ${WIPE}` }),
        ...unnamed({ sql: "SELECT 1/0" }),
        SYNC,
      ),
    );
    passed(await session.query("SET search_path = public"));
    failed(await session.query("EXECUTE s"));
    failed(await session.ask(...run("s"), SYNC));
  },
  "names differ by case, by length, by quotes": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    const long = "n".repeat(63);
    passed(await session.ask(parsed(long, WIPE), parsed("S", WIPE), parsed('"q"', WIPE), SYNC));
    passed(await session.ask(parsed("s", "SELECT 1"), parsed("q", "SELECT 1"), SYNC));
    passed(await session.query("SET search_path = public"));
    refused(await session.query(`EXECUTE ${long}nnnn`));
    // The server keeps 63 bytes of a name of the protocol's, too.
    failed(await session.ask(...run(`${long}n`), SYNC));
    failed(
      await session.ask(wire.describe({ kind: "statement", name: `${long}n` }), ...run(`${long}nn`), SYNC),
    );
    refused(await session.query('EXECUTE "S"'));
    refused(await session.query('EXECUTE """q"""'));
    refused(await session.query('EXECUTE U&"\\0053"'));
    refused(await session.ask(...run("S"), SYNC));
    passed(await session.query("EXECUTE S"));
  },
  "EXECUTE in everything that can hold it": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    passed(await session.query(`PREPARE s AS ${WIPE}; PREPARE r AS SELECT token FROM secrets`));
    passed(await session.query("SET search_path = public"));
    for (const sql of [
      "EXECUTE s",
      "EXECUTE r",
      "EXPLAIN ANALYZE EXECUTE s",
      "EXPLAIN (ANALYZE, TIMING off) EXECUTE r",
      "CREATE TABLE play.copied AS EXECUTE r",
      "CREATE TEMP TABLE copied AS EXECUTE r",
      "SELECT 1; EXECUTE s",
      "PREPARE q AS SELECT 1; EXECUTE s",
      "DEALLOCATE q; EXECUTE r",
    ]) {
      refused(await session.query(sql));
    }
    refused(await session.ask(parsed("x", "EXECUTE s"), ...run("x"), SYNC));
  },
  "a portal bound to another statement than the one that was judged": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    passed(await session.ask(parsed("bad", WIPE), parsed("good", "SELECT 1"), SYNC));
    passed(await session.query("SET search_path = public"));
    refused(
      await session.ask(
        bound("p", "good"),
        bound("q", "bad"),
        wire.execute({ portal: "q", maxRows: 0 }),
        SYNC,
      ),
    );
    failed(
      await session.ask(
        bound("p", "good"),
        bound("p", "bad"),
        wire.execute({ portal: "p", maxRows: 0 }),
        SYNC,
      ),
    );
    refused(
      await session.ask(bound("", "good"), bound("", "bad"), wire.execute({ portal: "", maxRows: 0 }), SYNC),
    );
  },
  "a cursor over what is guarded": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN"));
    refused(await session.query("DECLARE c CURSOR WITH HOLD FOR SELECT token FROM secrets"));
    failed(await session.query("FETCH ALL FROM c"));
    passed(await session.query("ROLLBACK"));
    refused(
      await session.query("BEGIN; DECLARE c CURSOR FOR SELECT token FROM secrets; FETCH ALL FROM c; COMMIT"),
    );
    await session.query("ROLLBACK");
    failed(await session.ask(wire.execute({ portal: "c", maxRows: 0 }), SYNC));
  },
  "a portal fetched by SQL, a row changed through a cursor": async (tools) => {
    const session = await tools.open();
    passed(await session.query("BEGIN"));
    passed(await session.ask(parsed("", "SELECT name FROM open ORDER BY id"), bound("d", ""), SYNC));
    assert.deepEqual(passed(await session.query("FETCH 1 FROM d")).rows, [["one"]]);
    // An update through a cursor names its table.
    passed(await session.query("DECLARE v CURSOR FOR SELECT id FROM victims FOR UPDATE; FETCH v"));
    refused(await session.query("DELETE FROM victims WHERE CURRENT OF v"));
  },
  "one prepared statement, many bindings": async (tools) => {
    const session = await tools.open();
    const sql = "SELECT name FROM open WHERE id = $1";
    passed(await session.ask(wire.parse({ statement: "s", sql, parameterTypes: [23] }), SYNC));
    for (let n = 0; n < 20; n++) {
      passed(
        await session.ask(bound("", "s", [String(n % 2)]), wire.execute({ portal: "", maxRows: 0 }), SYNC),
      );
    }
    passed(await session.ask(wire.close({ kind: "statement", name: "s" }), SYNC));
    failed(await session.ask(bound("", "s", ["1"]), SYNC));
  },
};
