import { type TelemetryEnvironment, telemetrySettings } from "./settings.ts";
import type { Tracing } from "./tracing.ts";

/**
 * Tracing for a process of Node, as its environment says; null where it names no collector, and then nothing of OpenTelemetry is
 * loaded. Spans are sent by a timer that keeps no process alive. `warn` is told what of the variables can't be used, `tell` how
 * the collector takes spans.
 */
export async function nodeTracing(
  env: TelemetryEnvironment,
  part: "client" | "connector",
  warn: (words: string) => void,
  tell = warn,
): Promise<Tracing | null> {
  const settings = telemetrySettings(env, `sallyport-${part}`, warn);
  if (settings === null) return null;
  const { Tracing } = await import("./tracing.ts");
  let timer: NodeJS.Timeout | undefined;
  let due = Number.POSITIVE_INFINITY;
  const tracing: Tracing = new Tracing(settings, part, {
    fetch: (url, init) => fetch(url, init),
    now: Date.now,
    warn: tell,
    wanted: (delayMs) => {
      const at = Date.now() + delayMs;
      if (at >= due) return;
      due = at;
      clearTimeout(timer);
      timer = setTimeout(() => {
        due = Number.POSITIVE_INFINITY;
        void tracing.queue.send();
      }, delayMs).unref();
    },
  });
  return tracing;
}
