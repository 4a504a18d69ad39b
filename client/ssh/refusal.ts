import type { Socket } from "node:net";
import type { SallyportError } from "../../protocol/errors.ts";
import { sshString } from "../../protocol/ssh/public-key.ts";
import type { ClientManner } from "../listener.ts";

const SSH_MSG_DISCONNECT = 1;
const BY_APPLICATION = 11;
/** Packets without encryption are multiples of this (RFC 4253 section 6). */
const BLOCK = 8;
const LEAST_PADDING = 4;
const MAX_WORDS = 4_000;

/** Once the tunnel is there, all that passes is the connector's and encrypted: nobody else can put in a word. */
export const SSH_MANNER: ClientManner = { refuse, lastWords: null };

/** Ends a client's connection with a reason, which it shows (RFC 4253 section 11.1). */
function refuse(socket: Socket, { message, hint }: SallyportError): void {
  const words = (hint === undefined ? message : `${message} ${hint}`).slice(0, MAX_WORDS);
  // What the client sends meanwhile must be read, or its connection would be reset, and the reason with it.
  socket.on("data", () => {}).resume();
  socket.end(Buffer.concat([Buffer.from("SSH-2.0-Sallyport\r\n"), disconnect(words)]));
}

/** SSH_MSG_DISCONNECT as the first packet, before any key is agreed on. */
export function disconnect(description: string): Buffer {
  const payload = Buffer.concat([
    Buffer.from([SSH_MSG_DISCONNECT, 0, 0, 0, BY_APPLICATION]),
    sshString(description),
    sshString(""),
  ]);
  let padding = BLOCK - ((5 + payload.length) % BLOCK);
  if (padding < LEAST_PADDING) padding += BLOCK;
  const header = Buffer.alloc(5);
  header.writeUInt32BE(1 + payload.length + padding);
  header[4] = padding;
  return Buffer.concat([header, payload, Buffer.alloc(padding)]);
}
