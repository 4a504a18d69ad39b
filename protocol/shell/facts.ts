/** What was proved of one command line. */
export interface LineFacts {
  /**
   * Every simple command that it may run, in the order of the text: those in substitutions, in branches and loops, and
   * those that others run (`sudo rm x` is `sudo`, and `rm` by way of `sudo`).
   */
  commands: CommandFacts[];
  /** Why not all that it runs is known, in words; empty where all is. A line that can't be parsed says so here. */
  opaque: string[];
  /** SHA-256 over the parsed line, lower-case hex: equal for lines that differ in blanks and comments only. */
  fingerprint: string;
}

/** What was proved of one simple command (POSIX 2.9.1). Files are absolute and normalised; see `FileName`. */
export interface CommandFacts {
  /** The program's name without its folder: "rm". Empty where it isn't static. */
  program: string;
  /** The word as it would be looked up: "rm", "/bin/rm". Empty where it isn't static. */
  path: string;
  /**
   * Its words, the program first; null for one that isn't static, which may become any number of words. A "~" at the
   * front is the account's home: a word that begins with a "~" of its own is null.
   */
  argv: (string | null)[];
  /** The programs that run it, outermost first: "sudo", "xargs", "find", "sh". */
  via: string[];
  /** The account that it runs as, where another program says so: "root" by sudo. Null: the session's own. */
  runAs: string | null;
  /** Where it runs: a host that `ssh` leads on to, "container:NAME", "pod:NAME"; null: the target. */
  host: string | null;
  /** Files that it reads and writes, by its redirections and, of programs that are known, its operands. */
  reads: FileName[];
  writes: FileName[];
  /** Variables that may be set for it, by assignments before it or earlier in the line, loops, `env`, `read`, `export`. */
  assignments: string[];
  /** Where its standard input comes from. */
  stdin: "agent" | "pipe" | "file" | "text";
  /** The program is one whose options and operands are understood. */
  known: boolean;
  effects: ShellEffect[];
  /** Why not all that it does is known, in words. */
  opaque: string[];
}

/** An absolute path without ".", ".." and "//"; "~/…" where it is below the account's home, whose place isn't known; "*" where it isn't static. */
export type FileName = string;

/** What a known program does, by its options and operands. */
export const SHELL_EFFECTS = [
  /** Reads files or the state of the machine. */
  "read",
  /** Creates or changes files. */
  "write",
  "delete",
  /** Changes who may read or write a file, or its owner. */
  "change-mode",
  /** Runs code that stands in its arguments, its input or a file: "sh -c", "perl -e", "awk", "make". */
  "run-code",
  /** Runs another command, which is a command of its own in the facts. */
  "run-command",
  /** Becomes another account. */
  "change-user",
  /** Opens a connection, or listens for one. */
  "network",
  /** Starts, stops or changes services, or the machine: "systemctl restart", "reboot". */
  "control-service",
  /** Sends signals to processes. */
  "signal",
  /** Installs, removes or changes software. */
  "change-software",
  /** Changes accounts, groups or passwords. */
  "change-account",
  /** Changes disks, mounts, kernel or network settings. */
  "change-system",
  /** Leaves something that runs later: cron, at, units, start-up files. */
  "schedule",
  /** Waits for input, or takes the terminal: editors, pagers, "top". */
  "interactive",
] as const;

export type ShellEffect = (typeof SHELL_EFFECTS)[number];
