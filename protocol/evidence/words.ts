/** A time in a sentence: UTC, to the second. */
export function dateText(time: number | null): string {
  if (time === null || !Number.isFinite(new Date(time).getTime())) return "no date";
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** "1 session", "2 sessions". */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}

/** Some of a list in a sentence, and how many more. */
export function some(items: readonly string[], count = items.length): string {
  const shown = items.slice(0, 3);
  return `${shown.join(", ")}${count > shown.length ? ` and ${count - shown.length} more` : ""}`;
}
