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
/** Texts, objects and arrays of a body that are looked at; a body with more is refused. */
export const MAX_VALUES = 200_000;

/** What is found in a body: the label of a value that a mask shows, or why it can't be told whether there is one. */
type Finding = { label: string } | { unread: string };

const TOO_MANY: Finding = { unread: `it has more than ${MAX_VALUES} values` };
const TOO_DEEP: Finding = { unread: `it has documents in texts more than ${NESTED} levels deep` };
const NOT_READ: Finding = { unread: "it is no YAML that is read here, or too long" };

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
  const isYaml = /yaml/i.test(contentType ?? "");
  const documents = documentsIn(text, isYaml || contentType === null);
  const found = documents === null ? unreadable(text, isYaml, sight) : placeholderIn(documents, sight);
  if (found !== null) return refusalOf(found);
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

function refusalOf(found: Finding): MaskRefusal {
  if ("unread" in found) {
    return {
      message: `refused by Sallyport: the body can't be searched for masked values, and some may be sent back: ${found.unread}`,
      hint: "Send it as JSON, and in smaller parts.",
    };
  }
  return {
    message: `refused by Sallyport: a masked value is sent back (masked: ${found.label}), and what is stored would be lost`,
    hint: "Leave the masked values out: change other fields by kubectl patch, or write new values of your own.",
  };
}

/** What is found in a body that can't be taken apart; what is no object to the API server may have no marker. */
function unreadable(
  text: string,
  isYaml: boolean,
  { masked }: Pick<DocumentSight, "masked">,
): Finding | null {
  const first = masked[0];
  if (first === undefined) return null;
  if (text.includes(MARKER) || text.includes(ENCODED_MARKER)) return { label: first.name };
  return isYaml ? NOT_READ : null;
}

/** The first value that is what some mask shows; or that there is more than is looked at. */
function placeholderIn(
  documents: readonly unknown[],
  { masked, detectors }: Pick<DocumentSight, "masked" | "detectors">,
): Finding | null {
  const overwrites = Object.values(detectors).includes("mask");
  if (masked.length === 0 && !overwrites) return null;
  const waiting: { value: unknown; depth: number }[] = [];
  let seen = 0;
  const add = (values: readonly unknown[], depth: number): boolean => {
    for (const value of values) {
      if (typeof value !== "string" && (typeof value !== "object" || value === null)) continue;
      seen += 1;
      if (seen > MAX_VALUES) return false;
      waiting.push({ value, depth });
    }
    return true;
  };
  if (!add(documents, NESTED)) return TOO_MANY;
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, depth } = next;
    if (typeof value !== "string") {
      if (!add(Object.values(value as object), depth)) return TOO_MANY;
      continue;
    }
    const label = labelShown(value, masked);
    if (label !== null) return { label };
    if (overwrites && OVERWRITTEN.test(value)) return { label: "detected" };
    const inner = /^\s*[{[]/.test(value) ? documentsIn(value, false) : null;
    if (inner === null) continue;
    if (depth === 0 && masked.length > 0) return TOO_DEEP;
    if (depth > 0 && !add(inner, depth - 1)) return TOO_MANY;
  }
  return null;
}

/** The label whose mask shows the text, as it is or in Base64; of what was hidden unread, any. */
function labelShown(value: string, masked: readonly Label[]): string | null {
  const plain = decoded(value);
  const shown = masked.find(({ mask }) => isPlaceholder(value, mask) || isPlaceholder(plain, mask));
  if (shown !== undefined) return shown.name;
  return value.trim() === MARKER ? (masked[0]?.name ?? null) : null;
}

/** What Base64 says, however long, and with blanks in it, which decoders pass over; empty where it is none. */
function decoded(value: string): string {
  const digits = value.replaceAll(/\s+/g, "");
  return digits.length >= 4 && /^[A-Za-z0-9+/]+={0,2}$/.test(digits)
    ? Buffer.from(digits, "base64").toString()
    : "";
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
