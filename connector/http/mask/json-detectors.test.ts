import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { cutting, json, masked, NONE, written } from "./json-testing.ts";

console.log(`SEED=${SEED}`);

describe("detectors in JSON", () => {
  const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
  const detect = (text: string, cuts: readonly number[] = []) =>
    masked(NONE, text, { detectors: true, cuts });

  test("find what a string says, however it is escaped", () => {
    const escaped = [...TOKEN].map((one) => `\\u00${one.charCodeAt(0).toString(16)}`).join("");
    assert.equal(detect(`{"a":"${escaped}"}`), `{"a":"${"*".repeat(40)}"}`);
    assert.equal(
      detect(`{"a":"\\u00e9 ${escaped} \\"x\\"\\n"}`),
      `{"a":"\\u00e9 ${"*".repeat(40)} \\"x\\"\\n"}`,
    );
    assert.equal(detect(`["\\n${TOKEN}\\t"]`), `["\\n${"*".repeat(40)}\\t"]`);
  });

  test("find names, and values by their names", () => {
    assert.equal(detect(`{"${TOKEN}":{"x":1}}`), `{"${"*".repeat(40)}":{"x":1}}`);
    assert.equal(detect(`{"\\n${TOKEN}":true}`), `{"\\n${"*".repeat(40)}":true}`);
    assert.equal(
      detect(`{"\\u0067${TOKEN.slice(1)}": 1}`),
      `{"${"*".repeat(40)}": 1}`.replace("*".repeat(40), "*".repeat(40)),
    );
    assert.equal(detect('{"ssn":"123-45-6789"}'), '{"ssn":"***********"}');
    const key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    assert.equal(detect(`{"secret_access_key": "${key}"}`), `{"secret_access_key": "${"*".repeat(40)}"}`);
    assert.equal(
      detect(`{"secret_access_key": "${key.replaceAll("/", "\\/")}"}`),
      `{"secret_access_key": "${"*".repeat(40)}"}`,
    );
  });

  test("keep numbers numbers", () => {
    for (const text of [
      '{"card":4111111111111111}',
      '{"card": 4111111111111111 }',
      "[4111111111111111]",
      "4111111111111111",
    ]) {
      const out = detect(text);
      assert.doesNotMatch(out, /4111/);
      assert.equal(out.length, text.length);
      JSON.parse(out);
    }
    assert.equal(detect('{"n":4111111111111112}'), '{"n":4111111111111112}');
  });

  test("never go from a name into its value", () => {
    const out = detect(
      `{"-----BEGIN PRIVATE KEY-----\\n":"${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC".repeat(3)}","b":1}`,
    );
    assert.equal(Object.keys(JSON.parse(out)).length, 2);
    const plain = `{"-----BEGIN PRIVATE KEY-----":"${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC".repeat(3)}","b":1}`;
    assert.equal(JSON.parse(detect(plain)).b, 1);
  });

  test("find values anywhere in a string that is longer than what is held", () => {
    for (const at of [0, 60_000, 65_500, 65_535, 65_536, 65_560, 120_000, 131_040, 199_950]) {
      for (const token of [TOKEN, `\\u0067${TOKEN.slice(1)}`]) {
        const text = `{"a":"${`${"x \\n\\u00e9".repeat(30_000).slice(0, at - (at % 10))} ${token} `.padEnd(200_000, "y z ")}","b":1}`;
        const out = detect(text, [50_000, 65_530, 65_545, 65_570, 131_050, 190_000]);
        assert.ok(!JSON.parse(out).a.includes(TOKEN), `${at}`);
        assert.equal(JSON.parse(out).a.length, JSON.parse(text).a.length);
      }
    }
  });

  test("hide the rest of a string in which a key is longer than what is looked at again", () => {
    const key = `-----BEGIN PRIVATE KEY-----\\n${"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\\n".repeat(6_000)}`;
    const out = detect(`{"a":"${key}"}`, [70_000, 140_000]);
    assert.doesNotMatch(out, /MIIE/);
    JSON.parse(out);
  });

  test("leave JSON as it is but for what they find, however it is cut", () => {
    const SECRETS = [TOKEN, "4111 1111 1111 1111", "AKIAIOSFODNN7EXAMPLE"];
    fc.assert(
      fc.property(
        json,
        fc.constantFrom(...SECRETS),
        cutting,
        fc.infiniteStream(fc.nat(5)),
        (value, secret, cuts, luck) => {
          const text = written(
            { v: value, s: [`a ${secret} b`], t: { [` ${secret} `]: secret } },
            () => "",
            () => luck.next().value === 5,
          );
          const out = detect(text, cuts);
          assert.equal(out, detect(text));
          assert.ok(!JSON.stringify(JSON.parse(out)).includes(secret));
          assert.equal(JSON.stringify(JSON.parse(out).v).length, JSON.stringify(JSON.parse(text).v).length);
        },
      ),
      { seed: SEED, numRuns: 1_000 },
    );
  });
});
