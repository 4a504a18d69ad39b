import { type Command, Option } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import { edgeOf, identityOption, withExamples } from "../command-line.ts";
import {
  connectLines,
  explainConnect,
  explainText,
  type Question,
  textLines,
} from "../policy-replay/explain.ts";
import { moment } from "../policy-replay/moment.ts";
import { fileSource, type Source, selectSessions, sessionSource } from "../policy-replay/sources.ts";
import { EXPLAIN_HELP, REPLAY_HELP, VerdictStatus } from "../policy-replay/verdict-status.ts";
import { identitiesIn } from "../recordings/identity.ts";
import { sessionOf } from "../recordings/source.ts";
import { print, printJson } from "../terminal.ts";

/** Bytes of a text that are judged: the guard takes no more. */
const MAX_TEXT = 256 * 1024;
const ID = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

/** Adds `explain` and `replay` to the `policy` command. */
export function addPolicySessionCommands(policy: Command): void {
  addExplain(policy);
  addReplay(policy);
}

interface ExplainOptions {
  as?: string;
  group: string[];
  onBehalfOf?: string;
  database?: string;
  account?: string;
  action?: "connect";
  json?: boolean;
}

function addExplain(policy: Command): void {
  const explain = policy
    .command("explain")
    .description(
      "what would become of SQL, a command line or a request: the verdict, the policies that decide, and what is proved of it",
    )
    .argument("<target>", "the target")
    .argument(
      "[text]",
      "the SQL; the command line of an SSH target; of an HTTP or Kubernetes target a request line, with an empty line and the body after it; '-' is standard input",
    )
    .option("--as <principal>", "who would send it (default: you); for administrators")
    .option("--group <group>", "a group that PRINCIPAL has; may be given several times", collect, [])
    .option("--on-behalf-of <principal>", "the user for whom PRINCIPAL would act")
    .option("--database <database>", "one of the target's databases (default: its first)")
    .option("--account <account>", "the login name on an SSH target (default: PRINCIPAL's first)")
    .addOption(new Option("--action <action>", "explain this instead of a text").choices(["connect"]))
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${EXPLAIN_HELP}`)
    .action(async (target: string, text: string | undefined, options: ExplainOptions, command: Command) => {
      const question = questionOf(options);
      const api = edgeOf(command);
      if (options.action === "connect") {
        if (text !== undefined) throw usage("--action connect takes no text.");
        const explained = await explainConnect(api, target, question);
        if (options.json) printJson(explained);
        else connectLines(explained, target).forEach(print);
        process.exitCode = VerdictStatus[explained.decision.verdict];
        return;
      }
      if (text === undefined) throw usage("The SQL, command line or request to explain is missing.");
      const explained = await explainText(api, target, text === "-" ? await standardInput() : text, question);
      if (options.json) printJson(explained);
      else textLines(explained).forEach(print);
      process.exitCode = statusOf(explained.statements.map(({ decision }) => decision));
    });
  withExamples(explain, [
    ["sallyport policy explain --as corp/alice orders 'DELETE FROM customers'", ""],
    ["sallyport policy explain --as agent/ci --group deploy orders - < migration.sql", ""],
    ["sallyport policy explain --as agent/ci web1 'systemctl restart nginx'", "an SSH target's command line"],
    [
      "sallyport policy explain --as agent/ci billing 'GET /v1/invoices?limit=5'",
      "a request to an HTTP target",
    ],
    ["sallyport policy explain --as corp/alice --action connect orders", "may she open it at all?"],
  ]);
}

function questionOf({ as, group, onBehalfOf, database, account }: ExplainOptions): Question {
  return {
    ...(as !== undefined && { as }),
    ...(group.length > 0 && { groups: group }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(database !== undefined && { database }),
    ...(account !== undefined && { account }),
  };
}

/** The worst verdict's. */
function statusOf(decisions: Decision[]): number {
  return Math.max(VerdictStatus.allow, ...decisions.map(({ verdict }) => VerdictStatus[verdict]));
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_TEXT) throw usage(`The text is longer than the ${MAX_TEXT} bytes that are judged.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

interface ReplayOptions {
  session: string[];
  since?: number;
  until?: number;
  target?: string;
  principal?: string;
  recording: string[];
  policy: string;
  identity?: string;
  all?: boolean;
  json?: boolean;
}

function addReplay(policy: Command): void {
  const when = (text: string) => moment(text, Date.now());
  const replay = policy
    .command("replay")
    .description(
      "judge what sessions did by another policy text, and list every verdict that would be different",
    )
    .option("--session <id>", "this session; may be given several times", collect, [])
    .option("--since <time>", "the sessions that were open since: a time, or how long ago, such as 1h", when)
    .option("--until <time>", "up to this time (default: now)", when)
    .option("--target <target>", "with --since: to this target only")
    .option("--principal <principal>", "with --since: of this principal only")
    .option(
      "--recording <file>",
      "an exported recording; needs no edge; may be given several times",
      collect,
      [],
    )
    .requiredOption("--policy <file>", "the policies to judge by, in Cedar")
    .addOption(identityOption())
    .option("--all", "list what would be the same, too")
    .option("--json", "print one JSON object a line: each difference, and the summary")
    .addHelpText("after", `\n${REPLAY_HELP}`)
    .action(async (options: ReplayOptions, command: Command) => {
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
      if (since >= until) throw usage("--since must be before --until.");
      // Cedar and the parser take their time to load: only who needs them waits.
      const { replayTo } = await import("../policy-replay/replay-to.ts");
      const sources = () => sourcesOf(options, command);
      process.exitCode = await replayTo(options.policy, sources, { ...options, since, until });
    });
  withExamples(replay, [
    [
      "sallyport policy replay --since 1h --policy stricter.cedar",
      "what would it have blocked in the last hour?",
    ],
    [`sallyport policy replay --session ${ID} --policy stricter.cedar --all`, ""],
    ["sallyport policy replay --recording session.sallyport --policy stricter.cedar --json", ""],
  ]);
}

async function sourcesOf(options: ReplayOptions, command: Command): Promise<Source[]> {
  const { session, recording, since, until, target, principal } = options;
  const named = session.length + recording.length > 0;
  if (named === (since !== undefined)) {
    throw usage(
      "Say what to replay: --session, --recording, or --since with --until, --target and --principal.",
    );
  }
  if (named && (until ?? target ?? principal) !== undefined) {
    throw usage("--until, --target and --principal choose among sessions, with --since.");
  }
  const identities = identitiesIn(options.identity);
  const files = recording.map((file) => fileSource(file, identities));
  if (session.length > 0) {
    const api = edgeOf(command);
    return [...session.map((id) => sessionSource(api, sessionOf(id), identities)), ...files];
  }
  if (since === undefined) return files;
  const selection = {
    since,
    until: until ?? Number.POSITIVE_INFINITY,
    ...(target !== undefined && { target }),
    ...(principal !== undefined && { principal }),
  };
  return selectSessions(edgeOf(command), selection, identities);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function usage(message: string): SallyportError {
  return new SallyportError("invalid_request", message, "--help shows how.");
}
