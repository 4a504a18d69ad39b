import { isTelemetryNamed, telemetrySettings } from "../../protocol/telemetry/settings.ts";
import type { Tracing } from "../../protocol/telemetry/tracing.ts";
import type { Env } from "../environment.ts";
import { logLine } from "../log-line.ts";

/** How often one turn tries to send what waits: later ones try again. */
const ATTEMPTS = 3;
/** How long it waits before each, at most, ms: an object that waits can't rest. */
const PATIENCE_MS = 5_000;
/** How much longer than it takes a turn may seem to be about to send, ms: it may have been ended. */
const SLACK_MS = 1_000;

/** Of this isolate; undefined until it is looked for. */
let tracing: Tracing | null | undefined;
let delayMs = 0;
/** Until when some turn is about to send what waits. */
let lingersUntil = 0;

/**
 * The edge's traces, as its variables say; null where they name no collector, and then nothing of OpenTelemetry is loaded. A
 * module is loaded by each turn that comes before it is there: a turn can't wait for what another does.
 */
export async function edgeTracing(env: Env): Promise<Tracing | null> {
  if (tracing !== undefined) return tracing;
  if (!isTelemetryNamed(env)) return null;
  const warn = (words: string) => logLine("warning", `tracing: ${words}`);
  const settings = telemetrySettings(env, "sallyport-edge", warn);
  if (settings === null) {
    tracing = null;
    return null;
  }
  const made = await import("../../protocol/telemetry/tracing.ts");
  const means = {
    fetch: (url: URL, init: RequestInit) => fetch(url, init),
    now: () => Date.now(),
    warn,
    wanted: (afterMs: number) => {
      delayMs = afterMs;
    },
  };
  tracing ??= new made.Tracing(settings, "edge", means);
  return tracing;
}

/**
 * Sends what waits, a little later, so that spans of others go with it. For `waitUntil`: nothing of a session may wait for it.
 * Never throws.
 */
export async function sendSpans({ queue }: Tracing): Promise<void> {
  for (let attempt = 0; attempt < ATTEMPTS && queue.waiting > 0; attempt++) {
    const now = Date.now();
    if (now < lingersUntil) return;
    const waitMs = Math.min(delayMs, PATIENCE_MS);
    lingersUntil = now + waitMs + SLACK_MS;
    await scheduler.wait(waitMs);
    lingersUntil = 0;
    await queue.send();
  }
}
