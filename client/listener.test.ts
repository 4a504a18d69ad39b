import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import type { EndCode } from "../protocol/close-reason.ts";
import type { AgentStream, StreamHandlers } from "../protocol/stream.ts";
import { listen } from "./listener.ts";

test("closing waits until the edge knows that the tunnels are over, also when nobody listens for it", async () => {
  const opened = Promise.withResolvers<void>();
  let handlers: StreamHandlers | undefined;
  let over = false;
  const stream: AgentStream = {
    session: "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3",
    interruptible: true,
    credit: 1_000,
    send() {},
    end() {},
    consumed() {},
    close(code: EndCode, reason: string) {
      setImmediate(() => {
        over = true;
        handlers!.onClose(code, reason);
      });
    },
    get handlers() {
      return handlers!;
    },
    set handlers(given) {
      handlers = given;
      opened.resolve();
    },
  };
  const listener = await listen({ host: "127.0.0.1", port: 0, open: async () => stream });
  const client = connect(listener.port, listener.host);
  await once(client, "connect");
  await opened.promise;
  await listener.close();
  assert.equal(over, true);
});
