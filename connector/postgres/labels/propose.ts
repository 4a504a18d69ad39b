import type { Confidence, ProposedMask } from "../../../protocol/label-scan.ts";
import {
  type Family,
  FREE_TEXT_LABEL,
  KINDS,
  type Kind,
  NOT_A_VALUE,
  PEOPLE,
  PERSONAL,
  PERSONAL_LABEL,
  RANDOM_BY_NATURE,
} from "./kinds.ts";
import type { Evidence, Sign } from "./signs.ts";

/** What is known of a column, or of a place in its documents. */
export interface Clues {
  /** As `columnWords` has it. */
  words: string;
  /** Those of the relation, or of what its key stands in. */
  around: string;
  family: Family;
  comment: string;
  /** Null where no values were looked at. */
  evidence: Evidence | null;
}

/** A label that something speaks for. */
export interface Suggestion {
  label: string;
  mask: ProposedMask | null;
  /** 0 to 1. */
  score: number;
  reasons: string[];
}

/** How much each kind of clue says alone. Together they leave the part of a doubt that each of them leaves. */
const WEIGHT = { sure: 0.85, likely: 0.6, ofPeople: 0.4, comment: 0.35, type: 0.6, personal: 0.5 };
export const REFERENCE_WEIGHT = 0.6;

/** Parts of the sampled values: nearly all, many, and enough to be more than an accident. */
const SHARE = { most: 0.8, many: 0.3, some: 0.02 };
/** Values that make a sample, and those that are hardly one. */
const SAMPLE = { whole: 10, small: 3 };
/** With so many values of which none looks like it, a name is doubted. */
const ENOUGH_TO_DOUBT = 20;
const DOUBTED = 0.4;
/** Of what a look says, where other values are among them. */
const MIXED = 0.65;
const FREE_TEXT = { some: 0.35, many: 0.55 };

const THRESHOLD: Record<Confidence, number> = { high: 0.8, medium: 0.5, low: 0.3 };

/** Null where a score is too low to be told. */
export function confidenceOf(score: number): Confidence | null {
  if (score >= THRESHOLD.high) return "high";
  if (score >= THRESHOLD.medium) return "medium";
  return score >= THRESHOLD.low ? "low" : null;
}

/** How sure two clues are together. */
export function together(one: number, other: number): number {
  return 1 - (1 - one) * (1 - other);
}

/** The label that most speaks for, if any says enough to be told. */
export function suggest(clues: Clues): Suggestion | null {
  const suggestions = KINDS.filter(({ families }) => families.includes(clues.family)).map((kind) =>
    ofKind(kind, clues),
  );
  suggestions.push(freeText(clues));
  let best = suggestions.reduce((most, one) => (one.score > most.score ? one : most));
  if (PERSONAL.test(clues.comment) && clues.family !== "boolean") {
    const reason = "its comment says that it is personal";
    best =
      best.score < THRESHOLD.low
        ? { label: PERSONAL_LABEL, mask: { mask: "null" }, score: WEIGHT.personal, reasons: [reason] }
        : { ...best, score: together(best.score, WEIGHT.personal), reasons: [...best.reasons, reason] };
  }
  return confidenceOf(best.score) === null ? null : best;
}

function ofKind(kind: Kind, clues: Clues): Suggestion {
  let score = 0;
  const reasons: string[] = [];
  const add = (weight: number, reason: string) => {
    score = together(score, weight);
    reasons.push(reason);
  };
  const named = nameWeight(kind, clues);
  const told = kind.comment?.test(clues.comment) === true;
  if (named !== null) add(...named);
  if (told) add(WEIGHT.comment, "its comment says so");
  if (clues.family === "inet" && kind.families.includes("inet")) add(WEIGHT.type, "its type says so");
  const looks = looksWeight(kind, clues, score > 0);
  if (looks !== null) add(...looks);
  const { evidence } = clues;
  if (kind.known === true && clues.family === "text" && looks === null && evidence !== null) {
    if (evidence.values >= ENOUGH_TO_DOUBT && score > 0) {
      score *= DOUBTED;
      reasons.push(`though hardly any of ${evidence.values} sampled values looks like one`);
    }
  }
  return { label: kind.label, mask: kind.mask(clues.family), score, reasons };
}

function nameWeight(kind: Kind, { words, around }: Clues): [number, string] | null {
  if (NOT_A_VALUE.test(words)) return null;
  if (kind.sure?.test(words)) return [WEIGHT.sure, "its name says so"];
  if (kind.likely?.test(words)) return [WEIGHT.likely, "its name may say so"];
  const bare = kind.ofPeople?.test(words) === true && PEOPLE.test(around);
  return bare ? [WEIGHT.ofPeople, "its name and what it stands in may say so"] : null;
}

/** What the values say. `suspected`: something else speaks for it. */
function looksWeight(kind: Kind, { words, evidence }: Clues, suspected: boolean): [number, string] | null {
  if (evidence === null || evidence.values === 0) return null;
  const { values, are } = evidence;
  let best: [number, string] | null = null;
  for (const [sign, alone] of Object.entries(kind.signs) as [Sign, number][]) {
    const count = are[sign] ?? 0;
    const share = count / values;
    if (share < SHARE.many || (sign === "secret" && !suspected && RANDOM_BY_NATURE.test(words))) continue;
    const size = values >= SAMPLE.whole ? 1 : values >= SAMPLE.small ? 0.7 : 0.4;
    const weight = alone * size * (share >= SHARE.most ? 1 : MIXED);
    // What many words look like says nothing alone.
    if (sign === "person" && !suspected) continue;
    if (best === null || weight > best[0]) {
      best = [weight, `${count} of ${values} sampled values ${SAID[sign] ?? `are ${kind.plural}`}`];
    }
  }
  return best;
}

const SAID: Partial<Record<Sign, string>> = {
  secret: "look random, as secrets do",
  person: "look like names of people",
  street: "look like streets",
  passwordHash: "are hashes of passwords",
  privateKey: "are private keys",
};

/** Signs that count inside of longer texts, with what they are called there. */
const INSIDE: Partial<Record<Sign, string>> = {
  email: "e-mail addresses",
  card: "numbers of payment cards",
  iban: "bank accounts",
  ssn: "social security numbers",
  phone: "phone numbers",
  privateKey: "private keys",
  token: "tokens or keys",
  jwt: "tokens",
};

/** Texts that only contain what has a label. */
function freeText({ family, evidence }: Clues): Suggestion {
  const suggestion: Suggestion = { label: FREE_TEXT_LABEL, mask: { mask: "null" }, score: 0, reasons: [] };
  if (family !== "text" || evidence === null) return suggestion;
  const { values, are, hold } = evidence;
  for (const [sign, what] of Object.entries(INSIDE) as [Sign, string][]) {
    const count = (hold[sign] ?? 0) + (are[sign] ?? 0);
    if (count < SAMPLE.small || count < SHARE.some * values) continue;
    const weight = count >= SHARE.many * values ? FREE_TEXT.many : FREE_TEXT.some;
    suggestion.score = Math.max(suggestion.score, weight);
    suggestion.reasons.push(`${count} of ${values} sampled values contain ${what}`);
  }
  return suggestion;
}
