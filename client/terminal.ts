import { once } from "node:events";
import { createInterface } from "node:readline/promises";
import { styleText } from "node:util";
import { SallyportError } from "../protocol/errors.ts";

type Style = "bold" | "dim" | "red" | "green" | "yellow";

/** A line of the command's result. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Lines of a result that may be longer than memory: waits while whoever reads is slower. */
export async function printLines(lines: string[]): Promise<void> {
  if (lines.length === 0) return;
  if (!process.stdout.write(`${lines.join("\n")}\n`)) await once(process.stdout, "drain");
}

/** A line about what goes on, beside the result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Colours the text if the stream is a terminal; `NO_COLOR` and `FORCE_COLOR` are heeded. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}

/**
 * Text of others, such as a session's reason, made harmless: control characters, which may drive a terminal, and
 * marks that reorder what one reads become visible escapes.
 */
export function printable(text: string): string {
  return text.replace(
    /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Prints a table with a heading; cells are made printable. */
export function printTable(heading: string[], rows: string[][]): void {
  const cells = rows.map((row) => row.map(printable));
  const widths = heading.map((title, column) =>
    Math.max(title.length, ...cells.map((row) => row[column]!.length)),
  );
  const line = (row: string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join("  ")
      .trimEnd();
  print(styled("bold", line(heading)));
  for (const row of cells) print(line(row));
}

/** A time as UTC to the second; "-" for none. */
export function timeText(time: number | null): string {
  return time === null ? "-" : `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Asks a question that only "yes" or "y" agrees to. Throws `invalid_request` where nobody can be asked. */
export async function confirm(question: string, instead: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    throw new SallyportError(
      "invalid_request",
      "This needs a person's word, and there is no terminal.",
      instead,
    );
  }
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } catch (error) {
    // Ctrl-C or Ctrl-D is no "yes".
    if ((error as Error).name !== "AbortError") throw error;
    process.stderr.write("\n");
    return false;
  } finally {
    prompt.close();
  }
}

/** Says on a terminal what takes its time; the returned function takes it away. */
export function progress(text: string): () => void {
  if (!process.stderr.isTTY) return () => {};
  process.stderr.write(`${text} …`);
  return () => process.stderr.write("\r\x1b[K");
}

/** What happened, why, and what to do. Other errors than these are mistakes of ours; their stack stays hidden. */
export function reportError(error: unknown): void {
  const message = error instanceof Error ? error.message : String(error);
  const lines = message.split("\n").map(printable);
  note(`${styled("red", "sallyport:", process.stderr)} ${lines.join("\n")}`);
  if (error instanceof SallyportError && error.hint) {
    note(error.hint.split("\n").map(printable).join("\n"));
  } else if (!(error instanceof SallyportError) && !isSystemError(error)) {
    note("This is unexpected; SALLYPORT_DEBUG=1 shows where it comes from.");
    if (process.env.SALLYPORT_DEBUG && error instanceof Error) note(String(error.stack));
  }
}

/** What the operating system refused, such as a file: its message says it all. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "syscall" in error;
}
