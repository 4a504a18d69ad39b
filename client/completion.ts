import type { Command } from "commander";
import { SallyportError } from "../protocol/errors.ts";

/** The candidates for the last of the words that follow `sallyport` on a command line. */
export function complete(program: Command, words: string[]): string[] {
  const last = words.at(-1) ?? "";
  let command = program;
  for (const word of words.slice(0, -1)) {
    if (word === "--") return [];
    command = find(command, word) ?? command;
  }
  const names = command.commands.map((one) => one.name()).filter((name) => !name.startsWith("_"));
  const options = chain(command).flatMap((one) => one.options.flatMap((option) => option.long ?? []));
  const candidates = last.startsWith("-") ? [...options, "--help"] : names;
  return [...new Set(candidates)].filter((candidate) => candidate.startsWith(last)).sort();
}

function find(command: Command, word: string): Command | undefined {
  return command.commands.find((one) => one.name() === word || one.aliases().includes(word));
}

/** The command and those above it, whose options it takes too. */
function chain(command: Command): Command[] {
  return command.parent ? [command, ...chain(command.parent)] : [command];
}

const SCRIPTS: Record<string, string> = {
  bash: `_sallyport() {
  local IFS=$'\\n'
  COMPREPLY=($(sallyport __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _sallyport sallyport
`,
  zsh: `#compdef sallyport
_sallyport() {
  local -a candidates
  candidates=("\${(@f)$(sallyport __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  candidates=(\${candidates:#})
  if (( \${#candidates} )); then compadd -a candidates; else _files; fi
}
compdef _sallyport sallyport
`,
  fish: `function __sallyport_complete
  set -l words (commandline -opc) (commandline -ct)
  sallyport __complete -- $words[2..-1] 2>/dev/null
end
complete -c sallyport -a '(__sallyport_complete)'
`,
};

/** The script that makes a shell ask `sallyport __complete`. Throws `invalid_request` for another shell. */
export function completionScript(shell: string): string {
  const script = SCRIPTS[shell];
  if (script !== undefined) return script;
  throw new SallyportError(
    "invalid_request",
    `There is no completion for ${shell}.`,
    `There is for ${Object.keys(SCRIPTS).join(", ")}.`,
  );
}
