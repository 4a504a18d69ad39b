import type { Field } from "../../protocol/document.ts";
import { FILE_OPERATIONS, type FileOperation, type SshRequest } from "../../protocol/ssh/request.ts";

const OPERATIONS = Object.keys(FILE_OPERATIONS) as FileOperation[];
const KEYS = ["command", "shell", "file", "forward"];
const HINT =
  'Write {command: …}, {shell: "yes"}, {file: read, path: …} or {forward: local, host: …, port: …}.';

/** What a case asks of an SSH target. Throws `invalid_config` with its place. */
export function sshRequestOf(field: Field): SshRequest {
  const kinds = field.keys().filter((key) => KEYS.includes(key));
  switch (kinds.length === 1 ? kinds[0] : undefined) {
    case "command":
      field.mapping(["command", "terminal"]);
      return {
        type: "exec",
        command: field.get("command").string(),
        terminal: isYes(field, "terminal", false),
      };
    case "shell":
      field.mapping(["shell", "terminal"]).get("shell").oneOf(["yes"]);
      return { type: "shell", terminal: isYes(field, "terminal", true) };
    case "file":
      return fileOf(field.mapping(["file", "path", "other", "protocol"]));
    case "forward":
      field.mapping(["forward", "host", "port"]);
      return {
        type: "forward",
        direction: field.get("forward").oneOf(["local", "remote", "agent", "x11"]),
        host: field.get("host").optional((one) => one.string()) ?? "",
        port: field.get("port").optional((one) => one.integer(0, 65_535)) ?? 0,
      };
    default:
      return field.fail("needs one of command, shell, file and forward", HINT);
  }
}

function fileOf(field: Field): SshRequest {
  const path = (one: Field) => one.matching(/^\/(?!.*\/\/)/, "an absolute path");
  const other = field.get("other").optional(path);
  return {
    type: "file",
    protocol: field.get("protocol").optional((one) => one.oneOf(["sftp", "scp"])) ?? "sftp",
    operation: field.get("file").oneOf(OPERATIONS),
    path: path(field.get("path")),
    ...(other !== null && { other }),
  };
}

function isYes(field: Field, name: string, otherwise: boolean): boolean {
  return field.get(name).optional((one) => one.oneOf(["yes", "no"]) === "yes") ?? otherwise;
}
