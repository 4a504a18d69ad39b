import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readDocument } from "../../protocol/document.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { PathStep } from "./document-labels.ts";
import { parseHttpPattern, parseJsonPath, parseKubernetesPattern } from "./document-pattern.ts";
import { httpMaskSettings, kubernetesMaskSettings } from "./settings.ts";

function told(path: string): string {
  const steps = parseJsonPath(path);
  if ("fault" in steps) return "fault";
  return steps
    .map(({ selects, deep }: PathStep) => {
      const text =
        selects.kind === "name"
          ? JSON.stringify(selects.name)
          : selects.kind === "pattern"
            ? selects.parts.map((part) => JSON.stringify(part)).join("*")
            : selects.kind === "index"
              ? `#${selects.index}`
              : "*";
      return (deep ? ".." : "") + text;
    })
    .join(" ");
}

describe("a path into JSON", () => {
  const READ: [string, string][] = [
    ["$", ""],
    ["$.email", '"email"'],
    ["$.items[*].email", '"items" * "email"'],
    ["$..email", '.."email"'],
    ["$..*", "..*"],
    ["$.*.a", '* "a"'],
    ["$['a.b'].c", '"a.b" "c"'],
    ['$["a b"]', '"a b"'],
    ["$['it\\'s']", '"it\'s"'],
    ["$['a*']", '"a*"'],
    ["$['internal/'*]", '"internal/"*""'],
    ["$[*'-key']", '""*"-key"'],
    ["$[*]", "*"],
    ["$[**]", "*"],
    ["$[0][12]", "#0 #12"],
    ["$..[0]", "..#0"],
    ["$..['a']", '.."a"'],
    ["$.*_token", '""*"_token"'],
    ["$.e-mail", '"e-mail"'],
    ["$.größe", '"größe"'],
  ];
  for (const [path, expected] of READ) test(`${path} is read`, () => assert.equal(told(path), expected));

  const WRONG = [
    "",
    "email",
    "$email",
    "$.",
    "$..",
    "$...a",
    "$.a.",
    "$[",
    "$[]",
    "$[a]",
    "$['a]",
    "$['a'",
    "$[-1]",
    "$[01]",
    "$[0:2]",
    "$[?@.a]",
    "$.['a']",
    "$.a b",
    "$.a[*",
    "$['a','b']",
    `$${".a".repeat(40)}`,
    `$.${"a".repeat(300)}`,
    `$['${"a".repeat(300)}']`,
  ];
  for (const path of WRONG) test(`${path.slice(0, 20)} is none`, () => assert.equal(told(path), "fault"));
});

describe("a pattern", () => {
  test("of HTTP targets is a path and a path into JSON", () => {
    const where = (text: string) => {
      const pattern = parseHttpPattern(text);
      return "fault" in pattern ? "fault" : pattern.where;
    };
    assert.equal(where("$..email"), null);
    assert.deepEqual(where("/users/*/mail  $.a"), ["users", "*", "mail"]);
    assert.deepEqual(where("/v*/** $.a"), ["v*", "**"]);
    assert.deepEqual(where("/ $.a"), []);
    assert.deepEqual(where("/a/ $.a"), ["a"]);
    for (const text of [
      "users $.a",
      "/a?b=c $.a",
      "/a#b $.a",
      "//a $.a",
      "/a/../b $.a",
      "/a/./b $.a",
      "/a** $.a",
      "/a",
      "GET /a $.a",
      `/${"a/".repeat(40)} $.a`,
    ]) {
      assert.equal(where(text), "fault", text);
    }
  });

  test("of Kubernetes targets is a resource and a path into its objects", () => {
    const where = (text: string) => {
      const pattern = parseKubernetesPattern(text);
      return "fault" in pattern ? "fault" : pattern.where;
    };
    assert.deepEqual(where("configmaps $.data"), ["configmaps"]);
    assert.deepEqual(where("deployments.apps $.spec"), ["deployments", "apps"]);
    assert.deepEqual(where("widgets.example.com $.spec"), ["widgets", "example.com"]);
    assert.equal(where("* $.spec"), null);
    for (const text of [
      "$.data",
      "ConfigMap $.data",
      "/configmaps $.data",
      "config*maps $.data",
      "configmaps",
      "configmaps. $.data",
    ]) {
      assert.equal(where(text), "fault", text);
    }
  });
});

describe("settings", () => {
  const read = (reader: typeof httpMaskSettings, settings: object) =>
    reader(readDocument(JSON.stringify(settings), "test.yaml"), "/");

  test("of HTTP targets have labels with their masks, in order", () => {
    const { labels } = read(httpMaskSettings, {
      labels: { "/public/** $..email": "none", "$..email": "pii.email" },
      masks: { "pii.email": { mask: "partial", as: "email" } },
    });
    assert.deepEqual(
      labels.rules.map(({ label }) => label?.name ?? null),
      [null, "pii.email"],
    );
    assert.deepEqual(labels.labels.get("pii.email")?.mask, { kind: "partial", as: "email" });
  });

  test("of Kubernetes targets have their own labels without a line, with other masks where they are given", () => {
    const { labels } = read(kubernetesMaskSettings, {
      labels: { "* $..env[*].value": "kubernetes.env" },
      masks: { "kubernetes.secret": { mask: "hash" } },
    });
    assert.deepEqual([...labels.labels.keys()], ["kubernetes.secret", "kubernetes.env", "kubernetes.token"]);
    assert.deepEqual(labels.labels.get("kubernetes.secret")?.mask, { kind: "hash", scope: "session" });
    assert.deepEqual(labels.labels.get("kubernetes.env")?.mask, {
      kind: "constant",
      value: "masked-by-sallyport",
    });
    assert.equal(labels.rules[0]?.label, labels.labels.get("kubernetes.env"));
  });

  const WRONG: [typeof httpMaskSettings, object, RegExp][] = [
    [httpMaskSettings, { labels: { "public.a.b": "x" } }, /labels\.public\.a\.b/],
    [httpMaskSettings, { labels: { "$.a": "kubernetes.secret" } }, /Sallyport's own/],
    [
      httpMaskSettings,
      { labels: { "$.a": "x" }, masks: { x: { mask: "null", lookup: 3 } } },
      /lookup is for databases/,
    ],
    [httpMaskSettings, { labels: { "$.a": "x" }, masks: { y: { mask: "null" } } }, /no line of labels/],
    [
      httpMaskSettings,
      { labels: { "$.a": "x" }, masks: { x: { mask: "hash", scope: "target" } } },
      /maskKey/,
    ],
    [kubernetesMaskSettings, { labels: { "$.a": "x" } }, /names no resource/],
    [kubernetesMaskSettings, { labels: { "pods $.a": "kubernetes.other" } }, /Sallyport's own/],
    [kubernetesMaskSettings, { masks: { "kubernetes.other": { mask: "null" } } }, /no line of labels/],
  ];
  for (const [reader, settings, message] of WRONG) {
    test(`${JSON.stringify(settings).slice(0, 60)} are refused`, () => {
      assert.throws(
        () => read(reader, settings),
        (error) =>
          error instanceof SallyportError && error.code === "invalid_config" && message.test(error.message),
      );
    });
  }
});
