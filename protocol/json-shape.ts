/** Tests a value that came as JSON. */
export type Test = (value: unknown) => boolean;

/** What each member of an object must be. */
export type Shape<Of> = { [Member in keyof Of]-?: Test };

export function any(): boolean {
  return true;
}

/** Well-formed text of so many UTF-16 units: what is not, could not be shown as it is. */
export function text(least: number, most: number): Test {
  return (value) =>
    typeof value === "string" && value.length >= least && value.length <= most && value.isWellFormed();
}

/** A whole number from `least` to `most`, both included. */
export function count(least: number, most: number): Test {
  return (value) => Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
}

export function list(least: number, most: number, item: Test): Test {
  return (value) =>
    Array.isArray(value) && value.length >= least && value.length <= most && value.every((one) => item(one));
}

export function oneOf(values: readonly unknown[]): Test {
  return (value) => values.includes(value);
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether the value has exactly these members, its own ones, each as it must be. */
export function hasExactly<Of extends object>(value: unknown, shape: Shape<Of>): value is Of {
  return isObject(value) && misfit(value, shape) === null;
}

/** The name of a member that is missing or wrong; empty for one that is too much; null where there is none. */
export function misfit(value: Record<string, unknown>, shape: Shape<object>): string | null {
  const tests = shape as Record<string, Test>;
  const bad = Object.keys(tests).find((name) => !Object.hasOwn(value, name) || !tests[name]!(value[name]));
  if (bad !== undefined) return bad;
  return Object.keys(value).length === Object.keys(tests).length ? null : "";
}
