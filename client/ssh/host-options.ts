import { join } from "node:path";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { fingerprint, formatPublicKey, parsePublicKey } from "../../protocol/ssh/public-key.ts";
import { configFolder } from "../login/credentials.ts";
import { readIfPresent, writePrivate } from "../private-file.ts";
import { note } from "../terminal.ts";

/** An option of ssh_config(5) and its value, unquoted; `%` is escaped where the option knows tokens. */
export type SshOption = [name: string, value: string];

/** The login name that leaves the choice of an account to the connector. */
export const DEFAULT_USER = "sallyport";

/**
 * The options by which stock OpenSSH (8.4 or newer) knows the connector of a target. Writes the connector's host key
 * where they point; a file for each target, so that two processes never write into the same one. Throws
 * `connector_offline` where the edge does not know the key yet.
 */
export function hostOptions(edge: URL, target: ListedTarget, env = process.env): SshOption[] {
  const key = target.hostKey === null ? null : parsePublicKey(target.hostKey);
  if (key === null) {
    throw new SallyportError(
      "connector_offline",
      `The host key of ${target.name} is not known, as its connector has never been online.`,
      "Try again once the connector runs: `sallyport connectors list` shows it.",
    );
  }
  const alias = `sallyport-${target.name}-${edge.host.replace(/[^\w.-]+/g, "-")}`;
  const file = join(configFolder(env), "known_hosts.d", alias);
  const line = `${alias} ${formatPublicKey(key)}\n`;
  const before = readIfPresent(file);
  if (before !== line) writePrivate(file, line);
  if (before !== undefined && before !== line) {
    note(
      `The connector of ${target.name} has a new host key, ${fingerprint(key.blob)}: it was enrolled anew.`,
    );
  }
  return [
    ["HostKeyAlias", alias],
    ["UserKnownHostsFile", quoted(file.replaceAll("%", "%%"))],
    ["GlobalKnownHostsFile", "/dev/null"],
    ["StrictHostKeyChecking", "yes"],
    ["HostKeyAlgorithms", key.type],
    ["CheckHostIP", "no"],
    ["UpdateHostKeys", "no"],
    // The tunnel has told who it is: no key or password of this machine is to be shown to anybody.
    ["PubkeyAuthentication", "no"],
    ["PasswordAuthentication", "no"],
    ["KbdInteractiveAuthentication", "no"],
    ["ServerAliveInterval", "30"],
  ];
}

/**
 * The ProxyCommand: this very program with the Node that runs it. The user's shell runs it, after ssh has replaced
 * tokens.
 */
export function proxyCommand(edge: URL, target: string, argv: readonly string[] = process.argv): string {
  const [node, script] = argv as [string, string];
  const words = [node, script, "--edge", edge.origin, "proxy", target];
  return words.map(shellWord).join(" ").replaceAll("%", "%%");
}

/** The command line that leads ssh to a local address. */
export function sshLine(local: { host: string; port: number }, options: SshOption[]): string {
  const needed = ["HostKeyAlias", "UserKnownHostsFile", "StrictHostKeyChecking", "PubkeyAuthentication"];
  const words = options
    .filter(([name]) => needed.includes(name))
    .map(([name, value]) => `-o ${shellWord(`${name}=${value}`)}`);
  return `ssh -p ${local.port} ${words.join(" ")} ${DEFAULT_USER}@${local.host}`;
}

/** A word for a POSIX shell. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** ssh_config(5) takes arguments with spaces in double quotes. */
function quoted(argument: string): string {
  return /[\s"]/.test(argument) ? `"${argument.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"` : argument;
}
