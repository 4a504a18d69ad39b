import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import { MAX_DOCUMENT } from "../../http/mask/json-mask.ts";
import { ResponseMasks } from "../../http/mask/response-mask.ts";
import { asked, info, STILL, shown, sight, through } from "../../http/mask/testing.ts";
import {
  applied,
  BASE64,
  LAST,
  pod,
  podSpec,
  pods,
  SECRET,
  SEEN,
  secret,
  secrets,
  sorted,
  whole,
} from "./testing.ts";

const MARKED = Buffer.from("masked-by-sallyport").toString("base64");
const columns = [
  { name: "Name", type: "string" },
  { name: "Data", type: "string" },
];
const diff = `Pod "p" is invalid: spec: Forbidden: pod updates may not change fields other than image\n  core.PodSpec{\n- Value: "${SECRET}",\n+ Value: "x",`;
const dump = `Job "j" is invalid: spec.template: Invalid value: core.PodTemplateSpec{Env:[]core.EnvVar{core.EnvVar{Name:"A", Value:"${SECRET}"}}}: field is immutable`;
const status = (message: string) => ({
  kind: "Status",
  apiVersion: "v1",
  status: "Failure",
  message,
  reason: "Invalid",
  details: { name: "p", causes: [{ reason: "x", message, field: "spec" }] },
  code: 422,
});

const SHOWN: [what: string, of: RequestInfo, body: unknown][] = [
  ["get of a Secret", secrets, whole],
  ["get with the kind behind the data", secrets, sorted],
  ["get of a Secret without a kind", secrets, secret],
  ["get of one that says to be something else", secrets, { ...whole, kind: "ConfigMap" }],
  ["stringData in an answer to a dry run", secrets, { kind: "Secret", stringData: { a: SECRET } }],
  ["a list", secrets, { kind: "SecretList", items: [secret, secret] }],
  ["a list of kind List", secrets, { kind: "List", items: [whole, sorted] }],
  ["a list with the items before the kind", secrets, { items: [secret], kind: "SecretList" }],
  ["an event of a watch", secrets, { type: "ADDED", object: whole }],
  ["an event with the object before the type", secrets, { object: sorted, type: "MODIFIED" }],
  ["the object of a deletion", secrets, { type: "DELETED", object: whole }],
  ["a bookmark", secrets, { type: "BOOKMARK", object: { ...whole, metadata: { resourceVersion: "1" } } }],
  ["an error in a watch", secrets, { type: "ERROR", object: status(`data: Invalid value: "${SECRET}"`) }],
  ["a table with whole objects", secrets, { kind: "Table", rows: [{ cells: ["s", "1"], object: whole }] }],
  [
    "a table with objects without a kind",
    secrets,
    { kind: "Table", rows: [{ cells: ["s"], object: secret }] },
  ],
  ["a table in a watch", secrets, { type: "ADDED", object: { kind: "Table", rows: [{ object: secret }] } }],
  [
    "a table with metadata",
    secrets,
    { kind: "Table", rows: [{ object: { kind: "PartialObjectMetadata", ...applied } }] },
  ],
  ["metadata alone", secrets, { kind: "PartialObjectMetadata", ...applied }],
  ["a list of metadata", secrets, { kind: "PartialObjectMetadataList", items: [applied] }],
  ["last-applied", secrets, { ...whole, ...applied }],
  ["last-applied in another resource's metadata", pods, { kind: "Pod", ...applied }],
  [
    "last-applied within last-applied",
    pods,
    { kind: "Pod", metadata: { annotations: { [LAST]: JSON.stringify(applied) } } },
  ],
  [
    "a Secret in an annotation of one's own",
    pods,
    { metadata: { annotations: { x: JSON.stringify(whole) } } },
  ],
  [
    "a Secret in a ConfigMap's text",
    info("configmaps"),
    { kind: "ConfigMap", data: { f: JSON.stringify([whole]) } },
  ],
  [
    "a Secret in a custom resource",
    info("releases", "example.com"),
    { kind: "Release", spec: { manifest: whole } },
  ],
  [
    "a list of Secrets in a custom resource",
    info("releases", "example.com"),
    { spec: { all: { kind: "SecretList", items: [secret] } } },
  ],
  ["… whose kind stands behind", info("releases", "example.com"), { spec: { manifests: [{ a: sorted }] } }],
  ["a Secret through the API server's own service", info("services", "", "proxy"), whole],
  [
    "a list of Secrets through a proxy",
    info("services", "", "proxy"),
    { kind: "SecretList", items: [secret] },
  ],
  ["a subresource that shows the object", info("secrets", "", "anything"), secret],
  ["what a deletion answers", secrets, whole],
  ["an answer to deletecollection", secrets, { kind: "SecretList", items: [secret] }],
  ["data that is no text", secrets, { kind: "Secret", data: { a: { b: [BASE64] } } }],
  ["the data as an array", secrets, { kind: "Secret", data: [BASE64] }],
  ["the data as a text", secrets, { kind: "Secret", data: BASE64 }],
  ["an environment variable", pods, pod],
  [
    "… whose value comes first",
    pods,
    { kind: "Pod", spec: { containers: [{ env: [{ value: SECRET, name: "API_KEY" }] }] } },
  ],
  ["… of an initial container", pods, { kind: "Pod", spec: { initContainers: podSpec.containers } }],
  ["… of an ephemeral container", pods, { kind: "Pod", spec: { ephemeralContainers: podSpec.containers } }],
  [
    "… of a deployment",
    info("deployments", "apps"),
    { kind: "Deployment", spec: { template: { spec: podSpec } } },
  ],
  [
    "… of a cron job",
    info("cronjobs", "batch"),
    { spec: { jobTemplate: { spec: { template: { spec: podSpec } } } } },
  ],
  [
    "… of a replica set in a list",
    info("replicasets", "apps"),
    { items: [{ spec: { template: { spec: podSpec } } }] },
  ],
  [
    "… of a controller's revision",
    info("controllerrevisions", "apps"),
    { data: { spec: { template: { spec: podSpec } } } },
  ],
  ["… of a pod template", info("podtemplates"), { template: { spec: podSpec } }],
  [
    "… in last-applied",
    info("deployments", "apps"),
    { metadata: { annotations: { [LAST]: JSON.stringify({ spec: podSpec }) } } },
  ],
  ["… in the kubelet's list", info("nodes", "", "proxy"), { kind: "PodList", items: [pod] }],
  ["… in camelCase", pods, { env: [{ name: "dbPassword", value: SECRET }] }],
  [
    "… as the password in an address",
    pods,
    { env: [{ name: "UPSTREAM", value: `postgres://u:${SECRET}@db/x` }] },
  ],
  ["a header of a probe", pods, { httpHeaders: [{ name: "Authorization", value: `Basic ${SECRET}` }] }],
  [
    "a parameter of a custom resource",
    info("apps", "argoproj.io"),
    { helm: { parameters: [{ name: "db.password", value: SECRET }] } },
  ],
  ["a number as a secret value", pods, { env: [{ name: "PIN", value: SECRET }] }],
  [
    "a token that is asked for",
    info("serviceaccounts", "", "token"),
    { kind: "TokenRequest", status: { token: SECRET } },
  ],
  [
    "… that says to be something else",
    info("serviceaccounts", "", "token"),
    { kind: "X", status: { token: SECRET } },
  ],
  ["… whose kind stands behind", pods, { status: { token: SECRET }, kind: "TokenRequest" }],
  [
    "a token that is reviewed",
    info("tokenreviews", "authentication.k8s.io"),
    { kind: "TokenReview", spec: { token: SECRET } },
  ],
  [
    "a kubeconfig",
    info("configmaps"),
    { data: { kubeconfig: JSON.stringify({ kind: "Config", users: [{ user: { token: SECRET } }] }) } },
  ],
  ["a ConfigMap's labelled key", info("configmaps"), { kind: "ConfigMap", data: { "db.password": SECRET } }],
  ["… in a list", info("configmaps"), { items: [{ data: { "db.password": SECRET } }] }],
  ["… in a watch", info("configmaps"), { type: "ADDED", object: { data: { "db.password": SECRET } } }],
  [
    "… in last-applied",
    info("configmaps"),
    { metadata: { annotations: { [LAST]: JSON.stringify({ data: { "db.password": SECRET } }) } } },
  ],
  ["… in binaryData", info("configmaps"), { binaryData: { key: BASE64 } }],
  ["a labelled annotation", pods, { metadata: { annotations: { "internal/x": SECRET } } }],
  ["a custom resource's labelled field", info("widgets", "example.com"), { spec: { credential: SECRET } }],
  [
    "a column of a custom resource",
    info("widgets", "example.com"),
    { kind: "Table", columnDefinitions: columns, rows: [{ cells: ["w", SECRET] }] },
  ],
  [
    "… in a watch",
    info("widgets", "example.com"),
    { type: "ADDED", object: { kind: "Table", rows: [{ cells: ["w", SECRET] }] } },
  ],
  ["the difference in an error", pods, status(diff)],
  ["a whole specification in an error", info("jobs", "batch"), status(dump)],
  [
    "a value in an error about a Secret",
    secrets,
    status(`Secret "s" is invalid: data: Invalid value: "${SECRET}": x`),
  ],
  ["an error whose kind stands behind", pods, { message: diff, kind: "Status" }],
  ["a token in a log", info("pods", "", "log"), "ghp_hunter2hunter2hunter2hunter2hunter2hu\n"],
];

/** Ways of writing the same document. */
function writings(body: unknown): string[] {
  if (typeof body === "string") return [body];
  const text = JSON.stringify(body);
  const escaped = text.replace(
    /"(data|stringData|kind|name|value|Secret|status|token|spec|env|message)"/g,
    (_, word: string) => {
      return `"\\u${word.charCodeAt(0).toString(16).padStart(4, "0")}${word.slice(1)}"`;
    },
  );
  return [text, JSON.stringify(body, null, 2), escaped];
}

describe("what a session with masks may not see", () => {
  for (const [what, of, body] of SHOWN) {
    test(`${what} is masked`, () => {
      const type = typeof body === "string" ? "text/plain" : "application/json";
      for (const text of writings(body)) {
        const out = shown("kubernetes", SEEN, asked("/", of), text, type);
        assert.ok(!out.includes(SECRET) && !out.includes(BASE64) && !out.includes("hunter2"), out);
        if (type === "application/json") JSON.parse(out);
        if (typeof body !== "string") assert.notEqual(out, text);
      }
    });
  }

  const UNREADABLE: [what: string, of: RequestInfo, type: string | null, status?: number][] = [
    ["protobuf", secrets, "application/vnd.kubernetes.protobuf"],
    ["a watch in protobuf", secrets, "application/vnd.kubernetes.protobuf;stream=watch"],
    ["CBOR", secrets, "application/cbor"],
    ["a sequence in CBOR", secrets, "application/cbor-seq"],
    ["YAML", secrets, "application/yaml"],
    ["no content type", secrets, null],
    ["a part", secrets, "application/json", 206],
    ["bytes", info("pods", "", "proxy"), "application/octet-stream"],
    ["JSON in UTF-16", secrets, "application/json; charset=utf-16"],
    ["parts", secrets, "multipart/mixed; boundary=x"],
    ["two content types", secrets, "application/json, text/html"],
  ];
  for (const [what, of, type, code = 200] of UNREADABLE) {
    test(`${what} can't be looked into`, () => {
      const masks = new ResponseMasks("kubernetes", SEEN, STILL);
      const fields = type === null ? [] : ([["content-type", type]] as const);
      assert.equal(masks.of(asked("/", of), code, fields).how, "unreadable");
    });
  }

  test("what is behind a bound is hidden: deeper documents in texts, longer ones, such as are nested beyond reading", () => {
    const within = (value: unknown, levels: number): string =>
      levels === 0 ? JSON.stringify(value) : within({ a: JSON.stringify(value) }, levels - 1);
    const text = (value: string) => JSON.stringify({ kind: "ConfigMap", data: { f: value } });
    const deep = `${"[".repeat(600)}${JSON.stringify(whole)}${"]".repeat(600)}`;
    const attacks = {
      deeper: within(whole, 5),
      "far deeper": within(whole, 7),
      escaped: `{"a":${JSON.stringify(within(whole, 4)).replace("{", "\\u007b")}}`,
      "deep in itself": text(deep),
      longer: text(`{"filler":"${"x".repeat(MAX_DOCUMENT + 200_000)}","s":${JSON.stringify(whole)}}`),
      "of many numbers": text(`[${"1".repeat(2_000)},${JSON.stringify(whole)}]`),
      "with two kinds": text(JSON.stringify(whole).replace("{", '{"kind":"Pod",')),
      "with a name that has no end": text(`{"${"x".repeat(70_000)}":1,"s":${JSON.stringify(whole)}}`),
    };
    const masking = new ResponseMasks("kubernetes", SEEN, STILL).of(asked("/", info("configmaps")), 200, [
      ["content-type", "application/json"],
    ]);
    for (const [name, attack] of Object.entries(attacks)) {
      const cuts = Array.from({ length: attack.length / 50_000 }, (_, index) => 50_000 * index);
      for (const out of [through(masking, attack).text, through(masking, attack, cuts).text]) {
        assert.ok(!out.includes(SECRET) && !out.includes(BASE64), name);
        assert.ok(out.includes("masked-by-sallyport") || out.includes(MARKED), name);
        JSON.parse(out);
      }
    }
    for (const whole of [within({ a: "plain" }, 4), text("[info] started"), text("{ no JSON")]) {
      assert.equal(shown("kubernetes", SEEN, asked("/", info("configmaps")), whole), whole);
    }
  });

  test("what is no JSON is broken off", () => {
    for (const text of [
      `{"kind":"Secret","data":{"a":"${BASE64}"`,
      `{'data':{'a':'${BASE64}'}}`,
      `k8s\0{"data":{}}`,
    ]) {
      assert.throws(
        () => shown("kubernetes", SEEN, asked("/", secrets), text),
        (error) => error instanceof SallyportError && error.code === "protocol_violation",
      );
    }
  });

  test("names stay, values stay what clients can read, and what is not secret stays byte for byte", () => {
    const out = JSON.parse(shown("kubernetes", SEEN, asked("/", secrets), whole));
    assert.deepEqual(Object.keys(out.data), ["password"]);
    assert.equal(Buffer.from(out.data.password, "base64").toString(), "masked-by-sallyport");
    const plain = JSON.stringify({
      kind: "ConfigMap",
      data: { a: "b" },
      metadata: { managedFields: [{ fieldsV1: { "f:data": { "f:password": {} } } }] },
    });
    assert.equal(shown("kubernetes", SEEN, asked("/", info("configmaps")), plain), plain);
    const lang = JSON.stringify({
      env: [
        { name: "LANG", value: "C" },
        { name: "A", valueFrom: { secretKeyRef: { name: "s", key: "password" } } },
      ],
    });
    assert.equal(shown("kubernetes", SEEN, asked("/", pods), lang), lang);
  });

  test("who may see all of it gets it as it is", () => {
    const all = sight("kubernetes", {}, undefined, [
      "kubernetes.secret",
      "kubernetes.env",
      "kubernetes.token",
    ]);
    const text = JSON.stringify(whole);
    assert.equal(shown("kubernetes", all, asked("/", secrets), text), text);
    const some = sight("kubernetes", {}, undefined, ["kubernetes.env"]);
    assert.equal(shown("kubernetes", some, asked("/", pods), JSON.stringify(pod)), JSON.stringify(pod));
    assert.doesNotMatch(shown("kubernetes", some, asked("/", secrets), text), new RegExp(BASE64));
  });
});
