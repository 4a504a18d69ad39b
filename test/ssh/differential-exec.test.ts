import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EXEC } from "./differential/exec.ts";
import { Places } from "./differential/places.ts";
import { run } from "./gateway.ts";

describe("commands through the gateway are as they are direct", { concurrency: 4, timeout: 340_000 }, () => {
  let places: Places;

  before(async () => {
    places = await Places.start();
  });

  after(() => places.stop());

  test("a command that is not UTF-8 is refused: another would be judged than runs", async () => {
    const { config } = places.gateway;
    const line = `exec ssh -F '${config}' through "$(printf 'echo \\377')"`;
    const { status, stderr } = await run("sh", ["-c", line], undefined);
    assert.deepEqual([status, /^sallyport: this command line is not UTF-8/.test(stderr)], [126, true]);
  });

  for (const one of EXEC) test(one.name, () => places.same(one));
});
