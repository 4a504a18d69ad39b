import type { Entry } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { findRecording } from "../directory/recordings.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";
import type { SessionEntries } from "../session/entries.ts";
import type { Sql } from "../session/log.ts";
import type { SessionRecord } from "../session/record.ts";
import { sealedEntries } from "../session/sealed-recording.ts";
import { SiemOutbox } from "./outbox.ts";
import { type Extent, sessionSources } from "./sources.ts";

/** What the object of sessions offers. */
export interface SessionSiemOwner {
  /** The object's own id. */
  id: string;
  /** Undefined where nothing is kept of a session any more. */
  record(session: string): SessionRecord | undefined;
  /** How many entries its log has. */
  entryCount(record: SessionRecord): number;
  /** Its entries, sealed ones as well. */
  entries(record: SessionRecord, from: number): AsyncIterable<Entry>;
  wake(at: number): void;
  /** Nothing is followed any more. */
  idle(): void;
}

/** The delivery of what one object's sessions tell. */
export function sessionSiem(env: Env, sql: Sql, owner: SessionSiemOwner): SiemOutbox {
  const extent = (session: string): Extent => {
    const record = owner.record(session);
    // Of one that is sealed for long only the directory knows; then it is read to its end.
    if (record === undefined) return { last: 0, isOver: true };
    const isOver = record.state === "ended";
    return { last: (isOver && record.edgeSeal?.entries) || owner.entryCount(record), isOver };
  };
  const entries = async function* (session: string, from: number): AsyncGenerator<Entry> {
    const record = owner.record(session);
    if (record !== undefined) yield* owner.entries(record, from);
    else yield* (await left(env, session))?.entries(from) ?? [];
  };
  const { id, wake, idle } = owner;
  return new SiemOutbox(env, sql, {
    id,
    kind: "session",
    sources: sessionSources({
      extent,
      isEncrypted: (session) => (owner.record(session)?.recipients.length ?? 0) > 0,
      entries,
    }),
    wake,
    idle,
  });
}

/** Of one whose recording was deleted, or that nobody here can read, nothing is left to be told. */
async function left(env: Env, session: string): Promise<SessionEntries | null> {
  try {
    const sealed = await findRecording(env.DIRECTORY, session);
    if (!sealed?.isEncrypted) return await sealedEntries(env, session);
    logLine("warning", "a recording was encrypted before all its events were delivered", { session });
    return null;
  } catch (error) {
    if (!(error instanceof SallyportError && error.code === "gone")) throw error;
    logLine("warning", "a recording was deleted before all its events were delivered", { session });
    return null;
  }
}
