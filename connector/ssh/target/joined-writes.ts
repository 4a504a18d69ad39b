import type { Socket } from "node:net";

/**
 * Lets what is written to a socket in one turn of the event loop leave together: ssh2 writes the length, the body and the
 * tag of each packet apart, which were three calls to the system, and three segments on the way.
 */
export function joinWrites(socket: Socket): void {
  const { write } = socket;
  socket.write = (...args: unknown[]) => {
    if (socket.writableCorked === 0) {
      socket.cork();
      process.nextTick(() => socket.uncork());
    }
    return write.apply(socket, args as Parameters<Socket["write"]>);
  };
}
