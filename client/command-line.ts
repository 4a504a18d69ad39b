import { type Command, InvalidArgumentError, Option } from "commander";
import { chooseEdge, openEdge } from "./access.ts";
import { parseListen } from "./config/file.ts";
import type { EdgeApi } from "./edge-api.ts";
import { IDENTITY_ENV } from "./recordings/identity.ts";
import { note, printJson, printTable } from "./terminal.ts";
import { DURATION_FORM, parseDuration } from "./units.ts";

/** The edge that a command's options and the environment name, for what it tells anybody. */
export function edgeAddressOf(command: Command): URL {
  return chooseEdge(command.optsWithGlobals<{ edge?: string }>().edge, process.env);
}

/** The API of the edge that a command's options and the environment name. */
export function edgeOf(command: Command): EdgeApi {
  return openEdge(command.optsWithGlobals<{ edge?: string }>().edge, process.env);
}

/** Puts examples under a command's help: the command line, and what it does. */
export function withExamples(command: Command, examples: [line: string, meaning: string][]): Command {
  const width = Math.max(...examples.map(([line]) => line.length));
  const lines = examples.map(([line, meaning]) => `  $ ${line.padEnd(width)}  ${meaning}`.trimEnd());
  return command.addHelpText("after", `\nExamples:\n${lines.join("\n")}`);
}

/** Prints a listing: one JSON array, or a table, or that there is nothing. */
export function printListing<T>(
  items: T[],
  json: boolean | undefined,
  columns: Record<string, (item: T) => string>,
): void {
  if (json) {
    printJson(items);
  } else if (items.length === 0) {
    note("There are none.");
  } else {
    const rows = items.map((item) => Object.values(columns).map((cell) => cell(item)));
    printTable(Object.keys(columns), rows);
  }
}

/** The option of every command that reads recordings. */
export function identityOption(): Option {
  return new Option(
    "--identity <file>",
    "for recordings that are encrypted: the file with your secret key of age",
  ).env(IDENTITY_ENV);
}

/** Parsers of options; commander tells their message beside the option's name. */
export function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new InvalidArgumentError(`It must be ${DURATION_FORM}.`);
  return milliseconds;
}

export function listenAddress(text: string): { host: string; port: number } {
  const address = parseListen(text);
  if (address === undefined) {
    throw new InvalidArgumentError("It must be HOST:PORT, such as 127.0.0.1:5432 or [::1]:0.");
  }
  return address;
}

export function count(text: string): number {
  const number = Number(text);
  if (!/^\d{1,7}$/.test(text) || number < 1) throw new InvalidArgumentError("It must be a number from 1.");
  return number;
}

/** The options of every listing. */
export function asListing(command: Command): Command {
  return command
    .option("--json", "print one JSON array")
    .option("-n, --limit <number>", "at most so many", count, 100);
}

export interface ListingOptions {
  json?: boolean;
  limit: number;
}
