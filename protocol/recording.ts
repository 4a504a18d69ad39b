import type { ConnectorSeal, EdgeSeal } from "./control.ts";
import { ENTRY_HEADER, type Entry, entryHeader, HASH_LENGTH } from "./entry.ts";
import { FRAME_HEADER, MAX_PAYLOAD } from "./frame.ts";

/**
 * The export file of a recording (docs/recording.md). It streams: the writer yields these pieces in order and
 * never goes back, and nothing in it depends on what follows. All numbers are big endian.
 *
 *     magic        "SALLYPORT RECORDING 1\n"
 *     header       u32 length | JSON {"session": id}
 *     entries      each: 24 bytes of entry header | frame | 32 bytes of hash (see protocol/entry.ts)
 *     trailer      u32 0xFFFFFFFF | u32 length | JSON {"edgeSeal"?: …, "connectorSeal"?: …}
 *
 * A frame is never as long as the trailer's mark says, so the first four bytes tell an entry from the trailer.
 * Nothing follows the trailer. Header and trailer are written by `JSON.stringify` of exactly these members in
 * this order, and read back only in that spelling: so no bit of a file can change unseen.
 */
export const RECORDING_MAGIC = "SALLYPORT RECORDING 1\n";
export const RECORDING_TYPE = "application/vnd.sallyport.recording";
export const TRAILER_MARK = 0xffffffff;
/** Largest frame in a recording, in bytes, its header included. */
export const MAX_FRAME = FRAME_HEADER + MAX_PAYLOAD;
/** Largest header or trailer, in bytes. */
export const MAX_JSON = 1024 * 1024;

export interface RecordingHeader {
  session: string;
}

/** The seals of an ended session. A live one has none; without a connector's there was none at the end. */
export interface RecordingTrailer {
  edgeSeal?: EdgeSeal;
  connectorSeal?: Omit<ConnectorSeal, "type">;
}

/** An entry with the hash that the recording claims for it. */
export interface RecordedEntry extends Entry {
  hash: Uint8Array;
}

/** The file's first bytes. */
export function recordingHeader(session: string): Uint8Array<ArrayBuffer> {
  const json = headerJson({ session });
  const bytes = Buffer.alloc(RECORDING_MAGIC.length + 4 + json.length);
  bytes.write(RECORDING_MAGIC, "latin1");
  bytes.writeUInt32BE(json.length, RECORDING_MAGIC.length);
  bytes.set(json, RECORDING_MAGIC.length + 4);
  return bytes;
}

/** One entry; also one binary message to a viewer who follows the session. The frame is copied once. */
export function recordingEntry(entry: Entry, hash: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(ENTRY_HEADER + entry.frame.length + HASH_LENGTH);
  bytes.set(entryHeader(entry), 0);
  bytes.set(entry.frame, ENTRY_HEADER);
  bytes.set(hash, ENTRY_HEADER + entry.frame.length);
  return bytes;
}

/** The file's last bytes; of a live session `{}`. */
export function recordingTrailer(trailer: RecordingTrailer): Uint8Array<ArrayBuffer> {
  const json = trailerJson(trailer);
  const bytes = Buffer.alloc(8 + json.length);
  bytes.writeUInt32BE(TRAILER_MARK, 0);
  bytes.writeUInt32BE(json.length, 4);
  bytes.set(json, 8);
  return bytes;
}

/** The one spelling of a header. */
export function headerJson(header: RecordingHeader): Buffer {
  return Buffer.from(JSON.stringify({ session: header.session }));
}

/** The one spelling of a trailer: its members in this order, no others. */
export function trailerJson({ edgeSeal: edge, connectorSeal: connector }: RecordingTrailer): Buffer {
  return Buffer.from(
    JSON.stringify({
      edgeSeal: edge && {
        key: edge.key,
        entries: edge.entries,
        head: edge.head,
        signature: edge.signature,
      },
      connectorSeal: connector && {
        key: connector.key,
        agentFrames: connector.agentFrames,
        agentHead: connector.agentHead,
        connectorFrames: connector.connectorFrames,
        connectorHead: connector.connectorHead,
        signature: connector.signature,
      },
    }),
  );
}
