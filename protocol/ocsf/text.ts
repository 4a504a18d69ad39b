/** Characters of a text in an event, where nothing else is said: an agent chooses much of what stands in one. */
const MAX_TEXT = 4_096;
/** Elements of a list in an event. */
const MAX_LIST = 64;

/** A text of at most so many characters, whole ones: what was cut ends with an ellipsis. */
export function bounded(text: string, length = MAX_TEXT): string {
  const wellFormed = text.toWellFormed();
  return wellFormed.length <= length ? wellFormed : `${wellFormed.slice(0, length - 1).toWellFormed()}…`;
}

/** The first texts of a list, each bounded. */
export function boundedList(texts: readonly string[], length = 256): string[] {
  return texts.slice(0, MAX_LIST).map((text) => bounded(text, length));
}

/** The first counts of a record, by bounded names. */
export function boundedCounts(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(counts)
      .slice(0, MAX_LIST)
      .map(([name, count]) => [bounded(name, 256), count]),
  );
}

/** A value of an event, all of whose texts and lists are bounded and well-formed: a last line, whatever the texts are from. */
export function boundedValue(value: unknown): unknown {
  if (typeof value === "string") return bounded(value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.slice(0, MAX_LIST).map(boundedValue);
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [bounded(name, 256), boundedValue(member)]),
  );
}
