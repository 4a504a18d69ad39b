import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { SallyportError } from "../protocol/errors.ts";
import { edgeOf, withExamples } from "./command-line.ts";
import { addAccountCommands } from "./commands/account.ts";
import { addAdministrationCommands } from "./commands/administration.ts";
import { addApprovalCommands } from "./commands/approvals.ts";
import { addAuditCommand } from "./commands/audit.ts";
import { addConfigurationCommands } from "./commands/configuration.ts";
import { addRetentionCommands } from "./commands/holds.ts";
import { addHostCommands } from "./commands/host.ts";
import { addKubernetesCommands } from "./commands/kubernetes.ts";
import { addLabelCommands } from "./commands/labels.ts";
import { addLedgerCommands } from "./commands/ledger.ts";
import { addPolicyCommands } from "./commands/policy.ts";
import { addRecordingKeyCommands } from "./commands/recordings.ts";
import { addSearchCommand } from "./commands/search.ts";
import { addSessionCommands } from "./commands/sessions.ts";
import { addSiemCommands } from "./commands/siem.ts";
import { addSshCommands, runSsh } from "./commands/ssh.ts";
import { addTunnelCommands } from "./commands/tunnel.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { addWitnessCommands } from "./commands/witness.ts";
import { complete, completionScript } from "./completion.ts";
import { EXIT_STATUS_HELP, ExitStatus, exitStatus } from "./exit-status.ts";
import { registerRecordingCommands } from "./recordings/commands.ts";
import { sshWords } from "./ssh/arguments.ts";
import { reportError } from "./terminal.ts";

const ENVIRONMENT_HELP = `Environment:
  SALLYPORT_EDGE        the edge's URL, instead of --edge
  SALLYPORT_TOKEN       a service token or an OIDC token, instead of a login
  SALLYPORT_TOKEN_FILE  a file that holds it; read again for each use
  NO_COLOR              no colours
  TRACEPARENT           of connect, run, ssh and proxy: the trace of which they are part (W3C Trace Context)
  OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_…  where and how traces are sent; see docs/tracing.md`;

/** Runs the command line; answers the exit status. Never throws: errors are told on standard error. */
export async function main(argv: string[]): Promise<number> {
  // A reader such as `head` may close our output early: that is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(ExitStatus.ok);
  });
  try {
    const words = sshWords(argv);
    if (words && !words.help) return await runSsh(words);
    await buildProgram().parseAsync(words ? ["ssh", "--help"] : argv, { from: "user" });
    // A command that ran to its end may still have bad news, as `verify` has.
    return Number(process.exitCode ?? ExitStatus.ok);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.ok : ExitStatus.usage;
    reportError(error);
    return exitStatus(error);
  }
}

export function buildProgram(): Command {
  const program = new Command("sallyport")
    .description("The gate between AI agents and private systems: nothing passes that is not recorded.")
    .version(version())
    .option("--edge <url>", "the edge to use (default: SALLYPORT_EDGE, else the one logged in to last)")
    .exitOverride()
    .showHelpAfterError("(--help shows how)")
    .configureHelp({ showGlobalOptions: true });
  addAccountCommands(program);
  addTunnelCommands(program);
  addSshCommands(program);
  addKubernetesCommands(program);
  const sessions = addSessionCommands(program);
  registerRecordingCommands(sessions, program, { api: edgeOf });
  addVerifyCommand(program);
  addSearchCommand(program);
  addApprovalCommands(program);
  addConfigurationCommands(program);
  addPolicyCommands(program);
  addAuditCommand(program);
  addLabelCommands(program);
  addLedgerCommands(program, sessions);
  addWitnessCommands(program);
  addAdministrationCommands(program);
  addRetentionCommands(program, sessions);
  addRecordingKeyCommands(program);
  addSiemCommands(program);
  addHostCommands(program);
  program
    .command("connector")
    .description("run the connector, or enrol it: sallyport connector --help")
    .action(() => {
      // The launcher looks at the first word only.
      throw new SallyportError(
        "invalid_request",
        "`connector` takes no options before it.",
        "Write: sallyport connector --edge URL",
      );
    });
  addCompletion(program);
  withExamples(program, [
    ["sallyport init && sallyport dev", "an edge and a connector on this machine"],
    ["sallyport login --edge https://sallyport.example.com", "once"],
    ["sallyport run orders -- psql -c 'select 1'", "a command through a tunnel"],
    ["sallyport connect orders", "a local address for any client"],
    ["sallyport ssh web uptime", "a command on an SSH target"],
    ["sallyport kubeconfig prod > kc", "a Kubernetes target, for kubectl --kubeconfig kc"],
    ["sallyport sessions list --open", "who is connected now"],
    ["sallyport approvals list --watch", "what waits for your word"],
  ]);
  return program.addHelpText("after", `\n${ENVIRONMENT_HELP}\n\n${EXIT_STATUS_HELP}`);
}

function addCompletion(program: Command): void {
  const completion = program
    .command("completion <shell>")
    .description("print a script that completes commands and options in bash, zsh or fish")
    .action((shell: string) => {
      process.stdout.write(completionScript(shell));
    });
  withExamples(completion, [
    ["source <(sallyport completion bash)", "in ~/.bashrc"],
    ["sallyport completion fish > ~/.config/fish/completions/sallyport.fish", ""],
  ]);
  program
    .command("__complete [words...]", { hidden: true })
    .helpOption(false)
    .action((words: string[]) => {
      for (const candidate of complete(program, words)) process.stdout.write(`${candidate}\n`);
    });
}

function version(): string {
  const manifest = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}
