import { nodeTracing } from "../../protocol/telemetry/node.ts";
import type { TelemetryEnvironment } from "../../protocol/telemetry/settings.ts";
import type { EntryReader } from "../events/tap.ts";
import type { Log } from "../log.ts";

/** How long the end waits for what is not sent yet, ms. */
const CLOSE_MS = 2_000;

/** The connector's traces. */
export interface ConnectorTelemetry {
  /** Makes the spans of a session that is dialled now. */
  session(spare: boolean): EntryReader;
  /** Sends what waits, for two seconds at most. */
  close(): Promise<void>;
}

/** As the environment says; null where it names no collector, and then nothing of OpenTelemetry is loaded. */
export async function connectorTelemetry(
  env: TelemetryEnvironment,
  log: Log,
): Promise<ConnectorTelemetry | null> {
  const warn = (words: string) => log(`tracing: ${words}`);
  const tracing = await nodeTracing(env, "connector", warn);
  if (tracing === null) return null;
  const { SessionSpans } = await import("./session-spans.ts");
  return {
    session: (spare) => new SessionSpans(tracing, spare ? null : Date.now()),
    close: () => tracing.flush(CLOSE_MS),
  };
}
