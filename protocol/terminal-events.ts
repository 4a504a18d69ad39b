/**
 * What happens in a recorded terminal, or in a command without one, whatever carries it. `time`: ms since 1970.
 * `channel`: of an SSH session, or the number of an exchange.
 */
export type TerminalEvent = { time: number; channel: number } & (
  | { type: "terminal"; term: string; columns: number; rows: number }
  | { type: "resized"; columns: number; rows: number }
  | { type: "bytes"; stream: Stream; bytes: Uint8Array }
  /** So many bytes were typed where the terminal showed nothing. */
  | { type: "withheld"; characters: number }
  | { type: "exit"; status: number | null; signal: string | null; words?: string }
  | { type: "closed" }
);

/** `input`: from the agent. */
export type Stream = "input" | "output" | "error";
