import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { parseConfigFile } from "./file.ts";
import { witnessBindings, witnessVariables } from "./witness.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-witness-config-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const parse = (text: string) => parseConfigFile(text, join(folder, "sallyport.yaml")).edge.witness;

const WITNESS = `
edge:
  witness:
    table: sallyport-witness
    region: eu-central-1
    role: arn:aws:iam::123456789012:role/sallyport-witness-writer
    accessKeyId: {env: SALLYPORT_TEST_WITNESS_KEY}
    secretAccessKey: {file: secret-key}
`;

describe("the witness of an edge that one runs oneself", () => {
  test("becomes bindings, each secret read from where the file says it is", async () => {
    writeFileSync(join(folder, "secret-key"), "wJalrXUtnFEMI\n");
    process.env.SALLYPORT_TEST_WITNESS_KEY = "AKIAIOSFODNN7EXAMPLE";
    assert.deepEqual(await witnessBindings(parse(WITNESS)), {
      WITNESS_TABLE: "sallyport-witness",
      WITNESS_REGION: "eu-central-1",
      WITNESS_ROLE_ARN: "arn:aws:iam::123456789012:role/sallyport-witness-writer",
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI",
    });
    assert.deepEqual(witnessVariables(parse(WITNESS)), ["SALLYPORT_TEST_WITNESS_KEY"]);
  });

  test("is none by default", async () => {
    assert.equal(parse("edge: {}"), null);
    assert.deepEqual([await witnessBindings(null), witnessVariables(null)], [{}, []]);
  });

  test("has no secret in the file itself, and none that lacks", () => {
    const literal = WITNESS.replace("{file: secret-key}", "hunter2");
    assert.throws(
      () => parse(literal),
      (error: Error) =>
        /secretAccessKey is not a mapping/.test(error.message) && !error.message.includes("hunter2"),
    );
    assert.throws(
      () => parse(WITNESS.replace(/ +accessKeyId.*\n/, "")),
      /edge\.witness\.accessKeyId is missing/,
    );
    assert.throws(() => parse(WITNESS.replace(/ +table.*\n/, "")), /edge\.witness\.table/);
  });
});
