import type { Transferred } from "../../../protocol/ssh/events.ts";
import { FILE_OPERATIONS, type FileRequest } from "../../../protocol/ssh/request.ts";
import type { FileGuard } from "./file-guard.ts";

/** What a `NotingGuard` was told. */
export type Noted =
  | { judged: string; path: string; other?: string; allowed: boolean }
  | { closed: string; read: Transferred | null; written: Transferred | null }
  | { failed: string; reason: string };

/** For tests: refuses what is in some folders, and keeps what it was told. */
export class NotingGuard implements FileGuard {
  readonly noted: Noted[] = [];
  readonly #forbidden: readonly string[];
  readonly #isReadOnly: boolean;
  readonly #note: (noted: Noted) => void;

  constructor(
    forbidden: readonly string[] = [],
    isReadOnly = false,
    note: (noted: Noted) => void = () => {},
  ) {
    this.#forbidden = forbidden;
    this.#isReadOnly = isReadOnly;
    this.#note = note;
  }

  async judge({ operation, path, other }: FileRequest): Promise<string | null> {
    const isIn = (name: string) =>
      this.#forbidden.some((folder) => name === folder || name.startsWith(`${folder}/`));
    const writes = FILE_OPERATIONS[operation] === "write";
    const allowed = !isIn(path) && !(other !== undefined && isIn(other)) && !(writes && this.#isReadOnly);
    this.#add({ judged: operation, path, ...(other !== undefined && { other }), allowed });
    return allowed ? null : "refused by policy: not this";
  }

  async closed(path: string, read: Transferred | null, written: Transferred | null): Promise<void> {
    this.#add({ closed: path, read, written });
  }

  failed(path: string, reason: string): void {
    this.#add({ failed: path, reason });
  }

  #add(noted: Noted): void {
    this.noted.push(noted);
    this.#note(noted);
  }
}
