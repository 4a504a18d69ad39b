import { TELEMETRY_VARIABLES, type TelemetryEnvironment } from "../../protocol/telemetry/settings.ts";

/** OpenTelemetry's variables of this process, as bindings of the edge's Worker. */
export function telemetryBindings(env: TelemetryEnvironment): Record<string, string> {
  return Object.fromEntries(
    TELEMETRY_VARIABLES.flatMap((name) => {
      const value = env[name];
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}
