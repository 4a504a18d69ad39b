import { isIP } from "node:net";
import { Hint } from "../../mask/detectors/found.ts";
import { DETECTOR_NAMES, type DetectorName, type Detectors } from "../../mask/detectors/modes.ts";
import { Scanner } from "../../mask/detectors/scanner.ts";

/** What a value looks like. */
export type Sign =
  | "email"
  | "card"
  | "iban"
  | "ssn"
  | "phone"
  | "privateKey"
  | "token"
  | "jwt"
  | "secret"
  | "ip"
  | "passwordHash"
  | "person"
  | "street";

/** What a sample looks like, in numbers: nothing of a value is left here. */
export interface Evidence {
  /** That are neither NULL nor blank. */
  values: number;
  /** Values that are such a thing, and nothing more. */
  are: Partial<Record<Sign, number>>;
  /** Values in which there is such a thing among others. */
  hold: Partial<Record<Sign, number>>;
}

const SIGN_OF: Record<DetectorName, Sign> = {
  email: "email",
  card: "card",
  iban: "iban",
  ssn: "ssn",
  phone: "phone",
  "private-key": "privateKey",
  token: "token",
  jwt: "jwt",
  secret: "secret",
};
const ALL = Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "mask"])) as unknown as Detectors;
/** A value is what was found in it if that is this part of its bytes. */
const WHOLE = 0.8;
/** What detectors report without overwriting it: a number, or one run without blanks. */
const BARE: Partial<Record<Sign, RegExp>> = {
  card: /^[0-9][0-9 -]{11,22}$/,
  ssn: /^[0-9]{3}-[0-9]{2}-[0-9]{4}$/,
  secret: /^\S{20,}$/,
};

/** Looks that no detector knows, of whole values. None goes back over a value. */
const LOOKS: readonly [Sign, (value: string) => boolean][] = [
  ["ip", (value) => isIP(value.replace(/\/[0-9]{1,3}$/, "")) !== 0],
  [
    "passwordHash",
    (value) =>
      /^(?:\$2[abxy]?\$|\$argon2|\$pbkdf2|\$scrypt|\$[156y]\$|\{S?SHA|pbkdf2[_:]sha|SCRAM-SHA-256\$)/.test(
        value,
      ),
  ],
  ["person", (value) => value.length <= 60 && /^\p{Lu}[\p{L}'’.-]*(?: \p{L}[\p{L}'’.-]*){0,3}$/u.test(value)],
  [
    "street",
    (value) =>
      value.length <= 200 &&
      /\d/.test(value) &&
      /(?:\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|boulevard|blvd|court|square|way|rue|via|calle|platz)\b|(?:stra(?:ß|ss)e|str\.|weg|gasse|straat)(?![\p{L}]))/iu.test(
        value,
      ),
  ],
];

export function noEvidence(): Evidence {
  return { values: 0, are: {}, hold: {} };
}

/** Hints for the detectors, from the words of a column's name. */
export function hintOf(words: string): number {
  const says = (flag: number, pattern: RegExp) => (pattern.test(words) ? flag : Hint.none);
  return (
    says(Hint.ssn, /(?:^|_)(?:ssn|social)(?:_|$)/) |
    says(Hint.card, /(?:^|_)(?:card|cc|pan)(?:_|$)/) |
    says(Hint.secret, /(?:^|_)(?:passwords?|passwd|pwd|secrets?|tokens?|api_keys?)(?:_|$)/)
  );
}

/** Looks at sampled values, of which only numbers stay. One for each sample. */
export class SignReader {
  readonly #scanner = new Scanner(ALL);

  /** Adds one value to the evidence. Linear in its length. */
  add(evidence: Evidence, value: string, hint: number): void {
    const text = value.trim();
    if (text === "") return;
    evidence.values += 1;
    const found = this.#found(text, hint);
    for (const [sign, whole] of found) count(whole ? evidence.are : evidence.hold, sign);
    for (const [sign, is] of LOOKS) if (is(text)) count(evidence.are, sign);
  }

  /** Whether detectors find anything in it. */
  finds(text: string): boolean {
    return this.#found(text, Hint.none).length > 0;
  }

  #found(text: string, hint: number): [Sign, whole: boolean][] {
    const bytes = Buffer.from(text);
    const before = Buffer.from(bytes);
    this.#scanner.scan(bytes, 0, bytes.length, hint);
    const counts = this.#scanner.take();
    if (counts === null) return [];
    const names = Object.keys(counts) as DetectorName[];
    let masked = 0;
    let filled = 0;
    for (const [at, byte] of before.entries()) {
      if (byte !== bytes[at]) masked += 1;
      if (byte !== SPACE) filled += 1;
    }
    return names.map((name) => {
      const sign = SIGN_OF[name];
      const whole = masked >= WHOLE * filled || BARE[sign]?.test(text) === true;
      return [sign, whole && names.length === 1];
    });
  }
}

const SPACE = 0x20;

function count(counts: Partial<Record<Sign, number>>, sign: Sign): void {
  counts[sign] = (counts[sign] ?? 0) + 1;
}
