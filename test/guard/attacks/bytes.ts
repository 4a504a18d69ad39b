import assert from "node:assert/strict";
import * as wire from "../../../protocol/postgres/messages.ts";
import { cstring, message, u16 } from "../../../protocol/postgres/wire.ts";
import { bound, unnamed } from "../../compatibility/corpus/case.ts";
import type { Wire } from "../wire.ts";
import { type Attack, failed, passed, refused } from "./tools.ts";

const SYNC = wire.sync();
const WIPE = "DELETE FROM victims";
const QUERY = wire.FRONTEND.Query;
const PARSE = wire.FRONTEND.Parse;

/** A session that is over, or has failed: either way nothing came of what was sent. */
async function ends(session: Wire): Promise<void> {
  const answer = await session.until("ReadyForQuery");
  assert.ok(answer.errors.length > 0 || session.over, "it was taken");
}

/** The text as the parser has it, and the text as the server has it. */
export const BYTES: Record<string, Attack> = {
  "a zero byte hides the rest of a simple query": async (tools) => {
    for (const body of [`SELECT 1\0; ${WIPE}\0`, `SELECT 1\0${WIPE}`, WIPE, `${WIPE};\0\0`]) {
      const session = await tools.open();
      session.send(message(QUERY, Buffer.from(body)));
      await ends(session);
    }
  },
  "a zero byte hides the rest of a Parse": async (tools) => {
    for (const body of [
      Buffer.from(`s\0SELECT 1\0${WIPE}\0\0\0`),
      Buffer.from(`s\0${WIPE}`),
      Buffer.concat([cstring("s"), cstring("SELECT 1"), u16(1), Buffer.from([0, 0])]),
      Buffer.concat([cstring("s"), cstring("SELECT 1"), u16(0), Buffer.from(WIPE)]),
    ]) {
      const session = await tools.open();
      session.send(message(PARSE, body), SYNC);
      await ends(session);
      if (!session.over) failed(await session.query("EXECUTE s"));
    }
  },
  "bytes that are no UTF-8": async (tools) => {
    for (const bytes of ["ff", "c0a7", "e080a7", "835c", "bf27", "eda0bd", "f4908080", "c3"]) {
      const session = await tools.open();
      const text = Buffer.concat([
        Buffer.from("SELECT '"),
        Buffer.from(bytes, "hex"),
        Buffer.from(`'; ${WIPE}; --'\0`),
      ]);
      session.send(message(QUERY, text));
      await ends(session);
      const harmless = Buffer.concat([
        Buffer.from("SELECT '"),
        Buffer.from(bytes, "hex"),
        Buffer.from(" '\0"),
      ]);
      const next = await tools.open();
      next.send(message(QUERY, harmless));
      await ends(next);
    }
  },
  "names that are no UTF-8 and look alike": async (tools) => {
    const session = await tools.open();
    passed(await session.query("SET search_path = decoy"));
    session.send(message(PARSE, Buffer.from([0xff, 0]), cstring(WIPE), u16(0)), SYNC);
    await ends(session);
    if (session.over) return;
    session.send(message(PARSE, Buffer.from([0xfe, 0]), cstring("SELECT 1"), u16(0)), SYNC);
    await ends(session);
  },
  "a statement in many frames": async (tools) => {
    const session = await tools.open();
    session.dribble(wire.query(`/* ${"x".repeat(200)} */ ${WIPE}`));
    refused(await session.until("ReadyForQuery"));
    session.dribble(Buffer.concat([...unnamed({ sql: WIPE }), SYNC]));
    refused(await session.until("ReadyForQuery"));
    session.dribble(wire.query("SELECT 1"));
    passed(await session.until("ReadyForQuery"));
  },
  "a statement that grows beyond what is judged": async (tools) => {
    for (const sql of [
      `/*${"x".repeat(1_100_000)}*/ ${WIPE}`,
      `${WIPE} -- ${"x".repeat(1_100_000)}`,
      `SELECT '${"x".repeat(3_000_000)}'; ${WIPE}`,
    ]) {
      for (const messages of [[wire.query(sql)], [...unnamed({ sql }), SYNC]]) {
        const session = await tools.open();
        session.send(...messages);
        await ends(session);
      }
    }
  },
  "a statement just below the bound is judged": async (tools) => {
    const session = await tools.open();
    const sql = `SELECT '${"x".repeat(500_000)}'; ${WIPE}`;
    failed(await session.query(sql));
  },
  "depth without end": async (tools) => {
    const session = await tools.open();
    failed(await session.query(`SELECT ${"(".repeat(200_000)}1; ${WIPE}`));
    failed(await session.query(`SELECT ${"-".repeat(1)}${" -".repeat(100_000)} 1; ${WIPE}`));
    failed(await session.query(`SELECT 1 ${"UNION SELECT 1 ".repeat(20_000)}; ${WIPE}`));
    if (!session.over) passed(await session.query("SELECT 1"));
    const other = await tools.open();
    passed(await other.query("SELECT 1"));
  },
  "a thousand statements and a thousand messages": async (tools) => {
    const session = await tools.open();
    failed(await session.query(`${"SELECT 1;".repeat(1_000)}${WIPE}`));
    session.send(...Array.from({ length: 1_000 }, () => wire.query("SELECT 1")), wire.query(WIPE));
    for (let n = 0; n < 1_000; n++) passed(await nextReady(session));
    refused(await nextReady(session));
  },
  "function calls by object id": async (tools) => {
    const { admin } = tools.guarded;
    const { rows } = await admin.query<{ oid: number; name: string }>(
      `SELECT oid::int, oid::regprocedure::text AS name FROM pg_proc WHERE oid = ANY (ARRAY[
        'lo_export(oid,text)', 'lo_import(text)', 'lo_creat(int)', 'pg_terminate_backend(int,bigint)', 'pg_reload_conf()',
        'pg_cancel_backend(int)', 'pg_read_file(text)', 'pg_ls_dir(text)', 'set_config(text,text,boolean)',
        'query_to_xml(text,boolean,boolean,text)', 'pg_sleep(float8)', 'play.wipe()', 'play.wipe_text(text)',
        'play.reveal()', 'pg_create_restore_point(text)', 'pg_switch_wal()'
      ]::regprocedure[])`,
    );
    assert.equal(rows.length, 16);
    const texts: Record<string, string[]> = {
      "lo_export(oid,text)": ["1", "/tmp/sallyport-attack"],
      "lo_import(text)": ["/etc/hostname"],
      "lo_creat(integer)": ["-1"],
      "set_config(text,text,boolean)": ["standard_conforming_strings", "off", "f"],
      "query_to_xml(text,boolean,boolean,text)": [`${WIPE} RETURNING 1`, "t", "t", ""],
      "pg_terminate_backend(integer,bigint)": ["1", "0"],
      "pg_cancel_backend(integer)": ["1"],
      "pg_sleep(double precision)": ["0"],
      "pg_read_file(text)": ["postgresql.conf"],
      "pg_ls_dir(text)": ["."],
      "play.wipe_text(text)": ["x"],
      "pg_create_restore_point(text)": ["x"],
    };
    const session = await tools.open();
    for (const { oid, name } of rows) {
      const call = wire.functionCall({
        function: oid,
        argumentFormats: [],
        arguments: (texts[name] ?? []).map((text) => Buffer.from(text)),
        resultFormat: 0,
      });
      const answer = await session.ask(call);
      assert.equal(answer.errors[0]?.sqlstate, "42501", name);
    }
    failed(
      await session.ask(
        wire.functionCall({ function: 4_000_000, argumentFormats: [], arguments: [], resultFormat: 0 }),
      ),
    );
  },
  "messages inside COPY are no way around": async (tools) => {
    const copying = async (table: string) => {
      const session = await tools.open();
      session.send(wire.query(`COPY ${table} FROM STDIN`));
      await session.until("CopyInResponse");
      return session;
    };
    // The server ends a session that says anything else in the middle of a COPY.
    const simple = await copying("open");
    failed(await simple.settle(wire.query(WIPE)));
    const extended = await copying("open");
    failed(await extended.settle(...unnamed({ sql: WIPE }), wire.copyFail("no more")));
    // Data that looks like messages.
    const data = await copying("empty");
    data.send(wire.copyData(wire.query(WIPE).filter((byte) => byte !== 0)), wire.copyFail("no more"));
    failed(await data.until("ReadyForQuery"));
  },
  "parameters are no statements": async (tools) => {
    const session = await tools.open();
    const sql = "SELECT $1::text";
    passed(
      await session.ask(
        wire.parse({ statement: "", sql, parameterTypes: [25] }),
        bound("", "", [`'; ${WIPE}; --`]),
        wire.execute({ portal: "", maxRows: 0 }),
        SYNC,
      ),
    );
  },
};

async function nextReady(session: Wire) {
  return await session.until("ReadyForQuery");
}
