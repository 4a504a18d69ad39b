import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import type WebSocket from "ws";
import { WebSocketServer } from "ws";
import { encodeAck } from "../protocol/frame.ts";
import { generateKey } from "../protocol/signatures.ts";
import { ConnectorSession } from "./session.ts";

/** A session whose edge is the test's; `confirm` says how many frames are on its disk. */
async function session(context: TestContext) {
  const server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  context.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  const edge = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const connected = once(server, "connection") as Promise<[WebSocket]>;
  const said: string[] = [];
  const frames: Buffer[] = [];
  void connected.then(([socket]) => {
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      if (isBinary) frames.push(data);
      else said.push(JSON.parse(data.toString()).type);
    });
    socket.send(JSON.stringify({ type: "welcome", session: "s1", resume: "r".repeat(32) }));
    socket.send(JSON.stringify({ type: "open", facts: { session: "s1" } }));
  });
  const opened = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const one = await ConnectorSession.join(edge, "s1", "ticket", await generateKey(), {
    onOpen: () => opened.resolve(),
    onOver: () => over.resolve(),
  });
  await opened.promise;
  const [socket] = await connected;
  // Else it would try to resume.
  context.after(() => one.abandon());
  return {
    one,
    frames,
    said,
    over: over.promise,
    confirm: (count: number) => socket.send(encodeAck(0, { frames: count, bytes: 0 })),
    end: (received: number) =>
      socket.send(JSON.stringify({ type: "end", code: "session_killed", reason: "enough", received })),
    async has(count: number) {
      while (frames.length < count) await once(socket, "message");
    },
    socket,
  };
}
const event = { event: "channel_closed", channel: 1 } as const;

test("who waits is told when its frame is on disk, in order, and not before", async (context) => {
  const { one, confirm, has } = await session(context);
  const logged: number[] = [];
  const last = Promise.withResolvers<void>();
  one.event(event, () => logged.push(1));
  one.event(event);
  one.record([Buffer.of(1, 0, 0, 0, 1, 65)], () => {
    logged.push(3);
    last.resolve();
  });
  await has(3);
  assert.deepEqual(logged, []);
  confirm(3);
  await last.promise;
  assert.deepEqual(logged, [1, 3]);
});

test("what is confirmed by the session's end itself is told to nobody: nothing may run after it", async (context) => {
  const { one, end, has, over, said, socket } = await session(context);
  const logged: number[] = [];
  for (const name of [1, 2]) one.event(event, () => logged.push(name));
  await has(2);
  end(2);
  await over;
  while (!said.includes("seal")) await once(socket, "message");
  assert.deepEqual(logged, []);
});

test("who is told and ends the session thereby keeps the next from being told", async (context) => {
  const { one, confirm, has, over } = await session(context);
  const logged: number[] = [];
  one.event(event, () => {
    logged.push(1);
    one.abandon();
  });
  one.event(event, () => logged.push(2));
  await has(2);
  confirm(2);
  await over;
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(logged, [1]);
});
