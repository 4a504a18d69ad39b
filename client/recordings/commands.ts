import { type Command, InvalidArgumentError, Option } from "commander";
import type { AsciicastVersion } from "../../protocol/asciicast.ts";
import type { Session } from "../../protocol/directory.ts";
import { counted } from "../../protocol/evidence/words.ts";
import { count, identityOption, withExamples } from "../command-line.ts";
import type { EdgeApi } from "../edge-api.ts";
import { note } from "../terminal.ts";
import { exportToFile, exportToStream } from "./export.ts";
import { exportArchive } from "./export-archive.ts";
import { followed } from "./followed.ts";
import { exportHar } from "./http/export-har.ts";
import { identitiesIn } from "./identity.ts";
import { type ReplayOptions, replay } from "./replay.ts";
import { type ShowOptions, show } from "./show.ts";
import { downloaded, isSessionId, recordedEntries, recordingBytes, sessionOf } from "./source.ts";
import { exportCast } from "./terminal/export-cast.ts";

/** What the commands need of the command line: the edge that its options and environment name. */
export interface RecordingDeps {
  /** The API with the user's token. */
  api(command: Command): EdgeApi;
}

const LISTED = 1_000;
const FILE = "a recording's file ('-' is standard input)";
const REFERENCE = `a session's id, or ${FILE}`;

/** What `export` writes: null for the recording itself, HAR, else a version of asciicast. */
const FORMATS = {
  recording: null,
  asciicast: 3,
  "asciicast-v2": 2,
  "asciicast-v3": 3,
  har: "har",
} as const satisfies Record<string, AsciicastVersion | "har" | null>;

interface ExportOptions {
  output?: string;
  format: keyof typeof FORMATS;
  channel?: number;
  exchange?: number;
  encrypted?: boolean;
}

const ID = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";

/** Adds `show`, `replay` and `export` to the `sessions` command. */
export function registerRecordingCommands(sessions: Command, program: Command, deps: RecordingDeps): void {
  const bytesOf = (reference: string, command: Command) => {
    const { identity } = command.opts<{ identity?: string }>();
    return recordingBytes(reference, () => deps.api(command), identitiesIn(identity));
  };
  const entriesOf = (reference: string, command: Command) => recordedEntries(bytesOf(reference, command));

  const showCommand = sessions
    .command("show")
    .description(
      "who did what: a session's facts, how it ended, and how each of its statements, requests, commands, files and forwards did",
    )
    .argument("<session>", REFERENCE)
    .option("-n, --limit <number>", "list at most so many statements or requests, the latest", count, LISTED)
    .addOption(identityOption())
    .option("--json", "print one JSON object")
    .action(async (reference: string, options: ShowOptions, command: Command) => {
      await show(entriesOf(reference, command), options);
      if (isSessionId(reference)) await warn(deps.api(command), reference);
    });
  withExamples(showCommand, [
    [`sallyport sessions show ${ID}`, ""],
    ["sallyport sessions show session.sallyport --json", "of an exported recording"],
  ]);

  const replayCommand = sessions
    .command("replay")
    .description(
      "the whole session as the agent saw it: statements with their parameters, rows and errors, or commands with their output, or requests with their responses, what was blocked or held and why, who approved it; terminals are played in a terminal",
    )
    .argument("<session>", REFERENCE)
    .option("--follow", "go on as the session goes on, until it ends")
    .option(
      "--speed <factor>",
      "pause as the session did, divided by this (default: 1 where a terminal is played, else no pauses)",
      positive,
    )
    .option(
      "--idle-limit <seconds>",
      "keep at most so much of a pause, but in a session with a database (default: 2)",
      positive,
    )
    .option("--channel <number>", "of an SSH session's channels, show this one alone", count)
    .option("--exchange <number>", "of an HTTP or Kubernetes session's requests, show this one alone", count)
    .option("--text", "tell a terminal's output as lines rather than play it")
    .option("--rows <number>", "show at most so many rows of each result", count)
    .option(
      "--verbose",
      "tell also what the parser proved (tables, functions, …) and how statements were masked, environments, channels, fields, long bodies",
    )
    .addOption(identityOption())
    .option("--json", "print one JSON object a line for each event")
    .action(async (reference: string, options: ReplayOptions, command: Command) => {
      const entries = options.follow
        ? followed(deps.api(command), sessionOf(reference), () => entriesOf(reference, command))
        : entriesOf(reference, command);
      await replay(entries, options);
    });
  withExamples(replayCommand, [
    [`sallyport sessions replay ${ID} --follow`, "watch it live"],
    ["sallyport sessions replay session.sallyport --rows 20", ""],
    ["sallyport sessions replay session.sallyport --speed 4 --idle-limit 1", "plays terminals"],
    [`sallyport sessions replay ${ID} --exchange 3 --verbose`, "one request, with all fields"],
    ["sallyport sessions replay session.sallyport --json | jq 'select(.type == \"error\")'", ""],
    [
      `sallyport sessions replay ${ID} --json | jq 'select(.event.event? == "judged")'`,
      "what did not reach the target",
    ],
    [
      `sallyport sessions replay ${ID} --json | jq 'select(.event.event? == "approval_decided")'`,
      "what people decided",
    ],
  ]);

  const exportCommand = sessions
    .command("export")
    .description(
      "write a session's recording to a file that proves itself ('sallyport verify'), one of its terminals for asciinema, or its requests and responses as HAR",
    )
    .argument("<session>", `a session's id, or ${FILE}`)
    .option(
      "-o, --output <file>",
      "the file, '-' for standard output (default: ID.sallyport, ID.cast or ID.har)",
    )
    .addOption(
      new Option("--format <format>", "asciicast is the newest version, 3")
        .choices(Object.keys(FORMATS))
        .default("recording"),
    )
    .addOption(identityOption())
    .option(
      "--encrypted",
      "of a recording that is encrypted: as it is, in an archive (default: ID.sallyport.tar)",
    )
    .option(
      "--channel <number>",
      "for asciinema: the channel of the SSH session (default: the first with a terminal)",
      count,
    )
    .option(
      "--exchange <number>",
      "for asciinema: the request of the Kubernetes session that is an exec or attach (default: the first with a terminal)",
      count,
    )
    .action(async (reference: string, options: ExportOptions, command: Command) => {
      const version = FORMATS[options.format];
      if (version === "har") {
        const har = { ...options, version: program.version() ?? "" };
        note(await exportHar(reference, entriesOf(reference, command), har));
        return;
      }
      if (version !== null) {
        note(await exportCast(reference, entriesOf(reference, command), { ...options, version }));
        return;
      }
      const path = options.output ?? `${sessionOf(reference)}.sallyport${options.encrypted ? ".tar" : ""}`;
      const { bytes, entries, sealed } = await (options.encrypted
        ? exportArchive(
            downloaded(deps.api(command), sessionOf(reference)),
            path === "-" ? process.stdout : path,
          )
        : path === "-"
          ? exportToStream(bytesOf(reference, command), process.stdout)
          : exportToFile(bytesOf(reference, command), path));
      const seals = sealed ? "both seals" : "not both seals: the session is live, or one is missing";
      note(
        `${path === "-" ? "standard output" : path}: ${counted(entries, "entry", "entries")}, ${bytes} bytes, ${seals}`,
      );
    });
  withExamples(exportCommand, [
    [`sallyport sessions export ${ID}`, `to ${ID.slice(0, 4)}….sallyport`],
    [`sallyport sessions export ${ID} -o - | sallyport verify - --keys keys.json`, ""],
    [`sallyport sessions export ${ID} --identity auditor.key`, "decrypted here"],
    [`sallyport sessions export ${ID} --encrypted`, "as the edge has it, for who has the key"],
    [`sallyport sessions export ${ID} --format asciicast -o shell.cast`, "for 'asciinema play shell.cast'"],
    [`sallyport sessions export ${ID} --format har`, "for tools that read HAR"],
  ]);
}

function positive(text: string): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number)))
    throw new InvalidArgumentError("It must be a number above 0.");
  return number;
}

/** Says what somebody must look at before they rely on a recording. */
async function warn(api: EdgeApi, session: string): Promise<void> {
  const { agreement, sealFault } = await api.get<Session>(`/v1/sessions/${session}`);
  if (agreement === "differs")
    note(
      `Edge and connector do not say the same of this session: sallyport verify ${session} tells what differs.`,
    );
  if (sealFault !== null) note(`The recording could not be sealed: ${sealFault}.`);
}
