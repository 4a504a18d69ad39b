import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfigFile } from "./file.ts";

const DAY = 86_400_000;
const read = (text: string) => parseConfigFile(text, "sallyport.yaml").settings.retention;

test("retention becomes settings, in ms; without it there are none", () => {
  assert.equal(read("{}"), undefined);
  assert.deepEqual(read("retention: {}"), { default: null, rules: [] });
  const rules = "[{target: prod-*, label: email, keep: 90d}, {principal: 'group:ci', keep: forever}]";
  assert.deepEqual(read(`retention: {default: 400d, rules: ${rules}}`), {
    default: 400 * DAY,
    rules: [
      { target: "prod-*", label: "email", keep: 90 * DAY },
      { principal: "group:ci", keep: null },
    ],
  });
});

test("what makes no sense is told with its place and what to write", () => {
  for (const [text, error] of [
    ["retention: {default: 90}", /:1:\d+: retention\.default is not a text/],
    ["retention: {default: never}", /retention\.default is not a duration from 1d to 36500d, or forever/],
    ["retention: {rules: [{target: a, keep: 23h}]}", /retention\.rules\[0\]\.keep is not a duration from 1d/],
    [
      "retention: {rules: [{target: a, keep: 40000d}]}",
      /retention\.rules\[0\]\.keep is not a duration from 1d/,
    ],
    ["retention: {rules: [{target: a}]}", /retention\.rules\[0\]\.keep is missing/],
    ["retention: {rules: [{keep: 9d}]}", /retention\.rules\[0\] names no target, principal or label/],
    ["retention: {rules: [{taget: a, keep: 9d}]}", /retention\.rules\[0\]\.taget is not known here/],
    ["retention: {keep: 9d}", /retention\.keep is not known here/],
  ] as const)
    assert.throws(() => read(text), error, text);
});

test("what the edge finds wrong in a rule is told with its place in the file", () => {
  const config = parseConfigFile("retention:\n  rules:\n    - {target: 'A', keep: 9d}\n", "sallyport.yaml");
  assert.match(
    config.locate("settings.retention.rules[0].target must be a target's name"),
    /^sallyport\.yaml:3:\d+: retention\.rules\[0\]\.target must be/,
  );
});
