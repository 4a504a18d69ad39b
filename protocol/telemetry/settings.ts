/** How spans are made and where they go, as OpenTelemetry's variables say. */
export interface TelemetrySettings {
  /** Where OTLP requests are posted. */
  endpoint: URL;
  /** Fields of each request; they may hold a token. */
  headers: Readonly<Record<string, string>>;
  /** How long one request may take, ms. */
  timeoutMs: number;
  /** `service.name` and what `OTEL_RESOURCE_ATTRIBUTES` adds. */
  resource: Readonly<Record<string, string>>;
  sampler: SamplerSettings;
  /** Spans that wait, at most; of one request; and how long a span waits for others, ms. */
  queue: { size: number; batch: number; delayMs: number };
}

export interface SamplerSettings {
  /** Whether the decision of the parent, where there is one, counts. */
  parentBased: boolean;
  root: "always_on" | "always_off" | "traceidratio";
  /** Of `traceidratio`: 0 to 1. */
  ratio: number;
}

/** The variables that are looked at; the same are variables and secrets of the edge's Worker. */
export const TELEMETRY_VARIABLES = [
  "OTEL_SDK_DISABLED",
  "OTEL_TRACES_EXPORTER",
  "OTEL_SERVICE_NAME",
  "OTEL_RESOURCE_ATTRIBUTES",
  "OTEL_TRACES_SAMPLER",
  "OTEL_TRACES_SAMPLER_ARG",
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
  "OTEL_EXPORTER_OTLP_PROTOCOL",
  "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL",
  "OTEL_EXPORTER_OTLP_HEADERS",
  "OTEL_EXPORTER_OTLP_TRACES_HEADERS",
  "OTEL_EXPORTER_OTLP_TIMEOUT",
  "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
  "OTEL_BSP_MAX_QUEUE_SIZE",
  "OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
  "OTEL_BSP_SCHEDULE_DELAY",
] as const;

export type TelemetryEnvironment = { readonly [Name in (typeof TELEMETRY_VARIABLES)[number]]?: string };

/** Members of a list, and characters of each. */
const MAX_MEMBERS = 64;
const MAX_MEMBER = 4_096;

const SAMPLERS: Readonly<Record<string, Omit<SamplerSettings, "ratio">>> = {
  always_on: { parentBased: false, root: "always_on" },
  always_off: { parentBased: false, root: "always_off" },
  traceidratio: { parentBased: false, root: "traceidratio" },
  parentbased_always_on: { parentBased: true, root: "always_on" },
  parentbased_always_off: { parentBased: true, root: "always_off" },
  parentbased_traceidratio: { parentBased: true, root: "traceidratio" },
};

/** Whether spans may be wanted: a look that costs nothing, for where most have none. */
export function isTelemetryNamed(env: TelemetryEnvironment): boolean {
  return !!(env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT || env.OTEL_EXPORTER_OTLP_ENDPOINT);
}

/**
 * Reads the variables (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
 * …/protocol/exporter/). Null where no endpoint is named, in which this differs from the specification, the SDK is disabled
 * or another exporter is meant. What can't be used is told by `warn`, without its value, and counts as absent: the variables
 * may have been set for other programs.
 */
export function telemetrySettings(
  env: TelemetryEnvironment,
  service: string,
  warn: (words: string) => void,
): TelemetrySettings | null {
  if (!isTelemetryNamed(env)) return null;
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === "true") return null;
  if (env.OTEL_TRACES_EXPORTER && !env.OTEL_TRACES_EXPORTER.split(",").includes("otlp")) return null;
  const endpoint = endpointOf(env);
  if (endpoint === null) {
    warn("OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL: no spans are sent");
    return null;
  }
  // What takes protobuf over HTTP takes JSON at the same address; gRPC has another.
  if ((env.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL) === "grpc")
    warn("OTEL_EXPORTER_OTLP_PROTOCOL is grpc, which is not spoken: spans are sent by http/json");
  const number = (name: keyof TelemetryEnvironment, fallback: number, least: number, most: number) => {
    const text = env[name];
    if (text === undefined || text === "") return fallback;
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    warn(`${name} is not a number from ${least} to ${most}: it counts as ${fallback}`);
    return fallback;
  };
  const timeout = number("OTEL_EXPORTER_OTLP_TIMEOUT", 10_000, 1, 60_000);
  const size = number("OTEL_BSP_MAX_QUEUE_SIZE", 2_048, 1, 65_536);
  const attributes = pairs(env.OTEL_RESOURCE_ATTRIBUTES, "OTEL_RESOURCE_ATTRIBUTES", warn);
  return {
    endpoint,
    headers: {
      ...pairs(env.OTEL_EXPORTER_OTLP_HEADERS, "OTEL_EXPORTER_OTLP_HEADERS", warn, FIELD),
      ...pairs(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS, "OTEL_EXPORTER_OTLP_TRACES_HEADERS", warn, FIELD),
    },
    timeoutMs: number("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", timeout, 1, 60_000),
    resource: {
      "service.name": service,
      ...attributes,
      ...(env.OTEL_SERVICE_NAME && { "service.name": env.OTEL_SERVICE_NAME.slice(0, MAX_MEMBER) }),
    },
    sampler: samplerOf(env, warn),
    queue: {
      size,
      batch: Math.min(size, number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1, 65_536)),
      delayMs: number("OTEL_BSP_SCHEDULE_DELAY", 1_000, 0, 60_000),
    },
  };
}

/** The traces' own endpoint as it is; of the common one the path is `v1/traces` below it. */
function endpointOf(env: TelemetryEnvironment): URL | null {
  const own = env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT;
  const url = URL.parse(own || `${env.OTEL_EXPORTER_OTLP_ENDPOINT!.replace(/\/+$/, "")}/v1/traces`);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") ? url : null;
}

function samplerOf(env: TelemetryEnvironment, warn: (words: string) => void): SamplerSettings {
  const name = env.OTEL_TRACES_SAMPLER || "parentbased_always_on";
  let found = Object.hasOwn(SAMPLERS, name) ? SAMPLERS[name] : undefined;
  if (found === undefined) warn("OTEL_TRACES_SAMPLER is not known: it counts as parentbased_always_on");
  found ??= { parentBased: true, root: "always_on" };
  const text = env.OTEL_TRACES_SAMPLER_ARG;
  const ratio = text === undefined || text === "" ? 1 : Number(text);
  const isRatio = ratio >= 0 && ratio <= 1;
  if (found.root === "traceidratio" && !isRatio)
    warn("OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1: it counts as 1");
  return { ...found, ratio: isRatio ? ratio : 1 };
}

const FIELD = { name: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, value: /^[\t -~]*$/ };
const ANY = { name: /^[!-~]+$/, value: /^\P{Cc}*$/u };

/** `name=value,name=value`, values percent-encoded (the grammar of W3C Baggage). One that can't be read is left out. */
function pairs(
  text: string | undefined,
  variable: string,
  warn: (words: string) => void,
  form = ANY,
): Record<string, string> {
  const found: Record<string, string> = {};
  const members = (text ?? "").split(",").filter((member) => member.trim() !== "");
  for (const member of members.slice(0, MAX_MEMBERS)) {
    const equals = member.indexOf("=");
    const name = member.slice(0, Math.max(0, equals)).trim();
    const value = decoded(member.slice(equals + 1).trim());
    const isGood = form.name.test(name) && value !== null && form.value.test(value);
    if (isGood && member.length <= MAX_MEMBER) found[name] = value;
    else warn(`a member of ${variable} can't be read: it is left out`);
  }
  if (members.length > MAX_MEMBERS) warn(`${variable} has more than ${MAX_MEMBERS} members`);
  return found;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}
