/** How a body can be looked through. */
export type BodyKind = "json" | "text" | "events" | "form" | "unreadable";

const JSON_TYPES =
  /^(?:(?:application|text)\/(?:json|x-json|json-seq|json5?|x-?ndjson|ndjson|jsonl|jsonlines|x-jsonlines|manifest\+json)|[a-z]+\/[^;\s]+\+(?:json|json-seq))$/;
const TEXT_TYPES =
  /^(?:text\/[^;\s]+|application\/(?:xml|yaml|x-yaml|javascript|x-javascript|ecmascript|graphql|sql|toml|x-sh|xml-dtd|x-pem-file|pem-certificate-chain|openmetrics-text|x-www-form-urlencoded)|image\/svg\+xml|[a-z]+\/[^;\s]+\+(?:xml|yaml))$/;
const UTF8 = new Set(["utf-8", "utf8", "us-ascii", "ascii"]);
/** Of which every byte below 0x80 is ASCII's, and no other byte looks like one. */
const SINGLE =
  /^(?:iso-8859-(?:[1-9]|1[0-6])|iso8859-1|latin-?1|windows-125[0-8]|cp125[0-8]|koi8-[ru]|macintosh)$/;

export interface MediaType {
  /** In lower case, without parameters; empty where there is none that can be read. */
  type: string;
  kind: BodyKind;
}

/** Reads the values of the Content-Type fields (RFC 9110 section 8.3): what more than one says can't be relied on. */
export function mediaType(values: readonly string[]): MediaType {
  const [value] = values;
  const found =
    values.length === 1
      ? /^([!#$%&'*+.^_`|~0-9A-Za-z-]+\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*(?:;|$)/.exec(value!.trim())
      : null;
  if (found === null) return { type: "", kind: "unreadable" };
  const type = found[1]!.toLowerCase();
  const charsets = [...value!.matchAll(/;\s*charset\s*=\s*(?:"([^"]*)"|([^;\s]*))/gi)].map((one) =>
    (one[1] ?? one[2] ?? "").toLowerCase(),
  );
  const isUtf8 = charsets.every((one) => UTF8.has(one));
  if (type === "text/event-stream") return { type, kind: isUtf8 ? "events" : "unreadable" };
  if (JSON_TYPES.test(type)) return { type, kind: isUtf8 ? "json" : "unreadable" };
  if (!TEXT_TYPES.test(type)) return { type, kind: "unreadable" };
  const isText = charsets.length < 2 && (isUtf8 || SINGLE.test(charsets[0]!));
  if (!isText) return { type, kind: "unreadable" };
  return { type, kind: type === "application/x-www-form-urlencoded" ? "form" : "text" };
}
