import type { Entry } from "../../protocol/entry.ts";
import { FRAME_HEADER, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { TRACE_FIELD } from "../../protocol/http/head.ts";
import {
  readTraceContext,
  TRACEPARENT,
  TRACESTATE,
  type TraceContext,
} from "../../protocol/trace-context.ts";

/** Exchanges that are remembered: more than can be open. */
const MAX_REMEMBERED = 1_000;

export interface TracedExchange {
  /** The span of which it is a part, as its request says; null where it says none. */
  trace: TraceContext | null;
  /** Of bodies and messages. */
  bytes: { agent: number; target: number };
}

/** Of which traces the exchanges of one session are, and how much they carry. Reads frames, trusts nothing in them. */
export class TracedExchanges {
  /** By the number of the stream. */
  readonly #open = new Map<number, TracedExchange & { seq: number }>();

  frame(from: "agent" | "target", { seq, frame }: Pick<Entry, "seq" | "frame">): void {
    if (frame.length < FRAME_HEADER) return;
    const stream = new DataView(frame.buffer, frame.byteOffset).getUint32(2);
    const isHead = (frame[1]! & FrameFlag.head) !== 0;
    const known = this.#open.get(stream);
    if (from === "agent" && isHead && !known && frame[0] === FrameType.data) {
      const trace = traceOf(frame.subarray(FRAME_HEADER));
      this.#open.set(stream, { seq, trace, bytes: { agent: 0, target: 0 } });
      if (this.#open.size > MAX_REMEMBERED) this.#open.delete(this.#open.keys().next().value!);
    } else if (known && !isHead && (frame[0] === FrameType.data || frame[0] === FrameType.end)) {
      known.bytes[from] += frame.length - FRAME_HEADER;
    }
  }

  /** That whose request is the entry of this number, once; undefined where there is none. */
  take(seq: number): TracedExchange | undefined {
    for (const [stream, exchange] of this.#open) {
      if (exchange.seq !== seq) continue;
      this.#open.delete(stream);
      return exchange;
    }
    return undefined;
  }
}

/** The edge's own span, where it makes one, else what the agent named. */
function traceOf(json: Uint8Array): TraceContext | null {
  let fields: unknown;
  try {
    fields = (JSON.parse(Buffer.from(json).toString()) as { fields?: unknown }).fields;
  } catch {
    return null;
  }
  if (!Array.isArray(fields)) return null;
  const value = (name: string): string | null => {
    const values = fields.flatMap((line: unknown) => {
      const [one, text] = Array.isArray(line) ? line : [];
      return one === name && typeof text === "string" ? [text] : [];
    });
    // Several of a name are one list (RFC 9110 section 5.3), which a traceparent is not.
    return values.length === 0 ? null : values.join(",");
  };
  return readTraceContext(value(TRACE_FIELD) ?? value(TRACEPARENT), value(TRACESTATE));
}
