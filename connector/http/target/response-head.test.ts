import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { MAX_HEAD } from "../../../protocol/http/head.ts";
import { readResponseHead, readTrailers } from "../../../protocol/http/reading.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { responseFields, responseTrailers, type Told } from "./response-head.ts";

const TOLD: Told = {
  target: "shop",
  place: { origin: "https://shop.internal", basePath: "", target: "/a" },
  base: "/t/shop",
  secrets: ["swordfish-7"],
};

describe("the fields of a response", () => {
  test("are left out where the name or the value is no field's", () => {
    const raw = ["X-A", "1", "X B", "1", "X-C", "a\x01", "X-D", "y".repeat(40_000), "", "1", "X-E", "\u0101"];
    assert.deepEqual(responseFields(raw, TOLD), [["x-a", "1"]]);
  });

  test("don't show the credential", () => {
    const raw = ["X-Echo", "Bearer swordfish-7", "Location", "/?token=swordfish-7", "X-Fine", "1"];
    assert.deepEqual(responseFields(raw, TOLD), [["x-fine", "1"]]);
  });

  test("of other spellings don't stand in for those that count", () => {
    const raw = ["content_type", "text/html", "Content-Type", "text/plain", "x_y", "1", "x-y", "2"];
    assert.deepEqual(responseFields(raw, TOLD), [
      ["content-type", "text/plain"],
      ["x_y", "1"],
    ]);
  });

  test("with a URL to go to after a time are left out", () => {
    assert.deepEqual(responseFields(["Refresh", "0;url=/v1/x"], TOLD), []);
    assert.deepEqual(responseFields(["Refresh", "5"], TOLD), [["refresh", "5"]]);
  });

  test("are refused where their head would be too long", () => {
    const raw = Array.from({ length: 100 }, (_, i) => [`x-${i}`, '"'.repeat(400)]).flat();
    assert.throws(() => responseFields(raw, TOLD), { code: "target_refused", message: /too long/ });
    assert.throws(() => responseFields(Array(402).fill("a"), TOLD), { code: "target_refused" });
  });

  test("are always such that the agent's side takes them, and so are trailers", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const name = fc.oneof(
      fc.constantFrom(
        ...[
          "Content-Type",
          "content-type",
          "content_type",
          "Content-Length",
          "ETag",
          "etag",
          "e_tag",
          "Date",
          "Location",
        ],
        ...[
          "Set-Cookie",
          "Connection",
          "Transfer-Encoding",
          "Content-Encoding",
          "X-A",
          "x_a",
          "Link",
          "te",
          "Trailer",
        ],
      ),
      fc.string({ maxLength: 6 }),
    );
    const value = fc.oneof(
      fc.constantFrom(
        "",
        "1",
        "2",
        "text/plain",
        "close, x-a",
        "trailers",
        "/x",
        "../../v1",
        "<a>, <//b>",
        "gzip",
        " a",
        "a ",
      ),
      fc.string({ maxLength: 12, unit: "binary" }),
    );
    const raws = fc.array(fc.tuple(name, value), { maxLength: 12 }).map((lines) => lines.flat());
    const property = fc.property(raws, (raw) => {
      try {
        const fields = responseFields(raw, TOLD);
        assert.ok(JSON.stringify(fields).length < MAX_HEAD);
        const lengths = fields.filter(([one]) => one === "content-length");
        // What Node's parser has let through is a number.
        if (lengths.every(([, one]) => /^\d+$/.test(one))) {
          assert.deepEqual(readResponseHead({ status: 200, fields }).fields, fields);
        }
        const trailers = responseTrailers(raw, TOLD);
        assert.deepEqual(readTrailers(trailers), trailers);
      } catch (error) {
        if (!(error instanceof SallyportError && error.code === "target_refused")) throw error;
      }
    });
    fc.assert(property, { numRuns: 3_000, seed: SEED });
  });
});
