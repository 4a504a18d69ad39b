import { createHash } from "node:crypto";
import type { Label, Mask } from "../../mask/labels.ts";
import type { Scalar, Treatment } from "./json-place.ts";

/** The keys of hashes: one of each session, one of the target, null where it has none. Hexadecimal. */
export interface HashKeys {
  session: string;
  target: string | null;
}

/** What stands for the hidden part of a text. */
export const STARS = "***";
export const HASH_PREFIX = "masked_";
const HASH_DIGITS = 32;
/** Characters or digits below which the last four are too much of the whole. */
const ENOUGH = 8;
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?$/;

/**
 * How values with a label are shown, as those of a database are: of their own type where the mask has one for it, else
 * null. An object or array becomes null, or the constant.
 */
export function labelTreatment({ name, mask }: Label, keys: HashKeys): Treatment {
  const container = mask.kind === "constant" ? JSON.stringify(mask.value) : "null";
  return { label: name, container, scalar: (value) => maskedScalar(mask, keys, value) };
}

/** The mask's value for a scalar, as JSON. */
export function maskedScalar(mask: Mask, keys: HashKeys, { type, text }: Omit<Scalar, "key">): string {
  switch (mask.kind) {
    case "null":
      return "null";
    case "constant":
      return constant(mask.value, type);
    case "partial":
      return type === "string" ? JSON.stringify(text === null ? STARS : partialText(mask.as, text)) : "null";
    case "hash":
      return hashed(mask.scope === "session" ? keys.session : keys.target, type, text);
    case "range":
      return "unit" in mask ? dateStart(mask.unit, type, text) : rangeStart(mask.step, type, text);
  }
}

function constant(value: string, type: Scalar["type"]): string {
  if (type === "string") return JSON.stringify(value);
  const fits = type === "number" ? NUMBER.test(value) : value === "true" || value === "false";
  return fits ? value : "null";
}

/** Parts of a text, as `connector/postgres/mask/partial.ts` shows them. */
export function partialText(as: Extract<Mask, { kind: "partial" }>["as"], text: string): string {
  switch (as) {
    case "email":
      return email(text);
    case "phone":
    case "card":
      return lastFour([...text.replace(/[^0-9]/g, "")]);
    case "last4":
      return lastFour([...text]);
    case "text":
      return first(text);
  }
}

function first(text: string): string {
  const [one = ""] = text;
  return text.length >= 3 ? one + STARS : STARS;
}

function lastFour(characters: string[]): string {
  return characters.length >= ENOUGH ? STARS + characters.slice(-4).join("") : STARS;
}

function email(text: string): string {
  const at = text.indexOf("@");
  if (at === -1) return first(text);
  const [one = ""] = text;
  const ending = /\.[A-Za-z]{2,4}$/.exec(text)?.[0] ?? "";
  return `${at >= 2 ? one : ""}${STARS}@${STARS}${ending}`;
}

/** Of a text the same as a database's, with the target's key; a number is one that every reader holds exactly. */
function hashed(key: string | null, type: Scalar["type"], text: string | null): string {
  if (key === null || text === null || type === "boolean") return "null";
  const said = type === "number" ? String(Number(text)) : text;
  const digits = createHash("sha256").update(key).update(said).digest("hex").slice(0, HASH_DIGITS);
  return type === "number" ? String(Number.parseInt(digits.slice(0, 13), 16)) : `"${HASH_PREFIX}${digits}"`;
}

/** Quotients up to this are exact. */
const EXACT = 1e15;

function rangeStart(step: number, type: Scalar["type"], text: string | null): string {
  if (text === null || type === "boolean" || !NUMBER.test(text)) return "null";
  const value = Number(text);
  if (Math.abs(value) > step * EXACT) return "null";
  // The nearest text with few digits: 0.1 * 3 is 0.30000000000000004.
  const start = Number((Math.floor(value / step) * step).toPrecision(15));
  return type === "number" ? String(start) : `"${start}"`;
}

const DATE = /^([+-]?\d{4,6})-(\d\d)-(\d\d)(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/;

function dateStart(unit: "month" | "year" | "decade", type: Scalar["type"], text: string | null): string {
  const found = type === "string" && text !== null ? DATE.exec(text) : null;
  if (found === null) return "null";
  const date = new Date(text!.length > 10 && !/(?:Z|[+-]\d\d:?\d\d)$/.test(text!) ? `${text}Z` : text!);
  if (Number.isNaN(date.getTime())) return "null";
  const year = date.getUTCFullYear();
  const start = new Date(0);
  start.setUTCFullYear(
    unit === "decade" ? Math.floor(year / 10) * 10 : year,
    unit === "month" ? date.getUTCMonth() : 0,
    1,
  );
  const iso = start.toISOString();
  return JSON.stringify(text!.length > 10 ? iso.replace(".000Z", "Z") : iso.slice(0, iso.indexOf("T")));
}
