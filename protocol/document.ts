import { type Document, isNode, LineCounter, parseDocument } from "yaml";
import { SallyportError } from "./errors.ts";

interface Source {
  file: string;
  document: Document;
  lines: LineCounter;
}

type Path = readonly (string | number)[];

/**
 * Parses YAML (or JSON, which is YAML) into its root field. Throws `invalid_config` with the place of the first
 * error, repeated keys included.
 */
export function readDocument(text: string, file: string): Field {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const [error] = document.errors;
  if (error !== undefined) {
    // The parser's own words may quote the text, which may hold a secret that should not be there.
    const { line, col } = lines.linePos(error.pos[0]);
    throw notYaml(`${file}:${line}:${col}`, error.code.toLowerCase().replaceAll("_", " "));
  }
  try {
    return new Field({ file, document, lines }, [], document.toJS({ maxAliasCount: 100 }));
  } catch {
    throw notYaml(file, "aliases that multiply");
  }
}

function notYaml(place: string, why: string): SallyportError {
  return new SallyportError(
    "invalid_config",
    `${place}: this is not valid YAML: ${why}`,
    "Correct this place.",
  );
}

/**
 * A value of a document with its place, for a schema that is written as calls. Whatever isn't as the call says
 * throws `invalid_config`: file, line, path in the document, and what to do. A value never stands in an error: it
 * may be a secret that somebody put where a reference should be.
 */
export class Field {
  readonly #source: Source;
  readonly #path: Path;
  readonly #value: unknown;

  constructor(source: Source, path: Path, value: unknown) {
    this.#source = source;
    this.#path = path;
    this.#value = value;
  }

  /** A member of a mapping; it may be absent. */
  get(key: string): Field {
    const value = this.#value;
    if (!isMapping(value)) return this.#wrong("a mapping");
    return new Field(this.#source, [...this.#path, key], Object.hasOwn(value, key) ? value[key] : undefined);
  }

  /** Itself, as a mapping that has no other keys than these. */
  mapping(keys: readonly string[], hint = `The keys are ${keys.join(", ")}.`): this {
    const value = this.#value;
    if (!isMapping(value)) return this.#wrong("a mapping", hint);
    const unknown = Object.keys(value).find((key) => !keys.includes(key));
    if (unknown !== undefined) this.get(unknown).fail("is not known here", hint);
    return this;
  }

  /** The keys of a mapping that may have any. */
  keys(): string[] {
    return isMapping(this.#value) ? Object.keys(this.#value) : this.#wrong("a mapping");
  }

  list(): Field[] {
    const value = this.#value;
    if (!Array.isArray(value)) return this.#wrong("a list");
    return value.map((item: unknown, i) => new Field(this.#source, [...this.#path, i], item));
  }

  string(): string {
    const value = this.#value;
    if (typeof value === "string" && value !== "") return value;
    return this.#wrong("a text", typeof value === "number" ? "Put the number in quotes." : undefined);
  }

  matching(pattern: RegExp, what: string): string {
    const value = this.#value;
    return typeof value === "string" && pattern.test(value) ? value : this.#wrong(what);
  }

  oneOf<const T extends string>(values: readonly T[]): T {
    const value = values.find((one) => one === this.#value);
    return value ?? this.#wrong(values.length === 1 ? `${values[0]}` : `one of ${values.join(", ")}`);
  }

  integer(least: number, most: number): number {
    const value = this.#value;
    if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return value;
    return this.#wrong(`a whole number from ${least} to ${most}`);
  }

  number(least: number, most: number): number {
    const value = this.#value;
    if (typeof value === "number" && value >= least && value <= most) return value;
    return this.#wrong(`a number from ${least} to ${most}`);
  }

  boolean(): boolean {
    const value = this.#value;
    return typeof value === "boolean" ? value : this.#wrong("true or false");
  }

  /** What `read` makes of it, or null where it is absent. */
  optional<T>(read: (field: this) => T): T | null {
    return this.#value === undefined || this.#value === null ? null : read(this);
  }

  /** `FILE:LINE:COLUMN: PATH` of what stands at this path below the field, or of the nearest thing around it. */
  at(path: Path): string {
    const there = new Field(this.#source, [...this.#path, ...path], undefined);
    return `${this.#source.file}:${there.#place()}: ${there.#name()}`;
  }

  /** Throws the error that this field has a fault; `fault` continues a sentence that begins with its path. */
  fail(fault: string, hint: string): never {
    throw new SallyportError("invalid_config", `${this.at([])} ${fault}`, hint);
  }

  #wrong(what: string, hint?: string): never {
    const absent = this.#value === undefined || this.#value === null;
    return this.fail(absent ? "is missing" : `is not ${what}`, hint ?? `It must be ${what}.`);
  }

  #name(): string {
    if (this.#path.length === 0) return "the document";
    return this.#path
      .map((key, i) => (typeof key === "number" ? `[${key}]` : i === 0 ? key : `.${key}`))
      .join("");
  }

  /** Line and column of the field, or of the nearest thing around it that is there. */
  #place(): string {
    for (let depth = this.#path.length; depth >= 0; depth--) {
      const node = depth === 0 ? this.#source.document.contents : this.#node(this.#path.slice(0, depth));
      if (isNode(node) && node.range) {
        const { line, col } = this.#source.lines.linePos(node.range[0]);
        return `${line}:${col}`;
      }
    }
    return "1:1";
  }

  #node(path: Path): unknown {
    return this.#source.document.getIn(path, true);
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
