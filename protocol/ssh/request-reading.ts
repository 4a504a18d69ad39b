import { count, hasExactly, isObject, oneOf, type Shape, type Test, text } from "../json-shape.ts";
import {
  type ExecRequest,
  FILE_OPERATIONS,
  type FileOperation,
  type FileRequest,
  type ForwardRequest,
  type ShellRequest,
  type SshRequest,
} from "./request.ts";

/** UTF-16 units of one text of a request that somebody may be shown: `MAX_APPROVAL_TEXT` bounds them all together. */
const MAX_TEXT = 192 * 1024;
const DIRECTIONS = ["local", "remote", "agent", "x11"] as const satisfies ForwardRequest["direction"][];
const PROTOCOLS = ["sftp", "scp"] as const satisfies FileRequest["protocol"][];
/** Operations on two files. */
const OF_TWO: ReadonlySet<unknown> = new Set([
  "rename",
  "symlink",
  "hardlink",
  "copy",
] satisfies FileOperation[]);

const isBoolean: Test = (value) => typeof value === "boolean";
const isString: Test = (value) => typeof value === "string";
const isOperation: Test = (value) => typeof value === "string" && Object.hasOwn(FILE_OPERATIONS, value);

const EXEC: Shape<ExecRequest> = { type: oneOf(["exec"]), command: text(0, MAX_TEXT), terminal: isBoolean };
const SHELL: Shape<ShellRequest> = { type: oneOf(["shell"]), terminal: isBoolean };
const FILE: Shape<Omit<FileRequest, "other">> = {
  type: oneOf(["file"]),
  protocol: oneOf(PROTOCOLS),
  operation: isOperation,
  path: text(1, MAX_TEXT),
};
const FILES: Shape<FileRequest> = { ...FILE, other: text(1, MAX_TEXT) };
const FORWARD: Shape<ForwardRequest> = {
  type: oneOf(["forward"]),
  direction: oneOf(DIRECTIONS),
  host: text(0, MAX_TEXT),
  port: count(0, 65_535),
};

/**
 * Reads a request that people are asked about: strictly, as a member that is not known could not be shown to them. The
 * answer is made anew, its members in one order. Null for what is none.
 */
export function readSshRequest(value: unknown): SshRequest | null {
  if (hasExactly(value, EXEC)) {
    const { type, command, terminal } = value;
    return { type, command, terminal };
  }
  if (hasExactly(value, SHELL)) return { type: value.type, terminal: value.terminal };
  if (hasExactly(value, FILE) && !OF_TWO.has(value.operation)) {
    const { type, protocol, operation, path } = value;
    return { type, protocol, operation, path };
  }
  if (hasExactly(value, FILES) && OF_TWO.has(value.operation)) {
    const { type, protocol, operation, path, other } = value;
    return { type, protocol, operation, path, other: other! };
  }
  if (hasExactly(value, FORWARD)) {
    const { type, direction, host, port } = value;
    const leads = direction === "local" || direction === "remote";
    return leads || (host === "" && port === 0) ? { type, direction, host, port } : null;
  }
  return null;
}

/** Whether what stands in a recording is a request; members may have been added since. */
export function isSshRequest(value: unknown): value is SshRequest {
  if (!isObject(value)) return false;
  switch (value.type) {
    case "exec":
      return isString(value.command) && isBoolean(value.terminal);
    case "shell":
      return isBoolean(value.terminal);
    case "file":
      return (
        FILE.protocol(value.protocol) &&
        isOperation(value.operation) &&
        isString(value.path) &&
        (OF_TWO.has(value.operation) ? isString(value.other) : value.other === undefined)
      );
    case "forward":
      return FORWARD.direction(value.direction) && isString(value.host) && FORWARD.port(value.port);
    default:
      return false;
  }
}
