/** What an agent asks of an SSH target; each is judged before the target gets it. */
export type SshRequest = ExecRequest | ShellRequest | FileRequest | ForwardRequest;

/** RFC 4254 section 6.5, `exec`. */
export interface ExecRequest {
  type: "exec";
  /** The whole line, as the account's login shell gets it. */
  command: string;
  /** Whether it has a terminal. */
  terminal: boolean;
}

/** RFC 4254 section 6.5, `shell`. */
export interface ShellRequest {
  type: "shell";
  terminal: boolean;
}

/** One operation on files, by SFTP or scp. Paths are absolute and normalised, links resolved as far as the target told. */
export interface FileRequest {
  type: "file";
  protocol: "sftp" | "scp";
  operation: FileOperation;
  path: string;
  /** The new name of `rename`, the link's target of `symlink`, the new link of `hardlink`, the copy of `copy`. */
  other?: string;
}

export const FILE_OPERATIONS = {
  list: "read",
  stat: "read",
  readlink: "read",
  read: "read",
  write: "write",
  mkdir: "write",
  rmdir: "write",
  remove: "write",
  rename: "write",
  symlink: "write",
  hardlink: "write",
  copy: "write",
  setstat: "write",
} as const satisfies Record<string, "read" | "write">;

/** `read` and `write`: a file was opened so, and may be both. */
export type FileOperation = keyof typeof FILE_OPERATIONS;

/** RFC 4254 section 7 and OpenSSH's PROTOCOL. */
export interface ForwardRequest {
  type: "forward";
  /** `local`: a connection from the target outward (`-L`, `-D`); `remote`: the target listens (`-R`). */
  direction: "local" | "remote" | "agent" | "x11";
  /** Where to, or where the target is to listen; a path for Unix sockets; empty for `agent` and `x11`. */
  host: string;
  /** 0 for Unix sockets, `agent` and `x11`, and where the target is to choose. */
  port: number;
}

export const SSH_ACTIONS = [
  "ssh:exec",
  "ssh:shell",
  "ssh:sftp:read",
  "ssh:sftp:write",
  "ssh:forward",
] as const;

export type SshAction = (typeof SSH_ACTIONS)[number];

/**
 * A request in words that mean exactly it: of `exec` the command line itself, unchanged, and whether it has a terminal
 * is not in them. Names stand within quotation marks, as in JSON, where they have anything but letters, digits and
 * `_./,+@%:=~-`: no name passes for other words.
 */
export function requestText(request: SshRequest): string {
  switch (request.type) {
    case "exec":
      return request.command;
    case "shell":
      return request.terminal ? "shell with a terminal" : "shell without a terminal";
    case "file":
      return fileText(request);
    case "forward":
      return forwardText(request);
  }
}

function fileText({ protocol, operation, path, other }: FileRequest): string {
  const second = other === undefined ? "" : ` to ${quoted(other)}`;
  return `${operation} ${quoted(path)}${second} (${protocol})`;
}

function forwardText({ direction, host, port }: ForwardRequest): string {
  if (direction === "agent") return "forward the authentication agent";
  if (direction === "x11") return "forward X11";
  const isSocket = host.startsWith("/") && port === 0;
  const name = host.includes(":") ? `[${quoted(host)}]` : quoted(host);
  const place = isSocket ? `the socket ${quoted(host)}` : `${name}:${port}`;
  if (direction === "local") return `forward to ${place}`;
  return `forward from ${place} of the target`;
}

/** Letters, digits and marks that part no words; an empty name is quoted, too. */
const PLAIN = /^[\p{L}\p{N}_./,+@%:=~-]+$/u;

function quoted(name: string): string {
  return PLAIN.test(name) ? name : JSON.stringify(name);
}
