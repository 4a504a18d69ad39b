import { SallyportError } from "../../protocol/errors.ts";
import { boundedText } from "../bounded.ts";

/**
 * Strict descriptions of input: unknown members are refused and everything has a bound. A shape tells every problem
 * that it finds, not only the first; what it returns counts only when it told none.
 */
export type Shape<T> = (value: unknown, at: string, tell: (problem: string) => void) => T;

export type Shaped<S> = S extends Shape<infer T> ? T : never;

/** Bytes of a request's body. */
export const MAX_BODY = 512 * 1024;
const MAX_PROBLEMS = 50;

/** Text of 0 to `max` characters without control characters. */
export function text(max: number): Shape<string> {
  return pattern(new RegExp(`^[^\\p{Cc}]{0,${max}}$`, "u"), `text of at most ${max} characters`);
}

export function pattern(expected: RegExp, what: string): Shape<string> {
  return (value, at, tell) => {
    if (typeof value !== "string" || !expected.test(value)) tell(`${at} must be ${what}`);
    return value as string;
  };
}

export function oneOf<const T extends string>(...values: T[]): Shape<T> {
  return (value, at, tell) => {
    if (!values.includes(value as T)) tell(`${at} must be one of ${values.join(", ")}`);
    return value as T;
  };
}

/** A whole number from `min` to `max`. */
export function whole(min: number, max: number): Shape<number> {
  return (value, at, tell) => {
    if (!Number.isSafeInteger(value) || (value as number) < min || (value as number) > max) {
      tell(`${at} must be a whole number from ${min} to ${max}`);
    }
    return value as number;
  };
}

/** A whole number written as text, as in a query. */
export function wholeText(min: number, max: number): Shape<number> {
  const number = whole(min, max);
  return (value, at, tell) =>
    number(typeof value === "string" && /^\d{1,16}$/.test(value) ? Number(value) : value, at, tell);
}

export const flag: Shape<boolean> = (value, at, tell) => {
  if (typeof value !== "boolean") tell(`${at} must be true or false`);
  return value as boolean;
};

export function list<T>(item: Shape<T>, max: number): Shape<T[]> {
  return (value, at, tell) => {
    if (!Array.isArray(value) || value.length > max) {
      tell(`${at} must be a list of at most ${max}`);
      return [];
    }
    return value.map((one, index) => item(one, `${at}[${index}]`, tell));
  };
}

/** An object whose members are named freely. The result has its members in the order of their names. */
export function record<T>(name: Shape<string>, item: Shape<T>, max: number): Shape<Record<string, T>> {
  return (value, at, tell) => {
    if (!isObject(value) || Object.keys(value).length > max) {
      tell(`${at} must be an object of at most ${max} members`);
      return {};
    }
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      entries.map(([key, one]) => [name(key, `a name in ${at}`, tell), item(one, `${at}.${key}`, tell)]),
    );
  };
}

/** An object with exactly these members, of which the optional ones may lack. Members come out in this order. */
export function object<R extends Record<string, Shape<unknown>>, O extends Record<string, Shape<unknown>>>(
  required: R,
  optional: O,
): Shape<{ [K in keyof R]: Shaped<R[K]> } & { [K in keyof O]?: Shaped<O[K]> }> {
  return (value, at, tell) => {
    const result: Record<string, unknown> = {};
    if (!isObject(value)) {
      tell(`${at || "the body"} must be an object`);
    } else {
      const path = (name: string) => (at ? `${at}.${name}` : name);
      for (const [name, shape] of Object.entries(required)) {
        if (Object.hasOwn(value, name)) result[name] = shape(value[name], path(name), tell);
        else tell(`${path(name)} is missing`);
      }
      for (const [name, shape] of Object.entries(optional)) {
        if (Object.hasOwn(value, name)) result[name] = shape(value[name], path(name), tell);
      }
      for (const name of Object.keys(value)) {
        if (!Object.hasOwn(required, name) && !Object.hasOwn(optional, name)) {
          tell(`${path(name.slice(0, 64))} is not known`);
        }
      }
    }
    return result as { [K in keyof R]: Shaped<R[K]> } & { [K in keyof O]?: Shaped<O[K]> };
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value in this shape. Throws `invalid_request` with every problem. */
export function parse<T>(shape: Shape<T>, value: unknown): T {
  const problems: string[] = [];
  const result = shape(value, "", (problem) => problems.push(problem));
  if (problems.length > 0) throw invalid(problems);
  return result;
}

export function invalid(problems: readonly string[]): SallyportError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  if (problems.length > shown.length) shown.push(`and ${problems.length - shown.length} more`);
  return new SallyportError(
    "invalid_request",
    shown.length === 1 ? shown[0]! : `${problems.length} problems:\n- ${shown.join("\n- ")}`,
  );
}

/** The JSON body of a request in this shape, of at most `max` bytes; none is an empty object. Throws `invalid_request`. */
export async function body<T>(request: Request, shape: Shape<T>, max = MAX_BODY): Promise<T> {
  const content = await boundedText(request.body, max);
  let value: unknown;
  try {
    value = content === "" ? {} : JSON.parse(content);
  } catch {
    throw new SallyportError("invalid_request", "the body is not JSON");
  }
  return parse(shape, value);
}

/** The query of a request in this shape; a name given twice is refused. Throws `invalid_request`. */
export function query<T>(request: Request, shape: Shape<T>): T {
  const parameters = [...new URL(request.url).searchParams];
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) {
    throw new SallyportError("invalid_request", "the query names something twice");
  }
  return parse(shape, Object.fromEntries(parameters));
}
