/** Numbers of PostgreSQL's binary format, written as the server's text format writes them. */

const NUMERIC_SIGNS: Record<number, string> = { 49152: "NaN", 53248: "Infinity", 61440: "-Infinity" };
/** Digits before and after the point that a numeric may have (src/include/utils/numeric.h). */
const MAX_NUMERIC_GROUPS = 32_768;

/** Groups of four decimal digits; `weight` is the power of 10000 of the first. Null when it is malformed. */
export function numeric(bytes: Buffer): string | null {
  const count = bytes.readUInt16BE(0);
  const weight = bytes.readInt16BE(2);
  const sign = bytes.readUInt16BE(4);
  const scale = bytes.readUInt16BE(6);
  if (sign in NUMERIC_SIGNS) return NUMERIC_SIGNS[sign]!;
  if (bytes.length !== 8 + 2 * count || count > MAX_NUMERIC_GROUPS || scale > 0x3fff) return null;
  const group = (power: number): string => {
    const index = weight - power;
    const digits = index >= 0 && index < count ? bytes.readUInt16BE(8 + 2 * index) : 0;
    return String(digits).padStart(4, "0");
  };
  let whole = "";
  for (let power = weight; power >= 0; power--) whole += group(power);
  let fraction = "";
  for (let power = -1; fraction.length < scale; power--) fraction += group(power);
  whole = whole.replace(/^0+(?=\d)/, "") || "0";
  return `${sign === 0x4000 ? "-" : ""}${whole}${scale > 0 ? `.${fraction.slice(0, scale)}` : ""}`;
}

export function float4(bytes: Buffer): string {
  const value = bytes.readFloatBE();
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (Math.fround(Number(text)) === value) return floatText(value, text, 6);
  }
  return floatText(value, value.toExponential(8), 6);
}

export function float8(bytes: Buffer): string {
  const value = bytes.readDoubleBE();
  return floatText(value, value.toExponential(), 15);
}

/** PostgreSQL writes the shortest digits plainly from 1e-4 up to 10^`plain`, and with an exponent beyond. */
function floatText(value: number, exponential: string, plain: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return Object.is(value, -0) ? "-0" : "0";
  const [, sign, digits, exponent] = /^(-?)([\d.]+)e([+-]\d+)$/.exec(exponential)!;
  const power = Number(exponent);
  const bare = digits!.replace(".", "");
  if (power < -4 || power >= plain) {
    const written = String(Math.abs(power)).padStart(2, "0");
    return `${sign}${digits}e${power < 0 ? "-" : "+"}${written}`;
  }
  if (power < 0) return `${sign}0.${"0".repeat(-power - 1)}${bare}`;
  const whole = bare.slice(0, power + 1).padEnd(power + 1, "0");
  const fraction = bare.slice(power + 1);
  return sign + (fraction === "" ? whole : `${whole}.${fraction}`);
}
