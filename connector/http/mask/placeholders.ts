import { SallyportError } from "../../../protocol/errors.ts";
import { DETECTOR_NAMES, type Detectors } from "../../mask/detectors/modes.ts";
import type { Label, Mask } from "../../mask/labels.ts";
import { decoded } from "./form-mask.ts";
import { HASH_PREFIX } from "./json-value.ts";
import { mediaType } from "./media-type.ts";

/** Texts, objects and arrays of a body that are looked at; a body with more is refused. */
export const MAX_VALUES = 200_000;
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
 * nothing. `body` is whole. Throws `limit_exceeded` for more values than are looked at.
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
  const documents = parsed(text);
  return documents === null ? null : first(textsIn(documents), find);
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

/** All texts of documents. Throws `limit_exceeded`. */
function* textsIn(documents: readonly unknown[]): Generator<string, void, void> {
  const waiting: object[] = [];
  let seen = 0;
  const strings = function* (values: readonly unknown[]) {
    for (const one of values) {
      if (typeof one !== "string" && (typeof one !== "object" || one === null)) continue;
      seen += 1;
      if (seen > MAX_VALUES) throw tooMany();
      if (typeof one === "string") yield one;
      else waiting.push(one);
    }
  };
  yield* strings(documents);
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
    yield* strings(Object.values(next));
}

function tooMany(): SallyportError {
  return new SallyportError(
    "limit_exceeded",
    `the body has more than ${MAX_VALUES} values, so that what stands in the place of masked ones can't be looked for in it`,
    "Send it in smaller parts.",
  );
}

/** A document, or lines of documents; null for what is none. */
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
