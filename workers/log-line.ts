/** How grave a line is. */
export type Level = "error" | "warning" | "info";

/** Characters of a text in a line. */
const MAX_TEXT = 2_048;

/**
 * Writes one line of the edge's log: JSON with `time`, `level`, `message` and what it is about. `session` is the same id
 * as in recordings and events. Of an error its message is told, and nothing that it holds; no secret belongs here.
 */
export function logLine(
  level: Level,
  message: string,
  about: { session?: string; [name: string]: unknown } = {},
): void {
  const line = lineOf(new Date(), level, message, about);
  if (level === "info") console.log(line);
  else console.error(line);
}

/** The text of a line. */
export function lineOf(
  time: Date,
  level: Level,
  message: string,
  about: { session?: string; [name: string]: unknown },
): string {
  const session = about.session ?? sessionOf(about.approval);
  const known = session === undefined ? about : { session, ...about };
  const told = Object.entries(known).map(([name, value]) => [name, plainOf(value)]);
  return JSON.stringify({ time: time.toISOString(), level, message, ...Object.fromEntries(told) });
}

/** An approval of something in a session is named after that. */
function sessionOf(approval: unknown): string | undefined {
  return typeof approval === "string" ? /^([0-9a-f]{32})-\d+$/.exec(approval)?.[1] : undefined;
}

function plainOf(value: unknown): unknown {
  const plain = value instanceof Error ? value.message : value;
  if (typeof plain === "string") return plain.slice(0, MAX_TEXT).toWellFormed();
  return typeof plain === "number" || typeof plain === "boolean" || plain === null ? plain : String(plain);
}
