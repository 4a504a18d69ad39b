import type { Transferred } from "../../../protocol/ssh/events.ts";
import type { FileRequest } from "../../../protocol/ssh/request.ts";

/** Judges and records what one channel does with files. */
export interface FileGuard {
  /**
   * Recorded, judged, held if need be. Null: it may pass; else words for the agent. What rejects ends the channel; what
   * never settles leaves the request waiting until the channel ends.
   */
  judge(request: FileRequest): Promise<string | null>;
  /**
   * A file that was open is closed; null for what it was not opened for. Resolves when that is recorded: the agent is
   * not told before. Called for files that the end of the channel closes, too.
   */
  closed(path: string, read: Transferred | null, written: Transferred | null): Promise<void>;
  /** The target could not do it, in its words: at most 256 characters of any kind. */
  failed(path: string, reason: string): void;
}

/** What becomes of the contents of files, beside being hashed. */
export type Look = (data: Uint8Array) => void;
