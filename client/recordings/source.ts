import { createReadStream } from "node:fs";
import { SallyportError } from "../../protocol/errors.ts";
import { readRecording } from "../../protocol/recording/reader.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import type { EdgeApi } from "../edge-api.ts";
import type { IdentitySource } from "./identity.ts";
import { unpacked } from "./unpacked.ts";

const SESSION_ID = /^[0-9a-f]{32}$/;

/** Whether a command's argument names a session; else it names a file, or with `-` standard input. */
export function isSessionId(reference: string): boolean {
  return SESSION_ID.test(reference);
}

/** The argument as a session's id. Throws `invalid_request` when it is none. */
export function sessionOf(reference: string): string {
  if (isSessionId(reference)) return reference;
  throw new SallyportError(
    "invalid_request",
    `${reference} is no session's id.`,
    "It has 32 characters of 0-9 and a-f: sallyport sessions list",
  );
}

/** Path of a session's export file. */
export function recordingPath(session: string): string {
  return `/v1/sessions/${session}/recording`;
}

/**
 * The bytes of a recording: of a session at the edge, which `api` opens, or of a file, packed or not; decrypted here. Throws
 * `not_found` for a file that isn't there, `invalid_request` for one that can't be read, `recording_encrypted` without the right
 * identity, and what the edge answers.
 */
export async function* recordingBytes(
  reference: string,
  api: () => EdgeApi,
  identities: IdentitySource,
): AsyncGenerator<Uint8Array> {
  if (isSessionId(reference)) yield* unpacked(downloaded(api(), reference), identities);
  else if (reference === "-") yield* unpacked(process.stdin, identities);
  else yield* unpacked(fileBytes(reference), identities);
}

/** A session's export file as the edge sends it; of an encrypted recording its archive. */
export async function* downloaded(api: EdgeApi, session: string): AsyncGenerator<Uint8Array> {
  const { body } = await api.stream(recordingPath(session));
  try {
    yield* body ?? [];
  } catch (error) {
    throw new SallyportError(
      "edge_unreachable",
      `The recording broke off: ${(error as Error).message}.`,
      "Try again; a recording is kept whole at the edge.",
    );
  }
}

/** The entries of a recording, whose layout is checked and nothing else. */
export async function* recordedEntries(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<RecordedEntry> {
  for await (const part of readRecording(chunks)) {
    if (part.part === "entry") yield part.entry;
  }
}

/** The bytes of a recording's file. Throws `not_found` or `invalid_request`. */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 256 * 1024 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") {
      throw new SallyportError(
        "not_found",
        `There is no file ${path}.`,
        "Give a recording's file, or a session's id: 32 characters of 0-9 and a-f.",
      );
    }
    throw new SallyportError("invalid_request", `${path} can't be read: ${message}`);
  }
}
