import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { type SystemPackage, unavailable } from "../system-packages.ts";
import { type Place, run } from "./places.ts";

const SCENARIOS: [SystemPackage, string][] = [
  ["python3-asyncpg", "asyncpg_scenario.py"],
  ["python3-psycopg", "psycopg_scenario.py"],
];

/** A test for each of Python's drivers: its scenario in this folder, as JSON, has to be the `same` in both places. */
export function testPythonDrivers(
  folder: string,
  same: (scenario: (place: Place) => Promise<unknown>) => Promise<void>,
): void {
  for (const [name, file] of SCENARIOS) {
    test(name, async (t) => {
      const reason = unavailable(name);
      if (reason !== false) return t.skip(reason);
      await same(async (place) => {
        const outcome = await run("/usr/bin/python3", [join(folder, file)], place);
        assert.equal(outcome.status, 0, outcome.stderr);
        return JSON.parse(outcome.stdout) as unknown;
      });
    });
  }
}
