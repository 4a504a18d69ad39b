import { isObject } from "../../json-shape.ts";
import { CHANNEL_PROTOCOLS, Channel } from "../../kubernetes/channels.ts";
import type { Stream, TerminalEvent } from "../../terminal-events.ts";
import type { HttpTranscriptEvent, Side } from "./events.ts";
import { MAX_OPEN } from "./exchanges.ts";

/** Bytes of a status or size; a longer one is none. */
const MAX_CONTROL = 64 * 1024;

/** RFC 4254's u32, which other readers of sizes expect. */
const MAX_SIZE = 0xffff_ffff;

interface Exec {
  terminal: boolean;
  /** The subprotocol is one of channels. */
  runs: boolean;
  readonly within: Record<Side, { channel: number; control: Uint8Array[]; bytes: number }>;
}

type Message = Extract<HttpTranscriptEvent, { type: "message" }>;

/** Finds in the WebSockets of exec and attach what happened in their terminals. Memory is bounded. */
export class ExecStreams {
  readonly #execs = new Map<number, Exec>();

  /** What the event tells of a terminal or a command's streams; null for what is of none. */
  take(event: HttpTranscriptEvent): TerminalEvent | null {
    switch (event.type) {
      case "request":
        if (event.head.websocket !== undefined) this.#begin(event.exchange, event.head.target);
        return null;
      case "response": {
        const { time, exchange, head } = event;
        const exec = this.#execs.get(exchange);
        if (!exec || head.status !== 101) return null;
        exec.runs = CHANNEL_PROTOCOLS.includes(head.subprotocol ?? "");
        if (!exec.runs || !exec.terminal) return null;
        return { time, channel: exchange, type: "terminal", term: "", columns: 0, rows: 0 };
      }
      case "message": {
        const exec = this.#execs.get(event.exchange);
        return exec?.runs ? message(exec, event) : null;
      }
      case "over": {
        const exec = this.#execs.get(event.exchange);
        this.#execs.delete(event.exchange);
        return exec?.runs ? { time: event.time, channel: event.exchange, type: "closed" } : null;
      }
      default:
        return null;
    }
  }

  /** Whether the messages of this exchange are those of an exec or attach. */
  has(exchange: number): boolean {
    return this.#execs.get(exchange)?.runs === true;
  }

  #begin(exchange: number, target: string): void {
    const part = () => ({ channel: -1, control: [], bytes: 0 });
    const terminal = /[?&]tty=(?:true|1)(?:&|$)/.test(target);
    this.#execs.set(exchange, { terminal, runs: false, within: { agent: part(), target: part() } });
    if (this.#execs.size > MAX_OPEN) this.#execs.delete(this.#execs.keys().next().value!);
  }
}

/** The command of an exec, from its target's query; empty for attach. */
export function execCommand(target: string): string[] {
  const start = target.indexOf("?");
  return start < 0 ? [] : new URLSearchParams(target.slice(start + 1)).getAll("command");
}

function message(
  { within }: Exec,
  { time, exchange, from, begins, goesOn, bytes }: Message,
): TerminalEvent | null {
  const part = within[from];
  if (begins) {
    part.channel = bytes[0] ?? -1;
    part.control = [];
    part.bytes = 0;
  }
  const rest = begins ? bytes.subarray(1) : bytes;
  const channel = exchange;
  const stream = streamOf(part.channel, from);
  if (stream !== null)
    return rest.length === 0 ? null : { time, channel, type: "bytes", stream, bytes: rest };
  part.bytes += rest.length;
  if (part.bytes > MAX_CONTROL) {
    part.control = [];
    return null;
  }
  part.control.push(rest);
  if (goesOn) return null;
  const text = new TextDecoder().decode(Buffer.concat(part.control));
  part.control = [];
  if (part.channel === Channel.resize && from === "agent") return resized(text, time, channel);
  if (part.channel === Channel.status && from === "target") return exit(text, time, channel);
  return null;
}

function streamOf(channel: number, from: Side): Stream | null {
  if (from === "agent") return channel === Channel.input ? "input" : null;
  if (channel === Channel.output) return "output";
  return channel === Channel.error ? "error" : null;
}

function resized(text: string, time: number, channel: number): TerminalEvent | null {
  const json = parsed(text);
  const { Width: columns, Height: rows } = isObject(json) ? json : {};
  return isSize(columns) && isSize(rows) ? { time, channel, type: "resized", columns, rows } : null;
}

/** A `Status` (v4, v5), or an error's text. Nothing is said before v4 where all went well. */
function exit(text: string, time: number, channel: number): TerminalEvent | null {
  if (text === "") return null;
  const status = parsed(text);
  const ended = { time, channel, type: "exit", signal: null } as const;
  if (!isObject(status)) return { ...ended, status: null, words: text };
  if (status.status === "Success") return { ...ended, status: 0 };
  const causes =
    isObject(status.details) && Array.isArray(status.details.causes) ? status.details.causes : [];
  const cause: unknown = causes.find((one) => isObject(one) && one.reason === "ExitCode");
  const code = isObject(cause) && /^\d{1,9}$/.test(String(cause.message)) ? Number(cause.message) : null;
  const words = typeof status.message === "string" ? status.message : text;
  return { ...ended, status: code, words };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isSize(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= MAX_SIZE;
}
