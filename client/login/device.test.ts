import assert from "node:assert/strict";
import { test } from "node:test";
import { poll } from "./device.ts";
import { TokenRefused, type Tokens } from "./oidc.ts";

const ISSUER = { name: "corp", issuer: "https://idp.example", clientId: "cli", audience: "sallyport" };
const TOKENS: Tokens = { bearer: "t", expires: 0, refresh: undefined };

/** Polls with these answers, one after the other; what it waited, in seconds. */
async function polled(
  answers: (string | Tokens)[],
  expiresS = 600,
): Promise<{ waits: number[]; tokens: Tokens }> {
  let now = 0;
  const waits: number[] = [];
  const clock = {
    now: () => now,
    async sleep(ms: number) {
      waits.push(ms / 1000);
      now += ms;
    },
  };
  const ask = async () => {
    const answer = answers.shift();
    if (answer === undefined || typeof answer === "string")
      throw new TokenRefused(answer ?? "authorization_pending", "");
    return answer;
  };
  return { tokens: await poll(ISSUER, ask, { intervalS: 5, expiresS }, clock), waits };
}

test("waits the interval, 5 s more after each slow_down", async () => {
  const { waits, tokens } = await polled([
    "authorization_pending",
    "slow_down",
    "authorization_pending",
    "slow_down",
    TOKENS,
  ]);
  assert.deepEqual(waits, [5, 5, 10, 10, 15]);
  assert.equal(tokens, TOKENS);
});

test("a refusal, an expired code, and patience that ends", async () => {
  await assert.rejects(polled(["access_denied"]), {
    code: "unauthenticated",
    message: /refused on the other device/,
  });
  await assert.rejects(polled(["expired_token"]), { code: "unauthenticated", message: /has expired/ });
  await assert.rejects(polled([], 30), { code: "unauthenticated", message: /has expired/ });
});
