import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { decodeHeader, FrameType, MAX_PAYLOAD, WINDOW } from "../frame.ts";
import { MAX_STREAMS } from "../http/head.ts";
import { SEED } from "../seeded.ts";
import type { ExchangeStream } from "../stream.ts";
import { End, Heard, REQUEST, RESPONSE } from "./exchange-testing.ts";

console.log(`exchange streams: SEED=${SEED}`);

/** Two ends, and the frames between them, which arrive when the test says so. */
function pair() {
  const agent = new End("agent");
  const connector = new End("connector");
  /** Hands on at most so many frames. */
  const deliver = (from: End, to: End, count = Number.POSITIVE_INFINITY) => {
    while (count-- > 0 && from.sent.length > 0) to.receive(from.sent.shift()!);
  };
  const settle = () => {
    while (agent.sent.length > 0 || connector.sent.length > 0) {
      deliver(agent, connector);
      deliver(connector, agent);
    }
  };
  return { agent, connector, deliver, settle };
}

/** Bytes of a stream's direction: those at any place say which they are. */
const bytesAt = (seed: number, offset: number, length: number) => {
  const bytes = Buffer.allocUnsafe(length);
  for (let index = 0; index < length; index++) {
    const place = offset + index;
    bytes[index] = seed * 7 + place + (place >> 8);
  }
  return bytes;
};

describe("the streams of exchanges", () => {
  test("an exchange goes there and back: heads, bodies, trailers, in order", () => {
    const { agent, connector, settle } = pair();
    const heard = new Heard();
    const stream = agent.streams.open(heard);
    assert.equal(stream.number, 0);
    stream.head(REQUEST);
    assert.equal(stream.number, 1);
    stream.send([Buffer.from("one "), Buffer.from("two")]);
    stream.end({ trailers: [["digest", "x"]] });
    settle();
    const [served] = connector.accepted;
    assert.deepEqual(served!.heard.heads, [REQUEST]);
    assert.equal(served!.heard.content.toString(), "one two");
    assert.deepEqual(served!.heard.trailers, [["digest", "x"]]);
    served!.stream.head({ status: 103, fields: [["link", "</x>"]] });
    served!.stream.head(RESPONSE);
    served!.stream.end({ chunks: [Buffer.from("all")] });
    settle();
    assert.deepEqual(
      heard.heads.map((head) => (head as { status: number }).status),
      [103, 200],
    );
    assert.equal(heard.content.toString(), "all");
    assert.deepEqual(heard.told, ["last"]);
    assert.equal(heard.trailers, null);
    assert.deepEqual([agent.streams.size, connector.streams.size], [0, 0]);
  });

  test("messages keep their bounds and kind, whatever their size; parts of a body have none", () => {
    const { agent, connector, settle } = pair();
    const stream = agent.streams.open(new Heard());
    stream.head(REQUEST);
    stream.send([Buffer.alloc(MAX_PAYLOAD + 1)]);
    stream.send([]);
    stream.send([Buffer.alloc(MAX_PAYLOAD + 1)], { partial: false, text: true });
    stream.send([], { partial: false, text: false });
    stream.send([Buffer.of(1)], { partial: true, text: false });
    stream.end({ chunks: [Buffer.of(3, 232)] });
    settle();
    const { heard } = connector.accepted[0]!;
    assert.deepEqual(heard.told, ["", "", "partial text", "text", "", "partial", "last"]);
    assert.equal(heard.bytes, 2 * (MAX_PAYLOAD + 1) + 3);
  });

  test("whatever the order of events, nothing is lost, doubled or put elsewhere", () => {
    const operation = fc.record({
      what: fc.constantFrom("open", "send", "send", "end", "consume", "there", "back", "reset"),
      which: fc.nat(6),
      size: fc.oneof(fc.nat(2000), fc.nat(600_000)),
    });
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const { agent, connector, deliver, settle } = pair();
        type One = { stream: ExchangeStream; heard: Heard; sent: number; eaten: number; over: boolean };
        const ours: One[] = [];
        const theirs = (): One[] =>
          connector.accepted.map(({ stream, heard }, index) => {
            served[index] ??= { stream, heard, sent: -1, eaten: 0, over: false };
            return served[index];
          });
        const served: One[] = [];
        for (const { what, which, size } of operations) {
          const isAgent = size % 2 === 0;
          const side = isAgent ? ours : theirs();
          const one = side[which % Math.max(side.length, 1)];
          if (what === "open") {
            const heard = new Heard();
            const stream = agent.streams.open(heard);
            stream.head(REQUEST);
            ours.push({ stream, heard, sent: 0, eaten: 0, over: false });
          } else if (what === "there") deliver(agent, connector, (size % 5) + 1);
          else if (what === "back") deliver(connector, agent, (size % 5) + 1);
          else if (one) {
            const seed = one.stream.number * 2 + (isAgent ? 0 : 1);
            if (one.sent < 0) {
              one.stream.head(RESPONSE);
              one.sent = 0;
            }
            if (what === "send" && !one.over && one.stream.credit > 0) {
              one.stream.send([bytesAt(seed, one.sent, size)]);
              one.sent += size;
            } else if (what === "consume") {
              one.stream.consumed(one.heard.bytes - one.eaten);
              one.eaten = one.heard.bytes;
            } else if (what === "end" || what === "reset") {
              one.over = true;
              if (what === "end") one.stream.end();
              else one.stream.reset("closed", "enough");
            }
          }
        }
        settle();
        const check = (from: One, to: Heard, seed: number) => {
          const { content } = to;
          assert.ok(content.equals(bytesAt(seed, 0, content.length)), "bytes as they were sent");
          const wasReset = from.heard.reset ?? to.reset;
          if (to.ended || (!wasReset && !from.over)) assert.equal(content.length, Math.max(from.sent, 0));
        };
        theirs().forEach((one, index) => {
          const opened = ours[index]!;
          assert.equal(one.stream.number, index + 1);
          check(opened, one.heard, one.stream.number * 2);
          check(one, opened.heard, one.stream.number * 2 + 1);
        });
        assert.equal(connector.accepted.length, ours.length);
        assert.equal(agent.streams.size, connector.streams.size);
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  test("a slow reader of one stream stops that stream alone", () => {
    const { agent, connector, settle } = pair();
    const streams = [new Heard(), new Heard()].map((heard) => {
      const stream = agent.streams.open(heard);
      stream.head(REQUEST);
      return stream;
    }) as [ExchangeStream, ExchangeStream];
    settle();
    const fill = (stream: ExchangeStream) => {
      let sent = 0;
      while (stream.credit > 0) {
        stream.send([Buffer.alloc(64 * 1024)]);
        sent += 64 * 1024;
      }
      settle();
      return sent;
    };
    fill(streams[0]);
    assert.ok(streams[0].credit <= 0);
    let through = 0;
    for (let round = 0; round < 20; round++) {
      const sent = fill(streams[1]);
      assert.ok(sent > 0, "credit is there again");
      connector.accepted[1]!.stream.consumed(sent);
      settle();
      through += sent;
    }
    assert.ok(through > 10 * WINDOW);
    assert.ok(
      connector.accepted[0]!.heard.bytes <= WINDOW + 64 * 1024,
      "the slow one has its window, no more",
    );
    assert.equal(connector.accepted[0]!.heard.drained + connector.accepted[1]!.heard.drained, 0);
  });

  test("a sender is told once that there is credit again, and not after its end", () => {
    const { agent, connector, settle } = pair();
    const heard = new Heard();
    const stream = agent.streams.open(heard);
    stream.head(REQUEST);
    while (stream.credit > 0) stream.send([Buffer.alloc(MAX_PAYLOAD)]);
    settle();
    connector.accepted[0]!.stream.consumed(MAX_PAYLOAD);
    settle();
    assert.equal(heard.drained, 1);
    connector.accepted[0]!.stream.consumed(2 * MAX_PAYLOAD);
    settle();
    assert.equal(heard.drained, 1);
    while (stream.credit > 0) stream.send([Buffer.alloc(MAX_PAYLOAD)]);
    stream.end();
    settle();
    connector.accepted[0]!.stream.consumed(2 * MAX_PAYLOAD);
    settle();
    assert.equal(heard.drained, 1);
  });

  test("an acknowledgement that is behind another takes no credit away", () => {
    const { agent, settle } = pair();
    const stream = agent.streams.open(new Heard());
    stream.head(REQUEST);
    stream.send([Buffer.alloc(MAX_PAYLOAD)]);
    settle();
    for (const bytes of [MAX_PAYLOAD, 5]) agent.streams.acknowledged(1, bytes);
    assert.ok(stream.credit > WINDOW - 1_000);
  });

  test("a reset ends both directions at once: the other side hears why, and what is on its way is dropped", () => {
    const { agent, connector, settle } = pair();
    const heard = new Heard();
    const stream = agent.streams.open(heard);
    stream.head(REQUEST);
    settle();
    const served = connector.accepted[0]!;
    served.stream.head(RESPONSE);
    served.stream.send([Buffer.from("late")]);
    stream.reset("agent_gone", "the client has left");
    stream.send([Buffer.from("nothing")]);
    stream.head(REQUEST);
    stream.end();
    settle();
    assert.deepEqual(served.heard.reset, { code: "agent_gone", reason: "the client has left" });
    assert.deepEqual([heard.heads, heard.bytes, heard.reset], [[], 0, undefined]);
    assert.deepEqual([agent.streams.size, connector.streams.size], [0, 0]);
  });

  test("one that was given up before its head never was: the next has the next number", () => {
    const { agent, connector, settle } = pair();
    agent.streams.open(new Heard()).reset("closed", "changed my mind");
    const late = agent.streams.open(new Heard());
    const early = agent.streams.open(new Heard());
    early.head(REQUEST);
    late.head(REQUEST);
    assert.deepEqual([early.number, late.number], [1, 2]);
    settle();
    assert.equal(connector.accepted.length, 2);
  });

  test("the end of the session is told to every stream, and nothing opens after it", () => {
    const { agent, connector, settle } = pair();
    const begun = new Heard();
    const waiting = new Heard();
    agent.streams.open(begun).head(REQUEST);
    agent.streams.open(waiting);
    settle();
    for (const end of [agent, connector]) end.streams.end("session_killed", "enough");
    const reset = { code: "session_killed", reason: "enough" };
    assert.deepEqual([begun.reset, waiting.reset, connector.accepted[0]!.heard.reset], [reset, reset, reset]);
    assert.throws(() => agent.streams.open(new Heard()), { code: "session_ended", message: "enough" });
    assert.deepEqual([agent.streams.size, connector.streams.size], [0, 0]);
  });

  test("at most so many are open; the place of one that is over is free", () => {
    const { agent, connector, settle } = pair();
    const opened = Array.from({ length: MAX_STREAMS }, () => agent.streams.open(new Heard()));
    assert.throws(() => agent.streams.open(new Heard()), { code: "too_many" });
    for (const stream of opened) stream.head(REQUEST);
    opened[5]!.reset("closed", "over");
    agent.streams.open(new Heard()).head(REQUEST);
    settle();
    assert.equal(connector.streams.size, MAX_STREAMS);
  });

  test("a head that is too large is refused before anything is sent", () => {
    const { agent } = pair();
    const stream = agent.streams.open(new Heard());
    const fields = [["x", "é".repeat(40_000)]] as const;
    assert.throws(() => stream.head({ ...REQUEST, fields }), { code: "frame_too_large" });
    assert.deepEqual([stream.number, agent.sent.length], [0, 0]);
    stream.head(REQUEST);
    assert.throws(() => stream.end({ trailers: fields }), { code: "frame_too_large" });
    stream.end();
    assert.equal(decodeHeader(agent.sent.at(-1)!).type, FrameType.end);
  });
});
