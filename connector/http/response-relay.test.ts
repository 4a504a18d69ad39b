import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import type { Fields } from "../../protocol/http/head.ts";
import type { ExchangeStream } from "../../protocol/stream.ts";
import { ResponseRelay, UNCHANGED } from "./response-relay.ts";

const turn = () => new Promise((resolve) => setImmediate(resolve));

function rig({ credit = 1_000_000, trailers = [] as Fields, most = Number.POSITIVE_INFINITY } = {}) {
  const said: string[] = [];
  const stream = {
    credit,
    head: ({ status }: { status: number }) => said.push(`head ${status}`),
    send(chunks: Uint8Array[]) {
      const text = Buffer.concat(chunks).toString();
      stream.credit -= text.length;
      said.push(`data ${text}`);
    },
    end(last: { chunks: Uint8Array[] } | { trailers: Fields }) {
      said.push("chunks" in last ? `end ${Buffer.concat(last.chunks)}` : `trailers ${last.trailers.length}`);
    },
  };
  const body = new PassThrough();
  const over = Promise.withResolvers<string>();
  let total = 0;
  const relay = new ResponseRelay({
    stream: stream as unknown as ExchangeStream,
    head: { status: 200, fields: [] },
    body,
    through: () => UNCHANGED,
    trailers: () => trailers,
    sent(bytes) {
      total += bytes;
      if (total > most) throw new Error("too long");
    },
    ended: () => over.resolve("ended"),
    failed: (error) => over.resolve((error as Error).message),
  });
  return { said, stream, body, relay, over: over.promise };
}

describe("a response's body", () => {
  test("goes in the frame that ends it, where both come at once", async () => {
    const { said, body, over } = rig();
    body.write("one ");
    body.end("two");
    assert.equal(await over, "ended");
    assert.deepEqual(said, ["head 200", "end one two"]);
  });

  test("isn't waited for by the head, nor a part of it by the rest", async () => {
    const { said, body, over } = rig();
    await turn();
    assert.deepEqual(said, ["head 200"]);
    body.write("event");
    await turn();
    await turn();
    assert.deepEqual(said, ["head 200", "data event"]);
    body.end();
    assert.equal(await over, "ended");
    assert.deepEqual(said, ["head 200", "data event", "end "]);
  });

  test("goes before its trailers", async () => {
    const { said, body, over } = rig({ trailers: [["x-sum", "1"]] });
    body.end("all");
    assert.equal(await over, "ended");
    assert.deepEqual(said, ["head 200", "data all", "trailers 1"]);
  });

  test("stalls only as long as the stream has, also where credit comes in the same turn", async () => {
    const { said, stream, body, relay } = rig({ credit: 4 });
    body.on("data", () => {
      // What the stream tells: `onDrain`, where there was none left and now there is.
      queueMicrotask(() => {
        const stalled = stream.credit <= 0;
        stream.credit += 100;
        if (stalled) relay.drain();
      });
    });
    body.write("more than four");
    await turn();
    await turn();
    assert.equal(body.isPaused(), false);
    assert.deepEqual(said, ["head 200", "data more than four"]);
    relay.stop();
  });

  test("that is too long has no end", async () => {
    const { said, body, over } = rig({ most: 2 });
    body.end("all");
    assert.equal(await over, "too long");
    assert.deepEqual(said, []);
  });

  test("that breaks off is told as far as it came", async () => {
    const { said, body, over } = rig();
    body.once("data", () => body.destroy(new Error("reset by the target")));
    body.write("half");
    assert.equal(await over, "reset by the target");
    assert.deepEqual(said, ["head 200", "data half"]);
  });
});
