import { spawn } from "node:child_process";
import { constants } from "node:os";
import { SallyportError } from "../protocol/errors.ts";

/** The role's name on the local side; the connector logs in with the target's own. */
const USER = "sallyport";

/**
 * Settings of libpq that would lead past the tunnel (another host, a service), or ask of it what it has no need
 * of (TLS and passwords end at the connector): the command needs none of it.
 */
const POSTGRES_REMOVED = [
  "PGHOSTADDR",
  "PGSERVICE",
  "PGSERVICEFILE",
  "PGPASSWORD",
  "PGPASSFILE",
  "PGDATABASE",
  "PGSSLNEGOTIATION",
  "PGREQUIRESSL",
  "PGREQUIREAUTH",
  "PGCHANNELBINDING",
];

/** What proves us to the edge. */
const OUR_OWN = ["SALLYPORT_TOKEN", "SALLYPORT_TOKEN_FILE"];

/** An environment without these variables, and without what proves us to the edge. */
export function environmentWithout(env: NodeJS.ProcessEnv, names: readonly string[]): NodeJS.ProcessEnv {
  const removed = new Set([...names, ...OUR_OWN]);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !removed.has(name)));
}

/** The environment of a command whose PostgreSQL clients shall use the tunnel at this local address. */
export function tunnelEnvironment(
  env: NodeJS.ProcessEnv,
  local: { host: string; port: number },
  database: string | undefined,
): NodeJS.ProcessEnv {
  const kept = environmentWithout(env, POSTGRES_REMOVED);
  const path = database === undefined ? "" : encodeURIComponent(database);
  return {
    ...kept,
    PGHOST: local.host,
    PGPORT: String(local.port),
    PGUSER: USER,
    // The local hop is this machine's loopback; the tunnel beyond is TLS.
    PGSSLMODE: "disable",
    PGGSSENCMODE: "disable",
    ...(database !== undefined && { PGDATABASE: database }),
    DATABASE_URL: `postgresql://${USER}@${local.host}:${local.port}/${path}?sslmode=disable`,
  };
}

/** The command line that connects psql to a local address. */
export function psqlLine(local: { host: string; port: number }): string {
  return `psql "host=${local.host} port=${local.port} user=${USER} sslmode=disable gssencmode=disable"`;
}

/**
 * Runs a command to its end with our terminal, handing on signals. Answers its exit status, 128 + n when signal n
 * ended it. Throws `not_found` when there is no such command.
 */
export function runToEnd(command: string, args: string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((resolve, reject) => {
    // Before the command runs: a signal that came between would end us alone, and leave it behind.
    const stopForwarding = forwardSignals((signal) => child.kill(signal));
    const child = spawn(command, args, { env, stdio: "inherit" });
    child.on("error", (error: NodeJS.ErrnoException) => {
      stopForwarding();
      const why = error.code === "ENOENT" ? "there is no such command" : String(error.code);
      reject(new SallyportError("not_found", `${command} can't be run: ${why}.`));
    });
    child.on("exit", (status, signal) => {
      stopForwarding();
      resolve(status ?? 128 + constants.signals[signal!]);
    });
  });
}

function forwardSignals(forward: (signal: NodeJS.Signals) => void): () => void {
  const handlers = (["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"] as const).map(
    (signal) => {
      // A terminal sends these to its whole foreground group: handing them on would make two of one.
      const fromTerminal = (signal === "SIGINT" || signal === "SIGQUIT") && process.stdin.isTTY;
      const handler = () => {
        if (!fromTerminal) forward(signal);
      };
      process.on(signal, handler);
      return () => process.off(signal, handler);
    },
  );
  return () => {
    for (const remove of handlers) remove();
  };
}
