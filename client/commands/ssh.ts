import { type Command, InvalidArgumentError } from "commander";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { openEdge } from "../access.ts";
import { duration, edgeOf, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { type AccessOptions, accessFor, findTarget, listTargets, openTarget, wantedOf } from "../opening.ts";
import { relay } from "../relay.ts";
import { runToEnd } from "../run-command.ts";
import type { SshWords } from "../ssh/arguments.ts";
import { configBlock, writeConfig } from "../ssh/config-blocks.ts";
import { DEFAULT_USER, hostOptions, proxyCommand } from "../ssh/host-options.ts";
import { StandardStreams } from "../ssh/standard-streams.ts";
import { clientTrace } from "../telemetry/client-trace.ts";
import { note, printable, reportError } from "../terminal.ts";
import { reasonText } from "./approvals.ts";
import { ACCESS_HELP, FOR_HELP, REASON_HELP } from "./tunnel.ts";

/** ssh's own status where it can't connect. */
const NO_CONNECTION = 255;
/** How long the edge has to take note of a tunnel's end, ms. */
const GOODBYE_MS = 1_000;

export function addSshCommands(program: Command): void {
  // Its arguments are taken apart by `sshWords`: what stands here is for the help and the completion.
  const ssh = program
    .command("ssh [arguments...]")
    .usage("[options] [ssh's options] [account@]<target> [command [arguments...]]")
    .description("log in to an SSH target, or run a command there, with this machine's ssh")
    .option("--reason <text>", REASON_HELP)
    .option("--for <duration>", FOR_HELP)
    .allowUnknownOption()
    .addHelpText(
      "after",
      `
Options of ssh, such as -t, -N, -L, -D or -v, stand before the command. Without an account the target's default is
taken. The exit status is the command's; 255: ssh could not connect.

${ACCESS_HELP}`,
    );
  withExamples(ssh, [
    ["sallyport ssh web", "a shell"],
    ["sallyport ssh web systemctl status nginx", "a command; its exit status is passed on"],
    ["sallyport ssh -t deploy@web top", "as the account deploy, with a terminal"],
    ["sallyport ssh -N -L 8080:localhost:80 web", "a forwarded port, where policies permit it"],
    ["sallyport ssh --reason 'ticket 4711' web", "asks people first, if need be"],
  ]);

  const config = program
    .command("ssh-config [targets...]")
    .description(
      "print Host blocks with which ssh, scp, sftp, rsync, git and Ansible reach SSH targets by name",
    )
    .option("--write", "write them into a file of Sallyport's own instead, and say how to include it")
    .addHelpText(
      "after",
      `
Without targets: all SSH targets that you may open. Also puts the connectors' host keys where the blocks point.
Run it again when targets come or go, or a connector is enrolled anew.`,
    )
    .action(async (targets: string[], options: { write?: boolean }, command: Command) => {
      await printConfig(edgeOf(command), targets, options);
    });
  withExamples(config, [
    ["sallyport ssh-config >> ~/.ssh/config", "then: ssh web, scp file web:, rsync -a dir/ web:dir/"],
    ["sallyport ssh-config --write", "a file to include, which is replaced each time"],
    ["sallyport ssh-config web > web.conf && sftp -F web.conf web", "one target, in a file of your choice"],
  ]);

  const proxy = program
    .command("proxy <target>")
    .description("join standard input and output to an SSH target: a ProxyCommand for ssh")
    .addHelpText(
      "after",
      "\nEnds with status 0, or 255 where the target could not be reached or the session failed.",
    )
    .action(async (target: string, _options: object, command: Command) => {
      process.exit(await proxyTo(edgeOf(command), target));
    });
  withExamples(proxy, [
    ["ssh -o ProxyCommand='sallyport proxy %h' sallyport@web", "as `sallyport ssh-config` has it"],
  ]);
}

/** Runs `sallyport ssh`; answers ssh's exit status. */
export async function runSsh(words: SshWords): Promise<number> {
  const { target: name, options, command, account } = words;
  if (name === undefined) {
    throw new SallyportError(
      "invalid_request",
      "No target is named.",
      "Write: sallyport ssh TARGET [COMMAND].",
    );
  }
  const access: AccessOptions = {
    ...(words.reason !== undefined && { reason: argument("--reason", words.reason, reasonText) }),
    ...(words.for !== undefined && { for: argument("--for", words.for, duration) }),
  };
  const wanted = wantedOf(name, access);
  const api = openEdge(words.edge, process.env);
  const target = sshTarget(await findTarget(api, name));
  await accessFor(api, target, wanted, "ssh");
  const own = [["ProxyCommand", proxyCommand(api.edge, name)], ...hostOptions(api.edge, target)].flatMap(
    ([option, value]) => ["-o", `${option}=${value}`],
  );
  // ssh takes the first value of an option. Who may be asked for is the user's choice, who answers is not.
  const user = account === undefined ? [] : ["-l", account];
  const args = [...own, ...user, ...options, "-o", `User=${DEFAULT_USER}`, "--", name, ...command];
  const trace = await clientTrace(process.env);
  trace.begin("ssh");
  const status = await runToEnd("ssh", args, trace.environment(process.env));
  await trace.end(status);
  return status;
}

/** As commander would say it of the other commands' options. */
function argument<T>(option: string, text: string, read: (text: string) => T): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    throw new SallyportError(
      "invalid_request",
      `${option}: ${error.message}`,
      "sallyport ssh --help shows how.",
    );
  }
}

async function printConfig(api: EdgeApi, names: string[], options: { write?: boolean }): Promise<void> {
  const targets = await chosen(api, names);
  const block = configBlock(api.edge, targets);
  if (!options.write) {
    process.stdout.write(block);
    return;
  }
  const file = writeConfig(api.edge, block);
  note(`Wrote ${targets.length === 1 ? "one target" : `${targets.length} targets`} to ${file}.`);
  note(`To use it, ~/.ssh/config begins with this line:\n  Include ${file}`);
}

/** Targets whose key isn't known are left out where nobody named them. */
async function chosen(api: EdgeApi, names: string[]): Promise<ListedTarget[]> {
  if (names.length > 0) {
    return Promise.all([...new Set(names)].map(async (name) => sshTarget(await findTarget(api, name))));
  }
  const all = (await listTargets(api)).filter(({ kind, access }) => kind === "ssh" && access !== "none");
  const known = all.filter(({ hostKey }) => hostKey !== null);
  for (const { name } of all) {
    if (!known.some((one) => one.name === name)) {
      note(
        `${printable(name)} is left out: its connector has never been online, so its host key is not known.`,
      );
    }
  }
  if (all.length === 0) note("There are no SSH targets that you may open.");
  return known;
}

function sshTarget(target: ListedTarget): ListedTarget {
  if (target.kind === "ssh") return target;
  throw new SallyportError(
    "invalid_request",
    `${target.name} is a ${target.kind} target.`,
    `Use sallyport connect ${target.name}, or sallyport run ${target.name} -- COMMAND.`,
  );
}

/** Answers the exit status. Never throws: ssh shows what stands on standard error, and has its own status for it. */
async function proxyTo(api: EdgeApi, target: string): Promise<number> {
  const streams = new StandardStreams(process.stdin, process.stdout);
  const trace = await clientTrace(process.env);
  try {
    const stream = await openTarget(api, target, "ssh", trace);
    // An interrupt is for ssh, whose end is ours; these it sends to end us.
    process.on("SIGINT", () => {});
    for (const signal of ["SIGHUP", "SIGTERM"] as const) {
      process.once(signal, () => {
        streams.destroy();
        setTimeout(() => process.exit(NO_CONNECTION), GOODBYE_MS);
      });
    }
    const { code, reason } = await relay(streams, stream, null);
    await drained(streams);
    if (code === "closed") return 0;
    reportError(new SallyportError(code, reason));
  } catch (error) {
    reportError(error);
  } finally {
    await trace.end();
  }
  return NO_CONNECTION;
}

/** Resolves when what ssh is to get is on its way. */
function drained(streams: StandardStreams): Promise<void> {
  return new Promise((resolve) => {
    if (streams.closed) resolve();
    else streams.once("close", resolve);
  });
}
