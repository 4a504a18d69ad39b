import {
  type Attributes,
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BasicTracerProvider,
  type IdGenerator,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-base";
import type { TraceContext } from "../trace-context.ts";
import type { SamplerSettings, TelemetrySettings } from "./settings.ts";
import { type QueueMeans, SpanQueue } from "./span-queue.ts";

/** Characters of an attribute's text, and attributes of a span. */
const MAX_TEXT = 256;
const MAX_ATTRIBUTES = 32;

/** What a span begins with. Times are ms since 1970. */
export interface SpanStart {
  /** Of which it is part; null begins a trace. */
  parent: TraceContext | null;
  kind?: keyof typeof SpanKind;
  attributes?: Attributes;
  /** When it began; now, where absent. */
  at?: number;
  /** Its id, where others had to know that before. */
  id?: string;
  /** Other places that it has to do with. */
  links?: readonly TraceContext[];
}

/** How a span ends: well, or by an error, of which no more than a code is told. */
export interface SpanEnd {
  at?: number;
  attributes?: Attributes;
  /** `error.type`: a code of few, as SQLSTATE or one of ours. */
  error?: string;
}

/** A span that was begun. */
export interface RunningSpan {
  readonly context: TraceContext;
  end(end?: SpanEnd): void;
}

/**
 * Makes spans and has them sent. One for each process, or isolate of the edge. Everything here is synchronous but `flush`, and
 * nothing throws.
 */
export class Tracing {
  readonly queue: SpanQueue;
  readonly #ids = new Ids();
  readonly #tracer: Tracer;
  readonly #now: () => number;

  /** `part`: which part of Sallyport this is, the name of the instrumentation scope. */
  constructor(settings: TelemetrySettings, part: "client" | "edge" | "connector", means: QueueMeans) {
    this.queue = new SpanQueue(settings, means);
    this.#now = means.now;
    const provider = new BasicTracerProvider({
      resource: resourceFromAttributes({ ...settings.resource }),
      sampler: samplerOf(settings.sampler),
      idGenerator: this.#ids,
      spanLimits: {
        attributeValueLengthLimit: MAX_TEXT,
        attributeCountLimit: MAX_ATTRIBUTES,
        eventCountLimit: 0,
        linkCountLimit: 4,
      },
      spanProcessors: [this.queue],
    });
    this.#tracer = provider.getTracer(`sallyport/${part}`);
  }

  start(name: string, { parent, kind = "INTERNAL", attributes, at, id, links = [] }: SpanStart): RunningSpan {
    this.#ids.next = id;
    const options = {
      kind: SpanKind[kind],
      startTime: at ?? this.#now(),
      ...(attributes && { attributes }),
      links: links.map((one) => ({ context: spanContextOf(one) })),
    };
    return new Running(this.#tracer.startSpan(name, options, contextOf(parent)), this.#now);
  }

  /** An id for a span that begins later: 16 characters of lower-case hex. */
  newSpanId(): string {
    return randomHex(8);
  }

  /** Sends what waits, for so long at most, ms. */
  async flush(limitMs: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
    });
    await Promise.race([this.queue.forceFlush(), limit]);
    clearTimeout(timer);
  }
}

class Running implements RunningSpan {
  readonly #span: Span;
  readonly #now: () => number;

  constructor(span: Span, now: () => number) {
    this.#span = span;
    this.#now = now;
  }

  get context(): TraceContext {
    const { traceId, spanId, traceFlags, traceState } = this.#span.spanContext();
    const state = traceState?.serialize();
    return {
      traceId,
      spanId,
      sampled: (traceFlags & TraceFlags.SAMPLED) !== 0,
      ...(state && { state }),
    };
  }

  end({ at, attributes, error }: SpanEnd = {}): void {
    if (attributes) this.#span.setAttributes(attributes);
    if (error !== undefined) {
      this.#span.setAttribute("error.type", error);
      this.#span.setStatus({ code: SpanStatusCode.ERROR });
    }
    this.#span.end(at ?? this.#now());
  }
}

/** Random ids, but for that of a span for which one is settled before. */
class Ids implements IdGenerator {
  next: string | undefined;

  generateTraceId(): string {
    return randomHex(16);
  }

  generateSpanId(): string {
    return this.next ?? randomHex(8);
  }
}

function randomHex(bytes: number): string {
  const random = crypto.getRandomValues(new Uint8Array(bytes));
  // All 0 is none (W3C Trace Context, section 3.2.2.3).
  random[0] ||= 1;
  return Buffer.from(random).toString("hex");
}

function contextOf(parent: TraceContext | null): Context {
  return parent === null ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContextOf(parent));
}

function spanContextOf({ traceId, spanId, sampled, state }: TraceContext): SpanContext {
  return {
    traceId,
    spanId,
    traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
    isRemote: true,
    ...(state !== undefined && { traceState: createTraceState(state) }),
  };
}

function samplerOf({ parentBased, root, ratio }: SamplerSettings): Sampler {
  const sampler =
    root === "always_on"
      ? new AlwaysOnSampler()
      : root === "always_off"
        ? new AlwaysOffSampler()
        : new TraceIdRatioBasedSampler(ratio);
  return parentBased ? new ParentBasedSampler({ root: sampler }) : sampler;
}
