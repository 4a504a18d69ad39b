import { Command, CommanderError } from "commander";
import { SallyportError } from "../protocol/errors.ts";
import { nodeCedar } from "../protocol/policy/node-cedar.ts";
import { PolicySet } from "../protocol/policy/policy-set.ts";
import {
  type ConnectorConfig,
  type PostgresTargetConfig,
  readConnectorConfig,
  type TargetConfig,
} from "./config.ts";
import { Journal } from "./events/journal.ts";
import { type EntryReader, EntryTap } from "./events/tap.ts";
import { ToldEvents } from "./events/told-events.ts";
import { PolicyHolder } from "./guard/policy-holder.ts";
import { REAL_TIMERS } from "./guard/timers.ts";
import { explainExchange } from "./http/explain.ts";
import { type ExchangeDeps, type ExchangeTarget, serveExchanges } from "./http/gate.ts";
import { httpRules } from "./http/http-rules.ts";
import { httpUpstream } from "./http/target/upstream.ts";
import { connectorToken, enroll, loadIdentity, sshHostKey } from "./identity.ts";
import { kubernetesRules } from "./kubernetes/rules.ts";
import { kubernetesUpstream } from "./kubernetes/target/upstream.ts";
import { connectorLog, defaultFormat, type Log } from "./log.ts";
import { CancelRegistry } from "./postgres/cancel.ts";
import { type PostgresDeps, servePostgres } from "./postgres/gate.ts";
import { explain } from "./postgres/guard/explain.ts";
import { Guard } from "./postgres/guard/guard.ts";
import { scanLabels } from "./postgres/labels/scan.ts";
import { Net } from "./postgres/mask/net.ts";
import type { ConnectorSession } from "./session.ts";
import { explainLine } from "./ssh/explain.ts";
import { type SshDeps, serveSsh } from "./ssh/gate.ts";
import { type ConnectorTelemetry, connectorTelemetry } from "./telemetry/telemetry.ts";
import { TraceIds } from "./telemetry/trace-ids.ts";
import { Uplink, type UplinkOptions } from "./uplink.ts";

const DEFAULT_FILE = "sallyport.yaml";
/** Sockets that wait in sessions to come. */
const SPARES = 2;
/** Holds the one-time token for `enroll`, so that it stands in no process list. */
const ENROLMENT_VARIABLE = "SALLYPORT_ENROLMENT_TOKEN";

const EXIT = { ok: 0, failed: 1, usage: 2 } as const;

interface Options {
  config: string;
  edge?: string;
}

/** Runs `sallyport connector …`; answers the exit status. Never throws: errors are told on standard error. */
export async function main(argv: string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv, { from: "user" });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    const known =
      error instanceof SallyportError
        ? error
        : new SallyportError("internal", error instanceof Error ? error.message : "unknown failure");
    console.error(`sallyport connector: ${known.message}`);
    if (known.hint) console.error(known.hint);
    return known.code === "invalid_config" ? EXIT.usage : EXIT.failed;
  }
}

function buildProgram(): Command {
  const program = new Command("sallyport connector")
    .description("Runs the inner door: dials out to the edge and serves this network's targets.")
    .option("-c, --config <file>", "the configuration file", DEFAULT_FILE)
    .option("--edge <url>", "the edge, instead of the file's")
    .exitOverride()
    .showHelpAfterError("(--help shows how)")
    .addHelpText(
      "after",
      `
Examples:
  $ SALLYPORT_ENROLMENT_TOKEN=sye_… sallyport connector enroll   once: makes this connector's key
  $ sallyport connector                                         serves until it is stopped
  $ sallyport connector --config /etc/sallyport.yaml

Traces go to an OpenTelemetry collector where OTEL_EXPORTER_OTLP_ENDPOINT names one: docs/tracing.md.

Exit status: 0 stopped, 1 failed, 2 wrong usage or a mistake in the file.`,
    )
    .action((options: Options) => serve(options));
  program
    .command("enroll")
    .description("makes this connector's key and gives its public half to the edge")
    .addHelpText(
      "after",
      `
The one-time token, from \`sallyport connectors enrol-token NAME\`, is read from ${ENROLMENT_VARIABLE} or, without
it, from the first line of standard input.

Example:
  $ sallyport connectors enrol-token main | sallyport connector enroll`,
    )
    .action(() => enrollOnce(program.opts<Options>()));
  return program;
}

async function enrollOnce(options: Options): Promise<void> {
  const config = readConnectorConfig(options.config);
  const token = process.env[ENROLMENT_VARIABLE] ?? (await firstLine(process.stdin));
  if (!token.startsWith("sye_")) {
    throw new SallyportError(
      "invalid_config",
      "there is no enrolment token",
      `Put it into ${ENROLMENT_VARIABLE}; \`sallyport connectors enrol-token NAME\` makes one.`,
    );
  }
  const { name } = await enroll(edgeOf(config, options), config.state, token.trim());
  if (name !== config.name) {
    throw new SallyportError(
      "invalid_config",
      `the token was for connector ${name}, and ${options.config} is for ${config.name}`,
      "Make a token for the right name.",
    );
  }
  console.log(`Connector ${name} is enrolled; its key is in ${config.state}.`);
}

async function serve(options: Options): Promise<void> {
  const config = readConnectorConfig(options.config);
  const traces = new TraceIds();
  const log = connectorLog(
    config.name,
    config.log ?? defaultFormat(process.stderr),
    (line) => console.error(line),
    () => new Date(),
    (session) => traces.of(session),
  );
  const telemetry = await connectorTelemetry(process.env, log);
  const journal = config.events && new Journal(config.events, log);
  // Without a file the signal ends the process, as ever.
  if (journal && config.events?.file) process.on("SIGHUP", () => journal.reopen());
  const uplink = startConnector(config, edgeOf(config, options), log, { journal, telemetry, traces });
  uplink.online.then(() => log(`online, serves ${config.targets.map(({ name }) => name).join(", ")}`));
  const signal = await new Promise<string>((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
  log(`${signal}, ending its sessions`);
  uplink.stop();
  await Promise.all([journal?.close(), telemetry?.close()]);
}

/** Who is told of what sessions do, each where there is one. */
export interface Told {
  journal?: Journal | undefined;
  telemetry?: ConnectorTelemetry | null;
  traces?: TraceIds;
}

/**
 * Starts a connector in this process: its key from its state folder, its targets from its file; what its sessions do is told to
 * whom it concerns. Throws `invalid_config`.
 */
export function startConnector(config: ConnectorConfig, edge: URL, log: Log, told: Told = {}): Uplink {
  const identity = loadIdentity(config.state);
  const targets = new Map(config.targets.map((target) => [target.name, target]));
  // The first use of a set of detectors takes some 0.2 s, which no session should wait for.
  for (const { detectors } of config.targets) Net.of(detectors);
  const cancels = new CancelRegistry();
  const policies = new PolicyHolder((text) => PolicySet.load(nodeCedar(), text), log);
  const guard = new Guard(policies, Date.now, log);
  const hostKey = sshHostKey(identity);
  const exchangeTargets = new Map(
    config.targets.flatMap((target) => {
      const one = exchangeTarget(target);
      return one === null ? [] : [[target.name, one] as const];
    }),
  );
  const shared = { policies, principals: guard.principals, log, now: Date.now, timers: REAL_TIMERS };
  const deps: Deps = {
    exchanges: shared,
    exchangeTargets,
    postgres: { guard, cancels, cancelElsewhere: (...key) => uplink.cancelElsewhere(...key), log },
    ssh: { ...shared, hostKey: hostKey.pem },
  };
  const database = (name: string): PostgresTargetConfig => {
    const target = targets.get(name);
    if (target?.kind === "postgres") return target;
    if (target !== undefined) {
      throw new SallyportError(
        "invalid_request",
        `${name} is no database`,
        "Name a target of kind postgres.",
      );
    }
    throw new SallyportError(
      "unknown_target",
      `connector ${identity.name} does not serve ${name}`,
      "Add the target to the connector's configuration file.",
    );
  };
  const uplink: Uplink = new Uplink({
    edge,
    name: identity.name,
    key: identity.key,
    targets: [...targets.keys()],
    hostKey: hostKey.line,
    spares: SPARES,
    token: () => connectorToken(edge, identity),
    serve: (session) => serveSession(session, targets.get(session.facts.target), deps),
    cancelHere: (...key) => cancels.cancelHere(...key),
    policies: (message) => policies.put(message),
    explain: async (request) => {
      const target = targets.get(request.target);
      if (target?.kind === "ssh") return explainLine(policies, target, identity.name, request);
      if (target?.kind === "http" || target?.kind === "kubernetes") {
        return explainExchange(policies, target, identity.name, request);
      }
      return await explain(guard, database(request.target), identity.name, request);
    },
    scanLabels: async (request, signal) => await scanLabels(database(request.target), request, signal),
    log,
    ...tapOf(told, log),
    ...(told.traces && { traces: told.traces }),
  });
  uplink.stopping.addEventListener("abort", () => {
    for (const { upstream } of exchangeTargets.values()) upstream.close();
  });
  return uplink;
}

/** What sees sessions; nothing where nobody is told. */
function tapOf({ journal, telemetry }: Told, log: Log): Pick<UplinkOptions, "tap"> {
  if (!journal && !telemetry) return {};
  return {
    tap: (spare) => {
      const readers: EntryReader[] = [];
      if (journal) readers.push(new ToldEvents((line) => journal.add(line)));
      if (telemetry) readers.push(telemetry.session(spare));
      return new EntryTap(readers, { log, clock: Date.now });
    },
  };
}

/** A target that carries exchanges, with its connections; null for others. */
function exchangeTarget(config: TargetConfig): ExchangeTarget | null {
  if (config.kind === "http") {
    const rules = httpRules(config);
    return { config, upstream: httpUpstream(config), as: () => ({ rules, identity: null }) };
  }
  if (config.kind === "kubernetes") {
    return { config, upstream: kubernetesUpstream(config), as: (facts) => kubernetesRules(config, facts) };
  }
  return null;
}

/** What the sessions of each kind of target need. */
interface Deps {
  exchanges: ExchangeDeps;
  /** By name. */
  exchangeTargets: ReadonlyMap<string, ExchangeTarget>;
  postgres: PostgresDeps;
  ssh: SshDeps;
}

/** The edge names the target; only what stands in this connector's own file is served. */
function serveSession(session: ConnectorSession, target: TargetConfig | undefined, deps: Deps): void {
  const { facts } = session;
  const exchanges = deps.exchangeTargets.get(facts.target);
  if (exchanges !== undefined && facts.kind === exchanges.config.kind) {
    serveExchanges(session, exchanges, deps.exchanges);
  } else if (target?.kind === "postgres" && facts.kind === "postgres")
    servePostgres(session, target, deps.postgres);
  else if (target?.kind === "ssh" && facts.kind === "ssh") serveSsh(session, target, deps.ssh);
  else {
    const message = `connector ${facts.connector} does not serve a ${facts.kind} target ${facts.target}`;
    session.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
    session.event({ event: "refused", code: "unknown_target", message });
    session.close("unknown_target", message);
  }
}

function edgeOf(config: ConnectorConfig, options: Options): URL {
  const edge = options.edge === undefined ? config.edge : URL.parse(options.edge);
  if (!edge) {
    throw new SallyportError(
      "invalid_config",
      "the connector does not know its edge",
      "Set connector.edge in the file, or give --edge URL.",
    );
  }
  return edge;
}

async function firstLine(input: AsyncIterable<Buffer>): Promise<string> {
  let text = "";
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.includes("\n") || text.length > 1_000) break;
  }
  return text.split("\n")[0]!;
}
