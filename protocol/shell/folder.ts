import { forEachChild, type SyntaxNode } from "unbash";
import type { Operand } from "./builtins.ts";
import type { Place } from "./place.ts";
import { fileName } from "./programs/file-name.ts";
import { readWord } from "./words.ts";

/** Commands that change the shell's folder, or may. */
const MOVING = new Set(["cd", "chdir", "pushd", "popd", "eval", ".", "source", "command", "builtin", "trap"]);

/**
 * The shell's folder after a command, null where it isn't known. POSIX cd: with anything but one static folder, where it leads
 * isn't known.
 */
export function folderAfter(operands: readonly Operand[], at: Place): string | null {
  const program = operands[0]!.value;
  if (program !== null && !MOVING.has(program) && !at.functions.has(program)) return at.folder;
  if (program === "cd") {
    const [folder, ...more] = operands.slice(operands[1]?.value === "--" ? 2 : 1);
    const named = folder === undefined ? "~" : folder.value;
    // A relative name may be looked up along CDPATH.
    if (more.length === 0 && named !== null && /^([~/]|\.\.?(\/|$))/.test(named)) {
      const target = fileName(named, at.folder);
      return target === "*" ? null : target;
    }
  }
  return null;
}

/** Whether a command in it may change the shell's folder. */
export function moves(node: SyntaxNode): boolean {
  let found = false;
  if (node.type === "Command" && node.name !== undefined) {
    const { value } = readWord(node.name);
    found = value === null || MOVING.has(value);
  }
  forEachChild(node, (child) => {
    found ||= moves(child);
  });
  return found;
}
