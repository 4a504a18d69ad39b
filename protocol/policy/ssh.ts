import { requestDigest } from "../approval/digest.ts";
import type { CommandFacts, LineFacts } from "../shell/facts.ts";
import type { ExecRequest, FileRequest, SshAction, SshRequest } from "../ssh/request.ts";
import type { Block, Decision } from "./decision.ts";
import { fileActions, rolesOf } from "./file-roles.ts";
import { MAX_NAMES, worst } from "./judge.ts";
import type { PolicySet, PolicyTarget, Subject } from "./policy-set.ts";
import { bounded } from "./reason.ts";
import {
  commandContext,
  fileContext,
  forwardContext,
  MAX_PATH,
  type SshCircumstances,
  shellContext,
} from "./ssh-context.ts";

export type { SshCircumstances } from "./ssh-context.ts";

/** Characters of a command line that are judged: Linux gives a program no longer argument. */
export const MAX_LINE = 128 * 1024;
/** Commands of one line that are judged; a line with more is blocked. */
export const MAX_COMMANDS = 200;
/** Characters of all that policies are told of one line. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** What policies are asked about. */
interface Question {
  action: SshAction;
  context: Record<string, unknown>;
}

/**
 * The verdict on one request: the worst over all its commands or files. `facts`: of an exec request's line; null for
 * others. Never throws.
 */
export function judgeSsh(
  set: PolicySet,
  subject: Subject,
  target: PolicyTarget,
  request: SshRequest,
  facts: LineFacts | null,
  now: SshCircumstances,
): Decision {
  let asked: Question[] | Block;
  try {
    asked = questions(request, facts, now);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    asked = blocked(`What is asked for could not be looked into: ${bounded(why, 300)}`);
  }
  if ("verdict" in asked) return asked;
  return worst(asked.map(({ action, context }) => set.decide(subject, action, target, context)));
}

/** The Cedar actions that a request is judged as, each once. */
export function actionsOf(request: SshRequest): SshAction[] {
  switch (request.type) {
    case "exec":
      return ["ssh:exec"];
    case "shell":
      return ["ssh:shell"];
    case "file":
      return fileActions(request.operation);
    case "forward":
      return ["ssh:forward"];
  }
}

/**
 * By what requests are the same to counts and to approvals of scope `fingerprint`: of a command line that is known the
 * parsed line, of others all that they ask for. 64 hex digits.
 */
export function requestFingerprint(account: string, request: SshRequest, facts: LineFacts | null): string {
  return facts === null || facts.opaque.length > 0 ? requestDigest(account, request) : facts.fingerprint;
}

function questions(request: SshRequest, facts: LineFacts | null, now: SshCircumstances): Question[] | Block {
  switch (request.type) {
    case "exec":
      return facts === null
        ? blocked("The command line was not looked into.")
        : commands(request, facts, now);
    case "shell":
      return [{ action: "ssh:shell", context: shellContext(request.terminal, now) }];
    case "file":
      return files(request, now);
    case "forward":
      return [{ action: "ssh:forward", context: forwardContext(request, now) }];
  }
}

function commands(request: ExecRequest, facts: LineFacts, now: SshCircumstances): Question[] | Block {
  if (facts.commands.length === 0 && facts.opaque.length > 0) {
    return blocked(`What this line runs isn't known: ${facts.opaque.slice(0, 5).join("; ")}.`);
  }
  const tooMuch = excess(request.command, facts);
  if (tooMuch !== null) return blocked(`The command line ${tooMuch}: too much to be judged. Split it.`);
  // A verdict comes from the facts alone: commands that are the same are asked about once.
  const distinct = new Map(facts.commands.map((command) => [JSON.stringify(command), command])).values();
  const all = facts.commands.length === 0 ? [NO_COMMAND] : [...distinct];
  return all.map((command) => ({
    action: "ssh:exec",
    context: commandContext(request, facts, command, now),
  }));
}

/** Of a line that holds nothing, or comments and assignments alone. */
const NO_COMMAND: CommandFacts = {
  program: "",
  path: "",
  argv: [],
  via: [],
  runAs: null,
  host: null,
  reads: [],
  writes: [],
  assignments: [],
  stdin: "agent",
  known: true,
  effects: [],
  opaque: [],
};

/** What of a line is more than policies are asked about; null where nothing is. A path's folders grow as its square. */
function excess(line: string, facts: LineFacts): string | null {
  if (line.length > MAX_LINE) return `is longer than ${MAX_LINE} characters`;
  if (facts.commands.length > MAX_COMMANDS) return `has more than ${MAX_COMMANDS} commands`;
  let names = 0;
  let characters = 0;
  const count = (text: string | null, times: number) => {
    names += times;
    characters += (text?.length ?? 1) * times;
  };
  for (const command of facts.commands) {
    characters += line.length;
    for (const word of command.argv) count(word, 2);
    for (const file of [...command.reads, ...command.writes]) count(file, file.split("/").length + 1);
    for (const list of [facts.opaque, command.opaque, command.via, command.assignments, command.effects]) {
      for (const one of list) count(one, 1);
    }
    if (names > MAX_NAMES) return `names more than ${MAX_NAMES} words, files and folders`;
    if (characters > MAX_CHARACTERS) return "is too long for the number of its commands and folders";
  }
  return null;
}

function files(request: FileRequest, now: SshCircumstances): Question[] | Block {
  const { operation, path, other } = request;
  const paths = { path, other };
  const roles = rolesOf(operation);
  if (other === undefined && roles.some(({ file }) => file === "other")) {
    return blocked(`The ${operation} of ${path} names no second file.`);
  }
  if (Math.max(path.length, other?.length ?? 0) > MAX_PATH) {
    return blocked(`A path is longer than ${MAX_PATH} characters: too long to be judged.`);
  }
  return roles.map(({ file, action }) => ({
    action,
    context: fileContext(request, paths[file]!, paths[file === "path" ? "other" : "path"], now),
  }));
}

function blocked(reason: string): Block {
  return { verdict: "block", policies: [], reason: bounded(reason) };
}
