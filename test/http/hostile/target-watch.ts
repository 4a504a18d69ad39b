import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { loosePath, wrongFields } from "./fields.ts";
import { isOneOf, type Rig, type Seen } from "./rig.ts";

/**
 * To be called in a suite, before its tests: whatever each of them does, only what is in good form may have come to the
 * target. Answers all of that, as it grows.
 */
export function watchTarget(rig: () => Rig): readonly Seen[] {
  const all: Seen[] = [];

  beforeEach(() => {
    rig().seen.length = 0;
    rig().malformed.length = 0;
  });

  afterEach(() => {
    const { malformed, seen, server } = rig();
    assert.deepEqual(malformed, []);
    for (const one of seen) {
      assert.deepEqual(wrongFields(one, server.port), []);
      assert.doesNotMatch(loosePath(one.url), /^\/(?:admin|smuggled)(?:$|\/)/);
    }
    all.push(...seen.filter(({ isWhole }) => isWhole));
  });

  return all;
}

/** A suite's last test: each request that came to the target was judged as it came, and there were more than `count`. */
export function testJudged(rig: () => Rig, all: readonly Seen[], count: number): void {
  test("what the target saw is what was judged, each time", async () => {
    const judged = await rig().judged();
    for (const one of all) assert.ok(isOneOf(judged, one), `${one.method} ${one.url} was not judged so`);
    assert.ok(all.length > count);
  });
}
