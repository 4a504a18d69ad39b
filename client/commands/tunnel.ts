import type { Command } from "commander";
import type { ListedTarget } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { openTunnel } from "../../protocol/join.ts";
import { edgeOf, listenAddress, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { isLoopback, type ListenerOptions, listen } from "../listener.ts";
import { explainConnect } from "../policy-replay/explain.ts";
import { psqlLine, runToEnd, tunnelEnvironment } from "../run-command.ts";
import { note, print, printable, printJson, styled } from "../terminal.ts";

const MAX_TARGETS = 10_000;

export function addTunnelCommands(program: Command): void {
  const connect = program
    .command("connect <target>")
    .description("listen on this machine for PostgreSQL clients, and give each a tunnel to the target")
    .option("--listen <host:port>", "where to listen (default: 127.0.0.1, a free port)", listenAddress)
    .option("--json", "print the address as JSON when ready")
    .action(async (target: string, options: ConnectOptions, command: Command) => {
      await connectTo(edgeOf(command), target, options);
    });
  withExamples(connect, [
    ["sallyport connect orders", "prints the psql command line to use"],
    ["sallyport connect orders --listen 127.0.0.1:5433", "on a port of your choice"],
  ]);

  const run = program
    .command("run <target> <command> [arguments...]")
    .usage("<target> [options] -- <command> [arguments...]")
    .description("run a command whose PostgreSQL clients reach the target: sets PG* and DATABASE_URL for it")
    .option("--database <name>", "database to open (default: the target's first)")
    .action(
      async (target: string, program: string, args: string[], options: RunOptions, command: Command) => {
        process.exit(await runWith(edgeOf(command), target, [program, ...args], options));
      },
    );
  withExamples(run, [
    ["sallyport run orders -- psql -c 'select count(*) from orders'", ""],
    ["sallyport run orders --database reports -- pg_dump -Fc -f reports.dump", ""],
    ["sallyport run orders -- sh -c 'node migrate.js \"$DATABASE_URL\"'", ""],
  ]);
}

interface ConnectOptions {
  listen?: { host: string; port: number };
  json?: boolean;
}

interface RunOptions {
  database?: string;
}

async function connectTo(api: EdgeApi, name: string, options: ConnectOptions): Promise<void> {
  const target = await findTarget(api, name);
  const { host, port } = options.listen ?? { host: "127.0.0.1", port: 0 };
  const listener = await listen({
    ...tunnelTo(api, name),
    host,
    port,
    onRefused: (error) => note(`${styled("red", "refused:", process.stderr)} ${printable(error.message)}`),
    onEnded: ({ code, reason }) => {
      if (code !== "closed") note(`session ended: ${printable(reason)} (${code})`);
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
  await stopped;
  await listener.close();
  // A tunnel whose edge is away would keep trying to resume.
  process.exit(0);
}

async function runWith(
  api: EdgeApi,
  target: string,
  [command, ...args]: [string, ...string[]],
  options: RunOptions,
): Promise<number> {
  // What goes wrong is the command's to tell: its client has it as PostgreSQL's error.
  const listener = await listen({ ...tunnelTo(api, target), host: "127.0.0.1", port: 0 });
  try {
    return await runToEnd(command, args, tunnelEnvironment(process.env, listener, options.database));
  } finally {
    await listener.close();
  }
}

function tunnelTo(api: EdgeApi, target: string): Pick<ListenerOptions, "open"> {
  return { open: async () => openTunnel({ edge: api.edge, target, token: await api.token() }) };
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

function signalled(): Promise<void> {
  return new Promise((resolve) => {
    process.once("SIGINT", resolve);
    process.once("SIGTERM", resolve);
  });
}
