import { SallyportError } from "./errors.ts";

/**
 * A frame is one binary WebSocket message: a header of 6 bytes, then the payload. The bytes are logged and
 * delivered exactly as they arrived, so that both ends can hash what the recording holds.
 *
 *     u8 type | u8 flags | u32 stream (big endian) | payload
 */
export const FRAME_HEADER = 6;
/** Largest payload of a frame, in bytes. */
export const MAX_PAYLOAD = 256 * 1024;
/** Credit window: bytes a sender may have in flight that the receiver has not consumed, per stream. */
export const WINDOW = 1024 * 1024;
/** The receiver acknowledges when it has consumed this many bytes since its last acknowledgement. */
export const ACK_EVERY = 256 * 1024;

export const FrameType = {
  /** Bytes of the stream. Logged, delivered. */
  data: 1,
  /** Last bytes of the stream in this direction (may be none). Logged, delivered. */
  end: 2,
  /** What the connector adds to the recording: JSON, or with `FrameFlag.record` bytes. Logged, never delivered to the agent. */
  event: 3,
  /** Acknowledgement and credit. Relayed, never logged. */
  ack: 4,
  /**
   * Ends a stream in both directions before its time: JSON, a `StreamReset`. Logged, delivered. Of stream 0: every
   * stream of the session that is open. See `protocol/http/head.ts` for what streams other than 0 carry.
   */
  reset: 5,
} as const;
export type FrameType = (typeof FrameType)[keyof typeof FrameType];

export const FrameFlag = {
  /** The payload ends inside a message of the tunnelled protocol: nothing may be put after it. */
  partial: 1,
  /** Written by the edge itself, as the last frame before it closes; the connector has not seen it. */
  edge: 2,
  /** Of an event: an `ApprovalAsk`, which the edge reads and acts on; other events it only records. */
  ask: 4,
  /** Of an event: the payload is a record of the target's kind (`protocol/ssh/record.ts`), not JSON. */
  record: 8,
  /** Of an event: the connector waits until it is logged, so the edge acknowledges at once. */
  confirm: 16,
  /** Of an exchange's stream: the payload is JSON, a head; of its last frame the trailers. */
  head: 32,
  /** Of an exchange's stream that became a WebSocket: the payload is of a text message, else of a binary one. */
  text: 64,
} as const;

const { partial, edge, ask, record, confirm, head, text } = FrameFlag;
const STREAM_FLAGS: ReadonlySet<number> = new Set([0, partial, edge, partial | edge]);
/**
 * The flags that a frame may have, by its type. An ask is answered by what becomes of it, so nobody waits for its
 * confirmation.
 */
const FLAGS: Record<FrameType, ReadonlySet<number>> = {
  [FrameType.data]: new Set([...STREAM_FLAGS, head, text, text | partial]),
  [FrameType.end]: new Set([...STREAM_FLAGS, head]),
  [FrameType.event]: new Set([0, ask, record, confirm, record | confirm]),
  [FrameType.ack]: new Set([0]),
  [FrameType.reset]: new Set([0, edge]),
};

/** Builds a frame from the chunks of its payload; the chunks are copied once. */
export function encodeFrame(
  type: FrameType,
  flags: number,
  stream: number,
  ...chunks: Uint8Array[]
): Buffer<ArrayBuffer> {
  let length = FRAME_HEADER;
  for (const chunk of chunks) length += chunk.length;
  const frame = Buffer.allocUnsafe(length);
  frame[0] = type;
  frame[1] = flags;
  frame.writeUInt32BE(stream, 2);
  let offset = FRAME_HEADER;
  for (const chunk of chunks) {
    frame.set(chunk, offset);
    offset += chunk.length;
  }
  return frame;
}

export interface FrameHeader {
  type: FrameType;
  flags: number;
  stream: number;
}

/** Reads and checks the header. Throws `protocol_violation` or `frame_too_large`. */
export function decodeHeader(frame: Uint8Array): FrameHeader {
  if (frame.length < FRAME_HEADER) {
    throw new SallyportError(
      "protocol_violation",
      `a frame of ${frame.length} bytes is shorter than its header`,
    );
  }
  if (frame.length > FRAME_HEADER + MAX_PAYLOAD) {
    throw new SallyportError(
      "frame_too_large",
      `a frame of ${frame.length} bytes is over the limit of ${FRAME_HEADER + MAX_PAYLOAD}`,
    );
  }
  const type = frame[0]!;
  if (type < FrameType.data || type > FrameType.reset) {
    throw new SallyportError("protocol_violation", `unknown frame type ${type}`);
  }
  const flags = frame[1]!;
  if (!FLAGS[type as FrameType].has(flags)) {
    throw new SallyportError("protocol_violation", `a frame of type ${type} can't have the flags ${flags}`);
  }
  const stream = ((frame[2]! << 24) | (frame[3]! << 16) | (frame[4]! << 8) | frame[5]!) >>> 0;
  return { type: type as FrameType, flags, stream };
}

/**
 * An acknowledgement is cumulative, so a lost one costs nothing: `frames` counts the logged frames that the
 * receiver has taken from the session so far, `bytes` the payload bytes of this stream that it has consumed.
 *
 *     header (type 4) | u64 frames | u64 bytes
 */
export interface Ack {
  frames: number;
  bytes: number;
}

const ACK_LENGTH = FRAME_HEADER + 16;

export function encodeAck(stream: number, ack: Ack): Buffer<ArrayBuffer> {
  const frame = Buffer.alloc(ACK_LENGTH);
  frame[0] = FrameType.ack;
  frame.writeUInt32BE(stream, 2);
  writeU64(frame, FRAME_HEADER, ack.frames);
  writeU64(frame, FRAME_HEADER + 8, ack.bytes);
  return frame;
}

/** Reads an acknowledgement whose header has been checked. Throws `protocol_violation`. */
export function decodeAck(frame: Uint8Array): Ack {
  if (frame.length !== ACK_LENGTH) {
    throw new SallyportError(
      "protocol_violation",
      `an acknowledgement of ${frame.length} bytes; it has ${ACK_LENGTH}`,
    );
  }
  return { frames: readU64(frame, FRAME_HEADER), bytes: readU64(frame, FRAME_HEADER + 8) };
}

/** Writes a whole number below 2^53 as 8 bytes, big endian; quicker than BigInt. */
export function writeU64(bytes: Uint8Array, offset: number, value: number): void {
  writeU32(bytes, offset, Math.floor(value / 0x1_0000_0000));
  writeU32(bytes, offset + 4, value >>> 0);
}

/** Writes 4 bytes, big endian; without a DataView, of which each takes longer than all its writes. */
export function writeU32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value >>> 24;
  bytes[offset + 1] = value >>> 16;
  bytes[offset + 2] = value >>> 8;
  bytes[offset + 3] = value;
}

/** Reads 8 bytes, big endian. Throws `protocol_violation` for 2^53 and above. */
export function readU64(bytes: Uint8Array, offset: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const value = view.getUint32(offset) * 0x1_0000_0000 + view.getUint32(offset + 4);
  if (!Number.isSafeInteger(value)) throw new SallyportError("protocol_violation", "a count is out of range");
  return value;
}
