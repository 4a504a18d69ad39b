import assert from "node:assert/strict";
import { before, test } from "node:test";
import { classify } from "../classify.ts";
import type { StatementFacts } from "../facts.ts";
import { EFFECTS, STATEMENT_ACTIONS } from "../facts.ts";
import { loadParser, parseSql } from "../parser.ts";
import type { Case } from "./case.ts";
import { CORPUS_CATALOG, CORPUS_NAMES } from "./catalog.ts";
import { CORPUS } from "./corpus.ts";

before(() => loadParser());

function factsOf(sql: string): StatementFacts {
  const { statements, missing } = classify(parseSql(sql), CORPUS_NAMES, CORPUS_CATALOG);
  assert.deepEqual(missing, []);
  assert.equal(statements.length, 1);
  return statements[0]!.facts;
}

function words(text: string | undefined): string[] {
  return (text ?? "").split(" ").filter((word) => word !== "");
}

function relations(text: string | undefined): string[] {
  return words(text)
    .map((name) => (name.includes(".") ? name : `public.${name}`))
    .sort();
}

function check(expected: Case): void {
  const facts = factsOf(expected.sql);
  assert.deepEqual(
    {
      sql: expected.sql,
      tag: facts.tag,
      actions: facts.actions.map((action) => action.slice("postgres:".length)),
      reads: facts.reads,
      writes: facts.writes,
      effects: facts.effects,
      where: facts.where,
      settings: facts.settings,
      limit: facts.limit,
      opaque: facts.opaque.length > 0 || (expected.opaque === true ? facts.opaque : false),
    },
    {
      sql: expected.sql,
      tag: expected.tag ?? facts.tag,
      actions: words(expected.actions).sort(),
      reads: relations(expected.reads),
      writes: relations(expected.writes),
      effects: words(expected.effects).sort(),
      where: expected.where ?? "none",
      settings: words(expected.settings),
      limit: expected.limit ?? null,
      opaque: expected.opaque ?? false,
    },
    facts.opaque.join("; "),
  );
  for (const action of facts.actions) assert.ok(STATEMENT_ACTIONS.includes(action));
  for (const effect of facts.effects) assert.ok(EFFECTS.includes(effect));
}

const count = Object.values(CORPUS).flat().length;
test(`the corpus holds at least 300 statements, none twice (${count})`, () => {
  assert.ok(count >= 300);
  assert.equal(new Set(Object.values(CORPUS).flatMap((cases) => cases.map((one) => one.sql))).size, count);
});

for (const [name, cases] of Object.entries(CORPUS)) {
  test(`of ${cases.length} statements all is found: ${name}`, () => {
    const failures: string[] = [];
    for (const one of cases) {
      try {
        check(one);
      } catch (error) {
        failures.push(`${one.sql}\n${error instanceof Error ? error.message : String(error)}`);
      }
    }
    assert.equal(failures.length, 0, failures.join("\n\n"));
  });
}

test("everything around a statement but its own text leaves its facts as they are", () => {
  for (const { sql } of Object.values(CORPUS).flat()) {
    const { fingerprint, ...facts } = factsOf(sql);
    const { fingerprint: again, ...wrapped } = factsOf(`/* é */ ;; ${sql}\n;-- end`);
    assert.deepEqual(wrapped, facts, sql);
    assert.equal(again, fingerprint, sql);
  }
});
