import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { acceptJson } from "./accept.ts";

function accept(...values: string[]): string {
  const fields = acceptJson(values.map((value) => ["accept", value] as const));
  assert.equal(fields.length, 1);
  return fields[0]![1];
}

const TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io";
const PB = "application/vnd.kubernetes.protobuf";
const METADATA = "as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
const DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

describe("what is asked of the API server", () => {
  const cases: [what: string, asked: string[], sent: string][] = [
    ["nothing", [], "application/json"],
    ["anything", ["*/*"], "application/json, */*"],
    ["JSON", ["application/json"], "application/json"],
    [
      "kubectl get",
      [`${TABLE},application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json`],
      `${TABLE}, application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json`,
    ],
    ["kubectl logs", ["application/json, */*"], "application/json, */*"],
    ["client-go with protobuf", [`${PB},application/json`], "application/json"],
    ["client-go with protobuf alone", [PB], "application/json"],
    ["client-go with protobuf and anything", [`${PB}, */*`], "application/json, */*"],
    [
      "the metadata client",
      [`${PB};${METADATA},application/json;${METADATA},application/json`],
      `application/json;${METADATA}, application/json`,
    ],
    ["aggregated discovery", [`${DISCOVERY},application/json`], `${DISCOVERY}, application/json`],
    [
      "OpenAPI v2 in protobuf",
      ["application/com.github.proto-openapi.spec.v2@v1.0+protobuf"],
      "application/json",
    ],
    [
      "OpenAPI v3 in protobuf",
      ["application/com.github.proto-openapi.spec.v3@v1.0+protobuf"],
      "application/json",
    ],
    ["CBOR", ["application/cbor, application/cbor-seq;q=0.9"], "application/json"],
    ["YAML", ["application/yaml"], "application/json"],
    ["plain text", ["text/plain"], "application/json, text/plain"],
    ["any text", ["text/*;q=0.5"], "application/json, text/plain"],
    ["anything of an application", ["application/*"], "application/json, */*"],
    ["several lines", [PB, "application/json;q=0.5", "*/*;q=0.1"], "application/json;q=0.5, */*"],
    ["upper case", ["APPLICATION/VND.KUBERNETES.PROTOBUF, Application/JSON"], "application/json"],
    ["protobuf behind blanks", [` ${PB} ;q=1 ,\tapplication/json`], "application/json"],
    ["a comma within quotation marks", [`application/json;as="Table,${PB}"`], "application/json"],
    ["nonsense", [",,;;=, application, application/json;as"], "application/json"],
  ];
  for (const [what, asked, sent] of cases) {
    test(`for ${what}`, () => assert.equal(accept(...asked), sent));
  }

  test("leaves the other fields as they are", () => {
    const fields = [
      ["x-a", "1"],
      ["accept", PB],
      ["accept-encoding", "gzip"],
    ] as const;
    assert.deepEqual(acceptJson(fields), [
      ["x-a", "1"],
      ["accept-encoding", "gzip"],
      ["accept", "application/json"],
    ]);
  });
});
