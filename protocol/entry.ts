import { createHash } from "node:crypto";
import { readU64, writeU64 } from "./frame.ts";

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
  new DataView(header.buffer).setUint32(0, entry.frame.length);
  header[4] = entry.kind;
  writeU64(header, 8, entry.seq);
  writeU64(header, 16, entry.time);
  return header;
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
  return createHash("sha256").update(previous).update(entryHeader(entry)).update(entry.frame).digest();
}

/**
 * The connector's own chain, one for each direction, over frames alone: it knows neither the edge's clock nor
 * how the edge interleaved the directions. The verifier computes the same from the recording.
 */
export function chainFrame(previous: Uint8Array, frame: Uint8Array): Buffer {
  return createHash("sha256").update(previous).update(frame).digest();
}

export function frameGenesis(session: string, direction: "agent" | "connector"): Buffer {
  return createHash("sha256").update(`sallyport frames v1\n${session}\n${direction}\n`).digest();
}
