import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { objectJson } from "../../../connector/kubernetes/protobuf/object-json.ts";
import { difference } from "../../../connector/kubernetes/protobuf/testing.ts";
import { ProtobufFault } from "../../../connector/kubernetes/protobuf/wire.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { committed, generated, randomObjects, reference } from "./generate.ts";

const found = reference();
const skip = "missing" in found ? found.missing : false;
const program = "missing" in found ? "" : found.program;
const MOST = 30_000_000;
/** Of each kind; the others are made once when the table changes. */
const COUNT = 8;
const CHANGES = 4;

console.log(`protobuf of Kubernetes: SEED=${SEED}`);

/** Whether Kubernetes reads the same object from each pair of protobuf and JSON: "same", or how they differ. */
function compare(pairs: readonly (readonly [protobuf: Buffer, json: Buffer])[]): string[] {
  const input = pairs.map((pair) => `${pair.map((one) => one.toString("base64")).join(" ")}\n`).join("");
  const output = execFileSync(program, ["compare"], { input, encoding: "utf8", maxBuffer: 1 << 30 });
  return output.trimEnd().split("\n");
}

describe("objects in protobuf, beside the Go library of Kubernetes", { skip, timeout: 120_000 }, () => {
  for (const name of ["messages.ts", "examples.jsonl"]) {
    test(`${name} is what test/kubernetes/protobuf/generate.ts makes`, () => {
      assert.equal(generated(program)[name], committed(name));
    });
  }

  test("random objects of all kinds are the same JSON, and are read from it as the same object", () => {
    const objects = randomObjects(program, SEED, COUNT);
    const pairs = objects.map(({ apiVersion, kind, protobuf, json }) => {
      const bytes = Buffer.from(protobuf, "base64");
      const ours = objectJson(bytes, MOST);
      assert.equal(difference(json, ours.toString()), null, `${kind} of ${apiVersion}`);
      return [bytes, ours] as const;
    });
    for (const [index, outcome] of compare(pairs).entries()) {
      assert.equal(outcome, "same", `${objects[index]!.kind} of ${objects[index]!.apiVersion}`);
    }
  });

  test("of changed bytes what is read at all is read as Kubernetes reads it", () => {
    let state = SEED;
    const below = (limit: number) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * limit);
    };
    const pairs: [Buffer, Buffer][] = [];
    for (const { protobuf } of randomObjects(program, SEED, CHANGES)) {
      const bytes = Buffer.from(protobuf, "base64");
      const at = below(bytes.length);
      // Also the tags beside, which differ by 8.
      bytes[at] =
        [below(256), bytes[at]! ^ (1 << below(8)), bytes[at]! + 8, bytes[at]! + 1][below(4)]! & 0xff;
      try {
        pairs.push([bytes, objectJson(bytes, MOST)]);
      } catch (error) {
        assert.ok(error instanceof ProtobufFault, String(error));
      }
    }
    assert.ok(pairs.length > 50, String(pairs.length));
    for (const outcome of compare(pairs)) {
      // The API server would refuse options of another version, too.
      if (outcome.startsWith('protobuf: no kind "DeleteOptions"')) continue;
      assert.equal(outcome, "same");
    }
  });
});
