import { DURATION_UNITS, SIZE_UNITS } from "../protocol/units.ts";

export const DURATION_FORM = "a duration such as 15s, 30m, 12h or 7d";
export const SIZE_FORM = "a size such as 500MB or 8GiB";

/** Milliseconds of a duration such as `90s` or `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  return sum(text, /(\d{1,12}(?:\.\d{1,3})?)(ms|s|m|h|d)/gy, DURATION_UNITS);
}

/** Bytes of a size such as `8GiB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  return sum(text, /^(\d{1,12}(?:\.\d{1,3})?) ?(B|kB|[MGT]B|[KMGT]iB)$/gy, SIZE_UNITS);
}

/** Adds up `number unit` pairs that fill the whole text. */
function sum(text: string, pair: RegExp, units: Readonly<Record<string, number>>): number | undefined {
  let total = 0;
  let end = 0;
  for (const match of text.trim().matchAll(pair)) {
    total += Number(match[1]) * units[match[2]!]!;
    end = match.index + match[0].length;
  }
  return end > 0 && end === text.trim().length && Number.isSafeInteger(total) ? total : undefined;
}

/** A duration for people: the two largest units. */
export function durationText(milliseconds: number): string {
  let rest = Math.round(milliseconds / 1_000);
  const parts: string[] = [];
  for (const [unit, seconds] of [
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count}${unit}`);
  }
  return parts.slice(0, 2).join("") || "0s";
}
