import { DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import type { Label, Mask } from "../../mask/labels.ts";
import { decoded } from "./form-mask.ts";
import { HASH_PREFIX } from "./json-value.ts";
import { mediaType } from "./media-type.ts";

/** Values of a body that are looked at. */
const MAX_VALUES = 200_000;
const HASH = new RegExp(`^${HASH_PREFIX}[0-9a-f]{32}$`);
/** Stars in place of a whole value, as detectors leave them. */
const OVERWRITTEN = /^\*{6,}$/;

const PARTS: Record<Extract<Mask, { kind: "partial" }>["as"], RegExp> = {
  email: /^(?:.?\*\*\*@\*\*\*(?:\.[A-Za-z]{2,4})?|.?\*\*\*)$/su,
  phone: /^\*\*\*[0-9]{0,4}$/,
  card: /^\*\*\*[0-9]{0,4}$/,
  last4: /^\*\*\*.{0,4}$/su,
  text: /^.?\*\*\*$/su,
};

/** Whether a text is what this mask shows instead of one. `null` and ranges can't be told from values. */
export function isPlaceholder(text: string, mask: Mask): boolean {
  switch (mask.kind) {
    case "null":
    case "range":
      return false;
    case "constant":
      return (
        text.trim() !== "" &&
        text.trim() === mask.value.trim() &&
        !/^[-+.\d\s]*$/.test(text) &&
        !/^(?:true|false)$/.test(text)
      );
    case "partial":
      return PARTS[mask.as].test(text);
    case "hash":
      return HASH.test(text);
  }
}

/**
 * The label of a masked value that a request's body sends back, `detected` for one that a detector overwrote, or null:
 * what is stored would be lost. JSON and forms are looked into by values, other texts are not: in them a few stars say
 * nothing. `body` is whole.
 */
export function carriesPlaceholder(
  body: Uint8Array,
  contentType: string | null,
  masked: readonly Label[],
  detectors: Detectors,
): string | null {
  const overwrites = DETECTOR_NAMES.some((name) => detectors[name] === "mask");
  if (masked.length === 0 && !overwrites) return null;
  const find = (text: string): string | null => {
    const label = masked.find(({ mask }) => isPlaceholder(text, mask));
    if (label !== undefined) return label.name;
    return overwrites && OVERWRITTEN.test(text) ? "detected" : null;
  };
  const { kind } = mediaType(contentType === null ? [] : [contentType]);
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  if (kind === "form") return first(text.split("&").map(value), find);
  // What is no JSON by its type may be read as some by its target.
  const values = textsIn(text);
  return values === null ? null : first(values, find);
}

function value(field: string): string {
  const text = decoded(field).toString();
  return text.slice(text.indexOf("=") + 1);
}

function first(texts: Iterable<string>, find: (text: string) => string | null): string | null {
  for (const text of texts) {
    const found = find(text);
    if (found !== null) return found;
  }
  return null;
}

/** Texts of a document, or of lines of documents; null for what is none. */
export function textsIn(text: string): string[] | null {
  const documents = parsed(text);
  if (documents === null) return null;
  const texts: string[] = [];
  const waiting: unknown[] = [...documents];
  for (let seen = 0; waiting.length > 0 && seen < MAX_VALUES; seen += 1) {
    const next = waiting.pop();
    if (typeof next === "string") texts.push(next);
    else if (typeof next === "object" && next !== null)
      for (const one of Object.values(next)) waiting.push(one);
  }
  return texts;
}

function parsed(text: string): unknown[] | null {
  try {
    return [JSON.parse(text)];
  } catch {
    const lines = text.split("\n").filter((line) => line.trim() !== "");
    if (lines.length < 2) return null;
    try {
      return lines.map((line): unknown => JSON.parse(line));
    } catch {
      return null;
    }
  }
}
