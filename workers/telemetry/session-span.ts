import type { SessionFacts } from "../../protocol/control.ts";
import { ATTRIBUTE } from "../../protocol/telemetry/attributes.ts";
import { isTelemetryNamed } from "../../protocol/telemetry/settings.ts";
import { readTraceContext } from "../../protocol/trace-context.ts";
import type { Env } from "../environment.ts";
import { edgeTracing, sendSpans } from "./tracing.ts";

/** What is told of a session that is over. */
export interface EndedSession {
  facts: SessionFacts | null;
  end: { code: string; at: number } | null;
}

/**
 * The span of a session's life, made when that is over: under the id that the connector's spans have as their parent since it was
 * opened. Of a session whose trace the edge only handed on there is none. For `waitUntil`; never throws.
 */
export async function tellSession(env: Env, { facts, end }: EndedSession): Promise<void> {
  const { trace } = facts ?? {};
  if (!facts || !end || trace?.parent === undefined || !isTelemetryNamed(env)) return;
  const own = readTraceContext(trace.traceparent, trace.tracestate);
  const tracing = await edgeTracing(env);
  if (own === null || tracing === null) return;
  tracing
    .start("session", {
      parent: { ...own, spanId: trace.parent },
      id: own.spanId,
      at: facts.opened,
      attributes: {
        [ATTRIBUTE.session]: facts.session,
        [ATTRIBUTE.target]: facts.target,
        [ATTRIBUTE.kind]: facts.kind,
        [ATTRIBUTE.mode]: facts.mode,
        [ATTRIBUTE.connector]: facts.connector,
        [ATTRIBUTE.end]: end.code,
      },
    })
    .end({ at: Math.max(facts.opened, end.at), ...(end.code !== "closed" && { error: end.code }) });
  await sendSpans(tracing);
}

/** What lines of the log say of a session that they are about: its id, and that of its trace where it is of one. */
export function lineAbout({ id, facts }: { id: string; facts: SessionFacts | null }): {
  session: string;
  trace_id?: string;
} {
  const context = readTraceContext(facts?.trace?.traceparent);
  return { session: id, ...(context !== null && { trace_id: context.traceId }) };
}
