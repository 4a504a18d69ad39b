import type { Command } from "commander";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { openTunnel } from "../../protocol/join.ts";
import { type Access, accessTo, type Wanted } from "../approvals/access.ts";
import { obtainAccess, reasonMissing, tellAccess } from "../approvals/told-access.ts";
import { duration, edgeOf, listenAddress, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { ExitStatus, exitStatus } from "../exit-status.ts";
import { isLoopback, type ListenerOptions, listen } from "../listener.ts";
import { explainConnect } from "../policy-replay/explain.ts";
import { psqlLine, runToEnd, tunnelEnvironment } from "../run-command.ts";
import { note, print, printable, printJson, reportError, styled } from "../terminal.ts";
import { reasonText } from "./approvals.ts";

const MAX_TARGETS = 10_000;
/** How long clients have to be told why, ms: the edge ends the sessions of a right that is over. */
const LAST_WORDS_MS = 1_000;
/** The longest time that a timer takes, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How the edge ends the sessions of a right that is over, by its time or by somebody's word. */
const AT_ITS_END: readonly string[] = ["lease_expired", "session_killed"];

const REASON_HELP = "what it is for: where opening the target needs an approval, ask for it and wait";
const FOR_HELP = "with --reason: how long the right shall last, such as 30m; the policies may give less";
const ACCESS_HELP = `Where people must approve it first, --reason asks them, says whom it waits for, and goes on when they have.
The right then holds for every connection until its time is over. Ctrl-C while waiting withdraws the request (130).
Exit status 3: denied, or nobody answered in time; of 'connect' also that the right has run out.`;

export function addTunnelCommands(program: Command): void {
  const connect = program
    .command("connect <target>")
    .description("listen on this machine for PostgreSQL clients, and give each a tunnel to the target")
    .option("--listen <host:port>", "where to listen (default: 127.0.0.1, a free port)", listenAddress)
    .option("--reason <text>", REASON_HELP, reasonText)
    .option("--for <duration>", FOR_HELP, duration)
    .option("--json", "print the address as JSON when ready")
    .addHelpText("after", `\n${ACCESS_HELP}`)
    .action(async (target: string, options: ConnectOptions, command: Command) => {
      await connectTo(edgeOf(command), target, options);
    });
  withExamples(connect, [
    ["sallyport connect orders", "prints the psql command line to use"],
    ["sallyport connect orders --listen 127.0.0.1:5433", "on a port of your choice"],
    ["sallyport connect orders --reason 'ticket 4711' --for 30m", "asks people first, if need be"],
  ]);

  const run = program
    .command("run <target> <command> [arguments...]")
    .usage("<target> [options] -- <command> [arguments...]")
    .description("run a command whose PostgreSQL clients reach the target: sets PG* and DATABASE_URL for it")
    .option("--database <name>", "database to open (default: the target's first)")
    .option("--reason <text>", REASON_HELP, reasonText)
    .option("--for <duration>", FOR_HELP, duration)
    .addHelpText("after", `\n${ACCESS_HELP}`)
    .action(
      async (target: string, program: string, args: string[], options: RunOptions, command: Command) => {
        process.exit(await runWith(edgeOf(command), target, [program, ...args], options));
      },
    );
  withExamples(run, [
    ["sallyport run orders -- psql -c 'select count(*) from orders'", ""],
    ["sallyport run orders --database reports -- pg_dump -Fc -f reports.dump", ""],
    ["sallyport run orders --reason 'ticket 4711' -- psql", "asks people first, if need be"],
    ["sallyport run orders -- sh -c 'node migrate.js \"$DATABASE_URL\"'", ""],
  ]);
}

interface AccessOptions {
  reason?: string;
  for?: number;
}

interface ConnectOptions extends AccessOptions {
  listen?: { host: string; port: number };
  json?: boolean;
}

interface RunOptions extends AccessOptions {
  database?: string;
}

async function connectTo(api: EdgeApi, name: string, options: ConnectOptions): Promise<void> {
  const wanted = wantedOf(name, options);
  const target = await findTarget(api, name);
  const access = wanted ? await obtainAccess(api, wanted) : await accessWithoutReason(api, target);
  const { host, port } = options.listen ?? { host: "127.0.0.1", port: 0 };
  const over = Promise.withResolvers<"over">();
  const listener = await listen({
    ...tunnelTo(api, name, "connect"),
    host,
    port,
    onRefused: (error) => {
      note(`${styled("red", "refused:", process.stderr)} ${printable(error.message)}`);
      // There was a right, and now there is none: it was revoked, or has run out.
      if (access && error.code === "approval_required") setTimeout(() => over.resolve("over"), LAST_WORDS_MS);
    },
    onEnded: ({ code, reason }) => {
      if (code !== "closed") note(`session ended: ${printable(reason)} (${code})`);
      // It may have been revoked; a session has other reasons to end so, too, such as its token's time.
      if (access && AT_ITS_END.includes(code))
        void isThere(api, name).then((there) => there || over.resolve("over"));
    },
  });
  if (!isLoopback(listener.host)) {
    note(
      styled("yellow", "Warning: ", process.stderr) +
        `everyone who reaches ${listener.host}:${listener.port} uses ${printable(name)} as you, unencrypted.`,
    );
  }
  if (!target.online) note(`No connector is online for ${name} now; connections are refused until one is.`);
  // Whoever reads the address may end us at once.
  const stopped = signalled();
  const local = { host: listener.host, port: listener.port };
  if (options.json) printJson(local);
  else print(`Listening on ${local.host}:${local.port} for ${name}. Connect with\n  ${psqlLine(local)}`);
  if (access) setTimeout(() => over.resolve("over"), Math.min(access.leftMs + LAST_WORDS_MS, MAX_TIMER_MS));
  const why = await Promise.race([stopped, over.promise]);
  await listener.close();
  const error = why === "over" ? accessOver(name, "connect") : null;
  if (error) reportError(error);
  // A tunnel whose edge is away would keep trying to resume.
  process.exit(error ? exitStatus(error) : ExitStatus.ok);
}

/** What `--reason` and `--for` ask for; null without them. */
function wantedOf(target: string, { reason, for: lastsMs }: AccessOptions): Wanted | null {
  if (reason !== undefined) return { target, reason, ...(lastsMs !== undefined && { lastsMs }) };
  if (lastsMs === undefined) return null;
  throw new SallyportError("invalid_request", "--for is of no use without --reason.", "Say what it is for.");
}

/** The right that is there already, where one is needed. Throws `approval_required` where there is none. */
async function accessWithoutReason(api: EdgeApi, { name, access }: ListedTarget): Promise<Access | null> {
  if (access !== "approve") return null;
  const there = await accessTo(api, name, Date.now());
  if (there) {
    tellAccess(there, name);
    return there;
  }
  const { decision } = await explainConnect(api, name, {});
  if (decision.verdict === "allow") return null;
  throw reasonMissing(name, "connect", decision.reason);
}

/** Whether the right is there still; where that can't be told it is, until a client is refused. */
async function isThere(api: EdgeApi, target: string): Promise<boolean> {
  try {
    return (await accessTo(api, target, Date.now())) !== null;
  } catch {
    return true;
  }
}

function accessOver(target: string, command: "connect" | "run"): SallyportError {
  const again = command === "run" ? " -- COMMAND" : "";
  return new SallyportError(
    "lease_expired",
    `The right to open ${target} is over, and with it its sessions.`,
    `A new request is needed: sallyport ${command} ${target} --reason '…'${again}`,
  );
}

async function runWith(
  api: EdgeApi,
  target: string,
  [command, ...args]: [string, ...string[]],
  options: RunOptions,
): Promise<number> {
  const wanted = wantedOf(target, options);
  const access = wanted && (await obtainAccess(api, wanted));
  // What goes wrong is the command's to tell: its client has it as PostgreSQL's error.
  const listener = await listen({ ...tunnelTo(api, target, "run"), host: "127.0.0.1", port: 0 });
  const end =
    access && setTimeout(() => reportError(accessOver(target, "run")), Math.min(access.leftMs, MAX_TIMER_MS));
  try {
    return await runToEnd(command, args, tunnelEnvironment(process.env, listener, options.database));
  } finally {
    if (end) clearTimeout(end);
    await listener.close();
  }
}

function tunnelTo(api: EdgeApi, target: string, command: "connect" | "run"): Pick<ListenerOptions, "open"> {
  return {
    async open() {
      try {
        return await openTunnel({ edge: api.edge, target, token: await api.token() });
      } catch (error) {
        // Whoever reads it sees this command, and knows what to type.
        if (!(error instanceof SallyportError) || error.code !== "approval_required") throw error;
        const { hint } = reasonMissing(target, command, null);
        throw new SallyportError(error.code, error.message, hint);
      }
    },
  };
}

async function findTarget(api: EdgeApi, name: string): Promise<ListedTarget> {
  const targets = await api.list<ListedTarget>("/v1/targets", MAX_TARGETS);
  const target = targets.find((one) => one.name === name);
  if (target && target.access !== "none") return target;
  const { listed, decision } = await explainConnect(api, name, {}).catch((error: unknown) => {
    if (error instanceof SallyportError && error.code === "unknown_target") return UNKNOWN;
    throw error;
  });
  // A target of which one knows is not listed where the policies forbid it: they have a reason.
  if (listed && decision?.verdict === "block") {
    throw new SallyportError(
      "forbidden",
      `You may not open ${printable(name)}: ${printable(decision.reason)}`,
    );
  }
  throw new SallyportError(
    "unknown_target",
    `There is no target ${printable(name)} that you may open.`,
    targets.length > 0
      ? `There is: ${targets.map((one) => one.name).join(", ")}.`
      : "An administrator adds targets with `sallyport apply`, and opens them to you with `allow`.",
  );
}

const UNKNOWN = { listed: false, decision: null } as const;

function signalled(): Promise<"signal"> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve("signal"));
    process.once("SIGTERM", () => resolve("signal"));
  });
}
