import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../protocol/errors.ts";
import { problemResponse } from "./problem.ts";

test("an error of ours says what, why and what next", async () => {
  const response = problemResponse(
    new SallyportError("unknown_target", "there is no target x", "Look again."),
  );
  assert.deepEqual(
    [response.status, await response.json()],
    [
      404,
      {
        type: "urn:sallyport:error:unknown_target",
        title: "unknown target",
        status: 404,
        code: "unknown_target",
        detail: "there is no target x",
        hint: "Look again.",
      },
    ],
  );
});

test("any other error says nothing of itself", async (t) => {
  t.mock.method(console, "error", () => {});
  const response = problemResponse(new Error("D1_ERROR: secret"));
  assert.equal(response.status, 500);
  assert.ok(!(await response.text()).includes("secret"));
});

test("a storage that fails is told from other faults", async (t) => {
  t.mock.method(console, "error", () => {});
  for (const words of [
    "database or disk is full: SQLITE_FULL",
    "D1_ERROR: disk I/O error: SQLITE_IOERR_WRITE",
  ]) {
    const response = problemResponse(new Error(words));
    assert.equal(response.status, 507);
    assert.equal(((await response.json()) as { code: string }).code, "storage_failed");
  }
});

test("a challenge is one line of the characters that RFC 6750 allows", () => {
  const { headers } = problemResponse(new SallyportError("unauthenticated", 'a "quoted\\" ä\r\nX: y'));
  assert.equal(
    headers.get("www-authenticate"),
    `Bearer realm="sallyport", error="invalid_token", error_description="a 'quoted'' '''X: y"`,
  );
});
