import { refuse, sendEntries } from "./catching-up.ts";
import type { SessionEntries } from "./entries.ts";

/** A viewer's socket for a session that is sealed: its entries from number `from` on, then the end. */
export function followSealed(
  session: string,
  entries: SessionEntries,
  from: number,
  ctx: Pick<ExecutionContext, "waitUntil">,
): Response {
  const { 0: client, 1: server } = new WebSocketPair();
  server.accept();
  ctx.waitUntil(send(server, session, entries, from));
  return new Response(null, { status: 101, webSocket: client });
}

async function send(
  socket: WebSocket,
  session: string,
  entries: SessionEntries,
  from: number,
): Promise<void> {
  let open = true;
  for (const event of ["close", "error"] as const)
    socket.addEventListener(event, () => {
      open = false;
    });
  const peer = {
    get bufferedAmount() {
      return socket.bufferedAmount;
    },
    send: (data: Uint8Array) => socket.send(data),
    close(code: number, reason: string) {
      if (open) socket.close(code, reason);
    },
  };
  try {
    const next = await sendEntries(peer, entries.entries(from), from, () => open);
    if (next !== null) peer.close(1000, "the session has ended");
  } catch (error) {
    refuse(peer, error, session);
  }
}
