/**
 * Dates, times and intervals of PostgreSQL's binary format, written as the server's text format writes them with
 * DateStyle ISO, IntervalStyle postgres and TimeZone UTC.
 */

/** Days from 1970-01-01 to PostgreSQL's epoch, 2000-01-01. */
const EPOCH_DAYS = 10_957;
const DAY = 86_400_000_000n;
const INT32_MAX = 0x7fffffff;
const INT64_MAX = 0x7fffffffffffffffn;

export function date(bytes: Buffer): string {
  const days = bytes.readInt32BE();
  if (days === INT32_MAX) return "infinity";
  if (days === -INT32_MAX - 1) return "-infinity";
  const [text, era] = calendar(days);
  return text + era;
}

export function time(bytes: Buffer): string {
  return clock(bytes.readBigInt64BE());
}

/** The zone stands as seconds west of Greenwich. */
export function timeWithZone(bytes: Buffer): string {
  return clock(bytes.readBigInt64BE()) + zone(-bytes.readInt32BE(8));
}

export function timestamp(bytes: Buffer): string {
  return moment(bytes.readBigInt64BE(), "");
}

export function timestampWithZone(bytes: Buffer): string {
  return moment(bytes.readBigInt64BE(), "+00");
}

export function interval(bytes: Buffer): string {
  const micros = bytes.readBigInt64BE();
  const days = bytes.readInt32BE(8);
  const months = bytes.readInt32BE(12);
  const parts: string[] = [];
  // After a negative part PostgreSQL marks a positive one with "+".
  let negative = false;
  const add = (count: number, unit: string) => {
    if (count === 0) return;
    parts.push(`${negative && count > 0 ? "+" : ""}${count} ${unit}${count === 1 ? "" : "s"}`);
    negative = count < 0;
  };
  add(Math.trunc(months / 12), "year");
  add(months % 12, "mon");
  add(days, "day");
  if (micros !== 0n || parts.length === 0) {
    const sign = micros < 0n ? "-" : negative ? "+" : "";
    parts.push(sign + clock(micros < 0n ? -micros : micros));
  }
  return parts.join(" ");
}

function moment(micros: bigint, suffix: string): string {
  if (micros === INT64_MAX) return "infinity";
  if (micros === -INT64_MAX - 1n) return "-infinity";
  const within = ((micros % DAY) + DAY) % DAY;
  const [text, era] = calendar(Number((micros - within) / DAY));
  return `${text} ${clock(within)}${suffix}${era}`;
}

/** Year, month and day of a day counted from PostgreSQL's epoch, in the proleptic Gregorian calendar. */
function calendar(days: number): [text: string, era: string] {
  // Howard Hinnant's civil_from_days: eras of 400 years that begin on the 1st of March.
  const shifted = days + EPOCH_DAYS + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  // There is no year 0: the year before 1 is 1 BC.
  const shown = String(year > 0 ? year : 1 - year).padStart(4, "0");
  return [`${shown}-${two(month)}-${two(day)}`, year > 0 ? "" : " BC"];
}

function clock(micros: bigint): string {
  const seconds = micros / 1_000_000n;
  const fraction = String(micros % 1_000_000n)
    .padStart(6, "0")
    .replace(/0+$/, "");
  const text = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return fraction === "" ? text : `${text}.${fraction}`;
}

function zone(seconds: number): string {
  const east = Math.abs(seconds);
  const parts = [Math.floor(east / 3600), Math.floor(east / 60) % 60, east % 60];
  while (parts.length > 1 && parts.at(-1) === 0) parts.pop();
  return (seconds < 0 ? "-" : "+") + parts.map(two).join(":");
}

function two(count: number | bigint): string {
  return String(count).padStart(2, "0");
}
