import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MAX_JUDGED_BODY } from "../../../protocol/http/request.ts";
import { objectJson } from "./object-json.ts";
import { body, difference, examples, message, type Part, varint } from "./testing.ts";
import { ProtobufFault } from "./wire.ts";

const read = (bytes: Buffer): unknown => JSON.parse(objectJson(bytes, MAX_JUDGED_BODY).toString());
const refused = (bytes: Buffer, status: 400 | 415, words: RegExp) =>
  assert.throws(
    () => objectJson(bytes, MAX_JUDGED_BODY),
    (error) => {
      assert.ok(error instanceof ProtobufFault, String(error));
      assert.match(error.message, words);
      assert.equal(error.status, status);
      return true;
    },
  );
const configMap = (...parts: Part[]) => body("v1", "ConfigMap", message(...parts));
const deployment = (...spec: Part[]) => body("apps/v1", "Deployment", message([2, message(...spec)]));
const pod = (...spec: Part[]) => body("v1", "Pod", message([2, message(...spec)]));

describe("objects in protobuf", () => {
  for (const { apiVersion, kind, protobuf, json } of examples()) {
    test(`${kind} of ${apiVersion} (${json.length} bytes) is what Kubernetes itself reads`, () => {
      const ours = objectJson(Buffer.from(protobuf, "base64"), MAX_JUDGED_BODY).toString();
      assert.equal(difference(json, ours), null);
    });
  }

  test("zero is told where it says something, and left out where it is nothing", () => {
    assert.deepEqual(read(deployment([1, 0], [5, 0])), {
      kind: "Deployment",
      apiVersion: "apps/v1",
      spec: { replicas: 0 },
    });
  });

  test("members of an inline message stand among those of the one around it", () => {
    const volume = message([1, "host"], [2, message([1, message([1, "/"])])]);
    assert.deepEqual(read(pod([1, volume])), {
      kind: "Pod",
      apiVersion: "v1",
      spec: { volumes: [{ name: "host", hostPath: { path: "/" } }] },
    });
  });

  test("fields may come in any order, and numbers in one piece", () => {
    const security = message([4, Buffer.concat([varint(1), varint(-2)])]);
    assert.deepEqual(read(pod([14, security], [8, "late"], [2, message([1, "a"])], [7, ""], [2, ""])), {
      kind: "Pod",
      apiVersion: "v1",
      spec: {
        securityContext: { supplementalGroups: [1, -2] },
        serviceAccountName: "late",
        containers: [{ name: "a" }, {}],
        nodeSelector: { "": "" },
      },
    });
  });

  test("no text can leave its place", () => {
    const hostile = '","kind":"Pod","spec":{"x":"\u0000\u007f\u0085\u2028\\';
    const read1 = read(
      configMap([2, message([1, hostile], [2, hostile])], [2, message([1, "__proto__"], [2, "p"])]),
    );
    assert.deepEqual(Object.keys(read1 as object), ["kind", "apiVersion", "data"]);
    const data = (read1 as { data: Record<string, string> }).data;
    assert.deepEqual(Object.entries(data), [
      [hostile, hostile],
      ["__proto__", "p"],
    ]);
    const text = objectJson(configMap([2, message([1, "k"], [2, hostile])]), MAX_JUDGED_BODY).toString();
    assert.doesNotMatch(text, /[\p{Cc}\u2028]/u, "approvers see it as text");
  });

  test("large numbers are as they are", () => {
    const text = objectJson(body("v1", "DeleteOptions", message([1, 2n ** 63n - 1n])), 1_000).toString();
    assert.match(text, /"gracePeriodSeconds":9223372036854775807/);
    assert.match(
      objectJson(body("v1", "DeleteOptions", message([1, -1n])), 1_000).toString(),
      /"gracePeriodSeconds":-1}/,
    );
  });

  test("schemas have numbers with fractions, and what stands in the place of schemas", () => {
    const double = (number: number, value: number) => {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleLE(value);
      return Buffer.concat([varint(number * 8 + 1), bytes]);
    };
    const definition = (...schema: Buffer[]) => {
      const version = message([4, message([1, Buffer.concat(schema)])]);
      return body("apiextensions.k8s.io/v1", "CustomResourceDefinition", message([2, message([7, version])]));
    };
    const text = objectJson(
      definition(
        double(9, 1.5),
        double(11, -0),
        double(19, 5e-324),
        message([30, message([1, 1])], [33, ""], [32, message([1, "a"], [2, message([2, "b"])])]),
      ),
      1_000,
    ).toString();
    assert.match(text, /"maximum":1\.5,"minimum":-0,"multipleOf":5e-324,/);
    assert.match(text, /"additionalProperties":true,"additionalItems":false,"dependencies":\{"a":\["b"\]\}/);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      refused(definition(double(9, value)), 400, /not finite/);
    }
    refused(definition(message([30, message([1, 2], [2, ""])])), 400, /neither 0 nor 1/);
    refused(definition(message([24, ""])), 400, /JSONSchemaProps 24 stands there, and is empty/);
  });

  test("options of a deletion are known of every version", () => {
    assert.deepEqual(read(body("example.com/v7", "DeleteOptions", message([5, "All"]))), {
      kind: "DeleteOptions",
      apiVersion: "example.com/v7",
      dryRun: ["All"],
    });
  });

  test("what is JSON within it stands as it is", () => {
    const revision = (raw: string | Buffer) =>
      body("apps/v1", "ControllerRevision", message([2, message([1, raw])], [3, 1]));
    const text = objectJson(revision('{"n": 1.50, "n": 2e400}'), 1_000).toString();
    assert.match(text, /"data":\{"n": 1\.50, "n": 2e400\},"revision":1\}$/);
    for (const raw of [
      '{"a":1},"spec":{}',
      "{",
      "\ufeff{}",
      Buffer.from([0x22, 0xff, 0x22]),
      "k8s\0",
      "NaN",
    ]) {
      refused(revision(raw), 415, /not in JSON/);
    }
  });
});

describe("objects in protobuf that are refused", () => {
  const privileged = message([2, message([1, "a"], [15, message([2, 1])])]);

  test("a field that is not known, wherever it stands", () => {
    refused(configMap([9, "x"]), 415, /core\.v1\.ConfigMap has no field 9 /);
    refused(pod([2, message([1, "a"], [99, privileged])]), 415, /core\.v1\.Container has no field 99/);
    refused(configMap([2, message([1, "k"], [2, "v"], [3, "w"])]), 415, /has no field 3/);
    refused(body("v1", "ConfigMap", Buffer.alloc(0), [5, "x"]), 415, /the envelope has no field 5/);
    const quantity = message([2, message([8, message([1, message([1, "cpu"], [2, message([2, "1"])])])])]);
    refused(body("v1", "Pod", message([2, quantity])), 415, /Quantity has no field 2/);
  });

  test("what stands twice: readers merge it, or take the first, or the last", () => {
    const spec = (replicas: number): Part => [2, message([1, replicas])];
    refused(
      body("apps/v1", "Deployment", message(spec(1), spec(0))),
      400,
      /Deployment 2 stands more than once/,
    );
    refused(deployment([1, 3], [1, 0]), 400, /DeploymentSpec 1 stands more than once/);
    refused(configMap([2, message([1, "k"], [2, "v"])], [2, message([1, "k"], [2, "w"])]), 400, /key twice/);
    refused(configMap([2, message([1, "k"], [2, "v"], [2, "w"])]), 400, /more than once/);
    refused(body("v1", "ConfigMap", Buffer.alloc(0), [2, privileged]), 400, /the envelope 2 stands more/);
    const type = message([1, "v1"], [2, "Secret"]);
    refused(body("v1", "ConfigMap", Buffer.alloc(0), [1, type]), 400, /the envelope 1 stands more/);
  });

  test("another wire type than the field's", () => {
    refused(deployment([1, "3"]), 400, /DeploymentSpec 1 has another wire type/);
    refused(configMap([2, 7]), 400, /ConfigMap 2 has another wire type/);
    refused(pod([2, message([1, 5])]), 400, /Container 1 has another wire type/);
    refused(pod([2, message([3, "a"], [3, 5])]), 400, /more than one wire type/);
    for (const wire of [3, 4, 5, 6, 7]) {
      refused(body("v1", "ConfigMap", Buffer.from([(1 << 3) | wire, 0, 0, 0, 0])), 400, /wire type/);
    }
  });

  test("values that the type doesn't have", () => {
    refused(deployment([1, 2n ** 31n]), 400, /more than 32 bits/);
    refused(deployment([7, 2]), 400, /neither 0 nor 1/);
    const metadata = (...parts: Part[]) => configMap([1, message(...parts)]);
    refused(metadata([8, message([1, 253_402_300_800n])]), 400, /time is out of range/);
    refused(metadata([8, message([1, 1], [2, -1])]), 400, /time is out of range/);
    refused(metadata([1, Buffer.from([0xc3, 0x28])]), 400, /no UTF-8/);
    const limits = (quantity: string) =>
      pod([2, message([8, message([1, message([1, "cpu"], [2, message([1, quantity])])])])]);
    for (const quantity of ["", " 1", '1"', "1 Gi", "one", "1e", "é"])
      refused(limits(quantity), 400, /quantity/);
    const port = (...parts: Part[]) =>
      body("v1", "Service", message([2, message([1, message([4, message(...parts)])])]));
    refused(port([1, 2]), 400, /neither/);
    refused(port([1, 1], [2, 5], [3, "http"]), 400, /both/);
    refused(port([2, 5], [3, "http"]), 400, /both/);
  });

  test("what stands there and is nothing, which in JSON would not stand there", () => {
    const metadata = (...parts: Part[]) => configMap([1, message(...parts)]);
    refused(metadata([9, ""]), 400, /ObjectMeta 9 stands there, and is empty/);
    refused(metadata([9, message([1, -62_135_596_800n])]), 400, /is empty/);
    refused(metadata([17, message([7, message([1, " null"])])]), 400, /ManagedFieldsEntry 7 .*is empty/);
    assert.deepEqual(read(metadata([8, ""])), { kind: "ConfigMap", apiVersion: "v1", metadata: {} });
  });

  test("what is cut off or goes on, or has lengths that overflow", () => {
    const whole = pod([2, message([1, "name"])]);
    for (let length = 0; length < whole.length; length++) {
      assert.throws(() => objectJson(whole.subarray(0, length), 1_000), ProtobufFault);
    }
    refused(Buffer.concat([whole, Buffer.from([0])]), 400, /number 0/);
    for (const length of [
      [0xff, 0xff, 0xff, 0xff, 0x0f],
      Array(9).fill(0xff).concat(1),
      Array(10).fill(0xff),
    ]) {
      refused(body("v1", "Pod", Buffer.from([0x12, ...length, 0])), 400, /truncated|64 bits/);
    }
    refused(body("v1", "Pod", Buffer.from([...Array(9).fill(0x80), 0x02])), 400, /64 bits/);
    refused(body("v1", "Pod", Buffer.from([0xfa, 0xff, 0xff, 0xff, 0xff, 0x01, 0])), 400, /number/);
  });

  test("envelopes of something else", () => {
    refused(Buffer.from('{"kind":"Pod"}'), 400, /does not begin/);
    refused(Buffer.from("k8s\0"), 400, /apiVersion and kind/);
    const type = message([1, "v1"], [2, "Pod"]);
    refused(Buffer.concat([Buffer.from("k8s\0"), message([1, type])]), 400, /no object/);
    refused(body("", "Pod", Buffer.alloc(0)), 400, /apiVersion and kind/);
    refused(body("v1", "", Buffer.alloc(0)), 400, /apiVersion and kind/);
    refused(
      body("example.com/v1", "Widget", Buffer.alloc(0)),
      415,
      /"example\.com\/v1\/Widget" is not known/,
    );
    refused(body("v1", "Deployment", Buffer.alloc(0)), 415, /"v1\/Deployment" is not known/);
    refused(body("v1", "Pod", Buffer.alloc(0), [3, "gzip"]), 415, /coded once more/);
    refused(body("v1", "Pod", Buffer.alloc(0), [4, "application/json"]), 415, /it holds "application\/json"/);
    for (const none of ["", "application/vnd.kubernetes.protobuf"]) {
      assert.deepEqual(read(body("v1", "Pod", Buffer.alloc(0), [3, ""], [4, none])), {
        kind: "Pod",
        apiVersion: "v1",
      });
    }
  });

  test("schemas within schemas beyond all measure", () => {
    let schema = message([5, "object"]);
    for (let level = 0; level < 5_000; level++) schema = message([28, schema]);
    const version = message([1, "v1"], [4, message([1, schema])]);
    const definition = message([2, message([7, version])]);
    refused(
      body("apiextensions.k8s.io/v1", "CustomResourceDefinition", definition),
      415,
      /more than 64 levels/,
    );
  });

  test("a schema and what stands in its place, both at once", () => {
    const properties = (...items: Part[]) =>
      body(
        "apiextensions.k8s.io/v1",
        "CustomResourceDefinition",
        message([2, message([7, message([4, message([1, message([24, message(...items)])])])])]),
      );
    assert.match(objectJson(properties([2, ""], [2, ""]), 1_000).toString(), /"items":\[\{\},\{\}\]/);
    refused(properties([1, ""], [2, ""]), 400, /both/);
  });

  test("more JSON than may be judged, of few bytes", () => {
    const containers = body("v1", "Pod", message([2, Buffer.alloc(40_000, Buffer.from([0x12, 0]))]));
    assert.equal(objectJson(containers, 100_000).length, 60_056);
    assert.throws(() => objectJson(containers, 50_000), /more than 50000 bytes in JSON/);
    const secret = body("v1", "Secret", message([2, message([1, "k"], [2, Buffer.alloc(900)])]));
    assert.throws(() => objectJson(secret, 1_000), /more than 1000 bytes in JSON/);
  });
});
