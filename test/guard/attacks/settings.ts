import assert from "node:assert/strict";
import type { Wire } from "../wire.ts";
import { type Attack, failed, refused } from "./tools.ts";

/** What must be so for the guard to read a text as the server does. */
const PINNED: Record<string, string> = { standard_conforming_strings: "on", client_encoding: "UTF8" };

/** The session has the settings that the guard counts on, or there is no session. */
async function pinned(session: Wire): Promise<void> {
  if (session.greeting.status === null) {
    failed(session.greeting);
    return;
  }
  for (const [name, value] of Object.entries(PINNED)) {
    assert.deepEqual((await session.query(`SHOW ${name}`)).rows, [[value]], name);
  }
  refused(await session.query("SELECT '\\'; DELETE FROM victims; --'"));
}

const WRONG: [string, string][] = [
  ["standard_conforming_strings", "off"],
  ["client_encoding", "SJIS"],
  ["client_encoding", "GBK"],
  ["client_encoding", "BIG5"],
  ["client_encoding", "LATIN1"],
  ["client_encoding", "SQL_ASCII"],
];

/** Settings under which the server reads other text than the parser, by every way to one. */
export const SETTINGS: Record<string, Attack> = {
  "a parameter of the startup": async (tools) => {
    for (const [name, value] of WRONG) await pinned(await tools.open({ [name]: value }));
    await pinned(await tools.open({ Standard_Conforming_Strings: "off" }));
    await pinned(await tools.open({ CLIENT_ENCODING: "SJIS" }));
  },
  "options of the startup, as PGOPTIONS gives them": async (tools) => {
    for (const [name, value] of WRONG) {
      await pinned(await tools.open({ options: `-c ${name}=${value}` }));
      await pinned(await tools.open({ options: `-c${name}=${value}` }));
      await pinned(await tools.open({ options: `--${name.replaceAll("_", "-")}=${value}` }));
      await pinned(await tools.open({ options: `-c work_mem=4MB -c ${name.toUpperCase()}=${value}` }));
      await pinned(await tools.open({ options: `-c search_path=a\\ b -c\t${name}=${value}` }));
    }
  },
  "what a role or a database has as its default": async (tools) => {
    const { admin } = tools.guarded;
    for (const [name, value] of WRONG.filter(([, value]) => value !== "SQL_ASCII")) {
      for (const object of ["ROLE admin", "DATABASE postgres", "ROLE admin IN DATABASE postgres"]) {
        await admin.query(`ALTER ${object} SET ${name} = '${value}'`);
        const session = await tools.open();
        await admin.query(`ALTER ${object} RESET ${name}`);
        await pinned(session);
        if (session.greeting.status === null) continue;
        for (const sql of [`RESET ${name}`, "RESET ALL", "DISCARD ALL", `SET ${name} = DEFAULT`]) {
          await session.query(sql);
          await pinned(session);
        }
      }
    }
  },
  "a search_path of the startup": async (tools) => {
    for (const startup of [
      { search_path: "decoy" },
      { options: "-c search_path=decoy" },
      { options: "-csearch_path=decoy,public" },
    ]) {
      const session = await tools.open(startup);
      if (session.greeting.status === null) continue;
      await session.query("PREPARE s AS DELETE FROM victims");
      await session.query("SET search_path = public");
      failed(await session.query("EXECUTE s"));
      failed(await session.query("DELETE FROM victims"));
      for (const sql of ["RESET search_path", "RESET ALL", "DISCARD ALL", "SET search_path = DEFAULT"]) {
        await session.query("SET search_path = public");
        await session.query(sql);
        failed(await session.query("DELETE FROM public.victims"));
      }
    }
  },
  "a search_path that a role has, undone and done again": async (tools) => {
    const { admin } = tools.guarded;
    await admin.query("ALTER ROLE admin SET search_path = decoy");
    const session = await tools.open();
    await admin.query("ALTER ROLE admin RESET search_path");
    await session.query("DELETE FROM victims WHERE id = 99");
    await session.query("SET search_path = public");
    failed(await session.query("DELETE FROM victims"));
    await session.query("RESET search_path");
    await session.query("DELETE FROM victims WHERE id = 99");
    failed(await session.query("DELETE FROM public.victims"));
  },
  "a role whose path is another": async (tools) => {
    const session = await tools.open();
    refused(await session.query("SET ROLE worker"));
    refused(await session.query("SET SESSION AUTHORIZATION worker"));
    refused(await session.query("SET LOCAL ROLE worker"));
    refused(await session.query("SELECT set_config('role', 'worker', false)"));
    for (const startup of [
      { role: "worker" },
      { options: "-c role=worker" },
      { session_authorization: "worker" },
    ]) {
      const other = await tools.open(startup);
      if (other.greeting.status === null) continue;
      assert.deepEqual((await other.query("SELECT current_user::text")).rows, [["admin"]]);
    }
  },
  "harmless forms of the settings are taken": async (tools) => {
    for (const startup of [
      { client_encoding: "UTF8" },
      { client_encoding: "'utf-8'" },
      { client_encoding: "UNICODE" },
      { options: "-c client_encoding=utf8 -c work_mem=5MB" },
      { standard_conforming_strings: "on" },
      { DateStyle: "ISO", TimeZone: "UTC", extra_float_digits: "2" },
    ] as Record<string, string>[]) {
      const session = await tools.open(startup);
      assert.equal(session.greeting.status, "I", JSON.stringify([startup, session.greeting.errors]));
      await pinned(session);
    }
  },
};
