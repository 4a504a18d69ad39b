import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { encodeAck, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { VIOLATIONS } from "./hostile/frames.ts";
import { CLEANED_HEADS, GOOD_HEAD, REFUSED_HEADS } from "./hostile/heads.ts";
import { type RawTunnel, type Rig, startRig, within } from "./hostile/rig.ts";
import { testJudged, watchTarget } from "./hostile/target-watch.ts";

describe("hostile ends of tunnels", { timeout: 300_000 }, () => {
  let rig: Rig;
  let tunnel: RawTunnel;

  before(async () => {
    rig = await startRig();
    tunnel = await rig.tunnel();
  });

  after(async () => {
    tunnel?.close();
    await rig?.stop();
  });

  const all = watchTarget(() => rig);

  /** The connector goes on for others. */
  const served = async (): Promise<void> => {
    assert.equal((await rig.gateway.fetch("/get")).status, 200);
  };

  describe("as heads of a tunnel's streams", () => {
    for (const [name, head] of REFUSED_HEADS) {
      test(`${name} is refused`, async () => {
        const wantsBody = (head as { body?: unknown } | null)?.body === true;
        const outcome = await tunnel.ask(head, wantsBody ? Buffer.from("a") : null);
        assert.ok(
          "status" in outcome && outcome.status >= 400 && outcome.status < 500,
          JSON.stringify(outcome),
        );
        assert.deepEqual(rig.seen, []);
      });
    }

    for (const [name, head] of CLEANED_HEADS) {
      test(`${name} leaves nothing of the agent's`, async () => {
        const outcome = await tunnel.ask(head);
        assert.ok("status" in outcome && outcome.status === 200, JSON.stringify(outcome));
        assert.equal(rig.seen.length, 1);
        assert.equal(JSON.stringify(rig.seen[0]!.rawHeaders).includes("mine"), false);
      });
    }

    const upload = { ...GOOD_HEAD, method: "POST", target: "/in", body: true };
    for (const [length, body] of [
      [2, "abc"],
      [4, "abc"],
      [0, "abc"],
    ] as const) {
      test(`a body of 3 bytes that is told as ${length} never gets there whole`, async () => {
        const outcome = await tunnel.ask(
          { ...upload, fields: [["content-length", `${length}`]] },
          Buffer.from(body),
        );
        // Of nothing a target may take all before the first byte too much is here.
        if (length > 0) assert.ok("reset" in outcome || outcome.status >= 400, JSON.stringify(outcome));
        for (const one of rig.seen) assert.ok(one.body.length < 3);
      });
    }

    for (const name of [
      "content-length",
      "transfer-encoding",
      "host",
      "authorization",
      "content-type",
      "x-http-method-override",
      "a\r\nb",
    ]) {
      test(`trailers with ${JSON.stringify(name)} don't get there`, async () => {
        const outcome = await tunnel.ask(upload, Buffer.from("abc"), [[name, "1"]]);
        assert.ok("reset" in outcome || outcome.status >= 400, JSON.stringify(outcome));
        for (const one of rig.seen) assert.equal(one.body.length, 0);
      });
    }

    test("a message before the WebSocket ends that exchange alone", async () => {
      const outcome = await tunnel.ask(
        { ...GOOD_HEAD, target: "/stuck", websocket: { subprotocols: [] } },
        Buffer.from("early"),
      );
      assert.ok("reset" in outcome || outcome.status >= 400, JSON.stringify(outcome));
    });

    test("a flood of streams that are reset at once leaves the session as it was", async () => {
      const flooded = await rig.tunnel();
      for (let number = 1; number <= 10_000; number++) {
        flooded.head(number, GOOD_HEAD);
        flooded.frame(FrameType.reset, 0, number, Buffer.from('{"code":"closed","reason":""}'));
      }
      const last = flooded.expect(10_001);
      flooded.head(10_001, GOOD_HEAD);
      flooded.frame(FrameType.end, 0, 10_001);
      assert.deepEqual(await last, { status: 200, body: "ok" });
      flooded.close();
    });

    test("resets of what was never open, and of what is over, are nothing", async () => {
      await tunnel.ask(GOOD_HEAD);
      tunnel.frame(FrameType.reset, 0, 1, Buffer.from('{"code":"closed","reason":""}'));
      tunnel.frame(FrameType.reset, 0, 0, Buffer.from('{"code":"closed","reason":""}'));
      assert.deepEqual(await tunnel.ask(GOOD_HEAD), { status: 200, body: "ok" });
    });

    test("the session that all of them shared is still there", async () => {
      assert.deepEqual(await tunnel.ask(GOOD_HEAD), { status: 200, body: "ok" });
      await served();
    });
  });

  describe("as frames that no agent's side sends", () => {
    for (const [name, act] of VIOLATIONS) {
      test(`${name}: ends that session alone`, async () => {
        const one = await rig.tunnel();
        act(one);
        await within("the session's end", one.ended);
        one.close();
        await served();
      });
    }

    test("an acknowledgement of more frames than were sent harms nobody else", async () => {
      const one = await rig.tunnel();
      one.socket.send(encodeAck(0, { frames: 1_000_000, bytes: 0 }));
      await served();
      one.close();
      await served();
    });

    test("a message of a WebSocket that is over-long ends it", async () => {
      const one = await rig.tunnel();
      const over = one.expect(1);
      one.head(1, { ...GOOD_HEAD, target: "/socket", websocket: { subprotocols: [] } });
      const part = Buffer.alloc(256 * 1024, 97);
      await one.until(() => one.status(1) === 101);
      for (let sent = 0; sent <= 4 * 1024 * 1024; sent += part.length) {
        await one.until(() => sent - one.acked(1) < 1024 * 1024);
        one.frame(FrameType.data, FrameFlag.text | FrameFlag.partial, 1, part);
      }
      const outcome = await over;
      assert.ok("reset" in outcome, JSON.stringify(outcome));
      one.close();
      await served();
    });
  });

  testJudged(() => rig, all, 20);
});
