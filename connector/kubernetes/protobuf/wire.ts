/** Why a body in protobuf is not read. `status`: 400 where it is malformed, 415 where it is only not read here. */
export class ProtobufFault extends Error {
  readonly status: 400 | 415;

  constructor(status: 400 | 415, message: string) {
    super(message);
    this.status = status;
  }
}

/** Wire types; groups and 32 bits occur in no message of Kubernetes. */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2 } as const;

/** What stands under one number of a message. */
export interface WireField {
  wire: number;
  /** Where each value begins and ends, in turn: of bytes those after their length. */
  places: number[];
}

const MOST_NUMBER = 2 ** 29 - 1;

/**
 * The fields of the message `name` between `from` and `to`, by number, in the order in which they begin. Throws a fault
 * where one of them is not `known`, or where it is truncated. https://protobuf.dev/programming-guides/encoding
 */
export function wireFields(
  bytes: Buffer,
  from: number,
  to: number,
  name: string,
  known: { has(number: number): boolean },
): Map<number, WireField> {
  const fields = new Map<number, WireField>();
  const reader = new WireReader(bytes, from, to);
  while (!reader.isDone) {
    const tag = reader.size();
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number < 1 || number > MOST_NUMBER) malformed(`a field has the number ${number}`);
    if (!known.has(number)) {
      throw new ProtobufFault(415, `${name} has no field ${number} that is known here`);
    }
    let field = fields.get(number);
    if (field === undefined) {
      field = { wire, places: [] };
      fields.set(number, field);
    } else if (field.wire !== wire) malformed(`${name} ${number} has more than one wire type`);
    const begins = reader.skip(wire);
    field.places.push(begins, reader.at);
  }
  return fields;
}

export class WireReader {
  readonly #bytes: Buffer;
  readonly #to: number;
  #at: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#to = to;
  }

  /** Where the next byte is. */
  get at(): number {
    return this.#at;
  }

  get isDone(): boolean {
    return this.#at >= this.#to;
  }

  /** A number of 64 bits without a sign. */
  varint(): bigint {
    const first = this.#bytes[this.#at]!;
    if (first < 0x80 && !this.isDone) {
      this.#at++;
      return BigInt(first);
    }
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) {
        if (value >= 1n << 64n) break;
        return value;
      }
    }
    return malformed("a number has more than 64 bits");
  }

  /** A number that is small where it makes sense: of any larger one the answer is too large, too. */
  size(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    this.#at--;
    return Number(this.varint());
  }

  /** Skips a value, and answers where it begins; it ends where the reader is now. */
  skip(wire: number): number {
    switch (wire) {
      case WIRE.varint: {
        const from = this.#at;
        this.varint();
        return from;
      }
      case WIRE.fixed64:
        return this.#skip(8);
      case WIRE.bytes:
        return this.#skip(this.size());
      default:
        return malformed(`wire type ${wire} stands for no field of an object`);
    }
  }

  #skip(length: number): number {
    const from = this.#at;
    if (length > this.#to - from) malformed("it is truncated");
    this.#at = from + length;
    return from;
  }

  #byte(): number {
    if (this.isDone) malformed("it is truncated");
    return this.#bytes[this.#at++]!;
  }
}

export function malformed(why: string): never {
  throw new ProtobufFault(400, why);
}
