import { readDocument } from "../../../protocol/document.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import type { Timers } from "../../guard/timers.ts";
import { DEFAULT_DETECTORS, DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import { httpMaskSettings, kubernetesMaskSettings } from "../../mask/settings.ts";
import type { Findings } from "./body-mask.ts";
import { type Asked, type DocumentSight, type Masking, ResponseMasks } from "./response-mask.ts";

/** For tests of masks. */
export const OFF: Detectors = Object.fromEntries(
  DETECTOR_NAMES.map((name) => [name, "off"]),
) as unknown as Detectors;

export const KEYS = { session: "5".repeat(64), target: "7".repeat(64) };

/** Time that never passes. */
export const STILL: Timers = { after: () => () => {} };

/** What a session sees that may see none of the labels but these. */
export function sight(
  kind: "http" | "kubernetes",
  settings: { labels?: Record<string, string>; masks?: object; maskKey?: object } = {},
  detectors: Detectors = DEFAULT_DETECTORS,
  unmasked: readonly string[] = [],
): DocumentSight {
  const read = kind === "http" ? httpMaskSettings : kubernetesMaskSettings;
  const { labels } = read(readDocument(JSON.stringify(settings), "test.yaml"), "/");
  const masked = [...labels.labels.values()].filter(({ name }) => !unmasked.includes(name));
  return { labels, masked, keys: KEYS, detectors };
}

/** A session that may see no label of a service whose users have some. */
export const LABELLED = sight("http", {
  labels: {
    "/public/** $..email": "none",
    "/users/** $..email": "pii.email",
    "/users/* $.ssn": "pii.ssn",
    "$..password": "secret",
  },
  masks: {
    "pii.email": { mask: "partial", as: "email" },
    "pii.ssn": { mask: "hash", scope: "target" },
    secret: { mask: "constant", value: "hidden" },
  },
  maskKey: { env: "KEY" },
});

export function info(resource: string, group = "", subresource = ""): RequestInfo {
  return {
    ...{ isResource: true, verb: "get", path: "/", prefix: group === "" ? "api" : "apis" },
    ...{ group, version: "v1", namespace: "default", resource, subresource, name: "x", parts: [] },
  };
}

export function asked(path: string, kubernetes: RequestInfo | null = null): Asked {
  return { method: "GET", path, kubernetes };
}

/** What the agent gets of a body that comes cut at these places; the error's code where it is broken off. */
export function through(
  masking: Masking,
  body: string | Buffer,
  cuts: readonly number[] = [],
): { text: string; findings: Findings } {
  if (masking.how !== "masked") throw new Error(`${masking.how} is not masked`);
  const out: Buffer[] = [];
  const mask = masking.open((late) => out.push(...late));
  const bytes = Buffer.from(body);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    if (cut <= from) continue;
    out.push(...mask.write(Buffer.from(bytes.subarray(from, cut))));
    from = cut;
  }
  out.push(...mask.end());
  return { text: Buffer.concat(out).toString(), findings: mask.take() };
}

/** The same by what a session sees of an answer of status 200. */
export function shown(
  kind: "http" | "kubernetes",
  seen: DocumentSight,
  what: Asked,
  body: string | Buffer | object,
  type = "application/json",
  fields: Fields = [],
): string {
  const masks = new ResponseMasks(kind, seen, STILL);
  const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  return through(masks.of(what, 200, [["content-type", type], ...fields]), text).text;
}
