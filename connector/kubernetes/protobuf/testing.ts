import { readFileSync } from "node:fs";
import { join } from "node:path";

/** One field with its number: a text or a message, a number, or the bytes of what stands after its tag. */
export type Part = readonly [number: number, value: string | number | bigint | Buffer];

export function varint(value: number | bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Buffer.from([...bytes, Number(rest)]);
}

/** A message of these fields, in their order. */
export function message(...parts: Part[]): Buffer {
  return Buffer.concat(
    parts.flatMap(([number, value]) => {
      if (typeof value === "number" || typeof value === "bigint") return [varint(number * 8), varint(value)];
      const bytes = Buffer.from(value);
      return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }),
  );
}

/** A whole body. `more`: other fields of the envelope. */
export function body(apiVersion: string, kind: string, object: Buffer, ...more: Part[]): Buffer {
  const type = message([1, apiVersion], [2, kind]);
  return Buffer.concat([Buffer.from("k8s\0"), message([1, type], [2, object], ...more)]);
}

/** An object in protobuf, and the JSON that the library of Kubernetes makes of it. */
export interface ProtobufExample {
  apiVersion: string;
  kind: string;
  /** Base64. */
  protobuf: string;
  json: string;
}

/** Made by `test/kubernetes/protobuf/generate.ts`. */
export function examples(): ProtobufExample[] {
  return readFileSync(join(import.meta.dirname, "examples.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as ProtobufExample);
}

/**
 * Where our JSON differs from Go's, or null. Go writes null for lists that must stand and are absent; ours leaves them
 * out, and both are read alike. Whole numbers are compared as they are written.
 */
export function difference(go: string, ours: string): string | null {
  return valueDifference(withExactNumbers(go), withExactNumbers(ours), "$");
}

function withExactNumbers(text: string): unknown {
  const revive = (_: string, value: unknown, context?: { source?: string }): unknown =>
    typeof value === "number" && /^-?\d+$/.test(context?.source ?? "") ? `#${context?.source}` : value;
  return JSON.parse(text, revive) as unknown;
}

function valueDifference(go: unknown, ours: unknown, path: string): string | null {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === "object" && value !== null;
  if (!isObject(go) || !isObject(ours)) {
    return Object.is(go, ours) ? null : `${path}: ${JSON.stringify(go)} and ${JSON.stringify(ours)}`;
  }
  if (Array.isArray(go) !== Array.isArray(ours)) return `${path}: a list and an object`;
  for (const name of new Set([...Object.keys(go), ...Object.keys(ours)])) {
    const [has, mine] = [Object.hasOwn(go, name), Object.hasOwn(ours, name)];
    if (has && !mine && go[name] === null && !Array.isArray(go)) continue;
    if (has !== mine) return `${path}.${name}: stands in ${has ? "Go's" : "ours"} alone`;
    const found = valueDifference(go[name], ours[name], `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}
