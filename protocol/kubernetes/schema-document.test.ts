import assert from "node:assert/strict";
import { test } from "node:test";
import { requestInfo } from "./reading-request-info.ts";
import { isSchemaDocument } from "./schema-document.ts";

test("the API server's OpenAPI documents, and nothing else, are schema documents", () => {
  const cases: [method: string, target: string, isSchema: boolean][] = [
    ["GET", "/openapi/v2?timeout=32s", true],
    ["GET", "/openapi/v3", true],
    ["GET", "/openapi/v3/apis/apps/v1?hash=1", true],
    ["POST", "/openapi/v2", false],
    ["GET", "/openapi/v2x", false],
    ["GET", "/openapi/v4", false],
    ["GET", "/openapi", false],
    ["GET", "/apis/openapi/v2", false],
    ["GET", "/api/v1/namespaces/openapi/secrets/v2", false],
    ["GET", "/api/v1/namespaces/default/services/web/proxy/openapi/v2", false],
  ];
  for (const [method, target, isSchema] of cases) {
    assert.equal(isSchemaDocument(requestInfo(method, target)), isSchema, `${method} ${target}`);
  }
});
