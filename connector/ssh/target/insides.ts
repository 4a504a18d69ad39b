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
  outgoing: { id: number; state: "open" | "eof" | "closing" | "closed" };
  /** What waits for CHANNEL_SUCCESS or CHANNEL_FAILURE, in order; `failed` also where the channel is closed. */
  _callbacks: ((failed: boolean) => void)[];
}

interface ClientInsides {
  _protocol: Protocol;
  _remoteVer: string;
  /** By number; those that are still being opened are no objects. */
  _chanMgr: { _channels: Record<number, Channel | ((...args: never) => void) | true> };
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
