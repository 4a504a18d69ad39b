import assert from "node:assert/strict";
import { before, test } from "node:test";
import { Unmasked } from "../../connector/postgres/mask/unmasked.ts";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser, parseSql, SqlSyntaxError } from "../../protocol/sql/parser.ts";
import { AnyTable } from "./any-table.ts";
import { rewritten } from "./mutations.ts";
import { Chooser } from "./random.ts";
import { SpliceWriter } from "./splices.ts";
import { bare, foreign } from "./undo.ts";

before(() => loadParser());

test("whatever is spliced says the same of masked tables, however the text is written", (t) => {
  const runs = Number(process.env.RUNS ?? 800);
  const masker = new AnyTable("everything", ["id", "email", "E mail", "größe", "n", "a.b"]);
  const failures: string[] = [];
  const refusals = new Map<string, { count: number; shortest: string }>();
  const counts = { invalid: 0, unclear: 0, refused: 0, rewritten: 0, unchanged: 0 };
  for (let run = 0; run < runs; run++) {
    const random = new Chooser(SEED + run);
    const plain = new SpliceWriter(random).text();
    const sql = random.chance(0.7) ? rewritten(plain, random) : plain;
    try {
      const original = parseSql(sql);
      const result = masker.rewrite(sql);
      if ("opaque" in result || result.outcome instanceof Unmasked) {
        counts["opaque" in result ? "unclear" : "refused"] += 1;
        const reason = "opaque" in result ? `opaque: ${result.opaque}` : (result.outcome as Unmasked).message;
        assert.notEqual(reason, "");
        const known = refusals.get(reason);
        const shortest = known && known.shortest.length < plain.length ? known.shortest : plain;
        refusals.set(reason, { count: (known?.count ?? 0) + 1, shortest });
        continue;
      }
      const text = result.outcome.sql;
      counts[text === null ? "unchanged" : "rewritten"] += 1;
      const after = parseSql(text ?? sql);
      assert.equal(after.length, original.length);
      for (const [n, { tree }] of original.entries()) {
        const found = foreign(tree, after[n]!.tree);
        const left = bare(after[n]!.tree, (name) => name !== "plain");
        if (found !== null || left.length > 0)
          failures.push(`SEED=${SEED + run} ${found} ${left}\n${sql}\n${text}`);
      }
    } catch (error) {
      if (error instanceof SqlSyntaxError && isInvalid(sql)) counts.invalid += 1;
      else failures.push(`SEED=${SEED + run} ${error}\n${sql}`);
    }
  }
  t.diagnostic(`SEED=${SEED}: ${JSON.stringify(counts)}`);
  for (const [reason, { count, shortest }] of [...refusals]
    .sort(([, a], [, b]) => b.count - a.count)
    .slice(0, 20)) {
    t.diagnostic(`${count} × ${reason}: ${shortest.slice(0, 250)}`);
  }
  failures.sort((one, other) => one.length - other.length);
  assert.equal(failures.length, 0, `${failures.length} failures\n${failures.slice(0, 6).join("\n\n")}`);
  assert.ok(counts.rewritten > runs * 0.4, `${counts.rewritten} of ${runs} were rewritten`);
});

function isInvalid(sql: string): boolean {
  try {
    parseSql(sql);
    return false;
  } catch {
    return true;
  }
}
