/** How log lines are written: for people, or one JSON object each. */
export type LogFormat = "text" | "json";

/** What a line is about. `session` is the same id as in recordings and events. */
export interface LogAbout {
  session?: string;
  target?: string;
}

/** Tells the operator. No secret belongs in a message. */
export type Log = (message: string, about?: LogAbout) => void;

/** Characters of a message. */
const MAX_MESSAGE = 4_096;

/**
 * A log that gives its lines, without their ends, to `write`. `traceId`: of which trace a session is; JSON lines tell it beside
 * the session.
 */
export function connectorLog(
  connector: string,
  format: LogFormat,
  write: (line: string) => void,
  clock: () => Date = () => new Date(),
  traceId: (session: string) => string | undefined = () => undefined,
): Log {
  return (message, about = {}) => {
    const words = message.slice(0, MAX_MESSAGE).toWellFormed();
    if (format === "text") {
      write(`connector ${connector}: ${aboutText(about)}${words}`);
      return;
    }
    const trace = about.session === undefined ? undefined : traceId(about.session);
    const traced = trace === undefined ? about : { ...about, trace_id: trace };
    write(JSON.stringify({ time: clock().toISOString(), connector, ...traced, message: words }));
  };
}

/** Where nobody chose: people read terminals, programs read everything else. */
export function defaultFormat(stream: { isTTY?: boolean }): LogFormat {
  return stream.isTTY ? "text" : "json";
}

/** `session ID, target NAME: `. */
export function aboutText({ session, target }: LogAbout): string {
  const parts = [session && `session ${session}`, target && `target ${target}`].filter(Boolean);
  return parts.length === 0 ? "" : `${parts.join(", ")}: `;
}
