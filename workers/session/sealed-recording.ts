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
  return (
    recording &&
    new SessionEntries({
      session,
      archive: new Archive(env.RECORDINGS),
      part: (seq) => sealedPart(recording, seq),
      rows: null,
      trailer: () => recording.trailer,
    })
  );
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
