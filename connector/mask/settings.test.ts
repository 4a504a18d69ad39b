import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { DEFAULT_DETECTORS } from "./detectors/modes.ts";
import { type MaskSettings, maskSettings, NO_LABELS } from "./settings.ts";

const FILE = "/etc/sallyport/sallyport.yaml";

const WHOLE = `
labels:
  public.customers.email: pii.email
  public.*.ssn: pii.ssn
  public.documents.body->'patient'->'name': phi.name
  public.customer_stats.*: none
  hr.people.phone: pii.phone
  hr.people.salary: hr.salary
  hr.people.birthday: hr.birthday
  public."odd.name".email: pii.email
  hr.people.notes: hr.notes
masks:
  pii.email: { mask: partial, as: email, lookup: 30 }
  pii.ssn: { mask: hash, scope: target }
  pii.phone: { mask: constant, value: "hidden" }
  phi.name: { mask: "null" }
  hr.salary: { mask: range, step: 0.5 }
  hr.birthday: { mask: range, unit: year }
maskKey: { file: mask.key }
detectors: { email: mask, card: off }
`;

function read(text: string): MaskSettings {
  return maskSettings(readDocument(text, FILE), "/etc/sallyport");
}

function changed(from: string, to: string): string {
  assert.ok(WHOLE.includes(from), from);
  return WHOLE.replace(from, to);
}

describe("a target's masking", () => {
  test("is read: labels in their order, each with its mask", () => {
    const { labels, maskKey, detectors } = read(WHOLE);
    assert.deepEqual(Object.fromEntries(labels.labels), {
      "pii.email": {
        name: "pii.email",
        mask: { kind: "partial", as: "email" },
        lookup: { perMinute: 30 },
      },
      "pii.ssn": { name: "pii.ssn", mask: { kind: "hash", scope: "target" }, lookup: null },
      "phi.name": { name: "phi.name", mask: { kind: "null" }, lookup: null },
      "pii.phone": { name: "pii.phone", mask: { kind: "constant", value: "hidden" }, lookup: null },
      "hr.salary": { name: "hr.salary", mask: { kind: "range", step: 0.5 }, lookup: null },
      "hr.birthday": { name: "hr.birthday", mask: { kind: "range", unit: "year" }, lookup: null },
      "hr.notes": { name: "hr.notes", mask: { kind: "null" }, lookup: null },
    });
    assert.deepEqual(
      labels.rules.map(({ schema, relation, column, path, label }) => [
        ...[schema, relation, column, path],
        label?.name ?? null,
      ]),
      [
        ["public", "customers", "email", null, "pii.email"],
        ["public", "*", "ssn", null, "pii.ssn"],
        ["public", "documents", "body", ["patient", "name"], "phi.name"],
        ["public", "customer_stats", "*", null, null],
        ["hr", "people", "phone", null, "pii.phone"],
        ["hr", "people", "salary", null, "hr.salary"],
        ["hr", "people", "birthday", null, "hr.birthday"],
        ["public", "odd.name", "email", null, "pii.email"],
        ["hr", "people", "notes", null, "hr.notes"],
      ],
    );
    for (const { label } of labels.rules) {
      if (label !== null) assert.equal(label, labels.labels.get(label.name));
    }
    assert.deepEqual(maskKey, { file: "/etc/sallyport/mask.key" });
    assert.deepEqual(detectors, { ...DEFAULT_DETECTORS, email: "mask", card: "off" });
  });

  test("needs nothing: no labels, the detectors' defaults", () => {
    assert.deepEqual(read("name: orders"), {
      labels: NO_LABELS,
      maskKey: null,
      detectors: DEFAULT_DETECTORS,
    });
  });

  test("a hash is the session's own unless it says otherwise; a line without a mask is null", () => {
    const { labels } = read(
      "labels: {a.b.c: x, a.b.d: y, a.b.e: z}\nmasks: {x: {mask: hash}, y: {lookup: 1}, z: {mask: null}}",
    );
    assert.deepEqual(labels.labels.get("x")!.mask, { kind: "hash", scope: "session" });
    assert.deepEqual(labels.labels.get("y"), { name: "y", mask: { kind: "null" }, lookup: { perMinute: 1 } });
    assert.deepEqual(labels.labels.get("z")!.mask, { kind: "null" });
  });

  const FAULTS: [claim: string, text: string, message: RegExp][] = [
    [
      "a pattern that is none",
      changed("public.*.ssn", "ssn"),
      /yaml:4:8: labels\.ssn is not a column's pattern/,
    ],
    ["a label that is none", changed("email: pii.email", "email: PII"), /3:\d+: labels\.\S+ is not a label/],
    ["a pattern without a label", "labels: {a.b.c: }", /labels\.a\.b\.c is missing/],
    ["labels in a list", "labels: [a.b.c]", /labels is not a mapping/],
    ["the same pattern twice", changed("public.*.ssn", "public.customers.email"), /:4:\d+: .*duplicate key/],
    ["a label of PostgreSQL's own", "labels: {a.b.c: system.samples}", /is a label of Sallyport's own/],
    ["a part of a document as none", "labels: {\"a.b.c->'x'\": none}", /a part of a document/],
    [
      "a mask for no label",
      changed("  pii.ssn: {", "  pii.snn: {"),
      /:14:\d+: masks\.pii\.snn is a label that no line/,
    ],
    [
      "a mask for none",
      changed("maskKey:", "  none: {mask: hash}\nmaskKey:"),
      /masks\.none is a label that no line/,
    ],
    ["masks without labels", "masks: {x: {mask: hash}}", /masks\.x is a label that no line/],
    [
      "an unknown mask",
      changed("mask: partial", "mask: blur"),
      /masks\.pii\.email\.mask is not one of null, /,
    ],
    ["a mask's unknown key", changed("scope: target", "scpoe: target"), /scpoe is not known/],
    ["another mask's key", changed("mask: constant", "mask: hash"), /value is not known/],
    ["a partial of an unknown form", changed("as: email", "as: name"), /\.as is not one of email/],
    ["a partial without a form", changed("as: email, ", ""), /\.as is missing/],
    ["a constant without a value", changed(', value: "hidden"', ""), /\.value is missing/],
    ["a constant that is a number", changed('"hidden"', "0"), /\.value is not a text/],
    ["a constant with a zero byte", changed('"hidden"', '"\\0"'), /\.value is not a text/],
    ["a long constant", changed("hidden", "x".repeat(1_001)), /\.value is too long/],
    ["a step of 0", changed("step: 0.5", "step: 0"), /\.step is not a number from 0\.000001 to/],
    ["a step below 0", changed("step: 0.5", "step: -1"), /\.step is not a number/],
    ["an endless step", changed("step: 0.5", "step: .inf"), /\.step is not a number/],
    ["a step that is none", changed("step: 0.5", "step: .nan"), /\.step is not a number/],
    ["a range of nothing", changed(", step: 0.5", ""), /needs either step or unit/],
    ["a range of two", changed("step: 0.5", "step: 1, unit: year"), /needs either step or unit/],
    ["an unknown unit", changed("unit: year", "unit: week"), /\.unit is not one of month/],
    ["no lookups", changed("lookup: 30", "lookup: 0"), /\.lookup is not a whole number from 1 to 10000/],
    ["too many lookups", changed("lookup: 30", "lookup: 10001"), /\.lookup is not a whole number/],
    [
      "the target's scope without its key",
      changed("maskKey: { file: mask.key }\n", ""),
      /:14:\d+: masks\.pii\.ssn needs the target's maskKey/,
    ],
    ["a key in the file", changed("{ file: mask.key }", "hunter2"), /maskKey is not a mapping/],
    ["an unknown detector", changed("card: off", "crad: off"), /detectors\.crad is not known/],
    ["an unknown mode", changed("card: off", "card: no"), /detectors\.card is not one of off, report, mask/],
    [
      "too many lines",
      `labels:\n${Array.from({ length: 1_001 }, (_, i) => `  a.b.c${i}: x`).join("\n")}`,
      /labels has more than 1000 lines/,
    ],
    [
      "too many labels",
      `labels:\n${Array.from({ length: 201 }, (_, i) => `  a.b.c${i}: x${i}`).join("\n")}`,
      /labels has more than 200 labels/,
    ],
    ["a label that an object has anyway", "labels: {a.b.c: __proto__}", /labels\.a\.b\.c is not a label/],
    ["a label's inherited mask", "labels: {a.b.c: x}\nmasks: {constructor: {}}", /masks\.constructor is a/],
  ];
  for (const [claim, text, message] of FAULTS) {
    test(`refuses ${claim}, with its place and what to do`, () => {
      assert.throws(
        () => read(text),
        (error) => {
          assert.ok(error instanceof SallyportError);
          assert.equal(error.code, "invalid_config");
          assert.match(error.message, message);
          assert.ok(error.hint);
          assert.doesNotMatch(`${error.message}${error.hint}`, /hunter2|hidden/);
          return true;
        },
      );
    });
  }
});
