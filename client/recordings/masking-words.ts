import type { MaskedStatement } from "../../protocol/control.ts";
import type { Detected } from "../../protocol/recording/masking-events.ts";

/** Labels and detectors that are counted one by one; a recording may hold any names. */
const MAX_NAMES = 1_000;
/** Under which the others are counted together. */
const OTHERS = "others";

export type Found = Detected["found"];

/** Values that were masked, by label, over all of these statements. */
export function maskedValues(statements: readonly MaskedStatement[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { fields } of statements) addMasked(sums, fields);
  return sums;
}

export function addMasked(sums: Map<string, number>, fields: Readonly<Record<string, number>>): void {
  for (const [label, count] of Object.entries(fields)) {
    const name = room(sums, label);
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
}

export function addDetected(sums: Map<string, Found[string]>, found: Found): void {
  for (const [detector, { masked, reported }] of Object.entries(found)) {
    const name = room(sums, detector);
    const before = sums.get(name) ?? { masked: 0, reported: 0 };
    sums.set(name, { masked: before.masked + masked, reported: before.reported + reported });
  }
}

function room(sums: ReadonlyMap<string, unknown>, name: string): string {
  return sums.has(name) || sums.size < MAX_NAMES ? name : OTHERS;
}

/** `12 values of pii.email, 1 of hr.salary`; null where there were none. */
export function maskedWords(values: Iterable<[label: string, count: number]>): string | null {
  const some = [...values].filter(([, count]) => count > 0);
  if (some.length === 0) return null;
  return some
    .map(
      ([label, count], index) => `${count}${index > 0 ? "" : count === 1 ? " value" : " values"} of ${label}`,
    )
    .join(", ");
}

/** `card 2 masked, email 1 masked and 3 reported`. */
export function detectedWords(found: Iterable<[detector: string, Found[string]]>): string {
  return [...found]
    .map(([detector, { masked, reported }]) => {
      const counts = [masked > 0 && `${masked} masked`, reported > 0 && `${reported} reported`];
      return `${detector} ${counts.filter((count) => count !== false).join(" and ") || "none"}`;
    })
    .join(", ");
}
