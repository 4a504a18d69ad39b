import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { columnWords } from "./column-words.ts";
import type { Family } from "./kinds.ts";
import { confidenceOf, suggest } from "./propose.ts";
import { type Evidence, hintOf, noEvidence, SignReader } from "./signs.ts";

const many = (value: (n: number) => string, count = 100) => Array.from({ length: count }, (_, n) => value(n));
const EMAILS = many((n) => `person${n}@example.com`);
const PLAIN = many((n) => `value ${n}`);
const CARDS = ["4111111111111111", "5500005555555559", "4012888888881881", "4242 4242 4242 4242"];
const IBANS = ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32", "FR1420041010050500013M02606"];

function evidenceOf(name: string, values: readonly string[]): Evidence {
  const evidence = noEvidence();
  const reader = new SignReader();
  for (const value of values) reader.add(evidence, value, hintOf(columnWords(name)));
  return evidence;
}

function told(
  [relation, name]: [string, string],
  family: Family,
  values: readonly string[] | null = null,
  comment = "",
): string {
  const suggestion = suggest({
    words: columnWords(name),
    around: columnWords(relation),
    family,
    comment,
    evidence: values && evidenceOf(name, values),
  });
  return suggestion === null ? "nothing" : `${suggestion.label} ${confidenceOf(suggestion.score)}`;
}

describe("labels are proposed", () => {
  const proposed: [column: string, Family, values: readonly string[] | null, label: string][] = [
    ["customers.email", "text", EMAILS, "pii.email high"],
    ["customers.email", "text", null, "pii.email high"],
    ["customers.eMail", "text", null, "pii.email high"],
    ["customers.billing_email_2", "text", null, "pii.email high"],
    ["customers.customerEmailAddress", "text", null, "pii.email high"],
    ["imports.column7", "text", EMAILS, "pii.email high"],
    ["imports.column7", "text", EMAILS.slice(0, 4), "pii.email medium"],
    ["imports.column7", "text", EMAILS.slice(0, 1), "pii.email low"],
    ["imports.column7", "text", [...EMAILS.slice(0, 60), ...PLAIN.slice(0, 40)], "pii.email medium"],
    ["customers.email", "text", PLAIN, "pii.email low"],
    ["tickets.body", "text", many((n) => `please write to person${n}@example.com today`), "pii.text medium"],
    ["tickets.body", "text", [...PLAIN, "ask a@b.com", "or c@d.com", "or e@f.org"], "pii.text low"],
    ["customers.phone", "text", null, "pii.phone high"],
    ["customers.phoneNumber", "number", null, "pii.phone high"],
    ["customers.tel", "text", null, "pii.phone medium"],
    ["x.contact", "text", many((n) => `+44 20 7946 0${100 + n}`), "pii.phone high"],
    ["payments.card_number", "text", null, "pci.card high"],
    ["payments.reference", "text", [...CARDS, ...CARDS, ...CARDS], "pci.card high"],
    ["payments.pan", "number", [CARDS[0]!, CARDS[1]!, CARDS[2]!], "pci.card high"],
    ["payments.cvv2", "text", null, "pci.code high"],
    ["people.ssn", "text", null, "pii.ssn high"],
    ["people.ssn", "number", many((n) => `2190999${10 + (n % 80)}`), "pii.ssn high"],
    ["people.reference", "text", many((n) => `219-09-${1000 + n}`), "pii.ssn high"],
    ["people.passport_no", "text", null, "pii.national-id high"],
    ["payments.account", "text", [...IBANS, ...IBANS, ...IBANS, ...IBANS], "pii.iban high"],
    ["people.first_name", "text", null, "pii.name high"],
    ["people.Nachname", "text", null, "pii.name high"],
    ["customers.name", "text", null, "pii.name low"],
    ["customers.name", "text", many(() => "Ada Lovelace"), "pii.name medium"],
    ["customers.street", "text", null, "pii.address high"],
    ["customers.address", "text", null, "pii.address medium"],
    ["customers.address", "text", many((n) => `${n} Baker Street, London`), "pii.address high"],
    ["customers.zip_code", "text", null, "pii.address medium"],
    ["people.date_of_birth", "date", null, "pii.birthday high"],
    ["people.dob", "text", null, "pii.birthday high"],
    ["users.password_hash", "text", null, "secret.password high"],
    ["users.h", "text", many(() => `$2b$12$${"a".repeat(53)}`), "secret.password high"],
    ["users.pin", "text", null, "secret.password medium"],
    ["apps.client_secret", "text", null, "secret.token high"],
    ["apps.apiKey", "text", null, "secret.token high"],
    ["apps.value", "text", many((n) => `ghp_${"aB3".repeat(11)}${100 + n}`), "secret.token high"],
    ["staff.salary", "number", null, "hr.salary high"],
    ["staff.bonus", "number", null, "hr.salary medium"],
    ["logins.client_ip", "text", null, "pii.ip high"],
    ["logins.origin", "inet", null, "pii.ip medium"],
    ["logins.origin", "text", many((n) => `10.0.0.${n}`), "pii.ip medium"],
    ["visits.diagnosis", "text", null, "phi.diagnosis high"],
    ["visits.mrn", "text", null, "phi.record high"],
  ];
  for (const [column, family, values, label] of proposed) {
    test(`${column} ${family}${values === null ? "" : ` with ${values.length} values`}: ${label}`, () =>
      assert.equal(told(column.split(".") as [string, string], family, values), label));
  }

  test("for what a comment says, the more the name says so too", () => {
    assert.equal(told(["t", "c1"], "text", null, "E-mail address of the buyer"), "pii.email low");
    assert.equal(told(["t", "mail"], "text", null, "E-mail address of the buyer"), "pii.email medium");
    assert.equal(told(["t", "c1"], "text", null, "contains personal data"), "pii.other medium");
    assert.equal(told(["t", "tel"], "text", null, "PII"), "pii.phone high");
  });

  test("with reasons in numbers, none of them a value", () => {
    const evidence = evidenceOf("email", [...EMAILS.slice(0, 93), ...PLAIN.slice(0, 7)]);
    const suggestion = suggest({ words: "email", around: "", family: "text", comment: "", evidence });
    assert.deepEqual(suggestion?.reasons, [
      "its name says so",
      "93 of 100 sampled values are e-mail addresses",
    ]);
    assert.deepEqual(suggestion?.mask, { mask: "partial", as: "email" });
  });
});

describe("nothing is proposed", () => {
  const harmless: [column: string, Family, values?: readonly string[]][] = [
    ["customers.email_sent_count", "number"],
    ["customers.email_sent_at", "moment"],
    ["customers.email_verified", "boolean"],
    ["customers.phone_verified", "boolean"],
    ["customers.is_email", "text"],
    ["customers.has_phone", "text"],
    ["mails.email_template", "text"],
    ["mails.email_subject", "text", PLAIN],
    ["customers.email_id", "number"],
    ["customers.card_type", "text"],
    ["cards.card_count", "number"],
    ["hosts.ip_address_count", "number"],
    ["hosts.mac_address", "text"],
    ["wallets.wallet_address", "text"],
    ["products.name", "text", PLAIN],
    ["products.name", "text", many(() => "Blue Chair")],
    ["files.file_name", "text"],
    ["users.username_length", "number"],
    ["jobs.token_count", "number"],
    ["jobs.password_changed_at", "moment"],
    ["staff.salary_band_id", "number"],
    ["orders.company", "text", PLAIN],
    ["orders.span", "text"],
    ["orders.expand", "text"],
    ["orders.shipping", "text"],
    ["orders.recipe", "text"],
    ["orders.total", "number", many((n) => String(1_000_000_000_000_000 + 7919 * n))],
    ["orders.id", "number", many((n) => String(219_099_910 + n))],
    ["orders.created", "text", many((n) => `2024-01-${10 + (n % 20)} 10:00:00`)],
    ["files.sha256", "text", many((n) => `${"3f9a0c".repeat(10)}${1000 + n}`)],
    ["releases.version", "text", many((n) => `1.2.${n}`)],
    ["releases.day_born_by_feature", "date"],
  ];
  for (const [column, family, values] of harmless) {
    test(`for ${column} ${family}`, () =>
      assert.equal(told(column.split(".") as [string, string], family, values), "nothing"));
  }

  test("for any name and type where no value was looked at twice", () => {
    const hostile = [
      "",
      "_",
      "-".repeat(63),
      "__proto__",
      "constructor",
      "é".repeat(30),
      "\u202eliame",
      "a\nemail b",
    ];
    for (const name of hostile) assert.equal(told(["t", name], "number"), "nothing");
  });
});
