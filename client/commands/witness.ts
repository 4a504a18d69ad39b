import { type Command, Option } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { factsOf } from "../../protocol/witness/facts.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { count, duration, edgeOf, withExamples } from "../command-line.ts";
import { ExitStatus } from "../exit-status.ts";
import { moment } from "../policy-replay/moment.ts";
import { intoFile, intoStream } from "../recordings/export.ts";
import { note, print, printJson, printTable, timeText } from "../terminal.ts";
import type { FoundLeaf, WitnessQuestion } from "../witness/search.ts";
import type { TablePlace, WitnessTable } from "../witness/table.ts";
import { isBad, statusLines } from "../witness/words.ts";

const SESSION = "9c1f0e7ab2d34c5f8e6a7b9d0c1e2f3a";
/** Rows of a table that are gathered before they are printed. */
const PAGE = 100;

interface PlaceOptions extends TablePlace {
  origin?: string;
}

/** `witness` with `status`, `export`, `search`. */
export function addWitnessCommands(program: Command): void {
  const witness = program
    .command("witness")
    .description("the copy of the ledger outside the edge's cloud: how far it is, and what it says");
  addStatus(witness);
  addExport(witness);
  addSearch(witness);
}

function addStatus(witness: Command): void {
  const status = witness
    .command("status")
    .description("show how far the witness is; exit status 1 where somebody should look")
    .addOption(
      new Option("--max-lag <duration>", "a lag over this is bad (default: the edge's, 5m)").argParser(
        duration,
      ),
    )
    .option("--json", "print one JSON object")
    .action(async ({ maxLag, json }: { maxLag?: number; json?: boolean }, command: Command) => {
      const answer = await edgeOf(command).get<WitnessStatus>("/v1/witness");
      if (json) printJson(answer);
      else for (const line of statusLines(answer)) print(line);
      if (isBad(answer, maxLag)) process.exitCode = ExitStatus.failed;
    });
  withExamples(status, [["sallyport witness status --max-lag 1m || page-somebody", "from a monitor"]]);
}

function addExport(witness: Command): void {
  const exporting = ofTable(witness.command("export"))
    .description("write all that the witness has to a file for 'verify'; needs no edge")
    .requiredOption("-o, --output <file>", "the file, or - for standard output")
    .action(async ({ output, ...place }: PlaceOptions & { output: string }) => {
      const { exportWitness } = await import("../witness/export.ts");
      const found = await withTable(place, (table, origin) =>
        output === "-"
          ? exportWitness(table, origin, intoStream(process.stdout))
          : intoFile(output, (write) => exportWitness(table, origin, write)),
      );
      const { leaves, checkpoints, odd } = found;
      note(`${leaves} leaves and ${checkpoints} checkpoints${output === "-" ? "" : ` in ${output}`}.`);
      for (const words of odd) note(words);
      if (odd.length > 0) process.exitCode = ExitStatus.failed;
    });
  withExamples(exporting, [
    ["sallyport witness export --table sallyport-witness --region eu-central-1 -o witness.jsonl", ""],
    ["AWS_PROFILE=audit sallyport witness export --table sallyport-witness -o witness.jsonl", ""],
  ]);
}

interface SearchOptions extends PlaceOptions, Partial<WitnessQuestion> {
  limit: number;
  json?: boolean;
}

function addSearch(witness: Command): void {
  const when = (text: string) => moment(text, Date.now());
  const search = ofTable(witness.command("search"))
    .description("find entries of the ledger at the witness, the newest first; needs no edge")
    .option("--principal <principal>", "of this principal")
    .option("--target <target>", "on this target")
    .option("--session <id>", "of this session")
    .option(
      "--verdict <verdict>",
      "approved, denied, expired, …; how a session ended (session_killed, …); deleted; differs, absent",
    )
    .option("--since <time>", "from this time on: a time, or how long ago, such as 1h", when)
    .option("--until <time>", "up to this time (default: now)", when)
    .option("-n, --limit <number>", "at most so many", count, 100)
    .option("--json", "print one JSON object a line")
    .action(async ({ limit, json, ...options }: SearchOptions) => {
      const { searchWitness } = await import("../witness/search.ts");
      const question = questionOf(options);
      const found = await withTable(options, async (table, origin) => {
        const rows: FoundLeaf[] = [];
        let printed = 0;
        for await (const leaf of searchWitness(table, origin, question)) {
          if (leaf.odd !== null) note(`Leaf ${leaf.index} is not as the edge writes it: its ${leaf.odd}.`);
          if (json) print(JSON.stringify(leaf));
          else rows.push(leaf);
          if (rows.length === PAGE) printRows(rows.splice(0));
          if (++printed === limit) break;
        }
        if (rows.length > 0) printRows(rows);
        return printed;
      });
      if (found === 0 && !json) note("There are none.");
      if (found === limit) note(`These are the newest ${limit}: there may be more (-n).`);
    });
  withExamples(search, [
    ["sallyport witness search --table sallyport-witness --verdict denied --since 7d", ""],
    [`sallyport witness search --table sallyport-witness --session ${SESSION} --json`, ""],
  ]);
}

function ofTable(command: Command): Command {
  return command
    .requiredOption("--table <table>", "the witness's table in DynamoDB")
    .option("--region <region>", "its region (default: AWS_REGION, or the profile's)")
    .option("--endpoint <url>", "another endpoint than the region's")
    .option("--origin <origin>", "which ledger, where the table has several");
}

/** Opens the table and finds which ledger is meant. The SDK takes its time to load: only who needs it waits. */
async function withTable<Result>(
  { origin, ...place }: PlaceOptions,
  use: (table: WitnessTable, origin: string) => Promise<Result>,
): Promise<Result> {
  const { WitnessTable: Table } = await import("../witness/table.ts");
  const table = new Table(place);
  try {
    return await use(table, origin ?? (await onlyOrigin(table)));
  } finally {
    table.close();
  }
}

async function onlyOrigin(table: WitnessTable): Promise<string> {
  const origins = await table.origins();
  const [first] = origins;
  if (first !== undefined && origins.length === 1) return first;
  throw new SallyportError(
    first === undefined ? "not_found" : "invalid_request",
    first === undefined
      ? "The table witnesses no ledger."
      : `The table witnesses several ledgers: ${origins.join(", ")}.`,
    first === undefined ? "Has the edge written there? sallyport witness status" : "Give --origin.",
  );
}

function questionOf({
  session,
  principal,
  target,
  verdict,
  since,
  until = Date.now(),
}: Partial<WitnessQuestion>): WitnessQuestion {
  if ((session ?? principal ?? target ?? verdict ?? since) === undefined) {
    throw usage("Say what to find: --principal, --target, --session, --verdict, or --since.");
  }
  if (verdict === "closed") throw usage("Sessions that closed as usual have no verdict. Search by --since.");
  if ((since ?? 0) > until) throw usage("--since must be before --until.");
  return {
    ...(session !== undefined && { session }),
    ...(principal !== undefined && { principal }),
    ...(target !== undefined && { target }),
    ...(verdict !== undefined && { verdict }),
    since: since ?? 0,
    until,
  };
}

function printRows(leaves: FoundLeaf[]): void {
  printTable(
    ["TIME", "TYPE", "PRINCIPAL", "TARGET", "VERDICT", "SESSION", "LEAF"],
    leaves.map(({ index, entry }) => {
      const { principal, target, session, verdict } = factsOf(JSON.stringify(entry));
      return [
        timeText(entry.time),
        entry.type,
        principal ?? "-",
        target ?? "-",
        verdict ?? "-",
        session ?? "-",
        String(index),
      ];
    }),
  );
}

function usage(message: string): SallyportError {
  return new SallyportError("invalid_request", message, "--help shows how.");
}
