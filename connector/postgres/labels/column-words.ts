/** The words of a name, in lower case, joined by `_`: `customerEMail2` is `customer_e_mail_2`. */
export function columnWords(name: string): string {
  return name
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1_$2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1_$2")
    .replace(/(\p{L})(\p{N})/gu, "$1_$2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .join("_");
}

/** What may stand behind the word that says what a column holds, and changes nothing. */
const NEUTRAL =
  "[0-9]+|value|text|str|string|raw|plain|primary|secondary|old|new|current|previous|home|work|private|business|main|alt|alternative|encrypted|enc|lower|normali[sz]ed|canonical|original|full";

/**
 * Fits words that end in one of these: what a name ends in is what the column holds, so that `email_template` is no
 * e-mail address and `billing_email_2` is one.
 */
export function endsIn(...words: string[]): RegExp {
  return new RegExp(`(?:^|_)(?:${words.join("|")})(?:_(?:${NEUTRAL}))*$`);
}
