import {
  ARCHIVE_TYPE,
  archiveBeginning,
  archiveEnd,
  archiveHeader,
  padding,
} from "../../protocol/recording/encryption/archive.ts";
import { RECORDING_TYPE } from "../../protocol/recording.ts";
import { findRecording, type SealedRecording } from "../directory/recordings.ts";
import type { Env } from "../environment.ts";
import { type FoundPart, SessionEntries } from "./entries.ts";
import { Archive } from "./sealing/archive.ts";

/** The entries of a sealed session, which needs no object any more; null while it is not sealed. */
export async function sealedEntries(
  env: Pick<Env, "DIRECTORY" | "RECORDINGS">,
  session: string,
): Promise<SessionEntries | null> {
  const recording = await findRecording(env.DIRECTORY, session);
  return recording && entriesOf(env, recording);
}

function entriesOf(env: Pick<Env, "RECORDINGS">, recording: SealedRecording): SessionEntries {
  return new SessionEntries({
    session: recording.session,
    archive: new Archive(env.RECORDINGS),
    part: (seq) => sealedPart(recording, seq),
    rows: null,
    trailer: () => recording.trailer,
  });
}

/**
 * The file that is exported of a sealed session; null while it is not sealed. Of one that is encrypted it is its archive. Throws
 * as `SessionEntries.file` does.
 */
export async function sealedFile(
  env: Pick<Env, "DIRECTORY" | "RECORDINGS">,
  session: string,
): Promise<{ type: string; bytes: AsyncGenerator<Uint8Array> } | null> {
  const recording = await findRecording(env.DIRECTORY, session);
  if (!recording) return null;
  if (recording.isEncrypted)
    return { type: ARCHIVE_TYPE, bytes: archived(new Archive(env.RECORDINGS), recording) };
  return { type: RECORDING_TYPE, bytes: entriesOf(env, recording).file() };
}

/** The archive of an encrypted recording (protocol/recording/encryption/archive.ts). */
async function* archived(archive: Archive, recording: SealedRecording): AsyncGenerator<Uint8Array> {
  yield archiveBeginning(recording);
  for (const part of recording.parts) {
    yield archiveHeader(recording, part);
    yield* archive.object(recording.session, part, true);
    const rest = padding(part.bytes);
    // A stream of bytes takes no chunk of none.
    if (rest.length > 0) yield rest;
  }
  yield archiveEnd();
}

/** The part of a sealed recording that holds an entry; of a number after all entries the last. */
export function sealedPart(
  { parts, isEncrypted }: Pick<SealedRecording, "parts" | "isEncrypted">,
  seq: number,
): FoundPart {
  const found = parts.find(({ last }) => seq <= last);
  const part = found ?? parts.at(-1)!;
  return { part, isEncrypted, isFinal: part === parts.at(-1) };
}
