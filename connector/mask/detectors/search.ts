import { type Automaton, automaton, type ByteSet } from "./automaton.ts";
import { CARD } from "./card.ts";
import { DIGIT } from "./characters.ts";
import { EMAILS } from "./email.ts";
import type { Anchor } from "./found.ts";
import { IBANS } from "./iban.ts";
import { JWT } from "./jwt.ts";
import type { DetectorName } from "./modes.ts";
import { PHONES } from "./phone.ts";
import { PRIVATE_KEY } from "./private-key.ts";
import { SECRETS } from "./secret.ts";
import { SSNS } from "./ssn.ts";
import { TOKENS } from "./token.ts";

const ANCHORS: readonly Anchor[] = [
  ...EMAILS,
  CARD,
  ...SSNS,
  ...PHONES,
  ...IBANS,
  PRIVATE_KEY,
  JWT,
  ...TOKENS,
  ...SECRETS,
];
/** Digits in a run of which numbers consist that have no separators. */
export const DIGITS = new Array<ByteSet>(9).fill(DIGIT);
const NUL = [new Uint8Array(256).fill(1, 0, 1)];

/** What is looked for with one set of modes. */
export interface Search {
  anchors: readonly Anchor[];
  /** Finds the anchors by their numbers, then `DIGITS`, then a zero byte. */
  machine: Automaton;
}

const SEARCHES = new Map<string, Search>();

/** Made once for each set of detectors that are on. */
export function searchFor(names: readonly DetectorName[]): Search {
  const key = names.join();
  let search = SEARCHES.get(key);
  if (search === undefined) {
    const anchors = ANCHORS.filter(({ detector }) => names.includes(detector));
    search = { anchors, machine: automaton([...anchors.map(({ steps }) => steps), DIGITS, NUL]) };
    SEARCHES.set(key, search);
  }
  return search;
}
