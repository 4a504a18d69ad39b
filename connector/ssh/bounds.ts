import type { Writable } from "node:stream";
import type { Connection as AgentClient, Client, ServerChannel } from "ssh2";
import { SallyportError } from "../../protocol/errors.ts";

/** What ssh2 leaves to its peers' good will; the version is pinned, and tests with hostile peers tell when it changes. */
interface Insides {
  _protocol: {
    _handlers: Record<string, ((protocol: unknown, info: { packetSize?: number }) => void) | undefined>;
    disconnect(reason: number): void;
    /** There while keys are exchanged. */
    _kexinit: Buffer | undefined;
    /** Packets that wait until the keys are exchanged. */
    _queue: Buffer[] | undefined;
  };
}

interface Written {
  _write(bytes: Buffer, encoding: BufferEncoding, done: () => void): void;
}

interface ChannelInsides {
  _client: Insides & AgentClient;
  _chunk: Buffer | undefined;
  _chunkcb: unknown;
  _chunkErr: Buffer | undefined;
  _chunkcbErr: unknown;
}

/** Bytes that a peer must take in one packet; RFC 4253 section 6.1 has each take 32,768. */
const LEAST_PACKET = 1_024;

/**
 * Ends what a peer begins who would have data in packets of hardly any bytes: for those of none ssh2 writes without an
 * end, and for few it makes some sixty of one.
 */
export function boundPackets(
  peer: AgentClient | Client,
  who: string,
  fail: (error: SallyportError) => void,
): void {
  const { _handlers: handlers } = (peer as unknown as Insides)._protocol;
  for (const name of ["CHANNEL_OPEN", "CHANNEL_OPEN_CONFIRMATION"]) {
    const handler = handlers[name];
    handlers[name] = (protocol, info) => {
      if ((info.packetSize ?? 0) >= LEAST_PACKET) return handler?.(protocol, info);
      fail(
        new SallyportError(
          "protocol_violation",
          `${who} opens a channel that takes no packets, or packets of hardly any bytes`,
        ),
      );
    };
  }
}

/** Calls when ssh2 sends a peer away, which it does without an error where a login is out of order. */
export function onSentAway(agent: AgentClient, call: () => void): void {
  const protocol = (agent as unknown as Insides)._protocol;
  const { disconnect } = protocol;
  protocol.disconnect = (reason) => {
    call();
    disconnect.call(protocol, reason);
  };
}

/** Bytes that wait for the end of a key exchange, which the peer may put off. */
export function waitingForKeys(peer: AgentClient | Client): number {
  const queue = (peer as unknown as Insides)._protocol._queue ?? [];
  return queue.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Lets what is written to a channel wait while the socket has more than it takes, and while keys are exchanged: ssh2
 * heeds the channel's window alone, and that may be of 4 GiB.
 */
export function heedSocket(channel: ServerChannel, socket: Writable): void {
  for (const stream of [channel, channel.stderr] as unknown as Written[]) {
    const write = stream._write.bind(stream);
    const { _client: client } = insideOf(channel);
    stream._write = (...args) => {
      const again = () => stream._write(...args);
      if (socket.writableNeedDrain) socket.once("drain", again);
      else if (client._protocol._kexinit !== undefined) client.once("handshake", again);
      else write(...args);
    };
  }
}

/**
 * To be called when nothing waits for the channel's window any more. ssh2 keeps the bytes that waited last, and would
 * send them again when others wait.
 */
export function forgetSent(channel: ServerChannel): void {
  const inside = insideOf(channel);
  inside._chunk = undefined;
  inside._chunkcb = undefined;
  inside._chunkErr = undefined;
  inside._chunkcbErr = undefined;
}

function insideOf(channel: ServerChannel): ChannelInsides {
  return channel as unknown as ChannelInsides;
}
