import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { type TestContext, test } from "node:test";
import fc from "fast-check";
import type { SessionFacts } from "../protocol/control.ts";
import { encodeFrame, FrameType, WINDOW } from "../protocol/frame.ts";
import { SEED } from "../protocol/seeded.ts";
import { generateKey } from "../protocol/signatures.ts";
import type { ExchangeStream, ExchangeTunnel } from "../protocol/stream.ts";
import { Heard, REQUEST, RESPONSE } from "../protocol/tunnel/exchange-testing.ts";
import { openExchangeTunnel } from "../protocol/tunnel/join.ts";
import { ModelEdge } from "../protocol/tunnel/testing.ts";
import { ConnectorSession } from "./session.ts";

console.log(`exchanges and resumes: SEED=${SEED}`);

/** A session of an HTTP target with an edge of the test's own. */
async function session(context: TestContext, kind: SessionFacts["kind"] = "http") {
  const edge = new ModelEdge({ session: "s1", kind });
  const url = await edge.start();
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const connector = await ConnectorSession.join(url, "s1", "t", await generateKey(), {
    onOpen: () => opened.resolve(),
    onOver: () => over.resolve(),
  });
  await opened.promise;
  const tunnel = await openExchangeTunnel({ edge: url, target: "web", token: "t" });
  context.after(() => {
    edge.cuts = () => [];
    edge.end("closed", "the test is over");
    connector.abandon();
    edge.stop();
  });
  return { edge, connector, tunnel, over: over.promise };
}

/** Sends back what comes, as fast as there is credit for it. */
function echo(stream: ExchangeStream): void {
  let waiting: Uint8Array[] = [];
  let isOver = false;
  const pump = () => {
    while (waiting.length > 0 && stream.credit > 0) {
      const chunk = waiting.shift()!;
      stream.send([chunk]);
      stream.consumed(chunk.length);
    }
    if (isOver && waiting.length === 0) stream.end({ trailers: [["number", String(stream.number)]] });
  };
  stream.handlers = {
    onHead: () => stream.head(RESPONSE),
    onData: (chunk) => {
      waiting.push(chunk);
      pump();
    },
    onDrain: pump,
    onEnd: () => {
      isOver = true;
      pump();
    },
    onReset: () => {
      waiting = [];
    },
  };
}

/** Sends so many bytes and reads what comes back; answers the two hashes and the trailers. */
function roundTrip(tunnel: ExchangeTunnel, bytes: number, name: number) {
  const sent = createHash("sha256");
  const came = createHash("sha256");
  let left = bytes;
  return new Promise<{ sent: string; came: string; bytes: number; trailers: unknown }>((resolve, reject) => {
    let received = 0;
    const fill = () => {
      while (left > 0 && stream.credit > 0) {
        const size = Math.min(left, 1 + ((left * 31 + name) % 90_000));
        const chunk = Buffer.alloc(size, (left + name) & 255);
        sent.update(chunk);
        stream.send([chunk]);
        left -= size;
        if (left === 0) stream.end();
      }
    };
    const stream = tunnel.open({
      onHead() {},
      onData(chunk) {
        came.update(chunk);
        received += chunk.length;
        stream.consumed(chunk.length);
      },
      onDrain: fill,
      onEnd: (trailers) =>
        resolve({ sent: sent.digest("hex"), came: came.digest("hex"), bytes: received, trailers }),
      onReset: (code, reason) => reject(new Error(`${code}: ${reason}`)),
    });
    stream.head(REQUEST);
    if (left === 0) stream.end();
    else fill();
  });
}

test("whatever is cut at whichever frame, each exchange has its bytes once, in order", async (context) => {
  const run = fc.record({
    sizes: fc.array(fc.oneof(fc.nat(3000), fc.nat(400_000), fc.constant(2 * WINDOW)), {
      minLength: 1,
      maxLength: 8,
    }),
    cuts: fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.constantFrom("agent", "connector", "both")), {
      maxLength: 4,
    }),
  });
  let resumed = 0;
  await fc.assert(
    fc.asyncProperty(run, async ({ sizes, cuts }) => {
      const { edge, connector, tunnel } = await session(context);
      connector.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {}, onExchange: echo };
      edge.cuts = (logged) => {
        const sides = cuts.find(([at]) => at === logged)?.[1];
        return sides === undefined ? [] : sides === "both" ? ["agent", "connector"] : [sides];
      };
      const results = await Promise.all(sizes.map((size, index) => roundTrip(tunnel, size, index)));
      results.forEach(({ sent, came, bytes, trailers }, index) => {
        assert.equal(bytes, sizes[index]);
        assert.equal(came, sent);
        assert.deepEqual(trailers, [["number", String(index + 1)]]);
      });
      resumed += edge.resumed;
      connector.abandon();
      edge.end("closed", "over");
    }),
    { seed: SEED, numRuns: 12 },
  );
  context.diagnostic(`${resumed} resumes`);
});

test("credit that was given while a socket was away is told after the resume", async (context) => {
  const { edge, connector, tunnel } = await session(context);
  const served = Promise.withResolvers<ExchangeStream>();
  const drained = Promise.withResolvers<void>();
  connector.handlers = {
    onData() {},
    onDrain() {},
    onEnd() {},
    onClose() {},
    onExchange: (stream) => {
      stream.handlers = Object.assign(new Heard(), { onDrain: () => drained.resolve() });
      served.resolve(stream);
    },
  };
  const full = Promise.withResolvers<void>();
  const heard = new Heard();
  const take = heard.onData.bind(heard);
  heard.onData = (chunk, message) => {
    take(chunk, message);
    if (heard.bytes === WINDOW) full.resolve();
  };
  const reader = tunnel.open(heard);
  reader.head(REQUEST);
  const sender = await served.promise;
  sender.head(RESPONSE);
  sender.send([Buffer.alloc(WINDOW)]);
  assert.ok(sender.credit <= 0);
  await full.promise;
  edge.ends.agent.socket!.terminate();
  edge.ends.agent.socket = undefined;
  reader.consumed(WINDOW);
  await drained.promise;
  assert.equal(edge.resumed, 1);
});

test("many small exchanges are confirmed on the way: a sender keeps only the last of them", async (context) => {
  const { edge, connector, tunnel } = await session(context);
  connector.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {}, onExchange: echo };
  for (let round = 0; round < 100; round++) await roundTrip(tunnel, 10, round);
  const told = [...edge.ends.agent.acks.keys(), ...edge.ends.connector.acks.keys()];
  assert.deepEqual(new Set(told), new Set([0]), "no stream had enough for an acknowledgement of its own");
});

test("the end of the session resets the streams at both ends, then closes", async (context) => {
  const { edge, connector, tunnel, over } = await session(context);
  const order: string[] = [];
  const served = Promise.withResolvers<void>();
  connector.handlers = {
    onData() {},
    onDrain() {},
    onEnd() {},
    onClose: (code) => order.push(`connector ${code}`),
    onExchange: (stream) => {
      stream.handlers = Object.assign(new Heard(), {
        onReset: (code: string) => order.push(`served ${code}`),
      });
      served.resolve();
    },
  };
  const closed = Promise.withResolvers<string>();
  const heard = new Heard();
  tunnel.open(heard).head(REQUEST);
  await served.promise;
  tunnel.onClose = (code) => closed.resolve(code);
  edge.end("session_killed", "enough");
  assert.equal(await closed.promise, "session_killed");
  await over;
  assert.deepEqual(heard.reset, { code: "session_killed", reason: "enough" });
  assert.deepEqual(order, ["served session_killed", "connector session_killed"]);
  assert.throws(() => tunnel.open(new Heard()), { code: "session_ended" });
  let late = "";
  tunnel.onClose = (code) => {
    late = code;
  };
  assert.equal(late, "session_killed", "who asks late is told as well");
});

test("a connector that does not serve the target resets what the agent opens", async (context) => {
  const { tunnel } = await session(context);
  const reset = Promise.withResolvers<string>();
  tunnel.open(Object.assign(new Heard(), { onReset: (code: string) => reset.resolve(code) })).head(REQUEST);
  assert.equal(await reset.promise, "unknown_target");
});

for (const [what, frame] of [
  ["bytes on a stream that was not opened", encodeFrame(FrameType.data, 0, 1, Buffer.of(1))],
  ["an event", encodeFrame(FrameType.event, 0, 0, Buffer.from("{}"))],
] as const) {
  test(`${what} from the edge ends the session at the connector`, async (context) => {
    const { edge, connector } = await session(context);
    const closed = Promise.withResolvers<string>();
    connector.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose: (code) => closed.resolve(code) };
    edge.ends.connector.socket!.send(frame);
    assert.equal(await closed.promise, "protocol_violation");
  });
}

test("a session of a database takes no stream and no reset", async (context) => {
  for (const frame of [
    encodeFrame(FrameType.data, 0, 1, Buffer.of(1)),
    encodeFrame(FrameType.reset, 0, 0, Buffer.from('{"code":"closed","reason":""}')),
  ]) {
    const { edge, connector } = await session(context, "postgres");
    const closed = Promise.withResolvers<string>();
    connector.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose: (code) => closed.resolve(code) };
    edge.ends.connector.socket!.send(frame);
    assert.equal(await closed.promise, "protocol_violation");
  }
});
