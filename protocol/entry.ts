import { createHash, hash } from "node:crypto";
import { readU64, writeU32, writeU64 } from "./frame.ts";

/**
 * An entry is one record of a session's log: what it is, when the edge took it, and the frame as it was sent.
 * Entries are chained: hash(n) = SHA-256(hash(n-1) | header(n) | frame(n)), hash(0) = SHA-256 of the genesis
 * text with the session's id. The header has 24 bytes:
 *
 *     u32 length of frame | u8 kind | 3 bytes zero | u64 seq | u64 time in ms since 1970 (all big endian)
 */
export const EntryKind = {
  /** JSON written by the edge: how the session began, changed and ended. */
  edge: 0,
  /** A frame from the agent to the target. */
  agent: 1,
  /** A frame from the target to the agent, as the agent sees it. */
  target: 2,
  /** JSON written by the connector: decisions, cancels, faults. The frame is an `event` frame. */
  connector: 3,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

export const ENTRY_HEADER = 24;
export const HASH_LENGTH = 32;

export interface Entry {
  kind: EntryKind;
  /** 1 for the first entry of a session, then without a gap. */
  seq: number;
  /** Milliseconds since 1970, by the edge's clock. */
  time: number;
  /** The frame with its header for kinds 1 to 3; UTF-8 JSON for kind 0. */
  frame: Uint8Array;
}

export function entryHeader(entry: Entry): Uint8Array {
  const header = new Uint8Array(ENTRY_HEADER);
  writeEntryHeader(entry, header, 0);
  return header;
}

/** Writes an entry's header where there is room for it. */
export function writeEntryHeader({ kind, seq, time, frame }: Entry, bytes: Uint8Array, offset: number): void {
  bytes.fill(0, offset, offset + ENTRY_HEADER);
  writeU32(bytes, offset, frame.length);
  bytes[offset + 4] = kind;
  writeU64(bytes, offset + 8, seq);
  writeU64(bytes, offset + 16, time);
}

/** Reads an entry's header; `frameLength` says how many bytes of frame follow. Throws `protocol_violation`. */
export function decodeEntryHeader(header: Uint8Array): Omit<Entry, "frame"> & { frameLength: number } {
  const view = new DataView(header.buffer, header.byteOffset);
  return {
    frameLength: view.getUint32(0),
    kind: header[4]! as EntryKind,
    seq: readU64(header, 8),
    time: readU64(header, 16),
  };
}

/** The hash before the first entry. */
export function genesis(session: string): Buffer {
  return createHash("sha256").update(`sallyport recording v1\n${session}\n`).digest();
}

/** The chain's next hash. */
export function chain(previous: Uint8Array, entry: Entry): Buffer {
  const link = new Uint8Array(HASH_LENGTH + ENTRY_HEADER);
  link.set(previous);
  writeEntryHeader(entry, link, HASH_LENGTH);
  return sha256(link, entry.frame);
}

/**
 * The connector's own chain, one for each direction, over frames alone: it knows neither the edge's clock nor
 * how the edge interleaved the directions. The verifier computes the same from the recording.
 */
export function chainFrame(previous: Uint8Array, frame: Uint8Array): Buffer {
  return sha256(previous, frame);
}

export function frameGenesis(session: string, direction: "agent" | "connector"): Buffer {
  return createHash("sha256").update(`sallyport frames v1\n${session}\n${direction}\n`).digest();
}

/** Bytes that are copied together and hashed in one call: that takes less than a Hash object of their own. */
const SHORT = 4_096;
const short = new Uint8Array(SHORT);

/** SHA-256 over two pieces, one after the other. */
export function sha256(head: Uint8Array, rest: Uint8Array): Buffer {
  const length = head.length + rest.length;
  if (length > SHORT) return createHash("sha256").update(head).update(rest).digest();
  short.set(head);
  short.set(rest, head.length);
  return hash("sha256", short.subarray(0, length), "buffer");
}
