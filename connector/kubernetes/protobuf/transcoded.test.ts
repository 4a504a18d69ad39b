import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RequestHead } from "../../../protocol/http/head.ts";
import { requestInfo } from "../../../protocol/kubernetes/reading-request-info.ts";
import { statusObject } from "../../../protocol/kubernetes/status.ts";
import { body, message } from "./testing.ts";
import { isProtobufObject, transcoded } from "./transcoded.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const OBJECT = body("v1", "ConfigMap", message([2, message([1, "a"], [2, "b"])]));
const JSON_TEXT = '{"kind":"ConfigMap","apiVersion":"v1","data":{"a":"b"}}';
const UNKNOWN = body("v1", "ConfigMap", message([40, "b"]));

const isObject = (method: string, path: string, contentType: string | null = PROTOBUF) =>
  isProtobufObject({
    ...{ type: "http", method, target: path, contentType, fields: [], body: null },
    ...{ streamed: false, websocket: false, kubernetes: requestInfo(method, path) },
  });
const head = (...fields: [string, string][]): RequestHead => ({
  ...{ method: "POST", target: "/api/v1/namespaces/shop/configmaps", base: "", body: true },
  fields: [["content-type", PROTOBUF], ["content-length", String(OBJECT.length)], ...fields],
});
const changed = (...fields: [string, string][]) => {
  const result = transcoded(head(...fields), OBJECT, true);
  assert.ok(result !== null && "transcoded" in result);
  return result.transcoded;
};
const refused = (bytes: Buffer, ...fields: [string, string][]) => {
  const result = transcoded(head(...fields), bytes, true);
  assert.ok(result !== null && "refusal" in result);
  return result.refusal;
};

describe("a request with an object in protobuf", () => {
  test("is one that writes to a resource, but no patch and no connection", () => {
    const pods = "/api/v1/namespaces/shop/pods";
    assert.equal(isObject("POST", pods), true);
    assert.equal(isObject("PUT", `${pods}/a`), true);
    assert.equal(isObject("DELETE", `${pods}/a`), true);
    assert.equal(isObject("DELETE", pods), true);
    assert.equal(isObject("POST", `${pods}/a/eviction`), true);
    assert.equal(isObject("POST", pods, "Application/Vnd.Kubernetes.Protobuf; x=y"), true);
    assert.equal(isObject("PATCH", `${pods}/a`), false);
    assert.equal(isObject("GET", pods), false);
    assert.equal(isObject("POST", `${pods}/a/exec`), false);
    assert.equal(isObject("POST", `${pods}/a/proxy/x`), false);
    assert.equal(isObject("POST", "/version"), false);
    assert.equal(isObject("POST", pods, "application/json"), false);
    assert.equal(isObject("POST", pods, "application/cbor"), false);
    assert.equal(isObject("POST", pods, null), false);
  });

  test("goes on as JSON, with no field that speaks of the bytes before", () => {
    const digests: [string, string][] = [
      ["content-md5", "x"],
      ["content-digest", "x"],
      ["digest", "x"],
      ["repr-digest", "x"],
      ["content-encoding", "identity"],
    ];
    const { head: sent, body: json } = changed(...digests, ["accept", PROTOBUF], ["if-match", "3"]);
    assert.equal(json.toString(), JSON_TEXT);
    assert.deepEqual(sent.fields, [
      ["accept", PROTOBUF],
      ["if-match", "3"],
      ["content-type", "application/json"],
    ]);
    assert.equal(sent.target, "/api/v1/namespaces/shop/configmaps");
  });

  test("is refused with what to do instead, where its object can't be read", () => {
    const { status, message: words, hint } = refused(UNKNOWN);
    assert.equal(status, 415);
    assert.match(words, /core\.v1\.ConfigMap has no field 40/);
    assert.match(hint ?? "", /^Send JSON/);
    assert.equal(statusObject(status!, null, words).reason, "UnsupportedMediaType");
    assert.equal(refused(OBJECT.subarray(0, -1)).status, 400);
    assert.equal(refused(OBJECT, ["content-encoding", "gzip"]).status, 415);
  });

  test("is refused where it would be too much JSON", () => {
    const many = Buffer.alloc(2_200_000, Buffer.from([0x12, 0]));
    assert.equal(refused(body("v1", "Pod", message([2, many]))).code, "limit_exceeded");
  });

  test("goes on as it came where it can't be read and nobody looks, as JSON where it can", () => {
    assert.equal(transcoded(head(), UNKNOWN, false), null);
    assert.equal(transcoded(head(["content-encoding", "gzip"]), OBJECT, false), null);
    const result = transcoded(head(), OBJECT, false);
    assert.ok(result !== null && "transcoded" in result);
    assert.equal(result.transcoded.body.toString(), JSON_TEXT);
  });
});
