import { existsSync, writeFileSync } from "node:fs";
import type { Command } from "commander";
import { SallyportError } from "../../protocol/errors.ts";
import { edgeOf, withExamples } from "../command-line.ts";
import { applyConfig, changeLines, distributionLines, summary } from "../config/apply.ts";
import { EXAMPLE } from "../config/example.ts";
import { DEFAULT_FILE, readConfigFile } from "../config/file.ts";
import { confirm, note, print, printJson } from "../terminal.ts";

export function addConfigurationCommands(program: Command): void {
  const apply = program
    .command("apply")
    .description("make the edge's targets and settings those of a file; shows the difference first")
    .option("-f, --file <file>", "the configuration file", DEFAULT_FILE)
    .option("-y, --yes", "do not ask")
    .option("--dry-run", "show the difference only")
    .option("--json", "print the changes, and how connectors took new policies, as JSON")
    .action(async (options: ApplyOptions, command: Command) => {
      const config = readConfigFile(options.file);
      const api = edgeOf(command);
      const planned = await applyConfig(api, config, true);
      const { changes } = planned;
      if (!options.json) for (const change of changes) for (const line of changeLines(change)) print(line);
      if (options.dryRun || changes.length === 0) {
        if (options.json) return printJson(planned);
        return note(
          changes.length === 0 ? "Nothing to change." : `${summary(changes)}. Nothing was changed.`,
        );
      }
      if (!options.yes) {
        const agreed = await confirm(
          `${summary(changes)}. Apply to ${api.edge.origin}?`,
          "Agree with --yes.",
        );
        if (!agreed) throw new SallyportError("conflict", "Nothing was changed.");
      }
      const applied = await applyConfig(api, config, false);
      if (options.json) printJson(applied);
      note("Applied.");
      if (applied.policies) for (const line of distributionLines(applied.policies)) note(line);
    });
  withExamples(apply, [
    ["sallyport apply -f sallyport.yaml --dry-run", "what would change"],
    ["sallyport apply -f sallyport.yaml --yes", "from CI, without a question"],
  ]);

  const init = program
    .command("init [file]")
    .description("write a commented configuration file to begin with")
    .action((file: string = DEFAULT_FILE) => {
      if (existsSync(file)) {
        throw new SallyportError(
          "conflict",
          `${file} exists already.`,
          "Choose another name, or edit that one.",
        );
      }
      writeFileSync(file, EXAMPLE, { flag: "wx" });
      note(`Wrote ${file}. Edit it, then: sallyport dev -c ${file}`);
    });
  withExamples(init, [["sallyport init", `writes ${DEFAULT_FILE}`]]);
}

interface ApplyOptions {
  file: string;
  yes?: boolean;
  dryRun?: boolean;
  json?: boolean;
}
