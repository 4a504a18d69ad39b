import { SallyportError } from "../errors.ts";

/** A file of evidence. */
export interface Source {
  /** How it is called in sentences. */
  name: string;
  /** Its bytes; asked for once. What it throws, but for what the file holds, passes through. */
  open(): AsyncIterable<Uint8Array>;
}

/** Codes of errors that are about what a text says. */
const FAULTS = new Set(["protocol_violation", "invalid_request", "forbidden"]);

/** What is wrong with a text that was read, in words. Throws the error where it is about something else. */
export function faultOf(error: unknown): string {
  if (error instanceof SallyportError && FAULTS.has(error.code)) return error.message;
  throw error;
}

/** What is wrong with a file's layout, in words. Throws the error where it is about something else, such as reading it. */
export function layoutFaultOf(error: unknown): string {
  if (error instanceof SallyportError && error.code === "protocol_violation") return error.message;
  throw error;
}
