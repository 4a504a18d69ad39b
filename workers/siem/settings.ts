import { type Fetch, postableUrl } from "../approval/post.ts";
import { webhookKey } from "../approval/webhook.ts";
import type { Env } from "../environment.ts";
import type { Destination } from "./destination.ts";
import { HecDestination } from "./hec.ts";
import { R2Destination } from "./r2.ts";
import { WebhookDestination } from "./webhook.ts";

export type SiemEnv = Pick<
  Env,
  "SIEM_URL" | "SIEM_FORMAT" | "SIEM_TOKEN" | "SIEM_R2" | "PUBLIC_URL" | "RECORDINGS"
>;

/** What stands in the settings of a destination, as the status shows it. */
export interface DestinationSettings {
  name: Destination["name"];
  /** `hec`, `json` or `ndjson`. */
  format: string;
  /** Host and port, or the bucket's binding; never the whole address, which may hold a secret. */
  place: string;
  /** What is wrong with the settings; null where nothing is. */
  fault: string | null;
  /** Where the settings are wrong it takes nothing: events wait until they are right. */
  destination: Destination;
}

/** Whether events are delivered anywhere: also where a setting is wrong, as then they wait. */
export function isSiemOn({ SIEM_URL, SIEM_R2 }: SiemEnv): boolean {
  return Boolean(SIEM_URL) || SIEM_R2 === "on";
}

/** The destinations that are set. */
export function destinationsOf(env: SiemEnv, fetcher: Fetch): DestinationSettings[] {
  const all: DestinationSettings[] = [];
  if (env.SIEM_URL) all.push(http(env, fetcher));
  if (env.SIEM_R2 === "on") {
    const destination = new R2Destination(env.RECORDINGS);
    all.push({ name: "r2", format: "ndjson", place: "events/", fault: null, destination });
  }
  return all;
}

function http(env: SiemEnv, fetcher: Fetch): DestinationSettings {
  const { SIEM_FORMAT: format = "json", SIEM_TOKEN: token = "" } = env;
  const url = postableUrl(env.SIEM_URL);
  const wrong = (fault: string): DestinationSettings => ({
    name: "http",
    format,
    place: url?.host ?? "-",
    fault,
    destination: unusable(fault),
  });
  if (url === null) return wrong("SIEM_URL is not an https URL without user and password");
  const right = (destination: Destination): DestinationSettings => ({
    name: "http",
    format,
    place: url.host,
    fault: null,
    destination,
  });
  if (format === "hec") {
    // A header that can't be sent would fail for ever without a word why.
    if (!/^[\x21-\x7e]{1,512}$/.test(token)) return wrong("SIEM_TOKEN holds no token of the collector");
    return right(
      new HecDestination(url, token, URL.parse(env.PUBLIC_URL ?? "")?.host ?? "sallyport", fetcher),
    );
  }
  if (format !== "json") return wrong("SIEM_FORMAT is neither hec nor json");
  const key = webhookKey(token);
  if (key === null) return wrong("SIEM_TOKEN has not the form whsec_BASE64 with 24 to 64 bytes");
  return right(new WebhookDestination(url, key, fetcher));
}

function unusable(detail: string): Destination {
  return {
    name: "http",
    isEdges: false,
    lingerMs: 2_000,
    maxEvents: 1,
    maxBytes: 1,
    mixes: false,
    send: async () => ({ outcome: "failed", detail }),
  };
}
