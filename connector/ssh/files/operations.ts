import { SallyportError } from "../../../protocol/errors.ts";
import { ALL_OPEN_FLAGS, OpenFlag } from "../../../protocol/sftp/numbers.ts";
import type { SftpRequest } from "../../../protocol/sftp/request.ts";
import { normalisePath, pathText, splitPath } from "../../../protocol/ssh/path.ts";
import type { FileOperation, FileRequest } from "../../../protocol/ssh/request.ts";

/** A path of a request as its agent wrote it. */
export interface NamedPath {
  text: string;
  /** The target follows a link that stands last. */
  follow: boolean;
}

/** What a request with paths asks for. */
export interface Asked {
  operations: FileOperation[];
  path: NamedPath;
  /** A second path, which acts as `path` does; or what a new link shall say, which is read from the link's folder. */
  other: NamedPath | { says: string } | null;
}

type PathType = Exclude<Extract<SftpRequest, { path: Buffer }>["type"], "open">;

/** By request: what it is judged as, and whether the target follows a link that stands last. */
const OPERATIONS: Readonly<Record<PathType, { operation: FileOperation; follow: boolean }>> = {
  stat: { operation: "stat", follow: true },
  lstat: { operation: "stat", follow: false },
  statvfs: { operation: "stat", follow: true },
  realpath: { operation: "stat", follow: true },
  "expand-path": { operation: "stat", follow: true },
  opendir: { operation: "list", follow: true },
  readlink: { operation: "readlink", follow: false },
  setstat: { operation: "setstat", follow: true },
  lsetstat: { operation: "setstat", follow: false },
  mkdir: { operation: "mkdir", follow: false },
  rmdir: { operation: "rmdir", follow: false },
  remove: { operation: "remove", follow: false },
  rename: { operation: "rename", follow: false },
  "posix-rename": { operation: "rename", follow: false },
  hardlink: { operation: "hardlink", follow: false },
};

/**
 * What a request asks for, null where it names no path. Throws `invalid_request` where a path can't be judged, or a file
 * is to be opened in a way that isn't known.
 */
export function asked(request: SftpRequest): Asked | null {
  if (request.type === "open") {
    const path = { text: pathText(request.path), follow: true };
    return { operations: openOperations(request.flags), path, other: null };
  }
  if (request.type === "symlink") {
    const path = { text: pathText(request.link), follow: false };
    return { operations: ["symlink"], path, other: { says: pathText(request.target) } };
  }
  if (!("path" in request)) return null;
  const { operation, follow } = OPERATIONS[request.type];
  const named = (bytes: Buffer): NamedPath => ({ text: pathText(bytes), follow });
  const other = "other" in request ? named(request.other) : null;
  return { operations: [operation], path: named(request.path), other };
}

/** The requests to judge, with the paths as they are known so far. */
export function fileRequests(
  operations: readonly FileOperation[],
  path: string,
  other: string | null,
): FileRequest[] {
  return operations.map((operation) => ({
    type: "file",
    protocol: "sftp",
    operation,
    path,
    ...(other !== null && { other }),
  }));
}

/** What a new link at `path` leads to, read from its folder. */
export function linkTarget(says: string, path: string): string {
  return normalisePath(says, splitPath(path).folder);
}

/** O_CREAT and O_TRUNC change a file even where it is opened for reading alone. */
function openOperations(flags: number): FileOperation[] {
  if ((flags & ~ALL_OPEN_FLAGS) !== 0) {
    throw new SallyportError(
      "invalid_request",
      "the file is to be opened with flags that are not SFTP version 3's",
    );
  }
  const operations: FileOperation[] = [];
  if ((flags & OpenFlag.READ) !== 0 || (flags & OpenFlag.WRITE) === 0) operations.push("read");
  if ((flags & ~OpenFlag.READ) !== 0) operations.push("write");
  return operations;
}
