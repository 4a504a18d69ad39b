import { type Command, InvalidArgumentError, Option } from "commander";
import { counted } from "../../protocol/evidence/words.ts";
import { parseCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import { evidenceText } from "../../protocol/ledger/evidence.ts";
import { parseNote, verifierKey } from "../../protocol/ledger/note.ts";
import { readLedgerEntry } from "../../protocol/ledger/reading.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import type { PublicKey } from "../../protocol/signatures.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { count, edgeAddressOf, edgeOf, withExamples } from "../command-line.ts";
import { getPublic } from "../edge-api.ts";
import { ExitStatus } from "../exit-status.ts";
import { entryWords, whose } from "../ledger/entry-row.ts";
import { exportLedger } from "../ledger/export-ledger.ts";
import { EdgeLedger, type LedgerSource } from "../ledger/ledger-source.ts";
import { fetchEvidence, isFinal } from "../ledger/prove.ts";
import { rememberedLedger } from "../ledger/remembered.ts";
import { VerifiedLedger } from "../ledger/verified-ledger.ts";
import { configFolder } from "../login/credentials.ts";
import { intoFile, intoStream } from "../recordings/export.ts";
import { readKeys } from "../recordings/verify.ts";
import { note, print, printJson, printTable, timeText } from "../terminal.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
/** Rows of a table that are gathered before they are printed. */
const PAGE = 100;

/** The answer of `GET /v1/ledger/status`. */
interface LedgerStatus {
  origin: string;
  size: number;
  signed: { size: number; time: number } | null;
  isWhole: boolean;
  waiting: number;
  oldest: number | null;
  faulty: number;
  witness: WitnessStatus;
}

interface KeysOption {
  keys?: string;
}

/** `ledger` with `status`, `checkpoint`, `show`, `export`; and `sessions prove`. */
export function addLedgerCommands(program: Command, sessions: Command): void {
  const ledger = program
    .command("ledger")
    .description("the append-only log of sessions, approvals, policies and changes, and what it proves");
  addStatus(ledger);
  addCheckpoint(ledger);
  addShow(ledger);
  addExport(ledger);
  addProve(sessions);
}

function addStatus(ledger: Command): void {
  const status = ledger
    .command("status")
    .description("show how the ledger is; exit status 1 where somebody should look")
    .option("--json", "print one JSON object")
    .action(async ({ json }: { json?: boolean }, command: Command) => {
      const answer = await edgeOf(command).get<LedgerStatus>("/v1/ledger/status");
      if (json) printJson(answer);
      else for (const line of statusLines(answer)) print(line);
      if (!answer.isWhole || answer.faulty > 0) process.exitCode = ExitStatus.failed;
    });
  withExamples(status, [["sallyport ledger status || page-somebody", "from a monitor"]]);
}

function statusLines({ origin, size, signed, isWhole, waiting, oldest, faulty }: LedgerStatus): string[] {
  return [
    `ledger      ${origin}`,
    `entries     ${size}`,
    `checkpoint  ${signed === null ? "none" : `${counted(signed.size, "entry", "entries")}, signed ${timeText(signed.time)}`}`,
    `waiting     ${waiting === 0 ? "none" : `${waiting}, since ${timeText(oldest)}`}`,
    ...(faulty > 0
      ? [`REFUSED     ${counted(faulty, "row")} can't be appended: the edge's log says why`]
      : []),
    ...(isWhole ? [] : ["BROKEN      its storage contradicts what was signed; nothing is appended any more"]),
  ];
}

function addCheckpoint(ledger: Command): void {
  const checkpoint = withKeys(ledger.command("checkpoint"))
    .description(
      "print the ledger's signed checkpoint, once it was verified against the last one that you saw",
    )
    .option("--verifier-key", "print the keys that sign checkpoints instead, as other tools take them")
    .action(
      async ({ keys, verifierKey: wanted }: KeysOption & { verifierKey?: boolean }, command: Command) => {
        const known = await edgeKeys(keys, command);
        if (wanted) {
          const { origin } = parseCheckpoint(parseNote(await sourceOf(command).checkpoint()).text);
          for (const key of known) print(verifierKey({ name: origin, key }));
          return;
        }
        const verified = await openLedger(sourceOf(command), known, command);
        await verified.checkTiles();
        process.stdout.write(verified.checkpoint.note);
      },
    );
  withExamples(checkpoint, [
    ["sallyport ledger checkpoint", "needs no token"],
    ["sallyport ledger checkpoint --keys keys.json || page-somebody", "as a monitor, with keys kept apart"],
    ["sallyport ledger checkpoint --verifier-key", "for tools that read signed notes"],
  ]);
}

function addShow(ledger: Command): void {
  const show = withKeys(ledger.command("show"))
    .description("list entries of the ledger, each verified; the newest ones last")
    .addOption(
      new Option("--from <index>", "from this entry on (default: so that the newest are shown)").argParser(
        index,
      ),
    )
    .option("-n, --limit <number>", "at most so many", count, 100)
    .option("--json", "print one JSON object a line: index and entry")
    .action(
      async (options: KeysOption & { from?: number; limit: number; json?: boolean }, command: Command) => {
        const { from, limit, json, keys } = options;
        const verified = await openLedger(sourceOf(command, true), await edgeKeys(keys, command), command);
        const first = from ?? Math.max(0, verified.checkpoint.size - limit);
        let rows: string[][] = [];
        for await (const { index, text } of verified.entries(first, first + limit)) {
          const entry = readLedgerEntry(text);
          if (json) print(JSON.stringify({ index, entry }));
          else rows.push([String(index), timeText(entry.time), whose(entry), entryWords(entry)]);
          if (rows.length === PAGE) rows = printRows(rows);
        }
        if (rows.length > 0) printRows(rows);
      },
    );
  withExamples(show, [
    ["sallyport ledger show -n 20", "the newest"],
    ["sallyport ledger show --from 0 -n 1000 --json | jq 'select(.entry.type == \"policy\")'", ""],
  ]);
}

function printRows(rows: string[][]): string[][] {
  printTable(["ENTRY", "TIME", "PRINCIPAL", "WHAT"], rows);
  return [];
}

function addExport(ledger: Command): void {
  const exporting = withKeys(ledger.command("export"))
    .description("write the whole ledger to a file for 'verify' and 'audit', once it was verified")
    .requiredOption("-o, --output <file>", "the file, or - for standard output")
    .action(async ({ output, keys }: KeysOption & { output: string }, command: Command) => {
      const verified = await openLedger(sourceOf(command, true), await edgeKeys(keys, command), command);
      const size =
        output === "-"
          ? await exportLedger(verified, intoStream(process.stdout))
          : await intoFile(output, (write) => exportLedger(verified, write));
      note(`${counted(size, "entry", "entries")}${output === "-" ? "" : ` in ${output}`}.`);
    });
  withExamples(exporting, [
    ["sallyport ledger export -o ledger.jsonl", "for administrators"],
    ["sallyport ledger export -o - | grep session_sealed", ""],
  ]);
}

function addProve(sessions: Command): void {
  const prove = withKeys(sessions.command("prove <session>"))
    .description("write what the ledger says of a session, with proofs, to a file for 'verify'")
    .requiredOption("-o, --output <file>", "the file, or - for standard output")
    .action(async (session: string, { output, keys }: KeysOption & { output: string }, command: Command) => {
      const known = await edgeKeys(keys, command);
      const evidence = await fetchEvidence(edgeOf(command), session, known);
      // Its checkpoint is one like any other: it must contain what was seen before.
      const source: LedgerSource = Object.assign(sourceOf(command), {
        checkpoint: async () => evidence.checkpoint,
      });
      await openLedger(source, known, command);
      const bytes = Buffer.from(evidenceText(evidence));
      if (output === "-") await intoStream(process.stdout)(bytes);
      else await intoFile(output, (write) => write(bytes));
      const what = `${counted(evidence.entries.length, "entry", "entries")} of the ledger${output === "-" ? "" : ` in ${output}`}`;
      note(
        isFinal(evidence) ? `${what}.` : `${what}: the session is open, so they prove its beginning alone.`,
      );
    });
  withExamples(prove, [
    [`sallyport sessions prove ${SESSION} -o evidence.json`, "waits for one that has just ended"],
  ]);
}

function withKeys(command: Command): Command {
  return command.option(
    "--keys <file>",
    "the public keys, as of GET /v1/keys; without it they are fetched from the edge now",
  );
}

async function edgeKeys(file: string | undefined, command: Command): Promise<PublicKey[]> {
  const keys =
    file === undefined
      ? parseKeys(await getPublic(edgeAddressOf(command), "/v1/keys"))
      : await readKeys(file);
  return keys.edge;
}

/** `isPrivate`: entries are wanted, for which a token is needed. */
function sourceOf(command: Command, isPrivate = false): EdgeLedger {
  return new EdgeLedger(edgeAddressOf(command), isPrivate ? edgeOf(command) : null);
}

function openLedger(
  source: LedgerSource,
  keys: readonly PublicKey[],
  command: Command,
): Promise<VerifiedLedger> {
  const memory = rememberedLedger(configFolder(process.env), edgeAddressOf(command));
  return VerifiedLedger.open(source, keys, memory);
}

function index(text: string): number {
  const number = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("It must be a number from 0.");
  return number;
}
