import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { webhookHeaders, webhookKey } from "./webhook.ts";

describe("a message to the generic webhook", () => {
  test("is signed as in the published example of Standard Webhooks' libraries", () => {
    const key = webhookKey("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assert.deepEqual(
      webhookHeaders(key!, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330_999, '{"test": 2432232314}'),
      {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
      },
    );
  });

  test("needs a secret of 24 to 64 bytes in the specification's form", () => {
    const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 7).toString("base64")}`;
    assert.equal(webhookKey(of(24))?.length, 24);
    assert.equal(webhookKey(of(64))?.length, 64);
    for (const bad of [
      "",
      "whsec_",
      "hunter2",
      of(23),
      of(65),
      of(32).slice(6),
      `${of(32)}!`,
      `whsk_${of(32).slice(6)}`,
    ])
      assert.equal(webhookKey(bad), null, bad);
  });
});
