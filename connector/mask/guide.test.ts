import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { parseColumnPattern } from "../../protocol/column-pattern.ts";
import { readDocument } from "../../protocol/document.ts";
import { checkPolicies } from "../../protocol/policy/check.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { DEFAULT_DETECTORS, DETECTOR_NAMES } from "./detectors/modes.ts";
import { type MaskSettings, maskSettings } from "./settings.ts";

const GUIDE = readFileSync(new URL("../../docs/masking.md", import.meta.url), "utf8");

function settings(target: object): MaskSettings {
  return maskSettings(readDocument(JSON.stringify(target), "docs/masking.md"), "/");
}

/** The cells of a section's tables, row by row. */
function rows(section: string): string[][] {
  const [, text = ""] = new RegExp(`^## ${section}\n(.*?)(?=^## |$(?![\\s\\S]))`, "ms").exec(GUIDE) ?? [];
  return [...text.matchAll(/^\| (`.*) \|$/gm)].map(([, row]) => row!.split(" | "));
}

/** What stands as code in a cell. */
function code(cell: string | undefined): string {
  return /`([^`]*)`/.exec(cell ?? "")?.[1] ?? "";
}

test("the guide's settings can be read", () => {
  const [, text = ""] = /^```yaml\n(targets:.*?)^```$/ms.exec(GUIDE) ?? [];
  const [target] = parse(text).targets;
  const { labels } = settings(target);
  assert.deepEqual(
    [labels.rules.length, [...labels.labels.keys()]],
    [4, ["pii.email", "pii.ssn", "phi.name"]],
  );
});

test("the guide's policies have no mistake", () => {
  const texts = [...GUIDE.matchAll(/^```cedar\n(.*?)^```$/gms)].map(([, text]) => text!);
  assert.equal(texts.length, 1);
  for (const text of texts) assert.deepEqual(checkPolicies(nodeCedar(), text), []);
});

test("each of the guide's patterns is one, as it is written in YAML", () => {
  const patterns = rows("Labels").map(([cell]) => code(cell));
  assert.ok(patterns.length >= 6);
  for (const pattern of patterns) {
    const [key = ""] = Object.keys(parse(`${pattern}: x`));
    assert.ok(!("fault" in parseColumnPattern(key)), pattern);
  }
});

test("each of the guide's masks can be read, and none is missing", () => {
  const masks = rows("Masks").map(([cell]) => code(cell));
  const read = masks.map((mask) => {
    const target = { labels: { "a.b.c": "x" }, masks: { x: parse(mask) }, maskKey: { env: "KEY" } };
    return settings(target).labels.labels.get("x")!.mask;
  });
  const forms = read.map((mask) => ("as" in mask ? mask.as : "scope" in mask ? mask.scope : mask.kind));
  assert.deepEqual(
    new Set(forms),
    new Set(["null", "constant", "email", "phone", "card", "last4", "text", "session", "target", "range"]),
  );
});

test("the guide has every detector with its default", () => {
  const told = rows("Detectors").map(([name, , mode]) => [code(name), code(mode)]);
  assert.deepEqual(Object.fromEntries(told), DEFAULT_DETECTORS);
  assert.equal(told.length, DETECTOR_NAMES.length);
});
