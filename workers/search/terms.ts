import { SallyportError } from "../../protocol/errors.ts";

/** Words and phrases of one search. */
export const MAX_TERMS = 8;
/** Characters of what is searched for, all together. */
export const MAX_SEARCH_TEXT = 200;
/** The index has three characters in a row of each text. */
const GRAM = 3;
/** Of a long word so many are looked up; the texts that have them are compared with the word. */
const MAX_GRAMS = 12;

/**
 * The words, and phrases in quotation marks, of a text to search for: each is to stand in a text as it is, but for case of
 * the letters A to Z. A mark without a second is one to search for. Throws `invalid_request`.
 */
export function searchTerms(text: string): string[] {
  const terms: string[] = [];
  for (const [whole, phrase] of text.matchAll(/"([^"]*)"|\S+/g)) {
    const term = (phrase ?? whole).replace(/\s+/g, " ").trim();
    if (term !== "") terms.push(asciiLower(term));
  }
  if (terms.length === 0) {
    throw new SallyportError(
      "invalid_request",
      "there is no word to search for",
      "Give words, or leave it out.",
    );
  }
  if (terms.length > MAX_TERMS) {
    throw new SallyportError(
      "invalid_request",
      `a search has at most ${MAX_TERMS} words`,
      "Put words that stand together in quotation marks: they are one.",
    );
  }
  return [...new Set(terms)];
}

/** Whether all terms stand in a text. */
export function matches(text: string, terms: readonly string[]): boolean {
  const lower = asciiLower(text);
  return terms.every((term) => lower.includes(term));
}

/**
 * A query of FTS5 (sqlite.org/fts5.html, section 3) that finds all texts with these terms, and perhaps some others; null
 * where no term is long enough. It is made of strings of three characters alone, each in quotation marks: nothing that a
 * term holds is syntax.
 */
export function gramQuery(terms: readonly string[]): string | null {
  const grams = new Set(terms.flatMap(gramsOf));
  if (grams.size === 0) return null;
  return Array.from(grams, (gram) => `"${gram.replaceAll('"', '""')}"`).join(" AND ");
}

/** Where a text is to be shown so that its first match is seen: `MAX_EXCERPT` characters of it, with … where it goes on. */
export function excerptOf(text: string, terms: readonly string[]): string {
  const lower = asciiLower(text);
  const places = terms.map((term) => lower.indexOf(term)).filter((at) => at >= 0);
  const match = places.length === 0 ? 0 : Math.min(...places);
  const from =
    text.length <= MAX_EXCERPT ? 0 : Math.max(0, Math.min(match - BEFORE, text.length - MAX_EXCERPT));
  const part = text.slice(from, from + MAX_EXCERPT).toWellFormed();
  return `${from > 0 ? "…" : ""}${part}${from + MAX_EXCERPT < text.length ? "…" : ""}`;
}

/** Characters of a text that a hit shows; before the match, so many. */
export const MAX_EXCERPT = 240;
const BEFORE = 60;

/** As SQLite's `lower`, so that what is compared there and here is the same. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function gramsOf(term: string): string[] {
  const characters = [...term];
  const count = characters.length - GRAM + 1;
  if (count <= 0) return [];
  const kept = Math.min(count, MAX_GRAMS);
  return Array.from({ length: kept }, (_, index) => {
    const at = kept === 1 ? 0 : Math.round((index * (count - 1)) / (kept - 1));
    return characters.slice(at, at + GRAM).join("");
  });
}
