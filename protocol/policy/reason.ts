/** Characters of a reason: it goes to clients as an error's message, and into recordings. */
export const MAX_REASON = 1_000;

/** Text made fit for a reason: one line, without what drives a terminal or reorders what one reads, and short. */
export function bounded(text: string, most: number = MAX_REASON): string {
  const clean = text
    .slice(0, most * 4)
    .replace(/[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\p{Cs}]+/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return clean.length <= most ? clean : `${clean.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/**
 * What the context holds of the things that the deciding policies look at: a policy's own words are the same for
 * every statement, these tell which of it was meant. `mentioned`: attributes of those policies; null for any.
 */
export function particulars(mentioned: ReadonlySet<string> | null, context: Record<string, unknown>): string {
  const looksAt = (...names: string[]) => mentioned === null || names.some((name) => mentioned.has(name));
  const parts: string[] = [];
  const ofLine = typeof context.arguments === "string";
  if (ofLine && Number(context.commands) > 1)
    parts.push(`Its command: ${bounded(String(context.arguments), 200)}.`);
  const opaque = texts(context.opaque);
  if (opaque.length > 0 && looksAt("complete", "opaque")) {
    const notes = opaque.map((note) => note.replace(/\.$/, ""));
    parts.push(`The parser can't say all that it does: ${some(notes, "; ")}.`);
  }
  // Of a response that can't be looked into it is all that is known; a request has a body beside it.
  const { contentType } = context;
  const ofResponse = context.bodyForm === undefined;
  if (typeof contentType === "string" && contentType !== "" && (ofResponse || looksAt("contentType")))
    parts.push(`Content type: ${bounded(contentType, 200)}.`);
  if (mentioned === null) {
    if (context.where === "missing") parts.push("It has no WHERE.");
    if (context.where === "constant") parts.push("No row decides its WHERE.");
    return parts.join(" ");
  }
  if (looksAt("effects")) parts.push(list("Its effects", texts(context.effects)));
  if (ofLine && looksAt("reads", "readDirectories"))
    parts.push(list("Files that it reads", texts(context.reads)));
  if (ofLine && looksAt("writes", "writeDirectories"))
    parts.push(list("Files that it writes", texts(context.writes)));
  if (looksAt("settings")) parts.push(list("Settings that it changes", texts(context.settings)));
  if (looksAt("rights")) parts.push(list("Rights that pods would have", texts(context.rights)));
  if (looksAt("replicas") && typeof context.replicas === "number")
    parts.push(`Replicas: ${number(context.replicas)}.`);
  const plan = context.plan as { rows: number; cost: number } | undefined;
  if (plan !== undefined && looksAt("plan")) {
    parts.push(`The planner expects ${number(plan.rows)} rows at a cost of ${number(plan.cost)}.`);
  }
  const usages = [
    ["session", "this session"],
    ["principalUsage", "this principal's sessions"],
  ] as const;
  for (const [name, whose] of usages) {
    const usage = context[name] as Record<string, number> | undefined;
    if (usage === undefined || !looksAt(name)) continue;
    const counts = Object.entries(COUNTS)
      .filter(([count]) => looksAt(count))
      .map(([count, words]) => `${number(usage[count] ?? 0)} ${words}`);
    if (counts.length > 0) parts.push(`Of ${whose}: ${counts.join(", ")}.`);
  }
  return parts.filter((part) => part !== "").join(" ");
}

const COUNTS: Record<string, string> = {
  repeatedLastMinute: "like this in the last minute",
  statementsLastMinute: "statements in the last minute",
  statements: "statements",
  rows: "rows",
  bytes: "bytes",
};

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}

function list(what: string, names: string[]): string {
  return names.length === 0 ? "" : `${what}: ${some(names, ", ")}.`;
}

function some(names: string[], separator: string): string {
  const shown = names.slice(0, 5).map((name) => bounded(name, 200));
  const more = names.length - shown.length;
  return shown.join(separator) + (more > 0 ? `${separator}and ${more} more` : "");
}

function number(value: number): string {
  return value.toLocaleString("en-US");
}
