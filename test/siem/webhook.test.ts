import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Mode, startWebhook } from "./receivers.ts";
import { type Rig, startRig } from "./rig.ts";

const SECRET = `whsec_${Buffer.from("a secret of thirty-two bytes ...").toString("base64")}`;

describe("events to a webhook of one's own", { timeout: 300_000 }, () => {
  let one: Rig;

  before(async () => {
    // Each session in an object of its own, as on Cloudflare.
    one = await startRig(await startWebhook(SECRET), { SIEM_TOKEN: SECRET }, 0);
  });

  after(async () => {
    await one?.stop();
  });

  test("they are signed as Standard Webhooks says, and while it is down the backlog is shown", async () => {
    const { gateway, receiver } = one;
    await receiver.until(() => receiver.events.length > 0);
    receiver.modes.push(...Array.from({ length: 500 }, (): Mode => ({ status: 503 })));
    await gateway.fetch("/while-it-is-down");
    let status = await one.status();
    while (status.destinations[0]!.state !== "failing" || status.destinations[0]!.waiting === 0) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      status = await one.status();
    }
    const { error, oldest, attempts, lagMs } = status.destinations[0]!;
    assert.equal(error, "HTTP 503");
    assert.ok(oldest !== null && attempts > 0 && lagMs >= 0);
    receiver.modes.length = 0;
    const expected = await one.ended();
    await receiver.until(() => expected.every((uid) => receiver.uids().has(uid)));
    assert.deepEqual(receiver.complaints, []);
  });
});
