import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../protocol/seeded.ts";
import { newDatabase } from "../testing/sqlite-directory.ts";
import { excerptOf, gramQuery, MAX_EXCERPT, matches, searchTerms } from "./terms.ts";

console.log(`SEED=${SEED}`);

test("words and phrases, each once, without case; a mark without a second is searched for", () => {
  assert.deepEqual(searchTerms('DROP  "order items"  drop'), ["drop", "order items"]);
  assert.deepEqual(searchTerms('WHERE name = "x'), ["where", "name", "=", '"x']);
  assert.deepEqual(searchTerms('"ÄÖ  a"'), ["ÄÖ a"]);
});

test("no words, or too many, are refused", () => {
  for (const text of ["", '""', '  " " '])
    assert.throws(() => searchTerms(text), { code: "invalid_request" });
  assert.throws(() => searchTerms("a b c d e f g h i"), { code: "invalid_request" });
});

test("a query of the index is nothing but strings of three characters, whatever is searched for", () => {
  const attacks = [
    '" OR text:*',
    "a* NEAR(b c) NOT d",
    'x"; DROP TABLE activities; --',
    '{text}: abc AND "',
    '"""""""""',
    "%%%%___",
    "^first",
    "a AND b OR c",
    "(((((",
  ];
  const database = newDatabase();
  const find = database.prepare("SELECT rowid FROM activity_texts WHERE activity_texts MATCH ?");
  for (const attack of attacks) {
    const query = gramQuery(searchTerms(attack));
    if (query === null) continue;
    assert.match(query, /^"(?:[^"]|""){3}"(?: AND "(?:[^"]|""){3}")*$/u, attack);
    assert.deepEqual(find.all(query), [], attack);
  }
});

test("a query is bounded, however long the words", () => {
  const word = Array.from({ length: 190 }, (_, index) => String.fromCodePoint(0x4e00 + index)).join("");
  assert.equal(gramQuery(searchTerms(word))?.split(" AND ").length, 12);
  assert.equal(gramQuery(["ab", "c"]), null);
});

test("what the index and SQL find is what stands in the text, of any characters", () => {
  const character = fc.oneof(
    fc.constantFrom(..."abcABC_%*\"'\\/. äÄßİıǅ😀\u0301\ufb01"),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }),
  );
  const word = fc.array(character, { minLength: 1, maxLength: 6 }).map((all) => all.join(""));
  const texts = fc.array(
    fc
      .array(word, { minLength: 1, maxLength: 5 })
      .map((words) => words.join(" ").replace(/\s+/g, " ").trim()),
    { minLength: 1, maxLength: 6 },
  );
  const insert = "INSERT INTO activities VALUES (?, '', 0, 0, 0, 1, 'statement', 'allow', '', NULL, '', ?)";
  const database = newDatabase();
  fc.assert(
    fc.property(texts, word, fc.nat(), fc.nat(9), (texts, other, at, from) => {
      database.exec("DELETE FROM activities");
      const clean = texts.map((text) => text.replace(/\p{Cc}/gu, ""));
      for (const [id, text] of clean.entries()) database.prepare(insert).run(id + 1, text);
      const part = [...clean[at % clean.length]!].slice(from, from + 5).join("");
      for (const asked of [part, other.replace(/\p{Cc}/gu, "")]) {
        if (asked.replace(/["\s]/g, "") === "") continue;
        const terms = searchTerms(`"${asked.replaceAll('"', "")}"`);
        const query = gramQuery(terms);
        const naive = clean.flatMap((text, index) => (matches(text, terms) ? index + 1 : []));
        const sql =
          query === null
            ? "SELECT id FROM activities WHERE ?1 IS NULL AND instr(lower(text), ?2) > 0 ORDER BY id"
            : "SELECT a.id FROM activity_texts AS f JOIN activities AS a ON a.id = f.rowid WHERE activity_texts MATCH ?1 AND instr(lower(a.text), ?2) > 0 ORDER BY a.id";
        const found = database.prepare(sql).all(query, terms[0]!);
        assert.deepEqual(
          found.map(({ id }) => id),
          naive,
          JSON.stringify({ asked, clean }),
        );
      }
    }),
    { numRuns: 300 },
  );
});

test("an excerpt shows the first match of a long text, and that there is more", () => {
  const text = `${"a ".repeat(300)}DROP TABLE x ${"b ".repeat(300)}`;
  const excerpt = excerptOf(text, ["drop table", "b"]);
  assert.ok(excerpt.startsWith("…") && excerpt.endsWith("…") && excerpt.includes("DROP TABLE x"));
  assert.equal(excerpt.length, MAX_EXCERPT + 2);
  assert.equal(excerptOf("short", ["t"]), "short");
  assert.ok(excerptOf(text, []).startsWith("a a"));
});
