import { parseArgs } from "node:util";
import { SallyportError } from "../../protocol/errors.ts";
import { ExitStatus, exitStatus } from "../exit-status.ts";
import { IDENTITY_ENV } from "../recordings/identity.ts";
import { VERIFY_HELP } from "../recordings/verify.ts";
import { print, reportError } from "../terminal.ts";
import { isoTime, runVerify } from "./run.ts";

/**
 * `verify` as a program of its own, for auditors: `npm run build:verify` makes one file of it (bundle.ts), which needs
 * Node and nothing else. It knows no edge and opens no connection.
 */
const HELP = `Usage: node sallyport-verify.mjs [RECORDING…] --keys FILE [options]

Proves with public keys alone, and without a network, that recordings of Sallyport are whole and unchanged, entered in
the ledger and witnessed. RECORDING is a file, packed with gzip or not, a folder, or '-' for standard input.

Options:
  --keys FILE      the public keys, as of GET /v1/keys, saved apart from the edge
  --evidence FILE  what 'sallyport sessions prove' wrote; may be given several times
  --ledger FILE    what 'sallyport ledger export' wrote
  --witness FILE   what 'sallyport witness export' wrote
  --all            the recordings are all that there are
  --identity FILE  for recordings that are encrypted: your secret key of age (or SALLYPORT_IDENTITY names the file)
  --at TIME        the moment as of which a session is open or overdue, such as 2026-11-22T08:00Z
  --json           print one JSON object
  --help           this

${VERIFY_HELP}
  2  wrong usage, or a file that can't be read; 5  no such file`;

const OPTIONS = {
  keys: { type: "string" },
  evidence: { type: "string", multiple: true, default: [] as string[] },
  ledger: { type: "string" },
  witness: { type: "string" },
  all: { type: "boolean" },
  identity: { type: "string" },
  at: { type: "string" },
  json: { type: "boolean" },
  help: { type: "boolean" },
} as const;

// A reader such as `head` may close our output early: that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(ExitStatus.ok);
});
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  reportError(error);
  process.exitCode = exitStatus(error);
}

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parsed(args);
  if (values.help) {
    print(HELP);
    return ExitStatus.ok;
  }
  const { at: time, evidence = [], ...rest } = values;
  const at = time === undefined ? undefined : isoTime(time);
  if (at === null)
    throw new SallyportError("invalid_request", "--at must be a time such as 2026-11-22T08:00Z.");
  const identity = rest.identity ?? process.env[IDENTITY_ENV];
  return runVerify(positionals, { ...rest, identity, evidence, at }, null);
}

function parsed(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new SallyportError("invalid_request", (error as Error).message, "--help shows how.");
  }
}
