// npm run demo: the whole path on this machine. The edge under workerd and the connector are the product's own
// `sallyport dev`; the listener, the replay and the verification are its own commands.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { fileURLToPath } from "node:url";
import { parseArgs, styleText } from "node:util";
import { VerdictStatus } from "../client/policy-replay/verdict-status.ts";
import { psqlLine } from "../client/run-command.ts";
import type { ApprovalSummary } from "../protocol/approval/approval.ts";
import type { ListedTarget, Session } from "../protocol/directory.ts";
import { STARTER_POLICIES } from "../protocol/policy/starter.ts";
import { runAgent, type Say } from "./demo/agent.ts";
import type { HostReady } from "./demo/host.ts";
import { runOnHost, type SayOfHost } from "./demo/host-agent.ts";
import { DemoFailure, Processes, sallyport } from "./demo/processes.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const { once, state } = parseArgs({
  options: {
    once: { type: "boolean", default: false },
    state: { type: "string", default: join(ROOT, "sallyport-state/demo") },
  },
}).values;
/** The folder of everything that the demo keeps. */
const STATE = resolve(state);
const CONFIG = join(STATE, "sallyport.yaml");
/** What the demo adds to the starter policies. */
const POLICIES = fileURLToPath(new URL("./demo/policies.cedar", import.meta.url));
/** How long the session may take to be closed and sealed after the agent has left, ms. */
const SEAL_MS = 30_000;
/** The exit status of `sallyport verify` for a recording that is not sealed yet. */
const INCOMPLETE = 7;

const processes = new Processes();

interface Running {
  url: string;
  adminTokenFile: string;
  workerdPid: number;
}

function heading(text: string): void {
  console.log(`\n${styleText("bold", text)}`);
}

function line(text: string): void {
  console.log(`  ${text}`);
}

function command(text: string): void {
  console.log(`  ${styleText("dim", "$")} ${styleText("green", text)}`);
}

function config(databasePort: number, { port, fingerprint }: HostReady): string {
  return `# Written by npm run demo at each start.
edge:
  listen: 127.0.0.1:0
  state: .
connector:
  name: demo
  state: ./connector
policies: ./policies.cedar
targets:
  - name: orders
    kind: postgres
    connector: demo
    description: Sample orders in an embedded PostgreSQL
    allow: [service/*]
    connection:
      host: 127.0.0.1
      port: ${databasePort}
      databases: [postgres]
      user: postgres
      tls: {mode: disable}
    labels:
      public.customers.email: pii.email
    masks:
      pii.email: {mask: partial, as: email, lookup: 10}
  - name: shop
    kind: ssh
    connector: demo
    description: The shop's host, a stand-in
    allow: [service/*]
    connection:
      host: 127.0.0.1
      port: ${port}
      accounts: [{name: deploy, allow: [service/*]}]
      credentials: {key: {file: ./shop-key}}
      hostKeys: {fingerprints: ["${fingerprint}"]}
`;
}

async function demo(): Promise<void> {
  const began = performance.now();
  heading("Starting");
  mkdirSync(STATE, { recursive: true, mode: 0o700 });
  const [database, host] = await Promise.all([processes.database(), processes.host()]);
  line(`PostgreSQL, embedded (PGlite), on 127.0.0.1:${database}; 400 sample orders`);
  line(`a stand-in for an SSH host, with files and programs of its own, on 127.0.0.1:${host.port}`);
  writeFileSync(join(STATE, "policies.cedar"), `${STARTER_POLICIES}\n${readFileSync(POLICIES, "utf8")}`);
  writeFileSync(join(STATE, "shop-key"), host.key, { mode: 0o600 });
  writeFileSync(CONFIG, config(database, host));
  const edge = await processes.command<Running>(["dev", "--config", CONFIG, "--json"]);
  line(`the edge, under workerd with its storage on disk, on ${edge.url}`);
  line("the connector, a process of its own, enrolled; it alone can log in to the database and the host");
  const administrator = { SALLYPORT_EDGE: edge.url, SALLYPORT_TOKEN_FILE: edge.adminTokenFile };

  const agent = {
    SALLYPORT_EDGE: edge.url,
    SALLYPORT_TOKEN: await serviceToken("demo-agent", administrator),
  };
  const dba = { SALLYPORT_EDGE: edge.url, SALLYPORT_TOKEN: await serviceToken("demo-dba", administrator) };
  const connect = (target: string) =>
    processes.command<{ host: string; port: number }>(["connect", target, "--json"], agent);
  const [local, shop] = await Promise.all([connect("orders"), connect("shop")]);
  line(`the agent's listeners, \`sallyport connect orders\` on ${local.host}:${local.port}`);
  line(`and \`sallyport connect shop\` on ${shop.host}:${shop.port}`);
  line(styleText("dim", `${((performance.now() - began) / 1_000).toFixed(1)} s`));

  heading("The agent works, as service/demo-agent; it has no password of the database");
  const say: Say = {
    sends: (sql) => line(`${styleText("dim", "→")} ${sql.replace(/\s+/g, " ")}`),
    gets(rows) {
      for (const row of rows) line(`${styleText("dim", "←")} ${row.join(" │ ")}`);
    },
    told({ message = "", hint }) {
      line(`${styleText("dim", "←")} ${styleText("yellow", `NOTICE: ${message}`)}`);
      if (hint !== undefined) line(`  HINT: ${hint}`);
    },
    fails({ code, message, hint }) {
      line(`${styleText("dim", "←")} ${styleText("red", `ERROR ${code}: ${message}`)}`);
      if (hint !== undefined) line(`  HINT: ${hint}`);
    },
  };
  const held = () => approveHeld(dba);
  await runAgent(local.host, local.port, say, held, async () => {
    process.kill(edge.workerdPid, "SIGKILL");
    line(
      styleText(
        "yellow",
        "  here the edge is killed (SIGKILL) in the middle of the transaction, and restarted",
      ),
    );
  });
  line("Done: the agent noticed nothing but a pause.");

  const recording = join(STATE, "recording.sallyport");
  const keys = join(STATE, "keys.json");
  const session = await lastSession("orders", administrator);
  writeFileSync(keys, (await sallyport(["keys"], administrator)).output);
  const proof = await verified(session, recording, keys, administrator);

  heading("Why the DELETE was blocked");
  const explain = ["policy", "explain", "orders", "DELETE FROM orders", "--as", "service/demo-agent"];
  command("sallyport policy explain orders 'DELETE FROM orders' --as service/demo-agent");
  console.log((await sallyport(explain, { ...administrator, ...colours }, [VerdictStatus.block])).output);

  heading("The recording, as the agent saw it");
  command(`sallyport sessions replay ${session} --rows 4`);
  console.log((await sallyport(["sessions", "replay", recording, "--rows", "4"], colours)).output);

  heading("The proof, from the exported file and the public keys alone");
  command(`sallyport sessions export ${session} -o ${relative(ROOT, recording)}`);
  command(`sallyport verify ${relative(ROOT, recording)} --keys ${relative(ROOT, keys)}`);
  console.log(proof);

  heading("The agent works on an SSH host, by the starter policies");
  await runOnHost(shop.host, shop.port, await hostKey(agent), sayOfHost);

  heading("Its recording");
  const onHost = await lastSession("shop", administrator);
  command(`sallyport sessions replay ${onHost} --text`);
  const replay = ["sessions", "replay", onHost, "--text"];
  console.log((await sallyport(replay, { ...administrator, ...colours })).output);
  if (once) return;

  heading("Your turn");
  line(`Any PostgreSQL client reaches the target through ${local.host}:${local.port}; it is recorded:`);
  command(psqlLine(local));
  line("And with OpenSSH, as the agent:");
  command(`export SALLYPORT_EDGE=${edge.url} SALLYPORT_TOKEN=${agent.SALLYPORT_TOKEN}`);
  command("npx sallyport ssh shop tail -n 2 /srv/shop/payments.log");
  line("What the administrator sees, in another terminal:");
  command(`export SALLYPORT_EDGE=${edge.url} SALLYPORT_TOKEN_FILE=${edge.adminTokenFile}`);
  command("npx sallyport sessions list");
  command("npx sallyport sessions replay SESSION --follow");
  line("Ctrl-C ends it.");
  throw await processes.unexpectedEnd();
}

const colours: NodeJS.ProcessEnv = process.stdout.isTTY ? { FORCE_COLOR: "1" } : {};

const sayOfHost: SayOfHost = {
  runs: (text) => line(`${styleText("dim", "→")} ${text}`),
  prints: (text) => each(text, (one) => one),
  told: (text) => each(text, (one) => styleText("red", one)),
  ended: (status) => line(`${styleText("dim", "←")} exit status ${status}`),
};

/** Each line of what a command said. */
function each(text: string, styled: (line: string) => string): void {
  for (const one of text.trimEnd().split("\n")) line(`${styleText("dim", "←")} ${styled(one)}`);
}

/** The key by which the agent knows the connector, base64. */
async function hostKey(agent: NodeJS.ProcessEnv): Promise<string> {
  const targets = JSON.parse((await sallyport(["targets", "--json"], agent)).output) as ListedTarget[];
  const key = targets.find(({ name }) => name === "shop")?.hostKey?.split(" ")[1];
  if (key === undefined) throw new DemoFailure("The edge knows no host key of the connector.");
  return key;
}

/** A new token of `service/NAME`. */
async function serviceToken(name: string, administrator: NodeJS.ProcessEnv): Promise<string> {
  const create = ["tokens", "create", `${name}-${Date.now()}`, "--principal", `service/${name}`];
  return (await sallyport([...create, "--expires", "12h"], administrator)).output;
}

/** Shows what waits for a person, and answers it: as the viewer says or, where nobody can, with yes. */
async function approveHeld(dba: NodeJS.ProcessEnv): Promise<void> {
  const list = ["approvals", "list", "--status", "pending", "-n", "1", "--json"];
  const [question] = JSON.parse((await sallyport(list, dba)).output) as ApprovalSummary[];
  if (question === undefined) throw new DemoFailure("The edge knows of nothing that waits.");
  heading("It waits. What service/demo-dba sees");
  command(`sallyport approvals show ${question.id}`);
  console.log((await sallyport(["approvals", "show", question.id], { ...dba, ...colours })).output);
  const yes = once || !process.stdin.isTTY || (await asked("  Approve it? [Y/n] "));
  const answer = yes ? ["approve", question.id, "--yes"] : ["deny", question.id];
  command(`sallyport approvals ${answer.join(" ")}`);
  console.log((await sallyport(["approvals", ...answer], { ...dba, ...colours })).output);
  heading("The agent goes on");
}

async function asked(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return !/^n/i.test(await terminal.question(question));
  } finally {
    terminal.close();
  }
}

/** The id of the session that the agent had. */
async function lastSession(target: string, administrator: NodeJS.ProcessEnv): Promise<string> {
  const of = ["--principal", "service/demo-agent", "--target", target];
  const list = ["sessions", "list", ...of, "-n", "1", "--json"];
  const [session] = JSON.parse((await sallyport(list, administrator)).output) as Session[];
  if (session === undefined) throw new DemoFailure("The edge knows of no session.");
  return session.id;
}

/** Exports the session once it is over and both sides have signed it; answers what `verify` prints. */
async function verified(
  session: string,
  file: string,
  keys: string,
  administrator: NodeJS.ProcessEnv,
): Promise<string> {
  const until = performance.now() + SEAL_MS;
  for (;;) {
    rmSync(file, { force: true });
    await sallyport(["sessions", "export", session, "-o", file], administrator);
    const patient = performance.now() < until;
    const verify = ["verify", relative(ROOT, file), "--keys", relative(ROOT, keys)];
    const { status, output } = await sallyport(verify, colours, patient ? [0, INCOMPLETE] : [0]);
    if (status === 0) return output;
  }
}

let signalled = false;
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => {
    if (signalled) return;
    signalled = true;
    console.log("\nStopping.");
    void processes.stop().then(() => process.exit(0));
  });
}

try {
  await demo();
} catch (error) {
  if (!signalled) {
    console.error(`\nThe demo failed. ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
if (!signalled) await processes.stop();
