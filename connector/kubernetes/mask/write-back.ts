import { parseAllDocuments } from "yaml";
import type { RequestInfo } from "../../../protocol/kubernetes/request-info.ts";
import { isParsable } from "../../../protocol/kubernetes/yaml.ts";
import { NESTED } from "../../http/mask/json-body.ts";
import { JsonMask, type JsonRules, Malformed } from "../../http/mask/json-mask.ts";
import { isPlaceholder } from "../../http/mask/placeholders.ts";
import type { DocumentSight } from "../../http/mask/response-mask.ts";
import { MARKER } from "../../mask/document-labels.ts";
import type { Label } from "../../mask/labels.ts";
import { patchFault } from "./json-patch.ts";
import { kubernetesRules } from "./rules.ts";

/** Why a request may not reach the API server in a session with masks. `message` and `hint` hold no value. */
export interface MaskRefusal {
  message: string;
  hint: string;
}

const ENCODED_MARKER = Buffer.from(MARKER).toString("base64");
const OVERWRITTEN = /^\*{6,}$/;
/** Characters of Base64 that can be a masked value. */
const MAX_ENCODED = 2_000;
const MAX_VALUES = 200_000;

/**
 * Whether a request to an API server would destroy a masked value, by sending back what is shown instead of it, or tell
 * one: by a JSON patch, or a field selector. `body`: whole, or null where there is none. `target`: path and query.
 * Answers null where it may go on.
 */
export function writeRefusal(
  sight: Pick<DocumentSight, "labels" | "masked" | "keys" | "detectors">,
  request: { info: RequestInfo; target: string; contentType: string | null; body: Uint8Array | null },
): MaskRefusal | null {
  const { info, target, contentType, body } = request;
  const rules = kubernetesRules(sight, info);
  const selected = rules === null ? null : selectedField(target, rules);
  if (selected !== null) {
    return {
      message: `refused by Sallyport: a field selector for ${selected}, which is masked`,
      hint: "Select by another field, or by labels.",
    };
  }
  if (body === null || body.length === 0) return null;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const documents = documentsIn(text, contentType === null || /yaml/i.test(contentType));
  const label = documents === null ? markerIn(text, sight.masked) : placeholderIn(documents, sight);
  if (label !== null) {
    return {
      message: `refused by Sallyport: a masked value is sent back (masked: ${label}), and what is stored would be lost`,
      hint: "Leave the masked values out: change other fields by kubectl patch, or write new values of your own.",
    };
  }
  const isPatch = /json-patch/i.test(contentType ?? "");
  const operations = isPatch && Array.isArray(documents?.[0]) ? (documents[0] as unknown[]) : null;
  if (rules === null || operations === null) return null;
  const fault = patchFault(operations, info, rules, (value) => masksAny(value, rules));
  if (fault === null) return null;
  return {
    message: `refused by Sallyport: ${fault.what}, which is masked or would show what is`,
    hint: "Leave the operation out. A strategic merge patch or an apply changes values without looking at them.",
  };
}

/** A field that the query selects by and that is masked, or null. */
function selectedField(target: string, { root }: JsonRules): string | null {
  const query = target.indexOf("?");
  if (query === -1) return null;
  for (const selector of new URLSearchParams(target.slice(query + 1)).getAll("fieldSelector")) {
    for (const [path] of selector.matchAll(/(?:^|(?<=,))[^=!,]+/g)) {
      const names = path.trim().replace(/^\./, "").split(".");
      let place = root;
      for (const name of names) {
        place = place.member(name);
        if (place.treatment !== null) return path.trim().slice(0, 200);
      }
    }
  }
  return null;
}

/** JSON, or YAML documents if it may be some; null for what is neither, or too long to be taken apart. */
function documentsIn(text: string, mayBeYaml: boolean): unknown[] | null {
  try {
    return [JSON.parse(text)];
  } catch {
    // Of others only the marker itself is looked for; no policy is told that they are understood.
    if (!mayBeYaml || !isParsable(text)) return null;
  }
  try {
    const documents = parseAllDocuments(text, { logLevel: "silent" });
    if (documents.some(({ errors }) => errors.length > 0)) return null;
    return [...documents].map((document): unknown => document.toJS({ maxAliasCount: 100 }));
  } catch {
    return null;
  }
}

function markerIn(text: string, masked: readonly Label[]): string | null {
  const isThere = text.includes(MARKER) || text.includes(ENCODED_MARKER);
  return isThere ? (masked[0]?.name ?? null) : null;
}

/** The label of the first value that is what some mask shows. */
function placeholderIn(
  documents: readonly unknown[],
  { masked, detectors }: Pick<DocumentSight, "masked" | "detectors">,
): string | null {
  const overwrites = Object.values(detectors).includes("mask");
  const waiting: { value: unknown; depth: number }[] = documents.map((value) => ({ value, depth: NESTED }));
  for (let seen = 0; waiting.length > 0 && seen < MAX_VALUES; seen += 1) {
    const { value, depth } = waiting.pop()!;
    if (typeof value === "string") {
      const label = masked.find(
        ({ mask }) => isPlaceholder(value, mask) || isPlaceholder(decoded(value), mask),
      );
      if (label !== undefined) return label.name;
      if (overwrites && OVERWRITTEN.test(value)) return "detected";
      if (depth > 0 && /^\s*[{[]/.test(value)) {
        for (const inner of documentsIn(value, false) ?? []) waiting.push({ value: inner, depth: depth - 1 });
      }
    } else if (typeof value === "object" && value !== null) {
      for (const one of Object.values(value)) waiting.push({ value: one, depth });
    }
  }
  return null;
}

function decoded(value: string): string {
  if (value.length > MAX_ENCODED || value.length < 4 || !/^[A-Za-z0-9+/\s]+={0,2}\s*$/.test(value)) return "";
  return Buffer.from(value, "base64").toString();
}

/** Whether a value would be shown otherwise if it were, or were in, an object. */
function masksAny(value: unknown, rules: JsonRules): boolean {
  if (value === undefined) return false;
  const text = Buffer.from(JSON.stringify(value));
  const before = Buffer.from(text);
  const out: Buffer[] = [];
  try {
    const mask = new JsonMask({
      rules,
      scanner: null,
      count: () => {},
      nested: NESTED,
    });
    mask.write(text, out);
    mask.end(out);
  } catch (error) {
    if (error instanceof Malformed) return true;
    throw error;
  }
  return !Buffer.concat(out).equals(before);
}
