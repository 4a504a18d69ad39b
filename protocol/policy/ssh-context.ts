import type { CommandFacts, FileName, LineFacts } from "../shell/facts.ts";
import { harmlessVariable } from "../shell/programs/builtins.ts";
import { secretPath } from "../shell/programs/secrets.ts";
import type { ExecRequest, FileRequest, ForwardRequest } from "../ssh/request.ts";
import { argumentsText } from "./arguments.ts";
import type { Usage } from "./bands.ts";
import { usageContext } from "./usage-context.ts";

/** Where and when a request to an SSH target would be done. */
export interface SshCircumstances {
  /** The login name on the target. */
  account: string;
  session: Usage;
  principalUsage: Usage;
}

/** Characters of a path that is looked into: Linux takes no longer ones. */
export const MAX_PATH = 4_096;

/** Stands for a word, or a file, that isn't static. */
const UNKNOWN = "*";

/** The schema's `Command`, without `approved`, which `PolicySet.decide` adds. `command`: one of the line's. */
export function commandContext(
  request: ExecRequest,
  line: LineFacts,
  command: CommandFacts,
  now: SshCircumstances,
): Record<string, unknown> {
  const words = command.argv.slice(1).map((word) => word ?? UNKNOWN);
  const isSilent = !command.known && command.opaque.length === 0;
  const unknown = isSilent ? [`what ${command.program || "the program"} does isn't known`] : [];
  const opaque = unique([...line.opaque, ...command.opaque, ...unknown]);
  return {
    ...shared(now),
    program: command.program,
    path: command.path,
    arguments: argumentsText(command.argv),
    operands: unique(words.filter((word) => !word.startsWith("-"))),
    // What isn't static may be an option as well.
    options: unique(words.filter((word) => word.startsWith("-") || word === UNKNOWN)),
    via: unique(command.via),
    runAs: command.runAs ?? now.account,
    ...(command.host !== null && { host: command.host }),
    reads: unique(command.reads),
    writes: unique(command.writes),
    readDirectories: unique(command.reads.flatMap(directoriesOf)),
    writeDirectories: unique(command.writes.flatMap(directoriesOf)),
    secrets: unique([...command.reads, ...command.writes]).filter(mayBeSecret),
    assignments: unique(command.assignments).filter((name) => !harmlessVariable(name)),
    stdin: command.stdin,
    known: command.known,
    effects: unique(command.effects),
    complete: opaque.length === 0,
    opaque,
    commands: line.commands.length,
    terminal: request.terminal,
    line: request.command,
  };
}

/** The schema's `Shell`. */
export function shellContext(terminal: boolean, now: SshCircumstances): Record<string, unknown> {
  return { ...shared(now), terminal };
}

/** The schema's `File`, of one of the files that the operation is about. */
export function fileContext(
  { operation, protocol }: FileRequest,
  path: string,
  other: string | undefined,
  now: SshCircumstances,
): Record<string, unknown> {
  return {
    ...shared(now),
    operation,
    path,
    directories: directoriesOf(path),
    name: path.slice(path.lastIndexOf("/") + 1),
    ...(other !== undefined && { other }),
    otherDirectories: other === undefined ? [] : directoriesOf(other),
    secret: [path, other].some((one) => one !== undefined && mayBeSecret(one)),
    protocol,
  };
}

/** The schema's `Forward`. Names of hosts have no case; paths of sockets have. */
export function forwardContext(
  { direction, host, port }: ForwardRequest,
  now: SshCircumstances,
): Record<string, unknown> {
  return {
    ...shared(now),
    direction,
    host: host.startsWith("/") ? host : host.toLowerCase(),
    port,
  };
}

/** No ordinary file has a name that is longer. */
function mayBeSecret(file: FileName): boolean {
  return file.length > MAX_PATH || secretPath(file);
}

/** A file and all folders above it, as far as they are known: of "/etc/ssh", "/etc/ssh", "/etc" and "/". */
export function directoriesOf(file: FileName): string[] {
  const found = [file];
  for (let end = file.lastIndexOf("/"); end > 0; end = file.lastIndexOf("/", end - 1))
    found.push(file.slice(0, end));
  if (file.startsWith("/") && file !== "/") found.push("/");
  return found;
}

function shared({ account, session, principalUsage }: SshCircumstances): Record<string, unknown> {
  return { account, session: usageContext(session), principalUsage: usageContext(principalUsage) };
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
