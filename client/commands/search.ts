import { type Command, Option } from "commander";
import type { SearchPage } from "../../protocol/activity/search.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { count, edgeOf, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { moment } from "../policy-replay/moment.ts";
import { note, printable, printLines } from "../terminal.ts";
import { hitLines, searchedWords } from "./search-lines.ts";

const KINDS = ["statement", "command", "shell", "file", "forward", "request"];
const VERDICTS = ["allow", "approve", "block"];
/** Hits of one answer of the edge. */
const PAGE = 100;

interface SearchOptions {
  principal?: string;
  target?: string;
  verdict?: string;
  kind?: string;
  /** ms since 1970 */
  since?: number;
  until?: number;
  text?: string[];
  limit: number;
  json?: boolean;
  witness?: string;
  region?: string;
}

/** `search`: what agents asked for, over all sessions. */
export function addSearchCommand(program: Command): void {
  const when = (text: string) => moment(text, Date.now());
  const search = program
    .command("search")
    .description("find statements, commands, files and requests over all sessions, the newest first")
    .option("--text <words...>", "with these words, or phrases in quotation marks, anywhere in them")
    .option("--principal <principal>", "of this principal")
    .option("--target <target>", "on this target")
    .option("--verdict <verdict>", `${VERDICTS.join(", ")}; with --witness as \`witness search\` has it`)
    .addOption(new Option("--kind <kind>", "of this kind").choices(KINDS))
    .option("--since <time>", "from this time on: a time, or how long ago, such as 7d", when)
    .option("--until <time>", "up to this time", when)
    .option("-n, --limit <number>", "at most so many", count, 50)
    .option("--json", "print one JSON object a line")
    .option(
      "--witness <table>",
      "ask the witness's table in DynamoDB instead, which has sessions and no texts",
    )
    .option("--region <region>", "the table's region (default: AWS_REGION, or the profile's)")
    .action(async (options: SearchOptions, command: Command) => {
      if (options.witness !== undefined) await askWitness(program, options);
      else await askEdge(edgeOf(command), options);
    });
  withExamples(search, [
    ["sallyport search --text customers --since 7d", "who touched what is called so"],
    ["sallyport search --verdict block --principal service/nightly", "what was refused to it"],
    [`sallyport search --text '"DROP TABLE"' --json | jq .session`, "a phrase; for programs"],
    ["sallyport search --kind file --target web --text /etc/passwd", ""],
    ["sallyport sessions replay SESSION", "all of a session that was found"],
    ["sallyport search --witness sallyport-witness --principal corp/alice", "what the witness has"],
  ]);
}

async function askEdge(api: EdgeApi, options: SearchOptions): Promise<void> {
  const { limit, json, text } = options;
  checked("verdict", options.verdict, VERDICTS);
  const words = text === undefined ? [] : searchedWords(text.join(" "));
  const partial = new Set<string>();
  let printed = 0;
  for await (const { items, partial: sessions } of pages(api, options)) {
    for (const session of sessions) partial.add(session);
    await printLines(items.flatMap((hit) => (json ? [JSON.stringify(hit)] : hitLines(hit, words))));
    printed += items.length;
  }
  if (printed === 0 && !json) note("There are none.");
  if (printed === limit) note(`These are the newest ${limit}: there may be more (-n).`);
  if (partial.size > 0) note(partialWords([...partial]));
}

async function* pages(api: EdgeApi, options: SearchOptions): AsyncGenerator<SearchPage> {
  const { principal, target, verdict, kind, since, until, text, limit } = options;
  const query = {
    principal,
    target,
    verdict,
    kind,
    since: since === undefined ? undefined : String(Math.max(0, Math.floor(since))),
    until: until === undefined ? undefined : String(Math.max(0, Math.floor(until))),
    text: text?.join(" "),
  };
  let cursor: string | undefined;
  for (let left = limit; left > 0; ) {
    const size = String(Math.min(left, PAGE));
    const page: SearchPage = await api.get("/v1/search", { ...query, limit: size, cursor });
    yield page;
    left -= page.items.length;
    if (page.next === null) return;
    cursor = page.next;
  }
}

function partialWords(sessions: string[]): string {
  const named = sessions.slice(0, 3).map(printable).join(", ");
  const rest = sessions.length > 3 ? ` and ${sessions.length - 3} more` : "";
  const which = sessions.length === 1 ? "A session is" : `${sessions.length} sessions are`;
  return `${which} not sealed, and not all of it was looked at: ${named}${rest}. Narrow the search, or try again.`;
}

/** The same as `witness search`, which needs no edge. */
async function askWitness(program: Command, options: SearchOptions): Promise<void> {
  const { witness, region, principal, target, verdict, since, until, text, kind, limit, json } = options;
  if (text !== undefined || kind !== undefined) {
    throw new SallyportError(
      "invalid_request",
      "The witness has sessions, approvals and changes, and no texts: --text and --kind are for the edge.",
      "Search by --principal, --target, --verdict, --since and --until.",
    );
  }
  const given = {
    table: witness,
    region,
    principal,
    target,
    verdict,
    since: since === undefined ? undefined : new Date(since).toISOString(),
    until: until === undefined ? undefined : new Date(until).toISOString(),
    limit: String(limit),
  };
  const words = Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}`],
  );
  await program.parseAsync(["witness", "search", ...words, ...(json ? ["--json"] : [])], { from: "user" });
}

function checked(option: string, value: string | undefined, allowed: readonly string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  throw new SallyportError("invalid_request", `--${option} must be one of ${allowed.join(", ")}.`);
}
