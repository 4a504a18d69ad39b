import type { KeyObject } from "node:crypto";
import type { Client, ClientChannel, Connection, ParsedKey } from "ssh2";

/** What is used of ssh2 beside its interface; the version is pinned, and tests with a real sshd tell when it changes. */
export interface Protocol {
  /** Without `sign` it asks whether the key would do; with it, it logs in. */
  authPK(
    username: string,
    key: ParsedKey,
    algorithm: string | undefined,
    sign?: (data: Buffer, send: (signature: Buffer) => void) => void,
  ): void;
  /** The channel as the server counts it. Without `want reply`. */
  signal(channel: number, name: string): void;
  channelClose(channel: number): void;
  /** Opens a session. */
  session(channel: number, window: number, maxPacket: number): void;
  exec(channel: number, line: string, wantReply: boolean): void;
  _packetRW: { write: PacketWriter };
  /** Those of the last key exchange. */
  _cipher: PacketKeys;
  _decipher: PacketKeys;
  _handlers: { DEBUG?: (protocol: Protocol, display: boolean, message: string) => void };
}

/** Which are there depends on the algorithm. */
interface PacketKeys {
  _encKey?: Buffer | KeyObject;
  _decipherKey?: Buffer | KeyObject;
  _macKey?: Buffer | KeyObject;
}

interface PacketWriter {
  /** Where in a packet its payload begins. */
  allocStart: number;
  alloc(size: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

/** A channel, or an SFTP client on one. */
export interface Channel {
  type: string;
  /** Of a session: `exec`, `shell`, `subsystem`. */
  subtype?: string;
  outgoing: { id: number; state: ChannelState };
  incoming: { state: ChannelState };
  /** What waits for CHANNEL_SUCCESS or CHANNEL_FAILURE, in order; `failed` also where the channel is closed. */
  _callbacks: ((failed: boolean) => void)[];
  /** Of a process, once the target has told its end: its status, or null where it was a signal. */
  _exit?: { code: number | null | undefined };
}

type ChannelState = "open" | "eof" | "closing" | "closed";

/** What is called when a channel is open, or can't be opened. */
interface Opening {
  (error: Error | undefined, channel?: Channel): void;
  type: string;
}

interface ClientInsides {
  _protocol: Protocol;
  _remoteVer: string;
  /** By number; those that are still being opened are no objects. */
  _chanMgr: {
    _channels: Record<number, Channel | Opening | true>;
    /** Answers the number of the channel, or -1. */
    add(opening: Opening): number;
  };
}

export function protocolOf(client: Client | Connection): Protocol {
  return (client as unknown as ClientInsides)._protocol;
}

/** The server's software version, RFC 4253 section 4.2. */
export function softwareOf(client: Client): string {
  return (client as unknown as ClientInsides)._remoteVer;
}

export function insideOf(channel: ClientChannel): Channel {
  return channel as unknown as Channel;
}

/** What the server tells for debugging, RFC 4253 section 11.3. ssh2's own way would make it describe every packet. */
export function onDebug(client: Client, told: (message: string) => void): void {
  protocolOf(client)._handlers.DEBUG = (_protocol, _display, message) => told(message);
}

/** The channels that are open now. */
export function channelsOf(client: Client): Channel[] {
  const channels = Object.values((client as unknown as ClientInsides)._chanMgr._channels);
  return channels.filter((channel) => typeof channel === "object");
}

/** What ssh2 grants and takes on each channel. */
const WINDOW = 2 * 1024 * 1024;
const PACKET = 32 * 1024;

/** Opens a session in which nothing runs yet. Calls with undefined where that can't be. */
export function openSession(client: Client, opened: (channel: Channel | undefined) => void): void {
  const { _chanMgr, _protocol } = client as unknown as ClientInsides;
  const opening: Opening = Object.assign(
    (error: Error | undefined, channel?: Channel) => opened(error ? undefined : channel),
    { type: "session" },
  );
  try {
    const number = _chanMgr.add(opening);
    if (number === -1) opened(undefined);
    else _protocol.session(number, WINDOW, PACKET);
  } catch {
    // The connection is gone.
    opened(undefined);
  }
}

/** Runs a line in a session of `openSession`, whatever it says; calls when it is over, with whether it was begun. */
export function execOn(client: Client, inside: Channel, line: string, over: (begun: boolean) => void): void {
  const channel = inside as unknown as ClientChannel;
  inside._callbacks.push((failed) => {
    if (failed) over(false);
  });
  channel.on("close", () => over(true)).resume();
  channel.stderr.resume();
  try {
    protocolOf(client).exec(inside.outgoing.id, line, true);
  } catch {
    over(false);
  }
}

/** What is being opened now is closed when it is open, and nothing is run in it. Its opener is told that it failed. */
export function abandonOpening(client: Client): void {
  const { _chanMgr, _protocol } = client as unknown as ClientInsides;
  for (const [number, opening] of Object.entries(_chanMgr._channels)) {
    if (typeof opening !== "function") continue;
    const abandoned: Opening = Object.assign(
      (error: Error | undefined, channel?: Channel) => {
        if (channel) {
          channel.outgoing.state = "closing";
          _protocol.channelClose(channel.outgoing.id);
        }
        opening(error ?? new Error("the connection is being ended"));
      },
      { type: opening.type },
    );
    _chanMgr._channels[Number(number)] = abandoned;
  }
}

/**
 * Changes the next packet that is sent. `change` has it from its payload on, with its padding; it writes into it, or
 * answers the payload to send in its place.
 */
export function changeNextPacket(
  { _packetRW: { write } }: Protocol,
  change: (payload: Buffer) => Uint8Array | undefined,
): void {
  const { finalize } = write;
  write.finalize = (packet) => {
    write.finalize = finalize;
    const payload = change(packet.subarray(write.allocStart));
    if (payload === undefined) return write.finalize(packet);
    const other = write.alloc(payload.length);
    other.set(payload, write.allocStart);
    return write.finalize(other);
  };
}
