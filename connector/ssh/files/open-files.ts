import { OpenFlag } from "../../../protocol/sftp/numbers.ts";
import { Transfer } from "./transfer.ts";

/** Most files and folders that one channel has open, and asks to open. */
export const MAX_OPEN = 1024;

/** What a handle of the target stands for. */
export interface OpenFile {
  /** As it was judged: absolute, links resolved. */
  readonly path: string;
  readonly isFolder: boolean;
  /** Null: not opened for it. */
  readonly read: Transfer | null;
  readonly written: Transfer | null;
  /** Reads and writes that the target has not answered. */
  moving: number;
  /** Requests with its handle that wait for a verdict. */
  waiting: number;
  /** A failure of it was told. */
  hasFailed: boolean;
}

/** A file that was opened with these `pflags`. Opened for neither is opened for reading, as by OpenSSH. */
export function openedFile(path: string, flags: number): OpenFile {
  const isWritten = (flags & OpenFlag.WRITE) !== 0;
  const isReplaced = (flags & (OpenFlag.TRUNC | OpenFlag.EXCL)) !== 0;
  const written = isWritten ? new Transfer(isReplaced) : null;
  const read = !isWritten || (flags & OpenFlag.READ) !== 0 ? new Transfer(false) : null;
  return { path, isFolder: false, read, written, moving: 0, waiting: 0, hasFailed: false };
}

export function openedFolder(path: string): OpenFile {
  return { path, isFolder: true, read: null, written: null, moving: 0, waiting: 0, hasFailed: false };
}
