import { SallyportError } from "../errors.ts";
import { type Attributes, PacketBody } from "./body.ts";
import { MAX_EXTENSIONS, Packet, SFTP_VERSION } from "./numbers.ts";

/** A packet of `type`; the id is the version in INIT and VERSION. */
export function packet(type: number, id: number, ...parts: Uint8Array[]): Buffer {
  const header = Buffer.allocUnsafe(9);
  const length = parts.reduce((sum, part) => sum + part.length, 5);
  header.writeUInt32BE(length, 0);
  header[4] = type;
  header.writeUInt32BE(id, 5);
  return Buffer.concat([header, ...parts]);
}

export function u32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A string with its length; text becomes UTF-8. */
export function string(value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value) : value;
  return Buffer.concat([u32(bytes.length), bytes]);
}

export function init(): Buffer {
  return packet(Packet.INIT, SFTP_VERSION);
}

export function version(extensions: readonly (readonly [string, string])[]): Buffer {
  const pairs = extensions.flatMap(([name, data]) => [string(name), string(data)]);
  return packet(Packet.VERSION, SFTP_VERSION, ...pairs);
}

/** SSH_FXP_STATUS (section 7); its language is not told. */
export function status(id: number, code: number, words: string): Buffer {
  return packet(Packet.STATUS, id, u32(code), string(words), string(""));
}

/** The extensions of a VERSION, or INIT, by what follows the version. Throws `protocol_violation`. */
export function readExtensions(bytes: Buffer): [name: string, data: string][] {
  const body = new PacketBody(bytes);
  const extensions: [string, string][] = [];
  while (body.remaining > 0) {
    if (extensions.length === MAX_EXTENSIONS) {
      throw new SallyportError(
        "protocol_violation",
        `an SFTP peer has more than ${MAX_EXTENSIONS} extensions`,
      );
    }
    extensions.push([body.string().toString("latin1"), body.string().toString("latin1")]);
  }
  return extensions;
}

export interface StatusAnswer {
  code: number;
  /** The peer's, for people: at most 256 characters, bytes that aren't UTF-8 as U+FFFD. */
  words: string;
}

/** Reads a STATUS. Servers of the first versions end it behind the code. Throws `protocol_violation`. */
export function readStatus(bytes: Buffer): StatusAnswer {
  const body = new PacketBody(bytes);
  const code = body.u32();
  const words = body.remaining > 0 ? body.string().subarray(0, 1024).toString("utf8").slice(0, 256) : "";
  return { code, words };
}

/** Reads the one name that answers REALPATH, READLINK and their kin: a view. Throws `protocol_violation`. */
export function readSingleName(bytes: Buffer): Buffer {
  const body = new PacketBody(bytes);
  const count = body.u32();
  if (count !== 1) {
    throw new SallyportError("protocol_violation", `an SFTP server answered with ${count} names for one`);
  }
  const name = body.string();
  body.string();
  body.attributes();
  return body.end(name);
}

/** Reads an ATTRS. Throws `protocol_violation`. */
export function readAttributes(bytes: Buffer): Attributes {
  const body = new PacketBody(bytes);
  return body.end(body.attributes());
}

/** Reads a HANDLE. Throws `protocol_violation`. */
export function readHandle(bytes: Buffer): string {
  const body = new PacketBody(bytes);
  return body.end(body.handle());
}

/** Reads a DATA: a view. Throws `protocol_violation`. */
export function readData(bytes: Buffer): Buffer {
  const body = new PacketBody(bytes);
  return body.end(body.string());
}

/** What a server bears (`limits@openssh.com`, OpenSSH's PROTOCOL section 4.8). Bytes; 0: not told. */
export interface ServerLimits {
  packet: bigint;
  read: bigint;
  write: bigint;
  /** A count. */
  handles: bigint;
}

/** Reads the answer to `limits@openssh.com`. Throws `protocol_violation`. */
export function readLimits(bytes: Buffer): ServerLimits {
  const body = new PacketBody(bytes);
  return body.end({ packet: body.u64(), read: body.u64(), write: body.u64(), handles: body.u64() });
}

/** The answer to `limits@openssh.com`. */
export function limitsReply(id: number, limits: ServerLimits): Buffer {
  const { read, write, handles } = limits;
  return packet(Packet.EXTENDED_REPLY, id, u64(limits.packet), u64(read), u64(write), u64(handles));
}
