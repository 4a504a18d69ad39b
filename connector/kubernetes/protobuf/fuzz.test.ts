import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { readJson } from "../../../protocol/http/json.ts";
import { runs, SEED } from "../../../protocol/seeded.ts";
import { objectJson } from "./object-json.ts";
import { body, examples } from "./testing.ts";
import { ProtobufFault } from "./wire.ts";

console.log(`objects in protobuf: SEED=${SEED}`);

const MOST = 100_000;
const WHOLE = examples().map(({ protobuf }) => Buffer.from(protobuf, "base64"));

/** It is refused, or it is one object of JSON that is read in one way alone. */
function staysWhole(bytes: Buffer): void {
  let json: Buffer;
  try {
    json = objectJson(bytes, MOST);
  } catch (error) {
    assert.ok(error instanceof ProtobufFault || error instanceof SallyportError, String(error));
    return;
  }
  assert.ok(json.length <= MOST);
  const { value, opaque } = readJson(json.toString(), { foldCase: false });
  assert.ok(value instanceof Map);
  // What is JSON within it stands as it came.
  if (!bytes.includes("{")) assert.deepEqual(opaque, []);
}

test("no bytes do more than be refused or be read", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.constantFrom("Pod", "Secret", "Service"),
      (bytes, kind) => staysWhole(body("v1", kind, Buffer.from(bytes))),
    ),
    { numRuns: runs(2_000, 100_000) },
  );
});

test("objects in which bytes are changed, taken out or put in are refused or read", () => {
  const change = fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ minLength: 1, maxLength: 12 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...WHOLE),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      (whole, changes) => {
        let bytes = whole;
        for (const [place, taken, put] of changes) {
          const at = place % (bytes.length + 1);
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + taken)]);
        }
        staysWhole(bytes);
      },
    ),
    { numRuns: runs(3_000, 200_000) },
  );
});

test("objects that are cut off are refused", () => {
  for (const whole of WHOLE) {
    for (let length = 1; length < whole.length; length += 1 + Math.floor(whole.length / 50)) {
      staysWhole(whole.subarray(0, length));
    }
  }
});
