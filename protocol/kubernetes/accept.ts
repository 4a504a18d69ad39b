import type { Fields } from "../http/head.ts";

const CLAUSE =
  /^([\w!#$&^.+*-]+\/[\w!#$&^.+*-]+)((?:[ \t]*;[ \t]*[\w!#$&^.+-]+=(?:[\w!#$&^.+-]*|"[\w !#$&^.+/-]*"))*)$/;

const JSON_TYPE = "application/json";

/**
 * The fields with an `Accept` by which the API server answers in JSON, or in plain text where it knows no other. Of
 * what was asked for stay the variants of JSON (`as=Table`, `as=PartialObjectMetadata`, the aggregated discovery),
 * `text/plain`, and `*` for all, by which the API server takes JSON first (`NegotiateMediaTypeOptions` of
 * k8s.io/apiserver/pkg/endpoints/handlers/negotiation). What is in protobuf, CBOR or YAML does not stay; JSON is
 * asked for where it was not.
 */
export function acceptJson(fields: Fields): Fields {
  const clauses = fields
    .filter(([name]) => name === "accept")
    .flatMap(([, value]) => value.split(","))
    .map((clause) => readClause(clause.trim()));
  const kept = clauses.filter((clause) => clause !== null);
  const json = kept.filter(({ type }) => type === JSON_TYPE);
  const others = kept.filter(({ type }) => type !== JSON_TYPE);
  const texts = [...(json.length === 0 ? [{ text: JSON_TYPE }] : json), ...others].map(({ text }) => text);
  return [...fields.filter(([name]) => name !== "accept"), ["accept", texts.join(", ")]];
}

interface Clause {
  type: string;
  text: string;
}

/** Null for what does not stay. */
function readClause(clause: string): Clause | null {
  const match = CLAUSE.exec(clause);
  if (match === null) return null;
  const type = match[1]!.toLowerCase();
  if (type === JSON_TYPE || type === "text/plain") return { type, text: `${type}${match[2]}` };
  if (type === "text/*") return { type, text: "text/plain" };
  return type === "*/*" || type === "application/*" ? { type, text: "*/*" } : null;
}
