import { SallyportError } from "../../../protocol/errors.ts";
import { Hint } from "../../mask/detectors/found.ts";
import type { Detectors } from "../../mask/detectors/modes.ts";
import type { Scanner } from "../../mask/detectors/scanner.ts";
import type { BodyMask, Findings } from "./body-mask.ts";

/** Bytes of one field. */
const MAX_FIELD = 1024 * 1024;
const AMPERSAND = 0x26;

/** A form (`application/x-www-form-urlencoded`, URL Standard section 5): each field is looked at decoded. */
export class FormMask implements BodyMask {
  readonly #scanner: Scanner;
  #held: Buffer[] = [];
  #bytes = 0;

  constructor(scanner: Scanner) {
    this.#scanner = scanner;
  }

  write(chunk: Buffer): Buffer[] {
    const last = chunk.lastIndexOf(AMPERSAND);
    const ended = chunk.subarray(0, last + 1);
    const out = last === -1 ? [] : [this.#fields(Buffer.concat([...this.#held, ended]))];
    if (last !== -1) {
      this.#held = [];
      this.#bytes = 0;
    }
    const rest = chunk.subarray(last + 1);
    this.#bytes += rest.length;
    if (this.#bytes > MAX_FIELD) {
      throw new SallyportError(
        "limit_exceeded",
        `a field of the target's form has more than ${MAX_FIELD / 1024 / 1024} MiB`,
        "Fields are masked as a whole. Ask for JSON.",
      );
    }
    if (rest.length > 0) this.#held.push(rest);
    return out;
  }

  end(): Buffer[] {
    return this.#bytes === 0 ? [] : [this.#fields(Buffer.concat(this.#held))];
  }

  stop(): void {}

  use(detectors: Detectors): void {
    this.#scanner.use(detectors);
  }

  take(): Findings {
    return { labels: {}, found: this.#scanner.take() };
  }

  #fields(bytes: Buffer): Buffer {
    const fields = bytes.toString("latin1").split("&");
    return Buffer.from(fields.map((field) => this.#field(field)).join("&"), "latin1");
  }

  #field(field: string): string {
    const said = decoded(field);
    const before = Buffer.from(said);
    this.#scanner.scan(said, 0, said.length, Hint.none);
    if (said.equals(before)) return field;
    const at = said.indexOf("=");
    const encode = (text: Buffer) => [...text].map((byte) => ENCODED[byte]).join("");
    return at === -1 || !field.includes("=")
      ? encode(said)
      : `${encode(said.subarray(0, at))}=${encode(said.subarray(at + 1))}`;
  }
}

/** By byte, as forms have it; stars stay. */
const ENCODED = Array.from({ length: 256 }, (_, byte) => {
  const text = String.fromCharCode(byte);
  if (/[A-Za-z0-9*._-]/.test(text)) return text;
  return byte === 0x20 ? "+" : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
});

/** The bytes that a field's name and value stand for, with `=` between. */
export function decoded(field: string): Buffer {
  const text = field
    .replaceAll("+", " ")
    .replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(text, "latin1");
}
