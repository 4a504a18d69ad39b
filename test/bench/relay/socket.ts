import type { Socket } from "node:net";
import WebSocket from "ws";

/** Opens a WebSocket as cheaply as the product does: no compression, no mask. */
export function open(edge: string, path: string): WebSocket {
  const url = new URL(path, edge);
  url.protocol = "ws:";
  return new WebSocket(url, {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    generateMask: (mask) => void mask.fill(0),
  });
}

/** Joins both until one is over: each chunk is a message, and each message is written as it comes. */
export function join(socket: Socket, tunnel: WebSocket): void {
  const early: Buffer[] = [];
  socket.setNoDelay(true);
  socket.on("data", (chunk: Buffer) => {
    if (tunnel.readyState === WebSocket.OPEN) tunnel.send(chunk);
    else early.push(chunk);
  });
  tunnel.on("open", () => {
    for (const chunk of early) tunnel.send(chunk);
  });
  tunnel.on("message", (data: Buffer) => socket.write(data));
  tunnel.on("close", () => socket.destroySoon());
  socket.on("close", () => tunnel.close());
  socket.on("error", () => tunnel.close());
  tunnel.on("error", () => socket.destroy());
}
