import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import { ResponseMasks } from "../../http/mask/response-mask.ts";
import { asked, info, OFF, STILL, sight, through } from "../../http/mask/testing.ts";
import { isSecretName } from "./secret-names.ts";
import { maskedMessage, WITHHELD } from "./status-text.ts";

console.log(`SEED=${SEED}`);
const MARKER = "masked-by-sallyport";
const ENCODED = Buffer.from(MARKER).toString("base64");

const object = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.constantFrom("x", "", 'q"', "Secret", 7, true, null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc
      .array(
        fc.tuple(
          fc.constantFrom("kind", "name", "data", "stringData", "value", "a", "metadata"),
          fc.oneof(fc.constantFrom("Secret", "Pod", "DB_PASSWORD", "LANG"), tie("value")),
        ),
        { maxLength: 5 },
      )
      .map((members) => Object.fromEntries(members)),
  ),
})).value;

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };

/** Slowly, of the parsed document. `encoded`: whether an outer Secret hides it, and how; null: none does. */
function reference(value: Json, encoded: boolean | null): Json {
  if (Array.isArray(value)) return value.map((one) => reference(one, encoded));
  if (typeof value === "object" && value !== null) {
    const isSecret = value.kind === "Secret";
    const hasSecretName = typeof value.name === "string" && isSecretName(value.name);
    return Object.fromEntries(
      Object.entries(value).map(([name, one]): [string, Json] => {
        const isScalar = typeof one !== "object" || one === null;
        if (isSecret && (name === "data" || name === "stringData")) {
          return [name, reference(one, name === "data")];
        }
        if (encoded === null && name === "value" && isScalar && hasSecretName)
          return [name, reference(one, false)];
        return [name, reference(one, encoded)];
      }),
    );
  }
  if (encoded === null || value === null || value === "") return value;
  if (typeof value !== "string") return null;
  return encoded ? ENCODED : MARKER;
}

test("objects are masked as a slow reader would that knows them whole, in whatever order they say things", () => {
  const masks = new ResponseMasks("kubernetes", sight("kubernetes", {}, OFF), STILL);
  const masking = masks.of(asked("/", info("things", "example.com")), 200, [
    ["content-type", "application/json"],
  ]);
  const cutting = fc.array(fc.nat(300), { maxLength: 6 }).map((all) => all.toSorted((a, b) => a - b));
  fc.assert(
    fc.property(object, cutting, (value, cuts) => {
      const { text } = through(masking, JSON.stringify(value), cuts);
      const expected = reference(value as Json, null);
      // Within a Secret's data what another one says of it counts as well: only whether it is hidden is compared.
      const fold = (json: string) => json.replaceAll(ENCODED, MARKER);
      assert.equal(fold(text), fold(JSON.stringify(expected)));
    }),
    { seed: SEED, numRuns: 3_000 },
  );
});

test("names of secrets are known as people write them", () => {
  const secret = [
    ...[
      "PASSWORD",
      "DB_PASSWORD",
      "PGPASSWORD",
      "MYSQL_PWD",
      "dbPassword",
      "db.password",
      "passphrase",
      "DB_PASS",
    ],
    ...[
      "API_KEY",
      "apiKey",
      "X-Api-Key",
      "AWS_SECRET_ACCESS_KEY",
      "GITHUB_TOKEN",
      "JWT",
      "SIGNING_KEY",
      "SESSION_KEY",
    ],
    ...[
      "Authorization",
      "Cookie",
      "HTTP_AUTH",
      "DATABASE_URL",
      "REDIS_URI",
      "SENTRY_DSN",
      "CREDENTIALS",
      "PRIVATE_KEY",
    ],
    ...["STRIPE_SK", "SLACK_WEBHOOK", "CONNECTION_STRING", "clientSecret"],
  ];
  for (const name of secret) assert.ok(isSecretName(name), name);
  for (const name of [
    "LANG",
    "PATH",
    "AUTHOR",
    "HOSTNAME",
    "PORT",
    "KEYBOARD",
    "LOG_LEVEL",
    "COMPASS",
    "PASSENGERS",
    "replicas",
    "MONKEY",
  ]) {
    assert.ok(!isSecretName(name), name);
  }
});

test("errors keep what is plain of them", () => {
  assert.equal(maskedMessage('pods "x" not found', false), null);
  const plain = 'Pod "x" is invalid: spec.containers[0].image: Invalid value: "a b": must not have spaces';
  assert.equal(maskedMessage(plain, false), null);
  assert.equal(maskedMessage(plain, true), plain.replace('"a b"', "***"));
  assert.equal(maskedMessage("first\nsecond", false), `first ${WITHHELD}`);
  assert.equal(
    maskedMessage('x: Invalid value: core.PodSpec{A:"b"}: field is immutable', false),
    `x: Invalid value: ${WITHHELD}`,
  );
  assert.equal(
    maskedMessage('x: Invalid value: "{\\"a\\":\\"b\\"}": no', false),
    "x: Invalid value: ***: no",
  );
});
