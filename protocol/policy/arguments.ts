/** A word that the shell takes as it stands, in any place of a command. */
const PLAIN = /^[A-Za-z0-9_@%+=:,./-]+$/;
/** In place of a word that isn't static. A static "*" is quoted. */
const ANY = "*";

/** The words of a command as one text, with a blank between: null, one that isn't static, is `*`. */
export function argumentsText(argv: readonly (string | null)[]): string {
  return argv.map((word) => (word === null ? ANY : quoted(word))).join(" ");
}

/** The text as `argumentsText` would write it; null where it can't be read as words. */
export function canonicalArguments(text: string): string | null {
  if (text === "") return "";
  const words: string[] = [];
  for (const [word] of text.trim().matchAll(/(?:'[^']*'|\\[\s\S]|[^\s'\\]|['\\])+/g)) {
    if (word === ANY) words.push(ANY);
    else if (/^(?:'[^']*'|\\[\s\S]|[^'"\\])+$/.test(word)) words.push(quoted(unquoted(word)));
    else return null;
  }
  return words.join(" ");
}

/** In single quotes (POSIX 2.2.2), unless it needs none. */
function quoted(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function unquoted(word: string): string {
  return word.replaceAll(
    /'([^']*)'|\\([\s\S])/g,
    (_, inside?: string, escaped?: string) => inside ?? escaped ?? "",
  );
}
