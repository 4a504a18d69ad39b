import { SallyportError } from "../../protocol/errors.ts";

/** What follows `sallyport ssh`, taken apart. */
export interface SshWords {
  /** Options of our own. */
  edge?: string;
  reason?: string;
  for?: string;
  /** Whether help was asked for. */
  help: boolean;
  /** Options for ssh, as they were given. */
  options: string[];
  /** The login name that was asked for, `NAME@TARGET`. */
  account?: string;
  target?: string;
  /** The command and its arguments, as they were given; ssh joins them by spaces. */
  command: string[];
}

/** ssh's options that take an argument; see ssh(1). */
const WITH_ARGUMENT = "BbcDEeFIiJLlmOoPpQRSWw";
const OWN = ["--edge", "--reason", "--for"] as const;

/**
 * Finds `ssh` as the first word that is no option of the whole program, and takes apart what follows it. Undefined for
 * other commands. Apart from the other commands' parser: ssh's options stand before and after the target, and whatever
 * follows the command's first word is the command's. Throws `invalid_request`.
 */
export function sshWords(argv: readonly string[]): SshWords | undefined {
  let edge: string | undefined;
  let at = 0;
  for (; at < argv.length && argv[at] !== "ssh"; at++) {
    const word = argv[at]!;
    if (word === "--edge") edge = argv[++at];
    else if (word.startsWith("--edge=")) edge = word.slice("--edge=".length);
    else return undefined;
  }
  if (argv[at] !== "ssh") return undefined;
  return takeApart(argv.slice(at + 1), edge);
}

function takeApart(words: string[], edge: string | undefined): SshWords {
  const found: SshWords = { ...(edge !== undefined && { edge }), help: false, options: [], command: [] };
  let onlyWords = false;
  while (words.length > 0) {
    const word = words.shift()!;
    if (!onlyWords && word === "--") onlyWords = true;
    else if (!onlyWords && /^-./.test(word)) takeOption(word, words, found);
    else if (found.target === undefined) takeTarget(word, found);
    else return { ...found, command: [word, ...words] };
  }
  return found;
}

function takeOption(word: string, following: string[], found: SshWords): void {
  if (word === "--help" || (word === "-h" && found.target === undefined)) {
    found.help = true;
    return;
  }
  const own = OWN.find((name) => word === name || word.startsWith(`${name}=`));
  if (own !== undefined) {
    const value = word === own ? following.shift() : word.slice(own.length + 1);
    if (value === undefined) throw usage(`option ${own} needs an argument.`);
    found[own.slice(2) as "edge" | "reason" | "for"] = value;
    return;
  }
  if (word.startsWith("--"))
    throw usage(`there is no option ${word}; one of ssh's own begins with a single dash.`);
  found.options.push(word);
  // Letters may be put together, and the last may have its argument beside it or in the next word.
  const letters = [...word.slice(1)];
  const first = letters.findIndex((letter) => WITH_ARGUMENT.includes(letter));
  if (first < 0 || first < letters.length - 1) return;
  const argument = following.shift();
  if (argument === undefined) throw usage(`option -${letters[first]} needs an argument.`);
  found.options.push(argument);
}

function takeTarget(word: string, found: SshWords): void {
  const at = word.lastIndexOf("@");
  if (at > 0) found.account = word.slice(0, at);
  found.target = word.slice(at + 1);
}

function usage(message: string): SallyportError {
  return new SallyportError("invalid_request", message, "sallyport ssh --help shows how.");
}
