import type { FileName } from "../facts.ts";

/** Any file at all. */
export const ANY_FILE: FileName = "*";

/**
 * The name of the file that `word` means to a program that runs in `folder`, or in one that isn't known (null).
 *
 * A ".." after a folder's name makes it `ANY_FILE`: the kernel goes up from where a link leads ("/var/run/../etc/shadow"
 * is "/etc/shadow" where /var/run is a link to /run), so nothing that is worked out from the text alone is true.
 */
export function fileName(word: string | null, folder: FileName | null): FileName {
  if (word === null || word === "") return ANY_FILE;
  if (word === "~" || word.startsWith("~/")) return normal("~", word.slice(1));
  // "~root" is expanded by the shell: another account's home, whose place isn't known.
  if (word.startsWith("~")) return ANY_FILE;
  if (word.startsWith("/")) return normal("", word);
  if (folder === null || folder === ANY_FILE) return ANY_FILE;
  return normal(folder === "/" ? "" : folder, `/${word}`);
}

function normal(root: string, rest: string): FileName {
  const names = rest.split("/").filter((name) => name !== "" && name !== ".");
  // Above the root is the root; above a home is a folder that isn't known.
  const first = names.findIndex((name) => name !== "..");
  const ups = first < 0 ? names.length : first;
  const down = names.slice(ups);
  if (down.includes("..") || (root !== "" && ups > 0)) return ANY_FILE;
  const name = [root, ...down].join("/");
  return name === "" ? "/" : name;
}

/** Everything below `name`, for programs that go into folders: "/etc/**". */
export function everythingBelow(name: FileName): FileName {
  if (name === ANY_FILE) return name;
  return name === "/" ? "/**" : `${name}/**`;
}

/** The folder in which the first of the names that `pattern` becomes is looked up. */
export function folderOfPattern(pattern: FileName): FileName {
  const magic = pattern.search(/[*?[]/);
  if (magic < 0 || pattern === ANY_FILE) return pattern;
  const folder = pattern.slice(0, pattern.lastIndexOf("/", magic));
  return folder === "" ? "/" : folder;
}
