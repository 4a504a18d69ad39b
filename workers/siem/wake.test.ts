import assert from "node:assert/strict";
import { test } from "node:test";
import type { Env } from "../environment.ts";
import { sqliteDirectory } from "../testing/sqlite-directory.ts";
import { wakeStaleLanes } from "./wake.ts";

const NOW = 1_000_000_000;

test("objects that have not been heard of for long, and have something to tell, are woken by the sweep", async () => {
  const woken: string[] = [];
  const namespace = (kind: string) => ({
    idFromString: (id: string) => id,
    get: (id: string) => ({ deliverEvents: async () => void woken.push(`${kind} ${id}`) }),
  });
  const DIRECTORY = sqliteDirectory();
  const env = {
    DIRECTORY,
    SIEM_R2: "on",
    SESSION: namespace("session"),
    LEDGER: namespace("ledger"),
  } as unknown as Env;
  const rows: [object: string, kind: string, sources: number, reported: number][] = [
    ["old", "session", 1, NOW - 3_600_000],
    ["ledger", "ledger", 1, NOW - 3_600_000],
    ["quiet", "session", 0, NOW - 3_600_000],
    ["fresh", "session", 1, NOW - 1_000],
  ];
  for (const [object, kind, sources, reported] of rows)
    await DIRECTORY.prepare("INSERT INTO siem_lanes VALUES (?1, ?2, 'r2', ?3, NULL, 0, 0, NULL, 0, NULL, ?4)")
      .bind(object, kind, sources, reported)
      .run();
  await wakeStaleLanes(env, NOW);
  assert.deepEqual(woken.sort(), ["ledger ledger", "session old"]);
  await wakeStaleLanes({ ...env, SIEM_R2: "off" } as Env, NOW);
  assert.equal(woken.length, 2, "without a destination nobody is woken");
});
