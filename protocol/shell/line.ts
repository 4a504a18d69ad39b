import { CommandReader } from "./command-reader.ts";
import type { CommandFacts, LineFacts } from "./facts.ts";
import { fingerprintOfScript, fingerprintOfText } from "./fingerprint.ts";
import { parseScript } from "./parse.ts";
import { firstPlace } from "./place.ts";
import type { Describe } from "./program-reader.ts";
import { describeProgram } from "./programs/describe.ts";

/**
 * What is proved of `command`, a line for the account's login shell (RFC 4254 6.5 "exec"; POSIX 2), whether that is
 * bash, dash, busybox, ksh or zsh: every command that one of them could run by it is in `commands`, or `opaque`, of the
 * line or of a command, says why not. Never throws. Lines over 64 KiB, and those of more than 1,000 commands, are
 * opaque. A line of nothing but blanks, comments and plain assignments has neither commands nor notes.
 *
 * Two things stay outside: what the target's own start-up files define (functions, aliases and options of the shell by
 * ~/.bashrc or ~/.zshenv), and what its programs are.
 */
export function lineFacts(command: string): LineFacts {
  return readLine(command, describeProgram);
}

/** The same, with another knowledge of programs. */
export function readLine(command: string, describe: Describe): LineFacts {
  const reader = new CommandReader(describe);
  try {
    const parsed = parseScript(command);
    reader.read(parsed, firstPlace());
    const opaque = [...new Set([...parsed.opaque, ...reader.opaque])];
    const certain = parsed.script !== null && parsed.opaque.length === 0;
    const fingerprint = certain ? fingerprintOfScript(parsed.script!) : fingerprintOfText(command);
    return { commands: reader.commands, opaque, fingerprint };
  } catch (error) {
    const commands: CommandFacts[] = [...reader.commands];
    return {
      commands,
      opaque: [`The line couldn't be read (${(error as Error).name}).`],
      fingerprint: fingerprintOfText(command),
    };
  }
}
