import { readFileSync } from "node:fs";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";

/** The published schema (README.md) as it is on its lines. */
interface Attribute {
  type?: string;
  object?: string;
  array?: true;
  required?: true;
  profiles?: string[];
  deprecated?: true;
  enum?: Record<string, string>;
}
interface Shape {
  uid?: number;
  caption?: string;
  constraints?: { at_least_one?: string[]; just_one?: string[] };
  attributes: Record<string, Attribute>;
}
interface Type {
  primitive?: string;
  regex?: string;
  max_len?: number;
  range?: [number, number];
}
type Line =
  | { version: string }
  | ({ type: string } & Type)
  | ({ class: string } & Shape)
  | ({ object: string } & Shape);

const lines = readFileSync(new URL("ocsf-1.8.0.ndjson", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);

export const SCHEMA_VERSION = lines.flatMap((line) => ("version" in line ? [line.version] : []))[0]!;
const TYPES = new Map(lines.flatMap((line) => ("type" in line ? [[line.type, line as Type] as const] : [])));
const CLASSES = new Map(lines.flatMap((line) => ("class" in line ? [[line.uid!, line] as const] : [])));
const OBJECTS = new Map(lines.flatMap((line) => ("object" in line ? [[line.object, line] as const] : [])));

const PRIMITIVES: Record<string, object> = {
  boolean_t: { type: "boolean" },
  integer_t: { type: "integer" },
  long_t: { type: "integer" },
  float_t: { type: "number" },
  string_t: { type: "string" },
  json_t: {},
};

const compiled = new Map<string, ValidateFunction>();

/** Why an event is not of its class under the profiles that it names; empty where it is. Deprecated attributes are none. */
export function problemsOf(event: Record<string, unknown>): string[] {
  const named = (event.metadata as { profiles?: unknown } | undefined)?.profiles;
  const profiles = Array.isArray(named) ? named.map(String).sort() : [];
  const key = `${event.class_uid} ${profiles}`;
  const validate = compiled.get(key) ?? compile(Number(event.class_uid), profiles);
  if (validate === null) return [`there is no class ${event.class_uid}`];
  compiled.set(key, validate);
  const problems = validate(event)
    ? []
    : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
  const expected = Number(event.class_uid) * 100 + Number(event.activity_id);
  if (event.type_uid !== expected) problems.push(`/type_uid is not ${expected}`);
  return [...problems, ...siblings(event, CLASSES.get(Number(event.class_uid))!.attributes)];
}

function compile(uid: number, profiles: readonly string[]): ValidateFunction | null {
  const shape = CLASSES.get(uid);
  if (shape === undefined) return null;
  const $defs = Object.fromEntries(
    Array.from(OBJECTS, ([name, object]) => [name.replace("/", "."), jsonSchema(object, profiles)]),
  );
  return new Ajv2020({ allErrors: true, strict: false }).compile({ ...jsonSchema(shape, profiles), $defs });
}

/** The JSON Schema of a class or object under profiles: closed, but for objects without attributes. */
function jsonSchema({ attributes, constraints }: Shape, profiles: readonly string[]): object {
  const own = Object.entries(attributes).filter(
    ([, one]) =>
      !one.deprecated && (one.profiles === undefined || one.profiles.some((name) => profiles.includes(name))),
  );
  const required = (names: string[]) => names.map((name) => ({ required: [name] }));
  return {
    type: "object",
    properties: Object.fromEntries(own.map(([name, one]) => [name, attributeSchema(one)])),
    additionalProperties: own.length === 0,
    required: own.filter(([, one]) => one.required).map(([name]) => name),
    ...(constraints?.at_least_one && { anyOf: required(constraints.at_least_one) }),
    ...(constraints?.just_one && { oneOf: required(constraints.just_one) }),
  };
}

function attributeSchema({ type, object, array, enum: values }: Attribute): object {
  const item =
    object === undefined ? typeSchema(type!, values) : { $ref: `#/$defs/${object.replace("/", ".")}` };
  return array ? { type: "array", items: item } : item;
}

function typeSchema(name: string, values: Record<string, string> | undefined): object {
  const { primitive = name, regex, max_len, range } = TYPES.get(name)!;
  const isNumber = primitive === "integer_t" || primitive === "long_t";
  return {
    ...PRIMITIVES[primitive],
    ...(values && { enum: Object.keys(values).map((value) => (isNumber ? Number(value) : value)) }),
    ...(regex && { pattern: regex }),
    ...(max_len && { maxLength: max_len }),
    ...(range && { minimum: range[0], maximum: range[1] }),
  };
}

/** An enum's caption stands in its sibling: `status_id` 2 is `status` Failure. Of 99 the sibling is the source's own word. */
function siblings(event: Record<string, unknown>, attributes: Record<string, Attribute>): string[] {
  const problems: string[] = [];
  for (const [name, { enum: captions }] of Object.entries(attributes)) {
    const value = event[name];
    const sibling = name === "activity_id" ? "activity_name" : name.replace(/_(?:uid|id)$/, "");
    const told =
      event[
        name === "type_uid" || name === "class_uid" || name === "category_uid" ? `${sibling}_name` : sibling
      ];
    if (captions === undefined || value === undefined || value === 99) continue;
    if (told !== captions[String(value)]) problems.push(`/${name} ${value} is not ${String(told)}`);
  }
  return problems;
}
