/** Lines of each side that are compared in full, what is alike at both ends left out; more are told as replaced. */
const MAX_COMPARED = 1_000;
/** What a difference shows at most: lines, and characters of each. */
const MAX_LINES = 200;
const MAX_WIDTH = 200;

/**
 * What makes one text of another, by lines: those that go with `-` before them, those that come with `+`, in the
 * order of the texts. Lines that stay are left out. Bounded; what is cut off is counted in a last line.
 */
export function lineDifference(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let start = 0;
  while (start < Math.min(old.length, now.length) && old[start] === now[start]) start++;
  let end = 0;
  const rest = Math.min(old.length, now.length) - start;
  while (end < rest && old[old.length - 1 - end] === now[now.length - 1 - end]) end++;
  const lines = compare(old.slice(start, old.length - end), now.slice(start, now.length - end));
  const shown = lines
    .slice(0, MAX_LINES)
    .map((line) => (line.length > MAX_WIDTH ? `${line.slice(0, MAX_WIDTH)}…` : line));
  if (lines.length > shown.length) shown.push(`and ${lines.length - shown.length} more lines`);
  return shown;
}

/** By the longest common subsequence: `kept[i][j]` is its length for what begins at these lines. */
function compare(old: string[], now: string[]): string[] {
  const gone = (line: string) => `-${line}`;
  const come = (line: string) => `+${line}`;
  if (old.length > MAX_COMPARED || now.length > MAX_COMPARED) return [...old.map(gone), ...now.map(come)];
  const width = now.length + 1;
  const kept = new Uint16Array((old.length + 1) * width);
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      kept[i * width + j] =
        old[i] === now[j]
          ? kept[(i + 1) * width + j + 1]! + 1
          : Math.max(kept[(i + 1) * width + j]!, kept[i * width + j + 1]!);
    }
  }
  const lines: string[] = [];
  let [i, j] = [0, 0];
  while (i < old.length || j < now.length) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i++;
      j++;
    } else if (
      i < old.length &&
      (j === now.length || kept[(i + 1) * width + j]! >= kept[i * width + j + 1]!)
    ) {
      lines.push(gone(old[i++]!));
    } else {
      lines.push(come(now[j++]!));
    }
  }
  return lines;
}
