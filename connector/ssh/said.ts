import type { SallyportError } from "../../protocol/errors.ts";
import type { HeldWords } from "../guard/approval-words.ts";

/** Exit statuses of Sallyport's own, as shells and ssh(1) have them: not permitted to run; no connection. */
export const EXIT_REFUSED = 126;
export const EXIT_UNREACHED = 255;

/** Words for standard error. A terminal in raw mode needs the carriage return. */
export function said({ message, detail, hint }: HeldWords, terminal: boolean): Buffer {
  const end = terminal ? "\r\n" : "\n";
  const lines = [message, detail, hint].filter((line) => line !== undefined);
  return Buffer.from(lines.map((line) => `sallyport: ${line}${end}`).join(""));
}

/** An error in words for an agent. */
export function wordsOf({ message, hint }: SallyportError): HeldWords {
  return { message, ...(hint !== undefined && { hint }) };
}
