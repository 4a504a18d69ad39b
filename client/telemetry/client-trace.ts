import { SallyportError } from "../../protocol/errors.ts";
import { ATTRIBUTE, UNSTABLE } from "../../protocol/telemetry/attributes.ts";
import { nodeTracing } from "../../protocol/telemetry/node.ts";
import type { TelemetryEnvironment } from "../../protocol/telemetry/settings.ts";
import type { RunningSpan, Tracing } from "../../protocol/telemetry/tracing.ts";
import {
  readTraceContext,
  TRACEPARENT,
  TRACESTATE,
  type TraceContext,
  traceFields,
} from "../../protocol/trace-context.ts";
import { note } from "../terminal.ts";

/** How long a command waits at its end for what is not sent yet, ms. */
const CLOSE_MS = 2_000;

/**
 * Of which trace this process is. Its parent stands in TRACEPARENT and TRACESTATE of the environment, as OpenTelemetry has it
 * for command lines (https://opentelemetry.io/docs/specs/otel/context/env-carriers/); without a collector to tell, that is handed
 * on as it came.
 */
export class ClientTrace {
  readonly #tracing: Tracing | null;
  #context: TraceContext | null;
  #span: RunningSpan | null = null;

  constructor(env: NodeJS.ProcessEnv, tracing: Tracing | null) {
    this.#tracing = tracing;
    this.#context = readTraceContext(env.TRACEPARENT, env.TRACESTATE);
  }

  /** Begins a span for a whole command, of which all else is then part: `run`, `ssh`. */
  begin(name: string): void {
    this.#span = this.#tracing?.start(name, { parent: this.#context }) ?? null;
    if (this.#span) this.#context = this.#span.context;
  }

  /** The environment of a command that is part of the trace. */
  environment(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    if (this.#span === null) return env;
    const fields = traceFields(this.#context);
    const { TRACEPARENT: _parent, TRACESTATE: _state, ...others } = env;
    return {
      ...others,
      TRACEPARENT: fields[TRACEPARENT],
      ...(fields[TRACESTATE] !== undefined && { TRACESTATE: fields[TRACESTATE] }),
    };
  }

  /** Opens a tunnel to a target as a part of the trace. */
  async open<Tunnel extends { readonly session: string }>(
    target: string,
    open: (trace: TraceContext | null) => Promise<Tunnel>,
  ): Promise<Tunnel> {
    if (this.#tracing === null) return open(this.#context);
    const attributes = { [ATTRIBUTE.target]: target };
    const span = this.#tracing.start("open tunnel", { parent: this.#context, kind: "CLIENT", attributes });
    try {
      const tunnel = await open(span.context);
      span.end({ attributes: { [ATTRIBUTE.session]: tunnel.session } });
      return tunnel;
    } catch (error) {
      span.end({ error: error instanceof SallyportError ? error.code : "internal" });
      throw error;
    }
  }

  /** The command is over, with this status; without one, it did not run. Sends what waits, for two seconds at most. */
  async end(status?: number): Promise<void> {
    this.#span?.end({
      ...(status !== undefined && { attributes: { [UNSTABLE.exitCode]: status } }),
      ...(status !== 0 && { error: status === undefined ? "not_run" : "exit" }),
    });
    this.#span = null;
    await this.#tracing?.flush(CLOSE_MS);
  }
}

/** As the environment says. Where it names no collector nothing of OpenTelemetry is loaded. */
export async function clientTrace(env: NodeJS.ProcessEnv & TelemetryEnvironment): Promise<ClientTrace> {
  const warn = (words: string) => note(`tracing: ${words}`);
  // What becomes of spans is nothing to say on the terminal of a command that does something else.
  return new ClientTrace(env, await nodeTracing(env, "client", warn, () => {}));
}
