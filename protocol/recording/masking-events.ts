import type { ConnectorEvent } from "../control.ts";
import { FINGERPRINT } from "../sql/facts.ts";

export type Masked = Extract<ConnectorEvent, { event: "masked" }>;
export type Detected = Extract<ConnectorEvent, { event: "detected" }>;

/** Names of labels or detectors in one event. */
const MAX_NAMES = 1_000;
const MAX_NAME = 200;

/** Whether what says that it is an event `masked` has all its members, each in its bounds. */
export function isMasked({ statements }: Masked): boolean {
  return (
    Array.isArray(statements) &&
    statements.every(
      (one: unknown) =>
        isObject(one) &&
        typeof one.fingerprint === "string" &&
        FINGERPRINT.test(one.fingerprint) &&
        (one.text === null || typeof one.text === "string") &&
        isMaskedFields(one.fields),
    )
  );
}

/** Whether it counts masked values by label. */
export function isMaskedFields(value: unknown): value is Record<string, number> {
  return isNamed(value, isCount);
}

/** The same of `detected`. */
export function isDetected({ found }: Detected): boolean {
  return isNamed(found, (one) => isObject(one) && isCount(one.masked) && isCount(one.reported));
}

function isNamed(value: unknown, isSound: (member: unknown) => boolean): boolean {
  if (!isObject(value)) return false;
  const members = Object.entries(value);
  return (
    members.length <= MAX_NAMES &&
    members.every(([name, member]) => name !== "" && name.length <= MAX_NAME && isSound(member))
  );
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
