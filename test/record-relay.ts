import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import type { Composer } from "../protocol/recording/testing.ts";

/** A relay that records one connection, each read a frame, as a tunnel would. */
export interface RecordRelay {
  port: number;
  /** Fulfilled when the recorded connection has ended on both sides. */
  ended: Promise<void>;
}

/**
 * Listens on loopback, passes connections on, and records one into `composer`: the first, or the one after
 * `passed` others. It stops listening with that one.
 */
export async function recordRelay(composer: Composer, port: number, passed = 0): Promise<RecordRelay> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const ended = new Promise<void>((resolve, reject) => {
    let count = 0;
    server.on("connection", (client) => {
      const recording = count++ === passed;
      if (recording) server.close();
      const over = relay(client, port, recording ? composer : undefined);
      if (recording) over.then(resolve, reject);
    });
  });
  return { port: address.port, ended };
}

async function relay(client: Socket, port: number, composer: Composer | undefined): Promise<void> {
  const target = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  // A client may leave without a goodbye.
  for (const socket of [client, target]) socket.on("error", () => {});
  client.on("data", (bytes) => {
    composer?.agent(bytes);
    target.write(bytes);
  });
  target.on("data", (bytes) => {
    composer?.target(bytes);
    client.write(bytes);
  });
  client.on("end", () => target.end());
  target.on("end", () => client.end());
  await Promise.all([once(client, "close"), once(target, "close")]);
}
