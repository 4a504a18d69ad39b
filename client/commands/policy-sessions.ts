import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import { worst } from "../../protocol/policy/judge.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { loadParser, MAX_SQL_BYTES } from "../../protocol/sql/parser.ts";
import { edgeOf, withExamples } from "../command-line.ts";
import {
  connectLines,
  explainConnect,
  explainSql,
  type Question,
  sqlLines,
} from "../policy-replay/explain.ts";
import { moment } from "../policy-replay/moment.ts";
import { replayPolicy } from "../policy-replay/replay-policy.ts";
import {
  count,
  differencesOf,
  differs,
  judgementJson,
  judgementLines,
  noTotals,
  totalLines,
} from "../policy-replay/report.ts";
import { fileSource, type Source, selectSessions, sessionSource } from "../policy-replay/sources.ts";
import { EXPLAIN_HELP, REPLAY_HELP, ReplayStatus, VerdictStatus } from "../policy-replay/verdict-status.ts";
import { sessionOf } from "../recordings/source.ts";
import { note, print, printJson, printLines, progress, reportError } from "../terminal.ts";

const ID = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
/** Bytes of a policy file. */
const MAX_POLICIES = 1024 * 1024;

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
  action?: "connect";
  json?: boolean;
}

function addExplain(policy: Command): void {
  const explain = policy
    .command("explain")
    .description(
      "what would become of SQL: the verdict, the policies that decide, and what the parser proves",
    )
    .argument("<target>", "the target")
    .argument("[sql]", "the SQL; '-' is standard input")
    .option("--as <principal>", "who would send it (default: you); for administrators")
    .option("--group <group>", "a group that PRINCIPAL has; may be given several times", collect, [])
    .option("--on-behalf-of <principal>", "the user for whom PRINCIPAL would act")
    .option("--database <database>", "one of the target's databases (default: its first)")
    .addOption(new Option("--action <action>", "explain this instead of SQL").choices(["connect"]))
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${EXPLAIN_HELP}`)
    .action(async (target: string, sql: string | undefined, options: ExplainOptions, command: Command) => {
      const question = questionOf(options);
      const api = edgeOf(command);
      if (options.action === "connect") {
        if (sql !== undefined) throw usage("--action connect takes no SQL.");
        const explained = await explainConnect(api, target, question);
        if (options.json) printJson(explained);
        else connectLines(explained, target).forEach(print);
        process.exitCode = VerdictStatus[explained.decision.verdict];
        return;
      }
      if (sql === undefined) throw usage("The SQL to explain is missing.");
      const explained = await explainSql(api, target, sql === "-" ? await standardInput() : sql, question);
      if (options.json) printJson(explained);
      else sqlLines(explained).forEach(print);
      process.exitCode = statusOf(explained.statements.map(({ decision }) => decision));
    });
  withExamples(explain, [
    ["sallyport policy explain --as corp/alice orders 'DELETE FROM customers'", ""],
    ["sallyport policy explain --as agent/ci --group deploy orders - < migration.sql", ""],
    ["sallyport policy explain --as corp/alice --action connect orders", "may she open it at all?"],
  ]);
}

function questionOf({ as, group, onBehalfOf, database }: ExplainOptions): Question {
  return {
    ...(as !== undefined && { as }),
    ...(group.length > 0 && { groups: group }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
    ...(database !== undefined && { database }),
  };
}

function statusOf(decisions: Decision[]): number {
  return decisions.length === 0 ? VerdictStatus.allow : VerdictStatus[worst(decisions).verdict];
}

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_SQL_BYTES)
      throw usage(`The SQL is longer than the ${MAX_SQL_BYTES} bytes that are judged.`);
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
    .option("--all", "list what would be the same, too")
    .option("--json", "print one JSON object a line: each difference, and the summary")
    .addHelpText("after", `\n${REPLAY_HELP}`)
    .action(async (options: ReplayOptions, command: Command) => {
      const { since = Number.NEGATIVE_INFINITY, until = Number.POSITIVE_INFINITY } = options;
      if (since >= until) throw usage("--since must be before --until.");
      const set = PolicySet.load(nodeCedar(), policyText(options.policy));
      await loadParser();
      const sources = await sourcesOf(options, command);
      process.exitCode = await replayTo(set, sources, { ...options, since, until });
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
  const files = recording.map(fileSource);
  if (session.length > 0) {
    const api = edgeOf(command);
    return [...session.map((id) => sessionSource(api, sessionOf(id))), ...files];
  }
  if (since === undefined) return files;
  return selectSessions(edgeOf(command), {
    since,
    until: until ?? Number.POSITIVE_INFINITY,
    ...(target !== undefined && { target }),
    ...(principal !== undefined && { principal }),
  });
}

async function replayTo(
  set: PolicySet,
  sources: Source[],
  options: { since: number; until: number; all?: boolean; json?: boolean },
): Promise<number> {
  const totals = noTotals();
  totals.sessions = sources.length;
  let clear = () => {};
  await replayPolicy(set, sources, {
    since: options.since,
    until: options.until,
    reading(number, name) {
      clear();
      clear = progress(`reading recording ${number} of ${sources.length}: ${name}`);
    },
    // Of many sessions one that can't be read is told, and counts in the exit status.
    ...(sources.length > 1 && {
      unreadable(name: string, error: unknown) {
        clear();
        clear = () => {};
        totals.sessions--;
        totals.unread++;
        note(`recording ${name}:`);
        reportError(error);
      },
    }),
    async tell(judgement, session) {
      clear();
      clear = () => {};
      count(totals, judgement);
      if (!options.all && !differs(judgement)) return;
      await printLines(
        options.json
          ? [JSON.stringify(judgementJson(judgement, session))]
          : judgementLines(judgement, session),
      );
    },
  });
  clear();
  const summary = { type: "summary", policy: set.version, ...totals };
  await printLines(options.json ? [JSON.stringify(summary)] : totalLines(totals));
  if (differencesOf(totals) > 0) return ReplayStatus.differences;
  return totals.unknown > 0 || totals.unread > 0 ? ReplayStatus.incomplete : ReplayStatus.same;
}

function policyText(path: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new SallyportError(
      "invalid_config",
      `The policies can't be read from ${path}: ${(error as NodeJS.ErrnoException).code}.`,
    );
  }
  if (bytes.length > MAX_POLICIES) {
    throw new SallyportError("invalid_config", `${path} is too long to be policies: ${bytes.length} bytes.`);
  }
  return bytes.toString();
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function usage(message: string): SallyportError {
  return new SallyportError("invalid_request", message, "--help shows how.");
}
