import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import { info, sight } from "../../http/mask/testing.ts";
import { BASE64, env, LAST, podSpec, pods, SECRET, SEEN, secrets, sorted, whole } from "./testing.ts";
import { MAX_VALUES, writeRefusal } from "./write-back.ts";

const MARKED = Buffer.from("masked-by-sallyport").toString("base64");
const PATCH = "application/json-patch+json";
const test1 = (path: string, value: unknown = "x") => [{ op: "test", path, value }];
const copy = (from: string, op = "copy") => [{ op, from, path: "/metadata/labels/x" }];
const deployments = info("deployments", "apps");
const ENV = "/spec/template/spec/containers/0/env/1";

const REFUSED: [what: string, of: RequestInfo, body: unknown, type?: string | undefined, query?: string][] = [
  ["a masked Secret that is edited", secrets, { ...whole, data: { password: MARKED } }],
  ["… by stringData", secrets, { kind: "Secret", stringData: { password: "masked-by-sallyport" } }],
  ["… in YAML", secrets, `kind: Secret\ndata:\n  password: ${MARKED}\n`, "application/apply-patch+yaml"],
  [
    "… in YAML, folded",
    secrets,
    `kind: Secret\ndata:\n  password: >-\n    ${MARKED}\n`,
    "application/apply-patch+yaml",
  ],
  [
    "… in YAML, quoted and escaped",
    secrets,
    `data: {password: "\\x62${MARKED.slice(1)}"}`,
    "application/yaml",
  ],
  ["… as a second document", secrets, `kind: A\n---\ndata: {a: ${MARKED}}\n`, "application/yaml"],
  ["… by a merge patch", secrets, { data: { password: MARKED } }, "application/merge-patch+json"],
  [
    "… by a strategic merge patch",
    secrets,
    { data: { password: MARKED } },
    "application/strategic-merge-patch+json",
  ],
  ["… by a JSON patch", secrets, [{ op: "replace", path: "/data/password", value: MARKED }], PATCH],
  [
    "… in last-applied",
    secrets,
    { metadata: { annotations: { [LAST]: JSON.stringify({ data: { p: MARKED } }) } } },
  ],
  ["… with escapes", secrets, `{"data":{"p":"\\u0062${MARKED.slice(1)}"}}`],
  [
    "a masked variable",
    deployments,
    { spec: { containers: [{ env: [{ name: "P", value: "masked-by-sallyport" }] }] } },
  ],
  [
    "a masked key of a ConfigMap",
    info("configmaps"),
    { data: { "db.password": `masked_${"0".repeat(32)}` } },
  ],
  [
    "… in Base64",
    info("configmaps"),
    { binaryData: { key: Buffer.from(`masked_${"0".repeat(32)}`).toString("base64") } },
  ],
  ["a constant of the settings", info("widgets", "example.com"), { spec: { credential: "hidden" } }],
  ["what a detector overwrote", info("configmaps"), { data: { a: "****************" } }],
  ["broken YAML with the marker", secrets, `a: [\n  ${MARKED}`, "application/yaml"],
  ["a test of a Secret's value", secrets, test1("/data/password", BASE64), PATCH],
  ["… of its data", secrets, test1("/data", { password: BASE64 }), PATCH],
  ["… of all of it", secrets, test1("", whole), PATCH],
  ["… by a pointer with escapes", secrets, test1("/data/a~1b"), PATCH],
  ["… of stringData elsewhere", info("releases", "example.com"), test1("/spec/stringData/x"), PATCH],
  [
    "… of last-applied",
    secrets,
    test1(`/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration`, JSON.stringify(sorted)),
    PATCH,
  ],
  ["… of a variable", deployments, test1(`${ENV}/value`), PATCH],
  ["… of a variable with its name", deployments, test1(ENV, env[1]), PATCH],
  ["… of all variables", deployments, test1("/spec/template/spec/containers/0/env", env), PATCH],
  ["… of a container", deployments, test1("/spec/template/spec/containers/0", podSpec.containers[0]), PATCH],
  ["… of a labelled key", info("configmaps"), test1("/data/db.password"), PATCH],
  ["… of a labelled annotation", pods, test1("/metadata/annotations/internal~1x"), PATCH],
  ["… of all annotations", pods, test1("/metadata/annotations", { "internal/x": "1" }), PATCH],
  ["a copy of a Secret's value", secrets, copy("/data/password"), PATCH],
  ["… of its data", secrets, copy("/data"), PATCH],
  ["… of all of it", secrets, copy(""), PATCH],
  ["a move of it", secrets, copy("/data/password", "move"), PATCH],
  ["a copy of a variable", deployments, copy(`${ENV}/value`), PATCH],
  ["a move of a variable", deployments, copy(`${ENV}/value`, "move"), PATCH],
  ["a copy of a labelled key", info("configmaps"), copy("/data/db.password"), PATCH],
  ["a copy of all keys", info("configmaps"), copy("/data"), PATCH],
  ["a copy of a labelled annotation", pods, copy("/metadata/annotations/internal~1x"), PATCH],
  ["another name for a variable", deployments, [{ op: "replace", path: `${ENV}/name`, value: "X" }], PATCH],
  [
    "… of one from the end",
    deployments,
    [{ op: "replace", path: "/spec/containers/0/env/-1/name", value: "X" }],
    PATCH,
  ],
  [
    "… with a sign, and another beginning",
    deployments,
    [{ op: "add", path: "x/spec/containers/0/env/+1/name", value: "X" }],
    PATCH,
  ],
  ["… by adding it", deployments, [{ op: "add", path: `${ENV}/name`, value: "X" }], PATCH],
  ["… by copying one", deployments, [{ op: "copy", from: "/metadata/name", path: `${ENV}/name` }], PATCH],
  [
    "… by moving it away",
    deployments,
    [{ op: "move", from: `${ENV}/name`, path: "/metadata/labels/x" }],
    PATCH,
  ],
  [
    "a field selector by a labelled field",
    info("widgets", "example.com"),
    null,
    undefined,
    "fieldSelector=spec.credential%3Da",
  ],
  ["… by a Secret's value", secrets, null, undefined, "fieldSelector=metadata.name!=x,data.password==a"],
];

describe("what would destroy a masked value, or tell one", () => {
  for (const [what, of, body, type = "application/json", query = ""] of REFUSED) {
    test(`${what} is refused`, () => {
      const bytes =
        body === null ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
      const refusal = writeRefusal(SEEN, { info: of, target: `/x?${query}`, contentType: type, body: bytes });
      assert.ok(refusal !== null);
      assert.match(refusal.message, /^refused by Sallyport: /);
      assert.ok(refusal.hint !== "" && !JSON.stringify(refusal).includes(SECRET));
    });
  }

  const ALLOWED: typeof REFUSED = [
    ["a new value of one's own", secrets, whole],
    [
      "a new value by a JSON patch",
      secrets,
      [{ op: "replace", path: "/data/password", value: BASE64 }],
      PATCH,
    ],
    ["a removal", secrets, [{ op: "remove", path: "/data/password" }], PATCH],
    ["a test of the version", secrets, test1("/metadata/resourceVersion", "12"), PATCH],
    ["a test of replicas", deployments, test1("/spec/replicas", 3), PATCH],
    ["a copy of a label", deployments, copy("/metadata/labels/a"), PATCH],
    [
      "another variable",
      deployments,
      [{ op: "add", path: "/spec/template/spec/containers/0/env/-", value: env[0] }],
      PATCH,
    ],
    ["an apply", deployments, `kind: Deployment\nspec:\n  replicas: 3\n`, "application/apply-patch+yaml"],
    ["stars in a text", info("configmaps"), { data: { "README.md": "*** hello ***\n" } }],
    ["bytes that are neither", info("pods", "", "proxy"), "\u0000\u0001{[", "application/octet-stream"],
    ["a field selector by a name", secrets, null, undefined, "fieldSelector=metadata.name%3Da,type=Opaque"],
  ];
  for (const [what, of, body, type = "application/json", query = ""] of ALLOWED) {
    test(`${what} goes on`, () => {
      const bytes =
        body === null ? null : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
      assert.equal(
        writeRefusal(SEEN, { info: of, target: `/x?${query}`, contentType: type, body: bytes }),
        null,
      );
    });
  }

  const body = (text: string, contentType = "application/json") => ({
    info: secrets,
    target: "/x",
    contentType,
    body: Buffer.from(text),
  });
  const unread = (why: RegExp, text: string, contentType?: string) => {
    const refusal = writeRefusal(SEEN, body(text, contentType));
    assert.match(refusal?.message ?? "it goes on", /can't be searched for masked values/);
    assert.match(refusal!.message, why);
  };

  test("YAML that a parser would need long for is refused, as it isn't looked into; so is such as is not read here", () => {
    const apply = "application/apply-patch+yaml";
    const start = performance.now();
    unread(/too long/, "a: b\n".repeat(200_000), apply);
    assert.ok(performance.now() - start < 10_000);
    const hash = `masked_${"0".repeat(32)}`;
    unread(/too long/, `x: ${"a".repeat(70_000)}\ndata: {db.password: ${hash}}\n`, apply);
    unread(/no YAML that is read/, `data: &a {db.password: ${hash}}\nx: *a\n`, apply);
    assert.match(writeRefusal(SEEN, body(`a: &b 1\ndata: {a: ${MARKED}}\n`, apply))!.message, /sent back/);
  });

  test("behind more values than are looked at nothing goes on: neither in one array, nor in many, nor in a text", () => {
    const many = Array.from({ length: MAX_VALUES }, () => "x");
    const attack = { data: { password: MARKED }, filler: many };
    unread(/more than 200000 values/, JSON.stringify(attack));
    unread(/more than 200000 values/, JSON.stringify({ a: JSON.stringify(attack) }));
    assert.ok(
      writeRefusal(SEEN, body(JSON.stringify({ filler: many, data: { password: MARKED } }))) !== null,
    );
    unread(/more than 200000 values/, `{"a":[${"[],".repeat(MAX_VALUES)}"${MARKED}"]}`);
    // Numbers need no look.
    const numbers = JSON.stringify({
      data: { password: BASE64 },
      a: Array.from({ length: 300_000 }, () => 1),
    });
    assert.equal(writeRefusal(SEEN, body(numbers)), null);
    assert.match(
      writeRefusal(SEEN, body(numbers.replace(BASE64, MARKED)))!.message,
      /sent back \(masked: kubernetes.secret\)/,
    );
  });

  test("a document within more texts than are looked through is refused; another text there is not", () => {
    const within = (value: unknown, levels: number): string =>
      levels === 0 ? JSON.stringify(value) : within({ a: JSON.stringify(value) }, levels - 1);
    for (let levels = 0; levels <= 4; levels += 1) {
      const refusal = writeRefusal(SEEN, body(within({ data: { p: MARKED } }, levels)));
      assert.match(refusal!.message, /sent back/, `${levels}`);
    }
    unread(/more than 4 levels deep/, within({ data: { p: MARKED } }, 5));
    unread(/more than 4 levels deep/, within({ a: "b" }, 5));
    assert.equal(writeRefusal(SEEN, body(within({ a: "[info] b" }, 4))), null);
    assert.match(writeRefusal(SEEN, body(within({ a: "masked-by-sallyport" }, 4)))!.message, /sent back/);
  });

  test("a masked value in Base64 is found however many blanks are in it, and however long it is", () => {
    for (const blanks of [`${MARKED}${"\n".repeat(3_000)}`, MARKED.split("").join("\r\n"), ` ${MARKED} `]) {
      assert.match(writeRefusal(SEEN, body(JSON.stringify({ data: { p: blanks } })))!.message, /sent back/);
    }
    const value = "é".repeat(1_000);
    const long = sight("kubernetes", {
      labels: { "configmaps $.data.a": "app.a" },
      masks: { "app.a": { mask: "constant", value } },
    });
    const encoded = Buffer.from(value).toString("base64");
    assert.match(writeRefusal(long, body(JSON.stringify({ data: { p: encoded } })))!.message, /app\.a/);
  });

  test("an index of a JSON patch is one with any number of zeros before it, and from any place at the end", () => {
    const rename = (index: string) =>
      writeRefusal(SEEN, {
        ...body(
          JSON.stringify([{ op: "replace", path: `/spec/containers/0/env/${index}/name`, value: "X" }]),
          PATCH,
        ),
        info: deployments,
      });
    for (const index of ["1", "0000000001", `${"0".repeat(40)}1`, "-0000000001"]) {
      assert.match(rename(index)!.message, /an operation replace/, index);
    }
    const far = sight("kubernetes", {
      labels: { "configmaps $.items[100].x": "app.a" },
      masks: { "app.a": { mask: "null" } },
    });
    for (const index of ["100", "0000000000100", "+100", "-1", "-300"]) {
      const refusal = writeRefusal(far, {
        ...body(JSON.stringify(test1(`/items/${index}/x`)), PATCH),
        info: info("configmaps"),
      });
      assert.match(refusal?.message ?? "it goes on", /an operation test/, index);
    }
  });

  test("what the session sees unmasked goes on", () => {
    const all = sight("kubernetes", {}, undefined, [
      "kubernetes.secret",
      "kubernetes.env",
      "kubernetes.token",
    ]);
    const body = Buffer.from(JSON.stringify(test1("/data/password")));
    assert.equal(writeRefusal(all, { info: secrets, target: "/", contentType: PATCH, body }), null);
  });
});
