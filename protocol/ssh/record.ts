import { SallyportError } from "../errors.ts";

/**
 * Bytes of a channel as they were before encryption, in an event frame with `FrameFlag.record`:
 *
 *     u8 kind | u32 channel (big endian) | bytes
 *
 * Of `withheld` the bytes are a u32: how many were typed where the terminal showed nothing, as at a password prompt.
 */
export const RecordKind = {
  /** From the agent. */
  input: 1,
  /** To the agent, as masked. */
  output: 2,
  /** To the agent, standard error. */
  error: 3,
  withheld: 4,
} as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

export const RECORD_HEADER = 5;

export interface ChannelRecord {
  kind: RecordKind;
  channel: number;
  bytes: Uint8Array;
}

/** The header of a record, which goes before its bytes. */
export function recordHeader(kind: RecordKind, channel: number): Buffer {
  const header = Buffer.allocUnsafe(RECORD_HEADER);
  header[0] = kind;
  header.writeUInt32BE(channel, 1);
  return header;
}

/** Reads a frame's payload. Throws `protocol_violation`. */
export function readRecord(payload: Uint8Array): ChannelRecord {
  const kind = payload[0] as RecordKind | undefined;
  const isKnown = kind !== undefined && kind >= RecordKind.input && kind <= RecordKind.withheld;
  if (payload.length < RECORD_HEADER || !isKnown) {
    throw new SallyportError("protocol_violation", "a record of a channel can't be read");
  }
  const channel = new DataView(payload.buffer, payload.byteOffset).getUint32(1);
  return { kind, channel, bytes: payload.subarray(RECORD_HEADER) };
}
