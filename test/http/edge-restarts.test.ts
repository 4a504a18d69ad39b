import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { openExchangeTunnel } from "../../protocol/tunnel/join.ts";
import { bodyOf, type EdgeService, type Served, startEdgeService } from "./edge-service.ts";

const MiB = 1024 * 1024;

describe("exchanges when the edge is killed", { timeout: 300_000 }, () => {
  let service: EdgeService;

  before(async () => {
    service = await startEdgeService();
  });

  after(async () => {
    await service?.stop();
  });

  /** A response that has begun, and goes on. */
  const streaming = async (): Promise<{ served: Served; response: IncomingMessage }> => {
    const answer = service.request("/t/web/stream");
    const served = await service.next();
    served.respond(200);
    served.stream.send([Buffer.from("begun")]);
    const { response } = await answer;
    await once(response, "readable");
    return { served, response };
  };

  test("the edge's SIGKILL breaks what is open, its connector is told, and the session goes on", async () => {
    const { served, response } = await streaming();
    const broken = assert.rejects(bodyOf(response));
    await service.gateway.edge.restart();
    await broken;
    const { code, reason } = await served.reset;
    assert.deepEqual([code, reason], ["agent_gone", "the edge was restarted"]);
    const answer = service.fetch("/t/web/after");
    const next = await service.next();
    assert.equal(next.session.session, served.session.session);
    next.answer(204);
    assert.equal((await answer).status, 204);
  });

  test("what a client has is recorded, whenever the edge is killed", async () => {
    for (let round = 0; round < 2; round++) {
      const answer = service.request("/t/web/count");
      const served = await service.next();
      served.respond(200);
      let over = false;
      void served.reset.then(() => {
        over = true;
      });
      const sending = (async () => {
        for (let number = 0; !over; number++) {
          await served.until(() => served.stream.credit > 0 || over);
          served.stream.send([Buffer.from(`${round}:${number};`.padStart(65_536))]);
        }
      })();
      const { response } = await answer;
      let body = "";
      const enough = Promise.withResolvers<void>();
      response.on("data", (chunk) => {
        body += chunk;
        if (body.length > (round + 1) * 500_000) enough.resolve();
      });
      response.on("error", () => {});
      const broken = new Promise((resolve) => response.on("close", resolve));
      await enough.promise;
      await service.gateway.edge.restart();
      await Promise.all([broken, served.reset, sending]);
      const recording = await service.recording(served.session.session);
      const last = body.slice(0, body.lastIndexOf(";")).split(" ").at(-1);
      assert.ok(recording.includes(` ${last};`), `the client has ${last}, and the recording has not`);
    }
  });

  test("through a tunnel, exchanges go on after the edge's SIGKILL, each by its own window", async () => {
    const tunnel = await openExchangeTunnel({
      edge: service.gateway.edge.url,
      target: "web",
      token: service.token,
    });
    const bytes = randomBytes(6 * MiB);
    const receive = () => {
      const hash = createHash("sha256");
      const whole = Promise.withResolvers<string>();
      let received = 0;
      const stream = tunnel.open({
        onHead() {},
        onData: (chunk) => {
          hash.update(chunk);
          received += chunk.length;
          stream.consumed(chunk.length);
        },
        onDrain() {},
        onEnd: () => whole.resolve(hash.digest("hex")),
        onReset: (code, reason) => whole.reject(new Error(`${code}: ${reason}`)),
      });
      stream.head({ method: "GET", target: "/big", base: "", fields: [], body: false });
      stream.end();
      return { whole: whole.promise, received: () => received };
    };
    const streams = [receive(), receive(), receive()];
    const sending = streams.map(async () => {
      const served = await service.next();
      served.respond(200);
      await served.send(bytes);
      served.stream.end();
    });
    for (const part of [0.2, 0.6]) {
      while (streams[0]!.received() < bytes.length * part)
        await new Promise((resolve) => setImmediate(resolve));
      await service.gateway.edge.restart();
    }
    const expected = createHash("sha256").update(bytes).digest("hex");
    for (const { whole } of streams) assert.equal(await whole, expected);
    await Promise.all(sending);
    tunnel.close("closed", "done");
  });
});
