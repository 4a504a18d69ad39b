import { telemetrySettings } from "../../protocol/telemetry/settings.ts";
import { Tracing } from "../../protocol/telemetry/tracing.ts";

/** A span as it leaves, in short. */
export interface SentSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  /** Ms since 1970. */
  at: number;
  ms: number;
  /** 0 unset, 2 error. */
  status: number;
  attributes: Record<string, unknown>;
  links: string[];
}

interface Exported {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: { key: string; value: Record<string, unknown> }[];
  links: { spanId: string }[];
  status: { code: number };
}

/** Traces that go nowhere but to the test. */
export function tracingScene(variables: Record<string, string> = {}) {
  const bodies: string[] = [];
  const named = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  const settings = telemetrySettings({ ...named, ...variables }, "test", () => {})!;
  const tracing = new Tracing(settings, "connector", {
    now: () => 0,
    warn() {},
    wanted() {},
    async fetch(_url, init) {
      bodies.push(Buffer.from(init.body as Uint8Array).toString());
      return new Response("{}");
    },
  });
  return {
    tracing,
    /** All that was sent, as text. */
    bodies,
    async spans(): Promise<SentSpan[]> {
      await tracing.queue.send();
      const sent = bodies.flatMap(
        (body) => JSON.parse(body).resourceSpans[0].scopeSpans[0].spans as Exported[],
      );
      return sent.map(({ name, traceId, spanId, parentSpanId, ...one }) => {
        const at = Number(BigInt(one.startTimeUnixNano) / 1_000_000n);
        return {
          name,
          traceId,
          spanId,
          ...(parentSpanId && { parentSpanId }),
          at,
          ms: Number(BigInt(one.endTimeUnixNano) / 1_000_000n) - at,
          status: one.status.code,
          attributes: Object.fromEntries(
            one.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
          ),
          links: one.links.map(({ spanId }) => spanId),
        };
      });
    },
  };
}
