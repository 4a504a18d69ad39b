import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { slackSignature } from "./slack-signature.ts";
import "../../protocol/seeded.ts";

/** https://docs.slack.dev/authentication/verifying-requests-from-slack, as published. */
const EXAMPLE = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
  body:
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
};
const NOW = 1_531_420_618_000;
const state = (change: Partial<typeof EXAMPLE>, now = NOW) => {
  const { secret, body, ...signed } = { ...EXAMPLE, ...change };
  return slackSignature(secret, signed, body, now);
};

describe("a call of Slack's", () => {
  test("is genuine in Slack's own published example", () => assert.equal(state({}), "genuine"));

  test("is good for five minutes either way, to the second", () => {
    assert.equal(state({}, NOW + 300_000), "genuine");
    assert.equal(state({}, NOW - 300_000), "genuine");
    assert.equal(state({}, NOW + 301_000), "stale");
    assert.equal(state({}, NOW - 301_000), "stale");
  });

  test("is forged with another time, body or secret: each is signed", () => {
    assert.equal(state({ timestamp: "1531420619" }), "forged");
    assert.equal(state({ body: `${EXAMPLE.body}&` }), "forged");
    assert.equal(state({ secret: "8f742231b10e8888abcd99yyyzzz85a6" }), "forged");
  });

  for (const [what, change] of [
    ["no signature", { signature: "" }],
    ["another version of signature", { signature: EXAMPLE.signature.replace("v0", "v1") }],
    ["a signature that is cut", { signature: EXAMPLE.signature.slice(0, -2) }],
    ["a longer signature", { signature: `${EXAMPLE.signature}00` }],
    ["a time that is no number", { timestamp: "1531420618.0" }],
    ["a time with a sign", { timestamp: "-1531420618" }],
    ["an empty time", { timestamp: "" }],
  ] as const) {
    test(`is forged with ${what}`, () => assert.equal(state(change), "forged"));
  }

  test("is never genuine without a secret: an empty key is everybody's", () => {
    assert.equal(slackSignature("", { timestamp: null, signature: null }, "", 0), "forged");
    assert.equal(state({ secret: "" }), "forged");
  });

  test("is not genuine with any other header", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (timestamp, signature) => {
        assert.equal(slackSignature(EXAMPLE.secret, { timestamp, signature }, EXAMPLE.body, NOW), "forged");
      }),
    );
  });
});
