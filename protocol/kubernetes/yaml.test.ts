import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { APPLY, DEPLOYMENT, facts, PODS } from "./testing.ts";

describe("YAML", () => {
  const apply = (body: string) => facts("PATCH", DEPLOYMENT, APPLY, body);
  test("is told as what it is in JSON", () => {
    const told = apply(
      "apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      hostPID: true\n      containers:\n      - image: 'a'\n",
    );
    assert.deepEqual(
      [told.kinds, told.rights, told.images, told.opaque],
      [["apps/Deployment"], ["hostPID"], ["a"], []],
    );
    assert.deepEqual(facts("POST", PODS, "application/yaml", "spec: {hostPID: true}").rights, ["hostPID"]);
    assert.deepEqual(apply('{"spec":{"hostPID":true}}').rights, ["hostPID"]);
    const text =
      "spec: # comment\n  containers: [{image: nginx:1.2.3-a, args: [\"yes\", '010', 100m, 1Gi, v1.2]}]\n  replicas: 3\n";
    assert.deepEqual(
      [apply(text).images, apply(text).replicas, apply(text).opaque],
      [["nginx:1.2.3-a"], 3, []],
    );
    assert.deepEqual(apply("metadata:\n  labels:\n    a: |\n      x: *y\n    b: '&c'\n").labels, [
      "a=x: *y\n",
      "b=&c",
    ]);
  });

  const refused: [what: string, body: string][] = [
    ["an alias", "a: &x {hostPID: true}\nspec: *x\n"],
    ["an anchor alone", "a: &x 1\n"],
    ["a merge", "<<: {spec: {hostPID: true}}\n"],
    [
      "a bomb",
      `a: &a [x]\n${Array.from(
        { length: 20 },
        (_, i) =>
          `a${i}: &a${i} [${Array(10)
            .fill(i === 0 ? "*a" : `*a${i - 1}`)
            .join(",")}]`,
      ).join("\n")}\n`,
    ],
    ["a tag", "spec: !!str true\n"],
    ["a tag of one's own", "spec: !x true\n"],
    ["a boolean of YAML 1.1", "spec:\n  hostPID: yes\n"],
    ["another boolean of YAML 1.1", "spec:\n  hostPID: On\n"],
    ["an octal number of YAML 1.1", "spec:\n  replicas: 010\n"],
    ["an octal number of YAML 1.2", "spec:\n  replicas: 0o10\n"],
    ["a number with underscores", "spec:\n  replicas: 1_0\n"],
    ["a sexagesimal number", "spec:\n  a: 1:30\n"],
    ["two documents", "a: 1\n---\nspec: {hostPID: true}\n"],
    ["a directive", "%YAML 1.1\n---\na: 1\n"],
    ["a name twice", "a: 1\na: 2\n"],
    ["a key that is no text", "1: 2\n"],
    ["a key that is a list", "? [a]\n: 1\n"],
    ["an error", "a: [1\n"],
    ["levels without end", "[".repeat(50_000)],
    ["levels without end, by lines", Array.from({ length: 300 }, (_, i) => `${" ".repeat(i)}a:\n`).join("")],
    ["too much text", `a: ${"x".repeat(256 * 1024)}\n`],
    ["no number", "a: .inf\n"],
    ["a large number", "a: 99999999999999999999\n"],
    ["an exponent", "spec:\n  replicas: 1e2\n"],
    ["a number in hexadecimal", "spec:\n  replicas: 0x1\n"],
    ["a number with a plus", "spec:\n  replicas: +1\n"],
    ["a date", "a: 2026-01-01\n"],
    ["a boolean in upper case", "spec:\n  hostPID: TRUE\n"],
    ["a name that is a boolean", "on: 1\n"],
    ["more brackets at the end than before", "]".repeat(30_000)],
    ["lists in lists without end", "- ".repeat(3_900)],
    ["two documents, the first empty", "---\n---\nspec: {hostPID: true}\n"],
    ["a second document after the end of the first", "a: 1\n...\nspec: {hostPID: true}\n"],
    ["entries without end", "- a\n".repeat(8_000)],
    ["nothing", "# only a comment\n"],
  ];
  for (const [what, body] of refused) {
    test(`is not understood with ${what}`, () => {
      const { opaque, rights } = apply(body);
      assert.ok(opaque.length > 0);
      assert.deepEqual(rights, []);
    });
  }
});
