import { type Command, InvalidArgumentError } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import {
  DEFAULT_SCAN_ROWS,
  isLabelScan,
  type LabelScan,
  MAX_SCAN_ROWS,
  MAX_SCAN_SCHEMAS,
} from "../../protocol/label-scan.ts";
import { exactText } from "../approvals/words.ts";
import { edgeOf, withExamples } from "../command-line.ts";
import { placeWords, proposedLines } from "../labels/lines.ts";
import { isSaid, readSettings, settingsDiff, withoutRepeated } from "../labels/settings-file.ts";
import { note, print, printJson, progress } from "../terminal.ts";

/** How long the edge may take to answer, ms: it waits for the connector for 60 s. */
const ANSWER_MS = 75_000;
/** Lines of each list that are told beside the proposals. */
const MAX_NOTES = 20;

interface ScanOptions {
  database?: string;
  schema: string[];
  rows: number;
  config?: string;
  json?: boolean;
}

/** `labels` with `scan`. */
export function addLabelCommands(program: Command): void {
  const labels = program.command("labels").description("find the columns whose values should be masked");
  const scan = labels
    .command("scan")
    .description("propose labels for a target's columns, as lines for the settings; for administrators")
    .argument("<target>", "the target")
    .option("--database <database>", "one of the target's databases (default: its first)")
    .option("--schema <schema>", "only this schema; may be given several times", schemas, [])
    .option(
      "--rows <number>",
      `rows of each table to look at, at most ${MAX_SCAN_ROWS}`,
      rows,
      DEFAULT_SCAN_ROWS,
    )
    .option("-c, --config <file>", "print the change of this file, which stays as it is")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `
The connector looks at names, types, comments and foreign keys, and at some rows of each table, and answers which
label fits, how sure that is, and why. No value leaves it. Nothing is changed: what is printed is for you to judge.
Lines that are hardly more than a guess are comments.`,
    )
    .action(async (target: string, options: ScanOptions, command: Command) => {
      const { database, schema, config } = options;
      const settings = config === undefined ? null : readSettings(config, target);
      const api = edgeOf(command);
      const done = progress(`The connector looks at ${target}`);
      const request = { schemas: schema, rows: options.rows, ...(database !== undefined && { database }) };
      const path = `/v1/targets/${encodeURIComponent(target)}/labels/scan`;
      const answer = await api.post<{ scan?: unknown } | undefined>(path, request, ANSWER_MS).finally(done);
      const found = answer?.scan;
      if (!isLabelScan(found)) {
        throw new SallyportError(
          "edge_unreachable",
          `${api.edge.origin} answered something else than proposals.`,
          "The edge may be of another version than this command.",
        );
      }
      const proposals = found.proposals.filter((one) => settings === null || !isSaid(settings, one));
      if (options.json) return printJson({ target, ...found, proposals });
      const all = proposedLines(proposals, settings?.labels ?? new Set());
      const lines = settings === null ? all : withoutRepeated(settings, all);
      tellScan(found, target);
      if (lines.labels.length + lines.unsure.length === 0) return note("Nothing more seems to need a label.");
      const diff = settings && settingsDiff(settings, lines);
      if (settings !== null && diff === null) {
        note(`${settings.file} is written so that lines can't be put in by themselves: put these there.`);
      }
      if (diff !== null) return diff.forEach(print);
      print("    labels:");
      for (const { text } of [...lines.labels, ...lines.unsure]) print(`      ${text}`);
      if (lines.masks.length > 0) print("    masks:");
      for (const { text } of lines.masks) print(`      ${text}`);
    });
  withExamples(scan, [
    ["sallyport labels scan orders", ""],
    ["sallyport labels scan orders --config sallyport.yaml > labels.diff", "then: patch -p0 < labels.diff"],
    ["sallyport labels scan orders --database billing --schema public --schema audit", ""],
    ["sallyport labels scan orders --json | jq '.proposals[] | select(.confidence == \"high\")'", ""],
  ]);
}

/** What there is to know beside the proposals. */
function tellScan(scan: LabelScan, target: string): void {
  const { database, relations, columns, labelled, notSampled, leftOut } = scan;
  note(
    `${target}, database ${exactText(database)}: ${columns} columns of ${relations} tables were looked at.`,
  );
  tellList(labelled.map((one) => `already ${one.label}: ${placeWords(one)}`));
  tellList(
    notSampled.map(
      ({ schema, relation, why }) => `no values of ${exactText(`${schema}.${relation}`)}: ${exactText(why)}`,
    ),
  );
  if (leftOut > 0) note("There was not room for all: look at one schema at a time, with --schema.");
}

function tellList(lines: string[]): void {
  for (const line of lines.slice(0, MAX_NOTES)) note(line);
  if (lines.length > MAX_NOTES) note(`… and ${lines.length - MAX_NOTES} more; --json has all.`);
}

function schemas(name: string, others: string[]): string[] {
  if (others.length === MAX_SCAN_SCHEMAS) throw new InvalidArgumentError(`At most ${MAX_SCAN_SCHEMAS}.`);
  return [...others, name];
}

function rows(text: string): number {
  const number = Number(text);
  if (/^[0-9]{1,5}$/.test(text) && number >= 1 && number <= MAX_SCAN_ROWS) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_SCAN_ROWS}.`);
}
