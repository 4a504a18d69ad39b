import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDocument } from "../../protocol/document.ts";
import { hasLabels, labelOf } from "./label-of.ts";
import type { Labels } from "./labels.ts";
import { maskSettings, NO_LABELS } from "./settings.ts";

/** Of lines as in the settings: `PATTERN: LABEL`. */
function labelled(lines: string[]): Labels {
  const text = JSON.stringify({ labels: Object.fromEntries(lines.map((line) => line.split(": "))) });
  return maskSettings(readDocument(text, "test.yaml"), "/").labels;
}

/** `none`, `-` for unlabelled, the label, or each path with its label. */
function told(labels: Labels, schema: string, relation: string, column: string): string {
  const found = labelOf(labels, schema, relation, column);
  switch (found.kind) {
    case "unlabelled":
      return "-";
    case "none":
      return "none";
    case "whole":
      return found.label.name;
    case "paths":
      return found.paths.map(({ path, label }) => `${path.join("/")}:${label.name}`).join(" ");
  }
}

describe("a column's label", () => {
  test("is that of the first line that fits", () => {
    const labels = labelled([
      "public.customers.email: first",
      "public.customer_stats.*: none",
      "public.c*.email: second",
      "*.*.email: x",
      "*.*.*_ssn*: third",
    ]);
    assert.equal(told(labels, "public", "customers", "email"), "first");
    assert.equal(told(labels, "public", "customer_stats", "email"), "none");
    assert.equal(told(labels, "public", "clients", "email"), "second");
    assert.equal(told(labels, "shop", "clients", "email"), "x");
    assert.equal(told(labels, "shop", "clients", "old_ssn"), "third");
    assert.equal(told(labels, "shop", "clients", "old_ssn_2"), "third");
    assert.equal(told(labels, "shop", "clients", "ssn"), "-");
    assert.equal(told(labels, "public", "customers", "Email"), "-");
    assert.equal(told(labels, "public", "customers", "emails"), "-");
  });

  test("of documents is every path before the first line of the whole column", () => {
    const labels = labelled([
      "public.documents.body->'patient'->'name': name",
      "public.*.body->'patient': patient",
      "public.doc*.body->'patient'->'name': again",
      "public.documents.*: whole",
      "public.documents.body->'late': late",
    ]);
    assert.equal(told(labels, "public", "documents", "body"), "patient/name:name patient:patient");
    assert.equal(told(labels, "public", "documents", "title"), "whole");
    assert.equal(told(labels, "public", "other", "body"), "patient:patient");
  });

  test("is that of the whole column where such a line comes first", () => {
    const whole = labelled(["a.b.c: whole", "a.b.c->'x': part"]);
    assert.equal(told(whole, "a", "b", "c"), "whole");
    const none = labelled(["a.b.*: none", "a.b.c->'x': part"]);
    assert.equal(told(none, "a", "b", "c"), "none");
  });

  test("by a star is for the user's schemas; PostgreSQL's own must be named", () => {
    const labels = labelled(["*.*.name: x", "pg_catalog.pg_settings.setting: y"]);
    assert.equal(told(labels, "pg_temp_3", "t", "name"), "x");
    assert.equal(told(labels, "pg_catalog", "pg_settings", "name"), "-");
    assert.equal(told(labels, "information_schema", "t", "name"), "-");
    assert.equal(told(labels, "pg_catalog", "pg_settings", "setting"), "y");
  });

  test("does not confuse names that run together", () => {
    const labels = labelled(["a.bc.d: x"]);
    assert.equal(told(labels, "a", "bc", "d"), "x");
    assert.equal(told(labels, "ab", "c", "d"), "-");
  });

  test("is told again alike, and for each set of labels by itself", () => {
    const one = labelled(["a.b.c: one"]);
    const two = labelled(["a.b.c: two"]);
    assert.equal(labelOf(one, "a", "b", "c"), labelOf(one, "a", "b", "c"));
    assert.equal(told(two, "a", "b", "c"), "two");
  });

  const GLOBS: [pattern: string, fitting: string[], others: string[]][] = [
    ["*", ["", "a", "a*b"], []],
    ["a*", ["a", "ab"], ["", "ba"]],
    ["*a", ["a", "ba", "aa"], ["ab"]],
    ["a*a", ["aa", "aba"], ["a", "ab"]],
    ["a**b", ["ab", "axb"], ["a", "b"]],
    ["*a*b*", ["ab", "xaxbx", "aab"], ["ba", "a"]],
    ["ab*ba", ["abba", "ababa"], ["aba", "ab"]],
    ["*ab*ab", ["abab", "ab_ab"], ["ab", "abxb"]],
    ["a.c", ["a.c"], ["abc"]],
  ];
  for (const [pattern, fitting, others] of GLOBS) {
    test(`${pattern} fits what it says`, () => {
      const rule = { schema: "s", relation: "r", column: pattern, path: null, label: null };
      const labels: Labels = { rules: [rule], labels: new Map() };
      for (const name of fitting) assert.equal(labelOf(labels, "s", "r", name).kind, "none", name);
      for (const name of others) assert.equal(labelOf(labels, "s", "r", name).kind, "unlabelled", name);
    });
  }

  test("takes no time for patterns that make others go back", () => {
    const rule = { schema: "s", relation: "r", column: "*a".repeat(60), path: null, label: null };
    const began = performance.now();
    labelOf({ rules: Array(1_000).fill(rule), labels: new Map() }, "s", "r", `${"a".repeat(62)}b`);
    assert.ok(performance.now() - began < 10_000);
  });
});

test("only a line with a label makes labels", () => {
  assert.equal(hasLabels(NO_LABELS), false);
  assert.equal(hasLabels(labelled(["a.b.*: none"])), false);
  assert.equal(hasLabels(labelled(["a.b.*: none", "a.c.d->'e': x"])), true);
});
