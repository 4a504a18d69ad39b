import { readOptions } from "./options.ts";
import { runs, unknown, type Wrapper } from "./wrapper.ts";

/** `sh [options] [-c script | file]` (POSIX sh, OPTIONS), with what bash, zsh and ksh add. */
const shell: Wrapper = ({ args, stdin, stdinText }) => {
  let script = false;
  let fromInput = false;
  let index = 0;
  for (; index < args.length; index++) {
    const word = args[index]!;
    if (word === null) return unknown("A word that may be an option isn't static.");
    if (word === "--" || word === "-") {
      index++;
      break;
    }
    if (!/^[-+]/.test(word)) break;
    if (/^--(login|posix|norc|noprofile)$/.test(word)) continue;
    if (!/^[-+][aeufnvxCbhlcos]+$/.test(word))
      return unknown(`The option ${JSON.stringify(word)} isn't known.`);
    // "-o" takes a word of its own, also in a cluster: "-euo pipefail".
    for (const letter of word.slice(1)) {
      if (letter === "o" && !/^(errexit|nounset|pipefail|xtrace|noglob|posix)$/.test(args[++index] ?? "")) {
        return unknown("An option of the shell isn't known.");
      }
      if (letter === "c") script = true;
      if (letter === "s") fromInput = true;
    }
  }
  const operand = args[index];
  if (script) {
    return typeof operand === "string" ? runs(operand) : unknown("Its script isn't static.");
  }
  if (operand !== undefined && !fromInput) {
    return unknown(
      `It runs the file ${operand === null ? "of a name that isn't static" : JSON.stringify(operand)}.`,
    );
  }
  if (stdin === "text" && stdinText !== null) {
    const { inner } = runs(stdinText);
    // Its commands read on where it has read to: what one takes away of a line leaves another command.
    const lines = stdinText.replace(/\n+$/, "").split("\n");
    return lines.length > 1
      ? { inner, opaque: ["A command may read the lines after its own."] }
      : { inner, opaque: [] };
  }
  return unknown("It runs what it reads from its input.");
};

/** Options of ssh that change how it connects, and run nothing here. */
const HARMLESS =
  /^(StrictHostKeyChecking|UserKnownHostsFile|GlobalKnownHostsFile|ConnectTimeout|ConnectionAttempts|BatchMode|LogLevel|Port|User|ServerAliveInterval|ServerAliveCountMax|IdentitiesOnly|IdentityFile|PreferredAuthentications|PasswordAuthentication|PubkeyAuthentication|Compression|RequestTTY|HostKeyAlgorithms|Ciphers|MACs|KexAlgorithms|AddressFamily)\s*[= ]/i;

const SSH = {
  flags: "46AaCfgKknNqTtvXxYy",
  values: "BbceiJlmop",
};

const ssh: Wrapper = ({ args }) => {
  const before = readOptions(args, SSH);
  if (typeof before === "string") return unknown(before);
  const [destination, ...others] = before.rest;
  if (typeof destination !== "string") return unknown("The host isn't static.");
  // OpenSSH takes options after the host, too.
  const after = readOptions(others, SSH);
  if (typeof after === "string") return unknown(after);
  const given = [...before.given, ...after.given];
  if (given.some(([name, value]) => name === "o" && !HARMLESS.test(value ?? ""))) {
    return unknown("An option of ssh isn't known.");
  }
  const named = destination.match(/^(?:ssh:\/\/)?(?:([^@]*)@)?([\w.:[\]-]+?)(?::\d+)?\/?$/);
  if (named === null) return unknown("The host isn't a plain name.");
  if (after.rest.length === 0) {
    return given.some(([name]) => name === "N")
      ? { inner: [], opaque: [] }
      : unknown("It runs an interactive shell.");
  }
  // The shell here expands "~" to a folder that may be another one there.
  if (after.rest.some((word) => word === null || word.startsWith("~")))
    return unknown("Its script isn't static.");
  const user = named[1] ?? given.findLast(([name]) => name === "l")?.[1];
  return runs(after.rest.join(" "), {
    host: named[2]!,
    folder: "~",
    ...(typeof user === "string" ? { runAs: user } : {}),
  });
};

const other: Wrapper = () => unknown("It is a shell of another language.");

export const SHELLS: Readonly<Record<string, Wrapper>> = {
  ...Object.fromEntries(
    ["sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "lksh", "rbash", "yash", "posh"].map(
      (name) => [name, shell],
    ),
  ),
  ...Object.fromEntries(["csh", "tcsh", "fish", "pwsh", "nu"].map((name) => [name, other])),
  ssh,
};
