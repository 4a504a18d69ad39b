import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Fields } from "../../../protocol/http/head.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { Scanner } from "../../mask/detectors/scanner.ts";
import { maskedFields, wholeFields } from "./masked-fields.ts";

const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
const STARS = "*".repeat(40);
const json: Fields = [["content-type", "application/json"]];

describe("fields", () => {
  test("what is said of the target's own bytes goes with them", () => {
    const fields: Fields = [
      ...json,
      ...(
        [
          "content-length",
          "etag",
          "content-md5",
          "digest",
          "accept-ranges",
          "content-encoding",
          "repr-digest",
        ] as const
      ).map((name) => [name, "1"] as const),
      ["x-a", "b"],
    ];
    assert.deepEqual(maskedFields(fields, true, null), [...json, ["x-a", "b"]]);
    assert.deepEqual(maskedFields(fields, false, null), fields);
    assert.deepEqual(
      wholeFields([
        ["range", "bytes=0-1"],
        ["if-range", "x"],
        ["accept", "*/*"],
      ]),
      [["accept", "*/*"]],
    );
  });

  test("detectors look at values, with their names", () => {
    const scanner = new Scanner(DEFAULT_DETECTORS);
    const fields: Fields = [
      ["location", `https://x/?t=${TOKEN}`],
      ["x-ssn", "123-45-6789"],
      ["content-type", `text/plain; x=${TOKEN}`],
    ];
    assert.deepEqual(maskedFields(fields, false, scanner), [
      ["location", `https://x/?t=${STARS}`],
      ["x-ssn", "***********"],
      fields[2],
    ]);
  });
});
