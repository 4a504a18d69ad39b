import assert from "node:assert/strict";
import { before, test } from "node:test";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { bindTo, complete, done } from "../../protocol/postgres/transcript/testing.ts";
import { Composer } from "../../protocol/recording/testing.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { differs, judgementJson, judgementLines } from "./report.ts";
import type { Judgement } from "./session-judge.ts";
import { questionOf, replayed, Scene } from "./testing.ts";
import { classifyText } from "./without-catalog.ts";

const SQL = "DELETE FROM c";
const BLOCKING = `${ALLOW_ALL} @id("none") @reason("Nothing is deleted.")
forbid(principal, action == Action::"postgres:delete", resource);`;

let key: PrivateKey;
before(async () => {
  key = await generateKey();
  await loadParser();
});

function asking(approvers: string, quorum = 1): string {
  return `${ALLOW_ALL} @id("ask") @reason("It deletes.") @approvers("${approvers}") @quorum("${quorum}")
forbid(principal, action == Action::"postgres:delete", resource) unless { context.approved };`;
}

function scene(): Scene {
  return new Scene(new Composer("5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3", key, key));
}

async function judged(policies: string, scene: Scene): Promise<Judgement> {
  const judgements = await replayed(policies, scene);
  assert.equal(judgements.length, 1);
  return judgements[0]!;
}

const way = ({ then, now }: Judgement) => `${then.verdict} -> ${now?.verdict}`;

test("a statement that was approved and ran was held then, and differs only where it would be otherwise now", async () => {
  const ran = () => scene().approved(SQL, "DELETE 9");
  const same = await judged(asking("dba"), ran());
  assert.deepEqual([way(same), same.run.outcome, differs(same)], ["approve -> approve", "done", false]);
  const blocked = await judged(BLOCKING, ran());
  assert.deepEqual([way(blocked), differs(blocked)], ["approve -> block", true]);
  const loosened = await judged(ALLOW_ALL, ran());
  assert.deepEqual([way(loosened), differs(loosened)], ["approve -> allow", true]);
});

test("rules that ask other people, or more of them, are a difference; another order is none", async () => {
  const ran = () => scene().approved(SQL, "DELETE 9");
  for (const policies of [asking("security"), asking("dba", 2), asking("dba,security")]) {
    const other = await judged(policies, ran());
    assert.equal(differs(other), true);
    const [head, , why] = judgementLines(other, { facts: ran().composer.facts, database: "" });
    assert.match(head!, /approve -> approve by others$/);
    assert.match(why!, /It deletes\. .* of .*(security|dba)/);
    const json = judgementJson(other, { facts: ran().composer.facts, database: "" });
    assert.equal((json as { type: string }).type, "difference");
  }
  const reversed = scene().approved(SQL, "DELETE 9", {
    approvals: [
      { approvers: ["security"], quorum: 1 },
      { approvers: ["leads", "dba"], quorum: 1 },
    ],
  });
  const two = `${asking("dba,leads")} @id("two") @reason("r") @approvers("security")
forbid(principal, action == Action::"postgres:delete", resource) unless { context.approved };`;
  assert.equal(differs(await judged(two, reversed)), false);
});

test("a statement that was denied is judged with the facts that the guard told of it", async () => {
  const facts = proved(SQL);
  const denied = await judged(asking("dba"), scene().denied(SQL, facts));
  assert.deepEqual([way(denied), denied.basis, differs(denied)], ["approve -> approve", "recorded", false]);
  const untold = await judged(asking("dba"), scene().denied(SQL, null));
  assert.equal(way(untold), "approve -> approve");
});

test("the estimate that approvers were shown counts where no other is known", async () => {
  const many = `${ALLOW_ALL} @id("many") @reason("r") @approvers("dba")
forbid(principal, action == Action::"postgres:delete", resource)
when { context has plan && context.plan.rows > 100 } unless { context.approved };`;
  const ran = (rows: number) =>
    scene()
      .approved(SQL, "DELETE 9", { plan: { rows, cost: 1 } })
      .proved(proved(SQL));
  assert.equal(way(await judged(many, ran(500))), "approve -> approve");
  assert.equal(way(await judged(many, ran(5))), "approve -> allow");
});

test("what was asked at a Bind is its Execute's, also when the portal is run on", async () => {
  const { composer } = scene();
  const one = Object.assign(scene(), { composer });
  composer.agent(
    Buffer.concat([pg.parse({ statement: "", sql: SQL, parameterTypes: [] }), bindTo("", [], [])]),
  );
  composer.ask({ event: "approval_asked", approval: 1, question: questionOf(SQL) });
  composer.ask({ event: "approval_used", approval: 1 });
  composer.agent(Buffer.concat([pg.execute({ portal: "", maxRows: 0 }), pg.sync()]));
  composer.target(Buffer.concat([complete("1"), complete("2"), done("DELETE 9"), pg.readyForQuery("I")]));
  assert.equal(way(await judged(asking("dba"), one)), "approve -> approve");
});

test("an EXECUTE was asked about with what it runs, and is found by its own text", async () => {
  const sql = "EXECUTE p";
  const statement = `${sql}\n\n/* It runs what was prepared, declared or bound before: */\nDELETE FROM c`;
  const one = scene().approved(sql, "DELETE 9", { statement });
  assert.equal((await judged(asking("dba"), one)).then.verdict, "approve");
});

function proved(sql: string): StatementFacts {
  return classifyText(parseSql(sql)[0]!).facts;
}
