import { FILE_OPERATIONS, type FileOperation } from "../ssh/request.ts";

/** A file of an operation, and what is done with it. */
export interface FileRole {
  file: "path" | "other";
  action: "ssh:sftp:read" | "ssh:sftp:write";
}

const READ = "ssh:sftp:read";
const WRITE = "ssh:sftp:write";

/**
 * Operations on two files. Whoever gives a file another name can reach it by that name, where other policies apply:
 * so it must be allowed to read it where it is.
 */
const PAIRS: Partial<Record<FileOperation, FileRole[]>> = {
  rename: [
    { file: "path", action: READ },
    { file: "path", action: WRITE },
    { file: "other", action: WRITE },
  ],
  hardlink: [
    { file: "path", action: READ },
    { file: "path", action: WRITE },
    { file: "other", action: WRITE },
  ],
  symlink: [
    { file: "path", action: WRITE },
    { file: "other", action: READ },
    { file: "other", action: WRITE },
  ],
  copy: [
    { file: "path", action: READ },
    { file: "other", action: WRITE },
  ],
};

/** The files of an operation, and what each is judged as. */
export function rolesOf(operation: FileOperation): FileRole[] {
  return PAIRS[operation] ?? [{ file: "path", action: FILE_OPERATIONS[operation] === "read" ? READ : WRITE }];
}

/** The actions that an operation is judged as, each once. */
export function fileActions(operation: FileOperation): FileRole["action"][] {
  return [...new Set(rolesOf(operation).map(({ action }) => action))];
}
