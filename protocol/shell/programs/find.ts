import type { Call, Findings, Program, Word } from "./program.ts";

/** find(1): its expression is made of words with one dash. */
export const FIND: Program = { verbatim: true, more: expression };

/** Tests and actions without further effect, with how many words follow each. */
const PLAIN = new Map<string, number>([
  ..."-H -L -P ! ( ) , -not -a -and -o -or -true -false -daystart -depth -d -follow -mount -xdev -noleaf -warn -nowarn -ignore_readdir_race -empty -executable -readable -writable -nouser -nogroup -print -print0 -ls -prune -quit -noignore_readdir_race"
    .split(" ")
    .map((name) => [name, 0] as const),
  ..."-maxdepth -mindepth -amin -anewer -atime -cmin -cnewer -ctime -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname -mmin -mtime -name -newer -path -perm -regex -samefile -size -type -uid -used -user -wholename -xtype -context -regextype -printf -newermt -newerat -newerct -newermm"
    .split(" ")
    .map((name) => [name, 1] as const),
]);

function expression(call: Call, findings: Findings): void {
  const words = call.operands;
  const paths: Word[] = [];
  let inPaths = true;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    const { text } = word;
    if (text === null) {
      if (!inPaths || word.pattern === null || /^[-(!*?[]/.test(word.pattern)) {
        findings.unknown("A word that isn't static may be an action.");
      }
      paths.push(word);
    } else if (inPaths && !/^[-(!,)]/.test(text)) {
      paths.push(word);
    } else if (PLAIN.has(text)) {
      inPaths = inPaths && ["-H", "-L", "-P"].includes(text);
      for (const value of words.slice(at + 1, at + 1 + PLAIN.get(text)!)) {
        if (value.text === null && value.pattern === null)
          findings.unknown(`The value of ${text} isn't static.`);
        if (value.text === null && value.pattern !== null)
          findings.unknown(`The value of ${text} may become several.`);
      }
      at += PLAIN.get(text)!;
    } else if (/^-O[0-3]$/.test(text)) {
      // How hard it thinks about the order of tests.
    } else {
      inPaths = false;
      at = action(text, words, at, paths, findings);
    }
  }
  for (const path of paths) findings.list(path);
  if (paths.length === 0) findings.list({ text: ".", pattern: null });
}

/** An action that does more; the place of its last word. */
function action(
  text: string,
  words: readonly Word[],
  at: number,
  paths: readonly Word[],
  findings: Findings,
): number {
  switch (text) {
    case "-delete":
      findings.does("delete");
      for (const path of paths) findings.write(path);
      return at;
    case "-fprint":
    case "-fprint0":
    case "-fls":
    case "-fprintf":
      findings.does("write");
      findings.write(words[at + 1] ?? { text: null, pattern: null });
      return at + (text === "-fprintf" ? 2 : 1);
    case "-ok":
    case "-okdir":
    case "-exec":
    case "-execdir": {
      findings.does("run-command");
      if (text.startsWith("-ok")) findings.does("interactive");
      const end = words.findIndex(
        (word, index) =>
          index > at && (word.text === ";" || (word.text === "+" && words[index - 1]?.text === "{}")),
      );
      if (end < 0) findings.unknown("Where the command ends isn't known.");
      return end < 0 ? words.length : end;
    }
    default:
      findings.unknown(`The expression ${JSON.stringify(text.slice(0, 40))} isn't known.`);
      return at;
  }
}
