import type { ProposedMask } from "../../../protocol/label-scan.ts";
import { endsIn } from "./column-words.ts";
import type { Sign } from "./signs.ts";

/** What a column's type allows it to hold; of an array, its elements'. */
export const FAMILIES = [
  "text",
  "number",
  "money",
  "date",
  "moment",
  "inet",
  "json",
  "boolean",
  "bytes",
  "other",
] as const;
export type Family = (typeof FAMILIES)[number];

/** One kind of value that should have a label, and how it is known. */
export interface Kind {
  label: string;
  /** What its values are called, many of them. */
  plural: string;
  families: readonly Family[];
  /** By the words of a column's name: `sure` says it nearly alone, `likely` wants more. */
  sure?: RegExp;
  likely?: RegExp;
  /** Of little weight, and only in relations whose names speak of people. */
  ofPeople?: RegExp;
  comment?: RegExp;
  /** What samples show, and how much that says alone, 0 to 1, where nearly all are such. */
  signs: Partial<Record<Sign, number>>;
  /** Its values are always known by their looks: a sample without any speaks against the name. */
  known?: true;
  mask: (family: Family) => ProposedMask;
}

const NULL: ProposedMask = { mask: "null" };
const nothing = () => NULL;
const partial = (as: "email" | "phone" | "card" | "last4" | "text") => (family: Family) =>
  family === "text" ? ({ mask: "partial", as } as const) : NULL;

/** What makes another kind of address of it. */
const NO_STREET =
  "(?<!(?:^|_)(?:e_?mail|mail|ip|ip_?v?_?[46]|inet|mac|web|url|host|server|network|wallet|contract|btc|bitcoin|eth|ethereum|memory|remote|source|src|destination|dest|bind|listen|client|peer|sender|recipient|from|to|reply_to|hardware|bluetooth|physical)_)";

/** Where a bare `name` is somebody's. */
export const PEOPLE =
  /(?:^|_)(?:people|persons?|customers?|users?|patients?|employees?|staff|contacts?|members?|students?|clients?|guests?|doctors?|physicians?|nurses?|drivers?|teachers?|applicants?|candidates?|subscribers?|donors?|tenants?|residents?|passengers?|attendees?|participants?|authors?|beneficiar(?:y|ies)|kunden?|mitarbeiter|personen?|patienten)$/;

export const KINDS: readonly Kind[] = [
  {
    label: "pii.email",
    plural: "e-mail addresses",
    families: ["text"],
    sure: endsIn("e_?mail", "(?:e_?)?mail_?(?:address|addr|adresse)", "e_?mails"),
    likely: endsIn("(?:sender|recipient|reply_to|from|to|cc|bcc)_(?:address|addr)", "mail", "upn"),
    comment: /\be-?mail(?:[ -]?address(?:es)?)?\b/i,
    signs: { email: 0.9 },
    known: true,
    mask: partial("email"),
  },
  {
    label: "pci.card",
    plural: "numbers of payment cards",
    families: ["text", "number"],
    sure: endsIn(
      "(?:credit|debit|payment)_?card(?:_?(?:number|no|nr|num))?",
      "card_?(?:number|no|nr|num)",
      "cc_?(?:number|no|nr|num)",
    ),
    likely: endsIn("pan", "ccn", "cc"),
    comment: /\b(?:credit|debit|payment)[ -]?cards?\b|\bcard numbers?\b/i,
    signs: { card: 0.9 },
    known: true,
    mask: partial("card"),
  },
  {
    label: "pci.code",
    plural: "codes of payment cards",
    families: ["text", "number"],
    sure: endsIn("cvv_?2?", "cvc_?2?", "card_(?:security|verification)_code"),
    comment: /\bcv[cv]2?\b/i,
    signs: {},
    mask: nothing,
  },
  {
    label: "pii.ssn",
    plural: "social security numbers",
    families: ["text", "number"],
    sure: endsIn(
      "ssn",
      "social_?security(?:_?(?:number|no|nr|num))?",
      "social_?insurance(?:_?(?:number|no))?",
    ),
    comment: /\bssn\b|\bsocial (?:security|insurance)\b/i,
    signs: { ssn: 0.9 },
    mask: partial("last4"),
  },
  {
    label: "pii.national-id",
    plural: "numbers of identity documents",
    families: ["text", "number"],
    sure: endsIn(
      "passport(?:_?(?:number|no|nr|num))?",
      "national_?id(?:_?(?:number|no))?",
      "(?:driv(?:er_?s?|ing))_?licen[cs]e(?:_?(?:number|no))?",
      "tax_?(?:payer_)?(?:id|number|no)",
      "national_?insurance_?(?:number|no)",
      "nino",
      "steuer_?(?:id|nummer)",
      "aadhaar(?:_?(?:number|no))?",
    ),
    likely: endsIn("identity_?(?:card|document)_?(?:number|no)", "curp", "cpf", "nif", "tin"),
    comment: /\bpassport\b|\bnational id\b|\btax(?:payer)? id\b|\bdriv(?:er'?s|ing) licen[cs]e\b/i,
    signs: {},
    mask: partial("last4"),
  },
  {
    label: "pii.iban",
    plural: "bank accounts",
    families: ["text"],
    sure: endsIn("iban(?:_?(?:number|no|nr))?"),
    likely: endsIn("bank_?account(?:_?(?:number|no|nr|num))?", "account_?iban"),
    comment: /\biban\b|\bbank accounts?\b/i,
    signs: { iban: 0.9 },
    mask: partial("last4"),
  },
  {
    label: "pii.phone",
    plural: "phone numbers",
    families: ["text", "number"],
    sure: endsIn(
      "(?:tele|cell|mobile)?_?phone(?:_?(?:number|no|nr|num))?s?",
      "mobile_?(?:number|no|nr|num)",
      "msisdn",
      "tel_?(?:number|no|nr)",
      "fax_?(?:number|no|nr)",
      "telefon(?:nummer)?",
      "handy(?:nummer)?",
    ),
    likely: endsIn("tel", "mobile", "cell", "fax", "whats_?app"),
    comment: /\b(?:tele)?phone(?: numbers?)?\b|\bmobile number\b/i,
    signs: { phone: 0.85 },
    mask: partial("phone"),
  },
  {
    label: "pii.name",
    plural: "names of people",
    families: ["text"],
    sure: endsIn(
      "(?:first|last|middle|given|family|maiden|christian)_?names?",
      "sur_?name",
      "fore_?name",
      "card_?holder(?:_?name)?",
      "(?:patient|customer|employee|person|contact|guest|passenger|student|member|recipient|beneficiary|owner|holder|doctor|driver|author)_(?:full_)?name",
      "vorname",
      "nachname",
      "familienname",
    ),
    likely: endsIn("full_?name", "fname", "lname", "nick_?name", "initials", "legal_?name"),
    ofPeople: endsIn("(?:display_)?name"),
    comment:
      /\b(?:first|last|full|family|given) names?\b|\bsurname\b|\bname of (?:a |the )?(?:person|customer|patient|employee|user)\b/i,
    signs: { person: 0.25 },
    mask: partial("text"),
  },
  {
    label: "pii.address",
    plural: "postal addresses",
    families: ["text"],
    sure: endsIn(
      "street(?:_?(?:name|address|no|number|line))?",
      "addr(?:ess)?_?line",
      "(?:postal|home|billing|shipping|delivery|mailing|residential|street|private|invoice)_?addr(?:ess)?",
      "stra(?:ss|ß)e",
      "anschrift",
    ),
    likely: endsIn(
      `${NO_STREET}addr(?:ess)?`,
      "house_?(?:number|no)",
      "post_?code",
      "postal_?code",
      "zip(?:_?code)?",
      "plz",
    ),
    comment: /\b(?:postal|street|home|billing|shipping) address(?:es)?\b/i,
    signs: { street: 0.6 },
    mask: nothing,
  },
  {
    label: "pii.birthday",
    plural: "dates of birth",
    families: ["text", "date", "moment"],
    sure: endsIn("birth_?(?:day|date)", "date_?of_?birth", "dob", "born(?:_on)?", "geburts(?:tag|datum)"),
    comment: /\bbirth(?:day|date)\b|\b(?:date|day) of birth\b/i,
    signs: {},
    mask: (family) => (family === "text" ? NULL : { mask: "range", unit: "year" }),
  },
  {
    label: "secret.password",
    plural: "passwords or their hashes",
    families: ["text", "bytes"],
    sure: endsIn(
      "(?:user_?)?pass_?(?:word|wd|phrase)s?(?:_?(?:hash(?:ed)?|digest|salt))?",
      "pwd(?:_?hash)?",
      "pass_?hash",
      "(?:hashed|encrypted)_password",
      "kennwort",
      "passwort",
    ),
    likely: endsIn("pin(?:_?code)?", "security_answer"),
    comment: /\bpass(?:word|phrase)s?\b/i,
    signs: { passwordHash: 0.9 },
    mask: nothing,
  },
  {
    label: "secret.token",
    plural: "tokens or keys",
    families: ["text", "bytes"],
    sure: endsIn(
      "(?:api|secret|access|private|signing|encryption|master)_?keys?",
      "(?:access|refresh|auth|api|bearer|session|id|reset|csrf|oauth|personal)_?tokens?(?:_?hash)?",
      "client_?secret",
      "(?:webhook|shared|otp|totp|mfa|app|hmac)_?secret",
      "(?:recovery|backup)_codes?",
    ),
    likely: endsIn("tokens?", "secrets?", "credentials?"),
    comment: /\b(?:access|api|auth|refresh) ?(?:token|key)s?\b|\bprivate keys?\b|\bclient secret\b/i,
    signs: { token: 0.9, jwt: 0.9, privateKey: 0.9, secret: 0.35 },
    mask: nothing,
  },
  {
    label: "hr.salary",
    plural: "salaries",
    families: ["number", "money", "text"],
    sure: endsIn(
      "salar(?:y|ies)",
      "wages?",
      "(?:gross|net|base|annual|monthly)_?pay",
      "(?:annual|monthly|yearly|household)_?income",
      "hourly_?(?:rate|pay|wage)",
      "gehalt",
      "pay_?rate",
    ),
    likely: endsIn("income", "compensation", "bonus"),
    comment: /\bsalar(?:y|ies)\b|\bwages?\b|\bgross pay\b/i,
    signs: {},
    mask: (family) => (family === "number" ? { mask: "range", step: 1000 } : NULL),
  },
  {
    label: "pii.ip",
    plural: "IP addresses",
    families: ["inet", "text"],
    sure: endsIn(
      "ip_?(?:v_?[46]_?)?addr(?:ess)?(?:es)?",
      "(?:client|user|remote|login|last|signup|registration|sign_in|source|customer)_?ip",
    ),
    likely: endsIn("ip", "ip_?v?_?[46]", "remote_?addr(?:ess)?", "inet"),
    comment: /\bip[ -]address(?:es)?\b/i,
    signs: { ip: 0.6 },
    known: true,
    mask: nothing,
  },
  {
    label: "phi.diagnosis",
    plural: "diagnoses",
    families: ["text", "json"],
    sure: endsIn(
      "diagnos[ei]s",
      "icd_?(?:9|10|11)?(?:_?code)?",
      "(?:medical|health)_?(?:history|condition|notes?)",
      "prescriptions?",
    ),
    likely: endsIn("allerg(?:y|ies)", "blood_?(?:type|group)", "medications?"),
    comment: /\bdiagnos[ei]s\b|\bmedical history\b/i,
    signs: {},
    mask: nothing,
  },
  {
    label: "phi.record",
    plural: "numbers of medical records",
    families: ["text", "number"],
    sure: endsIn(
      "mrn",
      "medical_?record_?(?:number|no)",
      "nhs_?(?:number|no)",
      "health_?insurance_?(?:id|number|no)",
    ),
    comment: /\bmedical record numbers?\b/i,
    signs: {},
    mask: partial("last4"),
  },
];

/** Of texts in which what has a label only occurs. */
export const FREE_TEXT_LABEL = "pii.text";

/** Names that begin so tell whether, or how many, not what. */
export const NOT_A_VALUE =
  /^(?:is|has|had|can|may|use|uses|allow|enable|num|number_of|count|total|max|min|avg|no_of)_/;
/** What looks random in such columns is no secret. */
export const RANDOM_BY_NATURE =
  /(?:^|_)(?:id|ids|uid|uuid|guid|hash|checksum|digest|sha|sha_?[0-9]+|md_?5|etag|fingerprint|thumbprint|signature|cursor|slug|revision|commit|version|nonce|trace|span|correlation)(?:_|$)/;
/** Comments that say that what stands there is somebody's, whatever it is. */
export const PERSONAL =
  /\bPII\b|\bPHI\b|\bGDPR\b|\bpersonal(?:ly identifiable)? (?:data|information)\b|\bpersonenbezogen/i;
export const PERSONAL_LABEL = "pii.other";
