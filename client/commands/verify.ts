import { type Command, InvalidArgumentError } from "commander";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { edgeAddressOf, edgeOf, identityOption, withExamples } from "../command-line.ts";
import { getPublic } from "../edge-api.ts";
import { recordingSource } from "../evidence/files.ts";
import { type Edge, isoTime, runVerify, type VerifyOptions } from "../evidence/run.ts";
import { downloaded, isSessionId } from "../recordings/source.ts";
import { VERIFY_HELP } from "../recordings/verify.ts";

/** Adds `verify`. */
export function addVerifyCommand(program: Command): void {
  const verify = program
    .command("verify")
    .description(
      "prove with public keys alone that recordings are whole and unchanged, entered in the ledger and witnessed",
    )
    .argument(
      "[recordings...]",
      "recordings' files, packed with gzip or not, archives of encrypted ones, folders of them or of sealed objects ('-' is standard input), or a session's id",
    )
    .option(
      "--keys <file>",
      "the public keys, as of GET /v1/keys; without it they are fetched from the edge now",
    )
    .option("--evidence <file>", "what 'sessions prove' wrote; may be given several times", collect, [])
    .option("--ledger <file>", "what 'ledger export' wrote")
    .option("--witness <file>", "what 'witness export' wrote")
    .option(
      "--all",
      "the recordings are all that there are: one that is sealed and not given has been removed",
    )
    .option(
      "--at <time>",
      "the moment as of which a session is open or overdue (default: the latest that the files tell)",
      moment,
    )
    .addOption(identityOption())
    .option("--json", "print one JSON object")
    .addHelpText("after", `\n${VERIFY_HELP}`)
    .action(async (references: string[], options: VerifyOptions, command: Command) => {
      process.exitCode = await runVerify(references, options, edgeOfCommand(command));
    });
  withExamples(verify, [
    ["sallyport verify session.sallyport --keys keys.json", "proves it against the edge, too"],
    ["sallyport verify session.sallyport --keys keys.json --evidence session.json", "and that it is entered"],
    ["sallyport verify recordings/ --keys keys.json --ledger ledger.jsonl --all", "and that none is missing"],
    ["sallyport verify --keys keys.json --ledger ledger.jsonl --witness witness.jsonl", "the ledger alone"],
  ]);
}

function edgeOfCommand(command: Command): Edge {
  return {
    recording: (reference, identities) =>
      isSessionId(reference)
        ? recordingSource(reference, () => downloaded(edgeOf(command), reference), identities)
        : null,
    async keys() {
      const edge = edgeAddressOf(command);
      return {
        keys: parseKeys(await getPublic(edge, "/v1/keys")),
        from: `fetched from ${edge.origin} now; keys kept apart (--keys) prove it against the edge, too`,
      };
    },
  };
}

function collect(path: string, paths: string[]): string[] {
  return [...paths, path];
}

function moment(text: string): number {
  const time = isoTime(text);
  if (time === null) throw new InvalidArgumentError("It must be a time such as 2026-11-22T08:00Z.");
  return time;
}
