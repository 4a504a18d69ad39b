import { JsonWriter, jsonString, jsonText } from "./json-writer.ts";
import { members, type Place, SCALAR_FORMS, single, ZEROS } from "./scalars.ts";
import { type Field, type FieldType, type Message, messageNamed, messageOf, type Scalar } from "./schema.ts";
import { malformed, ProtobufFault, WIRE, type WireField, WireReader, wireFields } from "./wire.ts";

/** With which a body in protobuf begins (k8s.io/apimachinery/pkg/runtime/serializer/protobuf). */
const MAGIC = Buffer.from("k8s\0");
const PROTOBUF = "application/vnd.kubernetes.protobuf";

/**
 * The JSON of an object that is written in protobuf: what the API server reads from one, it reads from the other. Throws
 * a `ProtobufFault` for what has no such JSON: kinds that are not of Kubernetes itself, fields that are not known here,
 * fields that stand twice and would be merged, and what is malformed; `limit_exceeded` for more than `most` bytes.
 */
export function objectJson(body: Buffer, most: number): Buffer {
  const { apiVersion, kind, raw } = readEnvelope(body);
  const message = messageOf(apiVersion, kind);
  if (message === null)
    throw new ProtobufFault(415, `${named(apiVersion, kind)} is not known here in protobuf`);
  const object = new ObjectJson(body, most);
  return object.write(apiVersion, kind, message, raw);
}

/** Enough to know it by, and no more than fits a line. */
function named(apiVersion: string, kind: string): string {
  return jsonText(`${apiVersion}/${kind}`.slice(0, 100));
}

interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Place;
}

/** `runtime.Unknown`: the object's kind, and its message. */
function readEnvelope(body: Buffer): Envelope {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) malformed("it does not begin as objects in protobuf do");
  const envelope = members(body, MAGIC.length, body.length, "the envelope", ENVELOPE);
  const text = (place: Place | undefined) =>
    place === undefined ? "" : (JSON.parse(jsonString(body, ...place)) as string);
  if (text(envelope.get(3)) !== "") throw new ProtobufFault(415, "it is coded once more");
  const contentType = text(envelope.get(4));
  if (contentType !== "" && contentType !== PROTOBUF) {
    throw new ProtobufFault(415, `it holds ${jsonText(contentType.slice(0, 100))}`);
  }
  const type = envelope.get(1) && members(body, ...envelope.get(1)!, "its type", TYPE_META);
  const [apiVersion, kind] = [text(type?.get(1)), text(type?.get(2))];
  if (apiVersion === "" || kind === "") malformed("it does not say of which apiVersion and kind it is");
  const raw = envelope.get(2);
  return raw === undefined ? malformed("it holds no object") : { apiVersion, kind, raw };
}

/** Fields, all of bytes. */
function texts(...numbers: number[]): ReadonlyMap<number, number> {
  return new Map(numbers.map((number) => [number, WIRE.bytes]));
}

const ENVELOPE = texts(1, 2, 3, 4);
const TYPE_META = texts(1, 2);

class ObjectJson {
  readonly #bytes: Buffer;
  readonly #out: JsonWriter;

  constructor(bytes: Buffer, most: number) {
    this.#bytes = bytes;
    this.#out = new JsonWriter(most);
  }

  write(apiVersion: string, kind: string, message: Message, place: Place): Buffer {
    this.#out.container("{", () => {
      this.#out.name('"kind"');
      this.#out.value(jsonText(kind));
      this.#out.name('"apiVersion"');
      this.#out.value(jsonText(apiVersion));
      this.#members(message, place);
    });
    return this.#out.take();
  }

  #members(message: Message, place: Place): void {
    for (const [number, found] of wireFields(this.#bytes, ...place, message.name, message.fields)) {
      this.#field(message.fields.get(number)!, found, `${message.name} ${number}`);
    }
  }

  #field({ name, form, type, zero }: Field, found: WireField, what: string): void {
    if (form === "one") {
      const place = single(found, wireOf(type), what);
      if (name === "") this.#members(messageNamed((type as { message: string }).message), place);
      else if (zero === "omitted") this.#unlessZero(name, (type as { scalar: Scalar }).scalar, place);
      else {
        const begins = this.#out.name(name);
        this.#value(type, place);
        if (zero === "refused" && this.#out.isNull(begins)) malformed(`${what} stands there, and is empty`);
      }
      return;
    }
    this.#out.name(name);
    if (form === "map") this.#map(type, found, what);
    else this.#list(type, found, what);
  }

  #unlessZero(name: string, scalar: Scalar, place: Place): void {
    if (scalar === "bytes" && place[0] !== place[1]) {
      this.#out.name(name);
      this.#out.base64(this.#bytes.subarray(...place));
      return;
    }
    const json = SCALAR_FORMS[scalar].json(this.#bytes, ...place);
    if (ZEROS.has(json)) return;
    this.#out.name(name);
    this.#out.value(json);
  }

  #list(type: FieldType, { wire, places }: WireField, what: string): void {
    const expected = wireOf(type);
    // Numbers may stand in one piece.
    const isPacked = wire === WIRE.bytes && expected !== WIRE.bytes;
    if (wire !== expected && !isPacked) malformed(`${what} has another wire type`);
    this.#out.container("[", () => {
      for (let at = 0; at < places.length; at += 2) {
        const place = [places[at]!, places[at + 1]!] as const;
        if (isPacked) this.#packed(type, expected, place);
        else this.#value(type, place);
      }
    });
  }

  #packed(type: FieldType, wire: number, place: Place): void {
    const reader = new WireReader(this.#bytes, ...place);
    while (!reader.isDone) this.#value(type, [reader.skip(wire), reader.at]);
  }

  /** Each entry is a message of a key and a value. */
  #map(type: FieldType, { wire, places }: WireField, what: string): void {
    if (wire !== WIRE.bytes) malformed(`${what} has another wire type`);
    const keys = new Set<string>();
    this.#out.container("{", () => {
      for (let at = 0; at < places.length; at += 2) {
        const entry = wireFields(this.#bytes, places[at]!, places[at + 1]!, `an entry of ${what}`, PAIR);
        const [key, value] = [entry.get(1), entry.get(2)];
        const name =
          key === undefined ? '""' : jsonString(this.#bytes, ...single(key, WIRE.bytes, `a key of ${what}`));
        if (keys.has(name)) malformed(`${what} has a key twice`);
        keys.add(name);
        this.#out.name(name);
        // An entry without a value has the type's empty one.
        this.#value(type, value === undefined ? [0, 0] : single(value, wireOf(type), `a value of ${what}`));
      }
    });
  }

  #value(type: FieldType, place: Place): void {
    if ("schema" in type) this.#schema(type.schema, place);
    else if ("message" in type) {
      this.#out.container("{", () => this.#members(messageNamed(type.message), place));
    } else if (type.scalar === "bytes") this.#out.base64(this.#bytes.subarray(...place));
    else this.#out.value(SCALAR_FORMS[type.scalar].json(this.#bytes, ...place));
  }

  /** Where JSON has a schema, or else something that stands for one (`marshal.go` of apiextensions). */
  #schema(type: "SchemaOrBool" | "SchemaOrArray" | "SchemaOrStrings", place: Place): void {
    const fields = wireFields(this.#bytes, ...place, type, PAIR);
    const [schemaAt, otherAt] = type === "SchemaOrBool" ? [2, 1] : [1, 2];
    const [schema, other] = [fields.get(schemaAt), fields.get(otherAt)];
    if (schema !== undefined) {
      if (other !== undefined && type !== "SchemaOrBool") malformed(`${type} has both`);
      if (other !== undefined) this.#single("bool", other, type);
      this.#value(SCHEMA, single(schema, WIRE.bytes, type));
    } else if (type === "SchemaOrBool") {
      this.#out.value(other === undefined ? "false" : this.#single("bool", other, type));
    } else if (other === undefined) this.#out.value("null");
    else this.#list(type === "SchemaOrArray" ? SCHEMA : { scalar: "string" }, other, type);
  }

  #single(scalar: Scalar, field: WireField, what: string): string {
    const form = SCALAR_FORMS[scalar];
    return form.json(this.#bytes, ...single(field, form.wire, what));
  }
}

const PAIR: ReadonlySet<number> = new Set([1, 2]);
const SCHEMA: FieldType = { message: "apiextensions.v1.JSONSchemaProps" };

function wireOf(type: FieldType): number {
  return "scalar" in type ? SCALAR_FORMS[type.scalar].wire : WIRE.bytes;
}
