import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import { info, sight } from "../../http/mask/testing.ts";
import { BASE64, env, LAST, podSpec, pods, SECRET, SEEN, secrets, sorted, whole } from "./testing.ts";
import { writeRefusal } from "./write-back.ts";

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

  test("YAML that a parser would need long for is not parsed; the marker is found in it all the same", () => {
    const refusal = (text: string) =>
      writeRefusal(SEEN, {
        info: secrets,
        target: "/x",
        contentType: "application/apply-patch+yaml",
        body: Buffer.from(text),
      });
    const long = "a: b\n".repeat(200_000);
    const start = performance.now();
    assert.equal(refusal(long), null);
    assert.ok(performance.now() - start < 10_000);
    assert.match(refusal(`${long}data: {a: ${MARKED}}\n`)!.message, /sent back/);
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
