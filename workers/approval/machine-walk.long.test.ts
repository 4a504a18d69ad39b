import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LARGE_SETTINGS, MACHINE, machineBench } from "./machine-bench.ts";
import { walk } from "./machine-walk.ts";

describe("every interleaving, of more answers", () => {
  for (const [name, setting] of Object.entries(LARGE_SETTINGS)) {
    test(`${name}: never without quorum, never twice, never lost, always ended`, (t) => {
      const found = walk(machineBench(MACHINE), setting);
      t.diagnostic(`${found.worlds} worlds, ${found.steps} steps`);
      for (const status of ["pending", "approved", "denied", "expired", "withdrawn", "lapsed"])
        assert.ok(found.reached.includes(status), `${status} is never reached`);
    });
  }
});
