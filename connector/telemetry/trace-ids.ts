import type { SessionFacts } from "../../protocol/control.ts";
import { readTraceContext } from "../../protocol/trace-context.ts";

/** Of which traces the sessions are that are open now: for lines of the log. */
export class TraceIds {
  readonly #ids = new Map<string, string>();

  opened({ session, trace }: Pick<SessionFacts, "session" | "trace">): void {
    const context = readTraceContext(trace?.traceparent);
    if (context) this.#ids.set(session, context.traceId);
  }

  over(session: string): void {
    this.#ids.delete(session);
  }

  of(session: string): string | undefined {
    return this.#ids.get(session);
  }
}
