/** What `scp` is to do on the side of the target, by the arguments that clients give it. */
export interface ScpCommand {
  /** `sink`: it receives files (`-t`); `source`: it sends them (`-f`). */
  mode: "sink" | "source";
  /** `-r` */
  recursive: boolean;
  /** `-p`: times and modes are kept. */
  preserve: boolean;
  /** `-d`: what it receives must go into a folder that is there. */
  intoFolder: boolean;
  /** `-v` */
  verbose: boolean;
  /**
   * One for a sink, one or more for a source. As written, but that `~` at the beginning stands for the account's home;
   * those of a source may hold the shell's patterns.
   */
  paths: string[];
}

/** Most files that one command names. */
const MAX_PATHS = 256;
const MAX_OPERAND = 4096;

const PATTERN = /[*?[\]]/;
/** Controls; and backslashes, which shells that aren't POSIX's take for something else between quotes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f\\]/;

/**
 * Reads the words of a command line as `scp -t` or `scp -f`, which OpenSSH's client with `-O`, older ones and other
 * programs send. Null where it is not exactly that: another program's name, an option that is none of these, no mode or
 * both, a path that can't be judged. Then it is a command like any other.
 */
export function scpCommand(argv: readonly string[]): ScpCommand | null {
  if (argv[0] !== "scp") return null;
  const options = new Set<string>();
  let at = 1;
  for (; at < argv.length; at++) {
    const word = argv[at]!;
    if (word === "--" || !word.startsWith("-") || word === "-") break;
    for (const letter of word.slice(1)) {
      if (!"tfrpdv".includes(letter)) return null;
      options.add(letter);
    }
  }
  if (argv[at] === "--") at++;
  const paths = argv.slice(at);
  if (options.has("t") === options.has("f")) return null;
  const mode = options.has("t") ? "sink" : "source";
  if (paths.length === 0 || paths.length > (mode === "sink" ? 1 : MAX_PATHS)) return null;
  if (paths.some((path) => !isUsable(path) || (mode === "sink" && isPattern(path)))) return null;
  return {
    mode,
    recursive: options.has("r"),
    preserve: options.has("p"),
    intoFolder: options.has("d"),
    verbose: options.has("v"),
    paths,
  };
}

/**
 * The line that runs just that command whatever the account's shell makes of the agent's own: paths are absolute and
 * quoted but for their patterns. `home` is absolute.
 */
export function scpLine(command: ScpCommand, home: string): string {
  const { mode, recursive, preserve, intoFolder, verbose } = command;
  const letters = `${verbose ? "v" : ""}${recursive ? "r" : ""}${preserve ? "p" : ""}${intoFolder ? "d" : ""}`;
  const paths = command.paths.map((path) => quoted(absolutePath(path, home)));
  return `scp -${letters}${mode === "sink" ? "t" : "f"} -- ${paths.join(" ")}`;
}

/** The path from the root, not normalised: a slash at its end matters. */
export function absolutePath(path: string, home: string): string {
  if (path === "~") return home;
  if (path.startsWith("~/")) return `${home}/${path.slice(2)}`;
  return path.startsWith("/") ? path : `${home}/${path}`;
}

/** Whether a shell may find other names by it. */
export function isPattern(text: string): boolean {
  return PATTERN.test(text);
}

function isUsable(path: string): boolean {
  const isOthersHome = path.startsWith("~") && path !== "~" && !path.startsWith("~/");
  return path !== "" && Buffer.byteLength(path) <= MAX_OPERAND && !UNSAFE.test(path) && !isOthersHome;
}

function quoted(path: string): string {
  return path
    .split(/([*?[\]]+)/)
    .map((part, i) => (i % 2 === 1 || part === "" ? part : `'${part.replaceAll("'", "'\\''")}'`))
    .join("");
}
