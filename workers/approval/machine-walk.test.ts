import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MACHINE, machineBench, SETTINGS } from "./machine-bench.ts";
import { walk } from "./machine-walk.ts";

describe("every interleaving of answers, cancel, expiry, revocation, dropped sockets and the session's end", () => {
  for (const [name, setting] of Object.entries(SETTINGS)) {
    test(`${name}: never without quorum, never twice, never lost, always ended`, (t) => {
      const found = walk(machineBench(MACHINE), setting);
      t.diagnostic(`${found.worlds} worlds, ${found.steps} steps`);
      for (const status of ["pending", "approved", "denied", "expired", "withdrawn", "lapsed"])
        assert.ok(found.reached.includes(status), `${status} is never reached`);
    });
  }
});
