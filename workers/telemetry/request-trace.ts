import { ATTR_HTTP_RESPONSE_STATUS_CODE, ATTR_HTTP_ROUTE } from "@opentelemetry/semantic-conventions";
import type { SessionFacts, SessionTrace } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { ATTRIBUTE, methodAttribute } from "../../protocol/telemetry/attributes.ts";
import { isTelemetryNamed } from "../../protocol/telemetry/settings.ts";
import type { RunningSpan, Tracing } from "../../protocol/telemetry/tracing.ts";
import {
  readTraceContext,
  TRACEPARENT,
  TRACESTATE,
  type TraceContext,
  traceparentOf,
} from "../../protocol/trace-context.ts";
import type { Env } from "../environment.ts";
import { edgeTracing, sendSpans } from "./tracing.ts";

/** Of which trace a request is, and what of it is told there. */
export interface RequestTrace {
  /** The span that the edge makes of the request; null where it makes none. */
  readonly span: TraceContext | null;
  /** Does a step, as a span of its own. */
  step<T>(name: string, work: () => Promise<T>): Promise<T>;
  /** Of which trace a session is that this request opens; undefined where it is of none. */
  session(): SessionTrace | undefined;
  /** The request has to do with this session. */
  about(facts: Pick<SessionFacts, "session" | "target" | "kind">): void;
}

/** Where no spans are made, a session is of the trace that is settled. */
export class Untraced implements RequestTrace {
  readonly span = null;
  readonly #session: SessionTrace | undefined;

  constructor(session?: SessionTrace) {
    this.#session = session;
  }

  step<T>(_name: string, work: () => Promise<T>): Promise<T> {
    return work();
  }

  session(): SessionTrace | undefined {
    return this.#session;
  }

  about(): void {}
}

class Traced implements RequestTrace {
  readonly #tracing: Tracing;
  readonly #span: RunningSpan;
  readonly #newId: () => string;
  #about: Record<string, string> = {};

  constructor(
    tracing: Tracing,
    agent: TraceContext | null,
    method: string,
    route: string,
    newId: () => string,
  ) {
    this.#tracing = tracing;
    this.#newId = newId;
    this.#span = tracing.start(route, {
      parent: agent,
      kind: "SERVER",
      attributes: { ...methodAttribute(method), [ATTR_HTTP_ROUTE]: route },
    });
  }

  get span(): TraceContext {
    return this.#span.context;
  }

  async step<T>(name: string, work: () => Promise<T>): Promise<T> {
    const span = this.#tracing.start(name, { parent: this.span });
    try {
      const result = await work();
      span.end();
      return result;
    } catch (error) {
      span.end({ error: codeOf(error) });
      throw error;
    }
  }

  session(): SessionTrace {
    const { span } = this;
    return { ...stampOf({ ...span, spanId: this.#newId() }), parent: span.spanId };
  }

  about({ session, target, kind }: Pick<SessionFacts, "session" | "target" | "kind">): void {
    this.#about = { [ATTRIBUTE.session]: session, [ATTRIBUTE.target]: target, [ATTRIBUTE.kind]: kind };
  }

  answered(status: number): void {
    const attributes = { ...this.#about, [ATTR_HTTP_RESPONSE_STATUS_CODE]: status };
    // An agent's mistake is none of the server's (semantic conventions of HTTP, status of spans).
    this.#span.end({ attributes, ...(status >= 500 && { error: String(status) }) });
  }

  failed(error: unknown): void {
    this.#span.end({ attributes: this.#about, error: codeOf(error) });
  }
}

/**
 * Serves a request as part of the trace that it names, or of a new one. `route`: its template, as what stands in its place
 * is the agent's. Spans are sent once nobody waits any more.
 */
export async function traced(
  request: Request,
  route: string,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  serve: (trace: RequestTrace) => Promise<Response>,
): Promise<Response> {
  const { headers, method } = request;
  const agent = readTraceContext(headers.get(TRACEPARENT), headers.get(TRACESTATE));
  const tracing = isTelemetryNamed(env) ? await edgeTracing(env) : null;
  // The agent's context goes on as it came.
  if (tracing === null) return serve(new Untraced(agent === null ? undefined : stampOf(agent)));
  const trace = new Traced(tracing, agent, method, route, () => tracing.newSpanId());
  try {
    const response = await serve(trace);
    trace.answered(response.status);
    return response;
  } catch (error) {
    trace.failed(error);
    throw error;
  } finally {
    ctx.waitUntil(sendSpans(tracing));
  }
}

function stampOf(context: TraceContext): SessionTrace {
  const { state } = context;
  return { traceparent: traceparentOf(context), ...(state !== undefined && { tracestate: state }) };
}

function codeOf(error: unknown): string {
  return error instanceof SallyportError ? error.code : "internal";
}
