import { KINDS, MESSAGES } from "./messages.ts";

/** A field of a message, as it stands in JSON. */
export interface Field {
  /** As JSON, in quotation marks; empty for a message whose members stand among those of the one around it. */
  name: string;
  /** How often it may stand: once, in a row, or as entries of a map with texts as keys. */
  form: "one" | "list" | "map";
  type: FieldType;
  /** What becomes of its zero value: left out, as it means the same as none; refused, as JSON has only null for it. */
  zero: "written" | "omitted" | "refused";
}

/** A message's name has a dot; of the others each is read by code of its own. */
export type FieldType =
  | { message: string }
  | { scalar: Scalar }
  | { schema: "SchemaOrBool" | "SchemaOrArray" | "SchemaOrStrings" };

export type Scalar =
  | ("string" | "bytes" | "bool" | "int32" | "int64" | "float64")
  | ("Time" | "MicroTime" | "Quantity" | "IntOrString" | "Raw" | "Strings");

export interface Message {
  name: string;
  fields: ReadonlyMap<number, Field>;
}

const LINES: ReadonlyMap<string, string> = new Map(
  MESSAGES.trim()
    .split("\n")
    .map((line) => {
      const end = line.indexOf(" ");
      return end < 0 ? [line, ""] : [line.slice(0, end), line.slice(end + 1)];
    }),
);
const parsed = new Map<string, Message>();

/** Kinds that are the same in each version: `KINDS` has them under this. */
const ANY_VERSION = "*";

const MESSAGES_OF_KINDS: ReadonlyMap<string, string> = new Map(
  KINDS.trim()
    .split("\n")
    .flatMap((line) => {
      const [version, folder, ...kinds] = line.split(" ");
      return kinds.map((kind): [string, string] => [`${version} ${kind}`, `${folder}.${kind}`]);
    }),
);

/** The message of an object, or null where the kind is not one of Kubernetes itself. */
export function messageOf(apiVersion: string, kind: string): Message | null {
  const name =
    MESSAGES_OF_KINDS.get(`${apiVersion} ${kind}`) ?? MESSAGES_OF_KINDS.get(`${ANY_VERSION} ${kind}`);
  return name === undefined ? null : messageNamed(name);
}

/** A message that a kind or a field of the table names. */
export function messageNamed(name: string): Message {
  const known = parsed.get(name);
  if (known !== undefined) return known;
  const fields = LINES.get(name)!
    .split(" ")
    .filter((text) => text !== "")
    .map(readField);
  const message = { name, fields: new Map(fields) };
  parsed.set(name, message);
  return message;
}

/** The names of all kinds, `apiVersion kind`. */
export function knownKinds(): string[] {
  return [...MESSAGES_OF_KINDS.keys()];
}

const FIELD = /^([^: ]*):(\d+):(\?|!|\[\]|\{\}|)([\w.]+)$/;

function readField(text: string): [number, Field] {
  const [, name, number, before, type] = FIELD.exec(text)!;
  const form = before === "[]" ? "list" : before === "{}" ? "map" : "one";
  return [
    Number(number),
    {
      name: name === "" ? "" : JSON.stringify(name),
      form,
      type: readType(type!),
      zero: before === "?" ? "omitted" : before === "!" ? "refused" : "written",
    },
  ];
}

function readType(type: string): FieldType {
  if (type.includes(".")) return { message: type };
  if (type === "SchemaOrBool" || type === "SchemaOrArray" || type === "SchemaOrStrings")
    return { schema: type };
  return { scalar: type as Scalar };
}
