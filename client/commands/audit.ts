import { writeFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import type { AuditRequest } from "../audit/audit-to.ts";
import { edgeAddressOf, edgeOf, identityOption, withExamples } from "../command-line.ts";
import { moment } from "../policy-replay/moment.ts";
import { note } from "../terminal.ts";

interface AuditFlags extends AuditRequest {
  output?: string;
}

export const AUDIT_HELP = `Exit status:
  0   every control was tested, without an exception
  7   no exception, but not every control could be tested whole
  10  exceptions
  Others as of every command: sallyport --help.

With --since sessions and the texts of their policies come from the edge; with --recording from files: then --keys is
needed, and --policy-history for each policy text that was in force. Masks are tested where --settings names the file in
which a connector has its labels. Sessions with SSH, HTTP and Kubernetes targets have no labelled columns: of their masks
the recording has counts (sessions show), which this does not judge.`;

/** Adds `audit`. */
export function addAuditCommand(program: Command): void {
  const when = (text: string) => moment(text, Date.now());
  const audit = program
    .command("audit")
    .description(
      "test whether all that was recorded conforms: verdicts, approvals, masks, seals; a report by control",
    )
    .option("--since <time>", "sessions that were open since: a time, or how long ago, such as 90d", when)
    .option("--until <time>", "up to this time (default: now)", when)
    .option("--target <target>", "with --since: to this target only")
    .option("--principal <principal>", "with --since: of this principal only")
    .option("--recording <file>", "an exported recording; may be given several times", collect, [])
    .option("--keys <file>", "public keys that were saved apart from the edge (default: the edge's own word)")
    .option("--policy <file>", "judge by these policies, in place of those in force then")
    .option(
      "--policy-history <file>",
      "a policy text that was in force; may be given several times",
      collect,
      [],
    )
    .option("--settings <file>", "a connector's settings, for its labels")
    .addOption(identityOption())
    .addOption(
      new Option("--format <format>", "what to write").choices(["markdown", "json"]).default("markdown"),
    )
    .option("-o, --output <file>", "write the report here, and not to standard output")
    .addHelpText("after", `\n${AUDIT_HELP}`)
    .action(async (flags: AuditFlags, command: Command) => {
      if ((flags.since === undefined) === (flags.recording.length === 0)) {
        throw usage("Say what to audit: --since, or --recording.");
      }
      if (flags.recording.length > 0 && flags.keys === undefined) {
        throw usage("--recording needs --keys: the public keys to verify by.");
      }
      // Cedar and the parser take their time to load: only who needs them waits.
      const { auditTo } = await import("../audit/audit-to.ts");
      const { text, status } = await auditTo(flags, {
        api: () => edgeOf(command),
        from: flags.recording.length > 0 ? "files" : edgeAddressOf(command).origin,
      });
      if (flags.output === undefined) process.stdout.write(text);
      else {
        await writeFile(flags.output, text, { mode: 0o600 });
        note(`The report is in ${flags.output}.`);
      }
      process.exitCode = status;
    });
  withExamples(audit, [
    ["sallyport audit --since 90d --keys keys.json --settings connector.yaml -o q3.md", "for the auditors"],
    ["sallyport audit --since 24h --format json", "for a nightly job: exit status 10 tells of exceptions"],
    [
      "sallyport audit --since 30d --policy stricter.cedar",
      "what of last month would not conform to new policies",
    ],
    [
      "sallyport audit --recording s.sallyport --keys keys.json --policy-history then.cedar",
      "without the edge",
    ],
  ]);
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function usage(message: string): SallyportError {
  return new SallyportError("invalid_request", message, "--help shows how.");
}
