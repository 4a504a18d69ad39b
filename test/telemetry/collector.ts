import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import "../connection-each.ts";

/** How requests are answered: well; by a status; with a body that is none; not at all; or not until the collector stops. */
export type Mode = "ok" | "garbage" | "dropped" | "hang" | { status: number };

/** A span as it came, with what of its resource and scope tells whose it is. */
export interface CollectedSpan {
  service: string;
  scope: string;
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  /** Empty for a root. */
  parentSpanId: string;
  start: number;
  end: number;
  attributes: Record<string, unknown>;
  links: { traceId: string; spanId: string }[];
  /** 0 unset, 2 error. */
  status: number;
}

/** An OTLP receiver on loopback (https://opentelemetry.io/docs/specs/otlp/#otlphttp), which reads JSON and keeps all bytes. */
export interface Collector {
  /** As OTEL_EXPORTER_OTLP_ENDPOINT has it. */
  endpoint: string;
  /** Of those that were answered `ok`, in the order in which they came. */
  spans: CollectedSpan[];
  /** Everything that came: request lines, fields, bodies. */
  bytes: string[];
  requests: number;
  mode: Mode;
  /** Resolves when the condition holds; it is asked after each request. */
  until(condition: () => boolean): Promise<void>;
  /** The variables that send spans here, soon. */
  variables(service: string): Record<string, string>;
  stop(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const waiting = new Set<() => void>();
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = Buffer.concat(chunks);
      collector.requests++;
      collector.bytes.push(
        `${request.method} ${request.url}\n${request.rawHeaders.join("\n")}\n${body.toString("latin1")}`,
      );
      const { mode } = collector;
      if (mode === "ok") collector.spans.push(...spansOf(JSON.parse(body.toString()) as Request));
      if (mode === "garbage") response.writeHead(200).end("\0garbage<".repeat(1_000));
      else if (mode === "dropped") request.socket.destroy();
      else if (mode !== "hang") response.writeHead(mode === "ok" ? 200 : mode.status).end("{}");
      for (const look of waiting) look();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const collector: Collector = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: [],
    bytes: [],
    requests: 0,
    mode: "ok",
    until: (condition) =>
      new Promise((resolve) => {
        const look = () => {
          if (!condition()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    variables: (service) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
      OTEL_SERVICE_NAME: service,
      OTEL_BSP_SCHEDULE_DELAY: "20",
    }),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
  return collector;
}

interface Value {
  stringValue?: string;
  intValue?: number | string;
  doubleValue?: number;
  boolValue?: boolean;
  arrayValue?: { values: Value[] };
}

interface Attribute {
  key: string;
  value: Value;
}

interface Request {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      scope: { name: string };
      spans: {
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        name: string;
        kind: number;
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        attributes: Attribute[];
        links: { traceId: string; spanId: string }[];
        status: { code: number };
      }[];
    }[];
  }[];
}

function spansOf({ resourceSpans }: Request): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        service: String(record(resource.attributes)["service.name"]),
        scope: scope.name,
        name: span.name,
        kind: span.kind,
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? "",
        start: Number(BigInt(span.startTimeUnixNano) / 1_000_000n),
        end: Number(BigInt(span.endTimeUnixNano) / 1_000_000n),
        attributes: record(span.attributes),
        links: span.links.map(({ traceId, spanId }) => ({ traceId, spanId })),
        status: span.status.code,
      })),
    ),
  );
}

function record(attributes: Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}

function plain({ arrayValue, ...value }: Value): unknown {
  return arrayValue ? arrayValue.values.map(plain) : Object.values(value)[0];
}
