import type { Command } from "commander";
import { carriesExchanges, type TargetKind } from "../../protocol/control.ts";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { accessTo } from "../approvals/access.ts";
import { obtainAccess } from "../approvals/told-access.ts";
import { duration, edgeOf, listenAddress, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { ExitStatus, exitStatus } from "../exit-status.ts";
import { httpEnvironment, kubernetesEnvironment, localUrl } from "../http/run-environment.ts";
import { isLoopback } from "../listener.ts";
import { type AccessOptions, accessFor, findTarget, listTargets, wantedOf } from "../opening.ts";
import { psqlLine, runToEnd, tunnelEnvironment } from "../run-command.ts";
import { hostOptions, sshLine } from "../ssh/host-options.ts";
import { listenForTarget } from "../target-listener.ts";
import { clientTrace } from "../telemetry/client-trace.ts";
import { note, print, printable, printJson, reportError, styled } from "../terminal.ts";
import { reasonText } from "./approvals.ts";

/** How long clients have to be told why, ms: the edge ends the sessions of a right that is over. */
const LAST_WORDS_MS = 1_000;
/** The longest time that a timer takes, ms. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** How the edge ends the sessions of a right that is over, by its time or by somebody's word. */
const AT_ITS_END: readonly string[] = ["lease_expired", "session_killed"];

export const REASON_HELP = "what it is for: where opening the target needs an approval, ask for it and wait";
export const FOR_HELP =
  "with --reason: how long the right shall last, such as 30m; the policies may give less";
export const ACCESS_HELP = `Where people must approve it first, --reason asks them, says whom it waits for, and goes on when they have.
The right then holds for every connection until its time is over. Ctrl-C while waiting withdraws the request (130).
Exit status 3: denied, or nobody answered in time; of 'connect' also that the right has run out.`;

export function addTunnelCommands(program: Command): void {
  const connect = program
    .command("connect <target>")
    .description("listen on this machine for clients of the target: of PostgreSQL, SSH, HTTP or Kubernetes")
    .option("--listen <host:port>", "where to listen (default: 127.0.0.1, a free port)", listenAddress)
    .option("--reason <text>", REASON_HELP, reasonText)
    .option("--for <duration>", FOR_HELP, duration)
    .option("--json", "print the address as JSON when ready")
    .addHelpText(
      "after",
      `
Clients of PostgreSQL and SSH get a session each; all requests to an HTTP or Kubernetes target share one, which is opened
by the first, and anew by the first after it has ended. Requests need no credential. They are refused where a browser
sends them for another site's page, or to another name than an address or localhost.

${ACCESS_HELP}`,
    )
    .action(async (target: string, options: ConnectOptions, command: Command) => {
      await connectTo(edgeOf(command), target, options);
    });
  withExamples(connect, [
    ["sallyport connect orders", "prints the psql command line to use"],
    ["sallyport connect orders --listen 127.0.0.1:5433", "on a port of your choice"],
    [
      "sallyport connect prod --listen 127.0.0.1:8001",
      "then: kubectl --server http://127.0.0.1:8001 get pods",
    ],
    ["sallyport connect orders --reason 'ticket 4711' --for 30m", "asks people first, if need be"],
  ]);

  const run = program
    .command("run <target> <command> [arguments...]")
    .usage("<target> [options] -- <command> [arguments...]")
    .description("run a command whose clients reach the target")
    .option("--database <name>", "of a PostgreSQL target, the database to open (default: the target's first)")
    .option("--reason <text>", REASON_HELP, reasonText)
    .option("--for <duration>", FOR_HELP, duration)
    .addHelpText(
      "after",
      `
Sets for the command, as the target's kind has it:
  PostgreSQL  PGHOST, PGPORT, PGUSER, PGSSLMODE, PGGSSENCMODE, PGDATABASE, DATABASE_URL
  HTTP        SALLYPORT_URL, the address in whose place the target stands
  Kubernetes  KUBECONFIG, a file of this command's own that leads to the target alone

${ACCESS_HELP}`,
    )
    .action(
      async (target: string, program: string, args: string[], options: RunOptions, command: Command) => {
        process.exit(await runWith(edgeOf(command), target, [program, ...args], options));
      },
    );
  withExamples(run, [
    ["sallyport run orders -- psql -c 'select count(*) from orders'", ""],
    ["sallyport run orders --database reports -- pg_dump -Fc -f reports.dump", ""],
    ["sallyport run orders --reason 'ticket 4711' -- psql", "asks people first, if need be"],
    ["sallyport run prod -- kubectl get pods", "a Kubernetes target"],
    ["sallyport run billing -- sh -c 'curl \"$SALLYPORT_URL/invoices\"'", "an HTTP target"],
    ["sallyport run orders -- sh -c 'node migrate.js \"$DATABASE_URL\"'", ""],
  ]);
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
  const access = await accessFor(api, target, wanted, "connect");
  const { host, port } = options.listen ?? { host: "127.0.0.1", port: 0 };
  const over = Promise.withResolvers<"over">();
  const trace = await clientTrace(process.env);
  const listener = await listenForTarget(api, target, "connect", trace, {
    host,
    port,
    onRefused: (error) => {
      note(`${styled("red", "refused:", process.stderr)} ${printable(error.message)}`);
      // There was a right, and now there is none: it was revoked, or has run out.
      if (access && error.code === "approval_required") setTimeout(() => over.resolve("over"), LAST_WORDS_MS);
    },
    onHeld: tellHeld,
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
  if (options.json) {
    printJson(carriesExchanges(target.kind) ? { ...local, url: localUrl(local) } : local);
  } else {
    const line = clientLine(api, target, local);
    print(`Listening on ${local.host}:${local.port} for ${name}. Connect with\n  ${line}`);
  }
  if (access) setTimeout(() => over.resolve("over"), Math.min(access.leftMs + LAST_WORDS_MS, MAX_TIMER_MS));
  const why = await Promise.race([stopped, over.promise]);
  await listener.close();
  await trace.end();
  const error = why === "over" ? accessOver(name, "connect") : null;
  if (error) reportError(error);
  // A tunnel whose edge is away would keep trying to resume.
  process.exit(error ? exitStatus(error) : ExitStatus.ok);
}

/** A command line that uses the local address. */
function clientLine(api: EdgeApi, target: ListedTarget, local: { host: string; port: number }): string {
  switch (target.kind) {
    case "postgres":
      return psqlLine(local);
    case "ssh":
      return sshLine(local, hostOptions(api.edge, target));
    case "http":
      return `curl ${localUrl(local)}/`;
    case "kubernetes":
      return `kubectl --server ${localUrl(local)} get pods`;
  }
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
  name: string,
  [command, ...args]: [string, ...string[]],
  options: RunOptions,
): Promise<number> {
  const wanted = wantedOf(name, options);
  const kind = await runnableKind(api, name, options);
  const access = wanted && (await obtainAccess(api, wanted));
  // What goes wrong is the command's to tell: its client has it as an error of the protocol's.
  const trace = await clientTrace(process.env);
  trace.begin("run");
  const listener = await listenForTarget(api, { name, kind }, "run", trace, {
    host: "127.0.0.1",
    port: 0,
    onHeld: tellHeld,
  });
  const end =
    access && setTimeout(() => reportError(accessOver(name, "run")), Math.min(access.leftMs, MAX_TIMER_MS));
  const own = trace.environment(process.env);
  let status: number | undefined;
  try {
    if (kind === "kubernetes") {
      const { env, remove } = kubernetesEnvironment(own, name, listener);
      status = await runToEnd(command, args, env).finally(remove);
    } else {
      const env =
        kind === "http" ? httpEnvironment(own, listener) : tunnelEnvironment(own, listener, options.database);
      status = await runToEnd(command, args, env);
    }
    return status;
  } finally {
    if (end) clearTimeout(end);
    await listener.close();
    await trace.end(status);
  }
}

/** The target's kind; where that can't be told, that of databases. Throws `invalid_request` where \`run\` is of no use. */
async function runnableKind(api: EdgeApi, name: string, { database }: RunOptions): Promise<TargetKind> {
  const targets = await listTargets(api).catch(() => []);
  const kind = targets.find((one) => one.name === name)?.kind ?? "postgres";
  if (kind === "ssh") {
    throw new SallyportError(
      "invalid_request",
      `${name} is an SSH target: nothing that \`run\` sets leads an SSH client there.`,
      `Run a command there by sallyport ssh ${name} COMMAND; for scp, rsync or git: sallyport ssh-config ${name}.`,
    );
  }
  if (database !== undefined && kind !== "postgres") {
    throw new SallyportError("invalid_request", `${name} has no databases.`, "Leave --database out.");
  }
  return kind;
}

function signalled(): Promise<"signal"> {
  return new Promise((resolve) => {
    process.once("SIGINT", () => resolve("signal"));
    process.once("SIGTERM", () => resolve("signal"));
  });
}

/** A request of a client that can't tell it: people must agree to it first. */
function tellHeld(approval: string): void {
  const id = printable(approval);
  note(`waiting for approval ${id}; who may approve runs: sallyport approvals show ${id}`);
}
