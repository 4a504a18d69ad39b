import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, test } from "node:test";
import type { PolicyInForce } from "../../protocol/hub-messages.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { PolicyHolder } from "./policy-holder.ts";

const version = (text: string) => createHash("sha256").update(text).digest("hex");
const inForce = (revision: number, text: string): PolicyInForce => ({
  type: "policy",
  revision,
  version: version(text),
  text,
});

/** A holder whose sets are their texts; `bad` does not load. */
function holder() {
  const log: string[] = [];
  const one = new PolicyHolder(
    (text) => {
      if (text === "bad") throw new Error("2:1 unexpected token");
      return { text } as PolicySet;
    },
    (line) => log.push(line),
  );
  return { one, log, text: () => one.current?.set.text ?? null };
}

describe("the policies that a connector holds", () => {
  test("are the latest revision, in whatever order they come", () => {
    const { one, text } = holder();
    assert.equal(text(), null);
    one.put(inForce(2, "two"));
    one.put(inForce(1, "one"));
    assert.deepEqual([text(), one.current?.stamp], ["two", { revision: 2, version: version("two") }]);
    one.put(inForce(5, "five"));
    assert.equal(text(), "five");
  });

  test("go away when the text is not what its version names", () => {
    const { one, text, log } = holder();
    one.put(inForce(1, "one"));
    one.put({ ...inForce(2, "two"), text: "forged" });
    assert.equal(text(), null);
    assert.match(log.at(-1)!, /revision 2 .* not the one that their version names.*refused/);
  });

  for (const [what, message] of [
    ["without a version", { type: "policy", revision: 2, text: "two" }],
    ["with a version that is no hash", { type: "policy", revision: 2, version: "2", text: "two" }],
    ["whose text is missing", { type: "policy", revision: 2, version: version("two") }],
    ["with a revision that is no number", { ...inForce(2, "two"), revision: "3" }],
  ] as const) {
    test(`go away for a message ${what}`, () => {
      const { one, text } = holder();
      one.put(inForce(1, "one"));
      one.put(message as unknown as PolicyInForce);
      assert.equal(text(), null);
    });
  }

  test("go away when the latest do not load, and come back with the next that do", () => {
    const { one, text, log } = holder();
    one.put(inForce(1, "one"));
    one.put(inForce(2, "bad"));
    assert.equal(text(), null);
    assert.match(log.at(-1)!, /2:1 unexpected token/);
    one.put(inForce(1, "one"));
    assert.equal(text(), null, "not by going back");
    one.put(inForce(3, "three"));
    assert.equal(text(), "three");
  });

  test("go away when the edge says two texts of one revision", () => {
    const { one, text } = holder();
    one.put(inForce(1, "one"));
    one.put(inForce(1, "another"));
    assert.equal(text(), null);
  });

  test("are told about when they change, and only then", () => {
    const { one } = holder();
    const seen: (number | null)[] = [];
    const stop = one.onChange(() => seen.push(one.current?.stamp.revision ?? null));
    one.put(inForce(1, "one"));
    one.put(inForce(1, "one"));
    one.put(inForce(0, "zero"));
    one.put(inForce(2, "bad"));
    stop();
    one.put(inForce(3, "three"));
    assert.deepEqual(seen, [1, null]);
  });
});

describe("waiting for a revision", () => {
  test("ends when it comes, or a later one", async () => {
    const { one } = holder();
    const [second, third] = [one.atLeast(2, 60_000), one.atLeast(3, 60_000)];
    one.put(inForce(1, "one"));
    one.put(inForce(4, "four"));
    assert.deepEqual([(await second).text, (await third).text], ["four", "four"]);
    assert.equal((await one.atLeast(4, 0)).text, "four");
  });

  test("ends in a refusal when it does not come", async () => {
    const { one } = holder();
    one.put(inForce(1, "one"));
    await assert.rejects(one.atLeast(2, 0), { code: "forbidden", message: /revision 2 have not reached/ });
  });

  test("ends in a refusal at once when what comes can't be used", async () => {
    const { one } = holder();
    const waiting = one.atLeast(2, 60_000);
    one.put(inForce(2, "bad"));
    await assert.rejects(waiting, { code: "forbidden", message: /can't be used/ });
    await assert.rejects(one.atLeast(1, 60_000), { code: "forbidden" });
  });

  test("never gives an older one than asked, though it is held when the wait ends", async () => {
    const { one } = holder();
    const waiting = one.atLeast(2, 0);
    one.put(inForce(1, "one"));
    await assert.rejects(waiting, { code: "forbidden" });
  });
});
