import { EntryKind } from "../../entry.ts";
import { encodeFrame, FrameType } from "../../frame.ts";
import * as pg from "../messages.ts";
import { Transcript, type TranscriptEvent } from "../transcript.ts";
import { cstring, i32, message, u16, u32 } from "../wire.ts";

/** Conversations for tests of the transcript: messages of either side, and what was told of them, in short. */

export type Step = [from: "agent" | "target", ...messages: Uint8Array[]];

export const START = pg.startupMessage(pg.PROTOCOL_3_0, [
  ["user", "alice"],
  ["database", "orders"],
  ["application_name", "psql"],
]);
export const INT4 = 23;
export const TEXT = 25;

export function entryOf(kind: EntryKind, bytes: Uint8Array, seq: number) {
  return { kind, seq, time: 1_800_000_000_000, frame: encodeFrame(FrameType.data, 0, 0, bytes) };
}

/** Plays steps 10 ms apart, each message in a frame of its own. */
export function play(...steps: Step[]): TranscriptEvent[] {
  const transcript = new Transcript();
  let seq = 0;
  return steps.flatMap(([from, ...messages], step) =>
    messages.flatMap((bytes) =>
      transcript.push({
        kind: EntryKind[from],
        seq: ++seq,
        time: 1_800_000_000_000 + step * 10,
        frame: encodeFrame(FrameType.data, 0, 0, bytes),
      }),
    ),
  );
}

export function slices(from: Step[0], bytes: Buffer, size: number): Step[] {
  return [[from, ...pieces(bytes, size)]];
}

export function pieces(bytes: Buffer, size = 256 * 1024): Buffer[] {
  const all: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) all.push(bytes.subarray(at, at + size));
  return all;
}

export function bindTo(
  statement: string,
  parameters: (Buffer | null)[],
  formats: number[],
  results: number[] = [],
): Buffer {
  return pg.bind({ portal: "", statement, parameterFormats: formats, parameters, resultFormats: results });
}

export function columns(...named: [name: string, type: number][]): Buffer {
  const fields = named.flatMap(([name, type]) => [
    cstring(name),
    u32(0),
    u16(0),
    u32(type),
    u16(4),
    i32(-1),
    u16(0),
  ]);
  return message(pg.BACKEND.RowDescription, u16(named.length), ...fields);
}

export function row(...values: (string | null)[]): Buffer {
  return rowOf(...values.map((value) => (value === null ? null : Buffer.from(value))));
}

export function rowOf(...values: (Buffer | null)[]): Buffer {
  const fields = values.flatMap((value) => (value ? [i32(value.length), value] : [i32(-1)]));
  return message(pg.BACKEND.DataRow, u16(values.length), ...fields);
}

export function done(tag: string): Buffer {
  return message(pg.BACKEND.CommandComplete, cstring(tag));
}

export function complete(letter: string): Buffer {
  return message({ type: letter.charCodeAt(0), min: 4, max: 4 });
}

export function parameterTypes(...types: number[]): Buffer {
  return message(pg.BACKEND.ParameterDescription, u16(types.length), ...types.map(u32));
}

export function error(sqlstate: string, text: string): Buffer {
  return pg.errorFields("ErrorResponse", [
    ["S", "ERROR"],
    ["V", "ERROR"],
    ["C", sqlstate],
    ["M", text],
  ]);
}

/** One line an event. */
export function brief(events: TranscriptEvent[]): string[] {
  return events.map((event) => {
    const number = "statement" in event && event.statement !== null ? `${event.statement} ` : "";
    return `${number}${event.type} ${details(event)}`.trimEnd() + (emptyEnd(event) ? " " : "");
  });
}

/** Whether the line's last word is an empty text, which the trimming would hide. */
function emptyEnd(event: TranscriptEvent): boolean {
  return event.type === "statement" && event.text === "";
}

function details(event: TranscriptEvent): string {
  switch (event.type) {
    case "startup":
      return `${event.version} ${event.parameters.map((pair) => pair.join("=")).join(" ")}`;
    case "parameter":
      return `${event.name}=${event.value}`;
    case "statement":
    case "resolved": {
      const parameters = event.parameters?.map(
        ({ type, value }) => `${type ?? "?"} ${value?.text ?? "NULL"}`,
      );
      const name = event.name ? `${event.name} ` : "";
      return `${event.protocol} ${name}${event.text}${parameters ? ` (${parameters.join(", ")})` : ""}`;
    }
    case "columns":
      return event.columns.map(({ name, type }) => `${name} ${type}`).join(", ");
    case "row":
      return event.values.map((value) => value?.text ?? "NULL").join(" | ");
    case "result":
      return `${event.outcome} ${event.tag} rows ${event.rows}`;
    case "error":
      return `${event.sqlstate} ${event.message}`;
    case "notice":
      return `${event.severity} ${event.message}`;
    case "notification":
      return `${event.channel} ${event.payload}`;
    case "copy":
      return `${event.direction} ${event.format}`;
    case "copied": {
      const { direction, outcome, bytes, messages, preview, reason = "" } = event;
      return `${direction} ${outcome} ${bytes} bytes in ${messages}: ${JSON.stringify(preview)} ${reason}`;
    }
    case "ready":
      return event.status;
    case "cancel":
      return String(event.processId);
    case "encryption":
      return event.request;
    case "undecodable":
      return `${event.from} ${event.bytes}`;
    default:
      return "";
  }
}
