import type { Duplex } from "node:stream";
import type { EndCode } from "../protocol/close-reason.ts";
import type { ErrorCode } from "../protocol/errors.ts";
import { MAX_PAYLOAD } from "../protocol/frame.ts";
import type { AgentStream } from "../protocol/stream.ts";

/** How a tunnel ended. */
export interface Ending {
  code: EndCode;
  reason: string;
}

/**
 * Joins a local stream (`allowHalfOpen`), such as a socket, and a tunnel until both are over. It knows nothing about the
 * bytes. What arrives in one turn of the event loop leaves as one frame: a frame is a commit at the edge. Memory is
 * bounded by the credit window in both directions. `lastWords` tells the client, in its own protocol, of an end that
 * nobody has told it yet; null where nothing can be told. Resolves when the tunnel is over.
 */
export function relay(
  socket: Duplex,
  stream: AgentStream,
  lastWords: ((code: ErrorCode, reason: string) => Uint8Array) | null,
): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  let pending: Buffer[] = [];
  let size = 0;
  /** Either the tunnel is over, or it was told that the client is gone. */
  let over = false;

  const flush = () => {
    if (size === 0 || over) return;
    const chunks = pending;
    pending = [];
    size = 0;
    stream.send(chunks);
    if (stream.credit <= 0) socket.pause();
  };

  stream.handlers = {
    onData(chunk) {
      socket.write(chunk, (error) => {
        if (!error) stream.consumed(chunk.length);
      });
    },
    onDrain() {
      socket.resume();
    },
    onEnd() {
      socket.end();
    },
    onClose(code, reason) {
      over = true;
      // Whoever ended the session has told the client, unless it could not: no edge, or one that can't record.
      if (lastWords && code !== "closed" && stream.interruptible) socket.write(lastWords(code, reason));
      destroySoon(socket);
      resolve({ code, reason });
    },
  };

  socket.on("data", (chunk: Buffer) => {
    if (size === 0) setImmediate(flush);
    pending.push(chunk);
    size += chunk.length;
    if (size >= MAX_PAYLOAD) flush();
  });
  socket.on("end", () => {
    flush();
    if (!over) stream.end();
  });
  socket.on("close", () => {
    if (over) return;
    over = true;
    const failed = socket.errored !== null;
    stream.close(
      failed ? "agent_gone" : "closed",
      failed ? "the client's connection broke" : "the client has disconnected",
    );
  });
  socket.resume();
  return promise;
}

/** Ends a stream once what was written to it is through. */
function destroySoon(socket: Duplex): void {
  if (socket.writableFinished || socket.destroyed) {
    socket.destroy();
    return;
  }
  socket.once("finish", () => socket.destroy());
  socket.end();
}
