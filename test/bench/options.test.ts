import assert from "node:assert/strict";
import { test } from "node:test";
import { readOptions } from "./options.ts";

test("the direct connection always runs, and the paths keep the table's order", () => {
  assert.deepEqual(readOptions(["--paths", "disk,memory"])?.paths, ["direct", "memory", "disk"]);
  assert.deepEqual(readOptions([])?.paths, [
    ...["direct", "pgbouncer", "relay", "memory", "disk", "memory-edge", "disk-edge"],
  ]);
});

test("--quick shortens what is not said otherwise", () => {
  const options = readOptions(["--quick", "--seconds", "9"]);
  assert.equal(options?.seconds, 9);
  assert.equal(options?.repetitions, 2);
});

test("a mistake is named with what would be right", () => {
  assert.throws(() => readOptions(["--paths", "memroy"]), /--paths: memroy is none of direct, pgbouncer/);
  assert.throws(() => readOptions(["--clients", "1,0"]), /--clients: 0 is not a whole number above 0/);
  assert.throws(() => readOptions(["--fast"]), TypeError);
});

test("verdicts can be measured alone, and belong to the whole", () => {
  assert.deepEqual(readOptions(["--only", "verdicts"])?.only, ["verdicts"]);
  assert.ok(readOptions([])?.only.includes("verdicts"));
});

test("ssh names all of its parts, and a part itself", () => {
  const parts = ["ssh-exec", "ssh-echo", "ssh-scp", "ssh-sftp", "ssh-pipe"];
  assert.deepEqual(readOptions(["--only", "ssh"])?.only, parts);
  assert.deepEqual(readOptions(["--only", "copy,ssh"])?.only, ["copy", ...parts]);
  assert.deepEqual(readOptions(["--only", "ssh-echo"])?.only, ["ssh-echo"]);
});

test("a kind of targets names its parts, beside others", () => {
  const http = ["http-request", "http-list", "http-file"];
  assert.deepEqual(readOptions(["--only", "http"])?.only, http);
  assert.deepEqual(readOptions(["--only", "ssh-exec,http,copy"])?.only, ["ssh-exec", ...http, "copy"]);
  assert.deepEqual(readOptions(["--only", "kubernetes,http"])?.only.slice(-3), http);
  assert.throws(() => readOptions(["--only", "https"]), /--only: https is none of/);
});
