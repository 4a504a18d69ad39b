import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { type Command, InvalidArgumentError } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { Transcript, type TranscriptEvent } from "../../protocol/postgres/transcript.ts";
import { type Keys, parseKeys } from "../../protocol/recording/keys.ts";
import { verifyRecording } from "../../protocol/recording/verify.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { type EdgeApi, getPublic } from "../edge-api.ts";
import { note, print, printable, printJson, printTable, styled, timeText } from "../terminal.ts";
import { exportToFile, exportToStream } from "./export.ts";
import { followSession } from "./follow.ts";
import { Narrator } from "./narrate.ts";
import { downloaded, isSessionId, recordedEntries, recordingBytes } from "./source.ts";
import { type SessionSummary, Summarizer } from "./summary.ts";
import { readKeys, VERIFY_HELP, VerifyStatus, verificationLines } from "./verify.ts";

/** What the commands need of the command line: the edge that its options and environment name. */
export interface RecordingDeps {
  /** The API with the user's token. */
  api(command: Command): EdgeApi;
  /** The edge alone, for what it tells anybody. */
  edge(command: Command): URL;
}

const LISTED = 1_000;
/** Longest pause of `replay --speed`, ms. */
const LONGEST_PAUSE = 3_000;

/** Adds `show`, `replay` and `export` to the `sessions` command, and `verify` to the program. */
export function registerRecordingCommands(sessions: Command, program: Command, deps: RecordingDeps): void {
  registerShow(sessions, deps);
  registerReplay(sessions, deps);
  registerExport(sessions, deps);
  registerVerify(program, deps);
}

function registerShow(sessions: Command, deps: RecordingDeps): void {
  sessions
    .command("show")
    .summary("who did what, and how each statement ended")
    .description(
      "Shows a session's facts, how it ended, and its statements with time, duration, rows and outcome.",
    )
    .argument("<session>", "a session's id, or a recording's file ('-' is standard input)")
    .option("--limit <count>", "list the latest of its statements only", count, LISTED)
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
Examples:
  sallyport sessions show 5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3
  sallyport sessions show session.sallyport --json`,
    )
    .action(async (reference: string, options: { limit: number; json?: boolean }, command: Command) => {
      const summarizer = new Summarizer(options.limit);
      const transcript = new Transcript();
      for await (const entry of recordedEntries(recordingBytes(reference, () => deps.api(command)))) {
        summarizer.entry();
        for (const event of transcript.push(entry)) summarizer.take(event);
      }
      if (options.json) printJson(summarizer.summary);
      else printSummary(summarizer.summary);
    });
}

function printSummary({ facts, end, entries, statements, listed }: SessionSummary): void {
  if (facts) {
    const principal = facts.onBehalfOf ? `${facts.principal} for ${facts.onBehalfOf}` : facts.principal;
    const fields: [string, string][] = [
      ["session", facts.session],
      ["principal", principal],
      ["groups", facts.groups.join(", ") || "-"],
      ["target", `${facts.target} (${facts.kind})`],
      ["connector", facts.connector],
      ["address", facts.address],
      ["opened", timeText(facts.opened)],
      [
        "ended",
        end ? `${timeText(end.time)}, ${end.code}: ${end.reason}` : "not yet, as far as this recording goes",
      ],
      ...(end?.by ? [["ended by", end.by] as [string, string]] : []),
      ["entries", String(entries)],
    ];
    for (const [name, value] of fields) print(`${styled("bold", name.padEnd(10))} ${printable(value)}`);
    print("");
  }
  if (statements > listed.length) print(`the latest ${listed.length} of ${statements} statements:`);
  printTable(
    ["#", "TIME", "MS", "ROWS", "OUTCOME", "STATEMENT"],
    listed.map(({ number, time, duration, rows, outcome, text }) => [
      String(number),
      new Date(time).toISOString().slice(11, 23),
      String(duration),
      String(rows),
      shortened(outcome, 60),
      shortened(text ?? "(its text is not in this recording)", 100),
    ]),
  );
}

function registerReplay(sessions: Command, deps: RecordingDeps): void {
  sessions
    .command("replay")
    .summary("the whole session as the agent saw it")
    .description(
      "Tells a session from its first entry to its last: statements with their parameters, the rows that the agent saw, errors, durations, transactions.",
    )
    .argument("<session>", "a session's id, or a recording's file ('-' is standard input)")
    .option("--follow", "go on as the session goes on, until it ends")
    .option("--speed <factor>", "pause as the session did, divided by this", positive)
    .option("--rows <count>", "show at most so many rows of each result", count, Number.POSITIVE_INFINITY)
    .option("--json", "print one JSON object a line for each event")
    .addHelpText(
      "after",
      `
Examples:
  sallyport sessions replay 5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3 --follow
  sallyport sessions replay session.sallyport --rows 20
  sallyport sessions replay session.sallyport --json | jq 'select(.type == "error")'`,
    )
    .action(async (reference: string, options: ReplayOptions, command: Command) => {
      const entries = options.follow
        ? followSession(deps.api(command), sessionOf(reference))
        : recordedEntries(recordingBytes(reference, () => deps.api(command)));
      await replay(entries, options);
    });
}

interface ReplayOptions {
  follow?: boolean;
  speed?: number;
  rows: number;
  json?: boolean;
}

async function replay(entries: AsyncIterable<RecordedEntry>, options: ReplayOptions): Promise<void> {
  const transcript = new Transcript();
  const narrator = new Narrator(styled, options.rows);
  const tell = options.json
    ? (event: TranscriptEvent) => [JSON.stringify(event)]
    : (event: TranscriptEvent) => narrator.tell(event);
  let time: number | null = null;
  for await (const entry of entries) {
    if (options.speed && time !== null) {
      await delay(Math.min(Math.max(0, entry.time - time) / options.speed, LONGEST_PAUSE));
    }
    time = entry.time;
    await printLines(transcript.push(entry).flatMap(tell));
  }
  if (!options.json) await printLines(narrator.end());
}

/** Waits while whoever reads is slower: a session may be longer than memory. */
async function printLines(lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  if (!process.stdout.write(`${lines.join("\n")}\n`)) await once(process.stdout, "drain");
}

function registerExport(sessions: Command, deps: RecordingDeps): void {
  sessions
    .command("export")
    .summary("a session's recording as a file")
    .description(
      "Writes the recording to a file that proves itself: see docs/recording.md and 'sallyport verify'.",
    )
    .argument("<session>", "a session's id")
    .option("-o, --output <file>", "the file, '-' for standard output (default: ID.sallyport)")
    .addHelpText(
      "after",
      `
Examples:
  sallyport sessions export 5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3
  sallyport sessions export 5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3 -o - | sallyport verify - --keys keys.json`,
    )
    .action(async (reference: string, options: { output?: string }, command: Command) => {
      const session = sessionOf(reference);
      const path = options.output ?? `${session}.sallyport`;
      const chunks = downloaded(deps.api(command), session);
      const { bytes, entries, sealed } = await (path === "-"
        ? exportToStream(chunks, process.stdout)
        : exportToFile(chunks, path));
      const seals = sealed ? "with both seals" : "without both seals: the session is live, or one is missing";
      note(`${path === "-" ? "standard output" : path}: ${bytes} bytes, ${entries} entries, ${seals}`);
    });
}

function registerVerify(program: Command, deps: RecordingDeps): void {
  program
    .command("verify")
    .summary("prove that a recording is whole and unchanged")
    .description(
      "Verifies a recording's file from nothing but public keys. Keep the keys apart from the edge: without --keys they are fetched from it now, which proves nothing against the edge itself.",
    )
    .argument("<file>", "a recording's file ('-' is standard input), or a session's id")
    .option("--keys <file>", "the public keys: the answer of GET /v1/keys")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
${VERIFY_HELP}

Examples:
  sallyport verify session.sallyport --keys keys.json
  sallyport verify session.sallyport --json`,
    )
    .action(async (reference: string, options: { keys?: string; json?: boolean }, command: Command) => {
      const { keys, from } = await keysFor(options.keys, command, deps);
      const result = await verifyRecording(
        recordingBytes(reference, () => deps.api(command)),
        keys,
      );
      if (options.json) printJson(result);
      else verificationLines(result, from).forEach(print);
      process.exitCode = VerifyStatus[result.verdict];
    });
}

async function keysFor(
  file: string | undefined,
  command: Command,
  deps: RecordingDeps,
): Promise<{ keys: Keys; from: string }> {
  if (file !== undefined) return { keys: await readKeys(file), from: file };
  const edge = deps.edge(command);
  return {
    keys: parseKeys(await getPublic(edge, "/v1/keys")),
    from: `fetched from ${edge.origin} now; a file kept apart (--keys) proves more`,
  };
}

function sessionOf(reference: string): string {
  if (isSessionId(reference)) return reference;
  throw new SallyportError(
    "invalid_request",
    `${printable(reference)} is no session's id.`,
    "It has 32 characters of 0-9 and a-f: sallyport sessions list",
  );
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number))) throw new InvalidArgumentError("It is a number above 0.");
  return number;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("It is a whole number above 0.");
  return Number(text);
}

function shortened(text: string, limit: number): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return flat.length > limit ? `${flat.slice(0, limit - 1)}…` : flat;
}
