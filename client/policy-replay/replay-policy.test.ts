import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import type { Decision } from "../../protocol/policy/decision.ts";
import { type Circumstances, judgeStatement, worst } from "../../protocol/policy/judge.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL, STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { UsageCounter } from "../../protocol/policy/usage.ts";
import { Composer, inChunks } from "../../protocol/recording/testing.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import type { Catalog, NameContext, Relation } from "../../protocol/sql/catalog.ts";
import { classify } from "../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../protocol/sql/facts.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { recordedEntries } from "../recordings/source.ts";
import { replayPolicy } from "./replay-policy.ts";
import { count, differs, judgementLines, noTotals, totalLines } from "./report.ts";
import type { Judgement } from "./session-judge.ts";
import type { Source } from "./sources.ts";
import { BLOCKED, HELD, Scene, selectFacts } from "./testing.ts";
import "../../protocol/seeded.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const START = 1_800_000_000_000;
const set = (text: string) => PolicySet.load(nodeCedar(), text);
const NO_DELETE = `${ALLOW_ALL}
@id("no-delete")
@reason("Nothing is deleted.")
forbid(principal, action == Action::"postgres:delete", resource);`;

let key: PrivateKey;
before(async () => {
  key = await generateKey();
  await loadParser();
});

function scene(id = SESSION, facts: Partial<Composer["facts"]> = {}): Scene {
  return new Scene(new Composer(id, key, key), facts);
}

function source({ composer }: Scene): Source {
  return {
    name: composer.facts.session,
    async *entries() {
      yield* recordedEntries(inChunks(await composer.ended().file(), 1_000));
    },
  };
}

async function replayed(
  policies: string,
  scenes: Scene[],
  window: { since?: number; until?: number } = {},
): Promise<Judgement[]> {
  const judgements: Judgement[] = [];
  await replayPolicy(set(policies), scenes.map(source), {
    since: Number.NEGATIVE_INFINITY,
    until: Number.POSITIVE_INFINITY,
    ...window,
    tell: (judgement) => void judgements.push(judgement),
  });
  return judgements;
}

function ways(judgements: Judgement[]): string[] {
  return judgements.map(({ then, now, basis }) => `${then.verdict} -> ${now?.verdict} (${basis})`);
}

/** The facts of a statement, as a guard with a catalog proves them. */
function proved(sql: string): ClassifiedStatement["facts"] {
  return classified(sql)[0]!.facts;
}

describe("a recorded session judged by another policy set", () => {
  test("differs where the set decides otherwise, with its reason and its policies", async () => {
    const one = scene().ran("SELECT 1").ran("DELETE FROM c", ["DELETE 9"]).proved(proved("DELETE FROM c"));
    const judgements = await replayed(NO_DELETE, [one.proved(proved("SELECT 1"))]);
    assert.deepEqual(ways(judgements), ["allow -> allow (recorded)", "allow -> block (recorded)"]);
    const [, { run, now, statement }] = judgements as [Judgement, Judgement];
    assert.deepEqual([run.seq, statement], [7, "DELETE FROM c"]);
    assert.deepEqual(now, { verdict: "block", policies: ["no-delete"], reason: "Nothing is deleted." });
  });

  test("has back what was blocked then and is allowed now", async () => {
    const one = scene()
      .refused("DELETE FROM c", BLOCKED, proved("DELETE FROM c"))
      .refused("DELETE FROM c WHERE id = 1", HELD, proved("DELETE FROM c WHERE id = 1"));
    assert.deepEqual(ways(await replayed(ALLOW_ALL, [one])), [
      "block -> allow (recorded)",
      "approve -> allow (recorded)",
    ]);
  });

  test("is judged without a catalog where no facts were recorded, as incomplete", async () => {
    const one = scene().ran("BEGIN", ["BEGIN"]).ran("SELECT * FROM c", ["SELECT 9"]);
    const incomplete = `${ALLOW_ALL}\n@id("incomplete") forbid(principal, action in Action::"postgres:read", resource) unless { context.complete };`;
    const judgements = await replayed(incomplete, [one]);
    assert.deepEqual(ways(judgements), ["allow -> allow (recorded)", "allow -> block (text)"]);
    assert.match(
      judgements[1]!.now!.verdict === "block" ? judgements[1]!.now!.reason : "",
      /no facts of it.*text alone.*not known are which tables/,
    );
    const told = judgementLines(judgements[1]!, { facts: one.composer.facts, database: "" }).join("\n");
    assert.match(
      told,
      /by its text alone\. Not known are which tables.*context\.complete is false\. It may be blocked for/,
    );
    const totals = noTotals();
    for (const judgement of judgements) count(totals, judgement);
    assert.match(totalLines(totals)[1]!, /^1 statement judged by text alone, .*not known are which tables/);
  });

  test("of several facts of one shape takes the worst, unless the text tells which it was", async () => {
    const harmless = selectFacts({ ...proved("SELECT * FROM c"), reads: ["public.c"] });
    const secret = selectFacts({ ...proved("SELECT * FROM c"), reads: ["secret.c"] });
    const policies = `${ALLOW_ALL}\n@id("secret") forbid(principal, action in Action::"postgres:read", resource) when { context.reads.contains("secret.c") };
@id("long") forbid(principal, action in Action::"postgres:read", resource) when { context has limit && context.limit > 10 };`;
    const one = scene().ran("SELECT * FROM c").proved(harmless, secret);
    assert.deepEqual(ways(await replayed(policies, [one])), ["allow -> block (ambiguous)"]);
    const two = scene().ran("SELECT * FROM c LIMIT 5").ran("SELECT * FROM c LIMIT 50");
    two.proved(proved("SELECT * FROM c LIMIT 50"), proved("SELECT * FROM c LIMIT 5"));
    assert.deepEqual(ways(await replayed(policies, [two])), [
      "allow -> allow (recorded)",
      "allow -> block (recorded)",
    ]);
  });

  test("facts that can't be the statement's are not taken for it", async () => {
    const lie = selectFacts({ fingerprint: proved("DELETE FROM c").fingerprint });
    const one = scene().ran("DELETE FROM c", ["DELETE 9"]).proved(lie);
    assert.deepEqual(ways(await replayed(NO_DELETE, [one])), ["allow -> block (text)"]);
  });

  test("judges a string by its worst statement, which it names", async () => {
    const one = scene().ran("SELECT 1; DELETE FROM c; SELECT 2", ["SELECT 1", "DELETE 1", "SELECT 1"]);
    const [judgement] = await replayed(NO_DELETE, [one]);
    assert.equal(judgement?.statement, "DELETE FROM c");
  });

  test("judges EXECUTE by what SQL or the protocol prepared under its name", async () => {
    const one = scene()
      .ran("PREPARE s AS SELECT 1", ["PREPARE"])
      .ran("EXECUTE s", ["SELECT 1"])
      .prepared("p", "DELETE FROM c", "DELETE 1")
      .ran("EXECUTE p", ["DELETE 1"])
      .ran("PREPARE d AS DELETE FROM c", ["PREPARE"])
      .bound("d", "DELETE 1")
      .ran("EXECUTE unheard", ["SELECT 1"]);
    for (const sql of ["SELECT 1", "DELETE FROM c", "EXECUTE s"]) one.proved(proved(sql));
    const complete = `${NO_DELETE}\n@id("incomplete") forbid(principal, action in Action::"postgres:read", resource) unless { context.complete };`;
    const judgements = await replayed(complete, [one]);
    assert.deepEqual(
      judgements.map(({ run, now }) => `${run.text ?? ("name" in run ? run.name : "")}: ${now?.verdict}`),
      [
        "PREPARE s AS SELECT 1: block",
        "EXECUTE s: allow",
        "DELETE FROM c: block",
        "EXECUTE p: block",
        "PREPARE d AS DELETE FROM c: block",
        "d: block",
        "EXECUTE unheard: block",
      ],
    );
  });

  test("a name given anew with DEALLOCATE that failed keeps what it stood for", async () => {
    const one = scene()
      .ran("PREPARE s AS DELETE FROM c", ["PREPARE"])
      .failed("DEALLOCATE s")
      .failed("PREPARE s AS SELECT 1");
    one
      .ran("EXECUTE s", ["DELETE 9"])
      .ran("DEALLOCATE s", ["DEALLOCATE"])
      .ran("PREPARE s AS SELECT 1", ["PREPARE"])
      .ran("EXECUTE s", ["SELECT 1"]);
    for (const sql of ["SELECT 1", "DELETE FROM c", "EXECUTE s"]) one.proved(proved(sql));
    const judgements = await replayed(NO_DELETE, [one]);
    const executed = judgements.filter(({ run }) => run.text === "EXECUTE s");
    assert.deepEqual(ways(executed), ["allow -> block (recorded)", "allow -> allow (recorded)"]);
  });

  test("FETCH is judged by the cursors that were declared", async () => {
    const one = scene()
      .ran("DECLARE x CURSOR FOR SELECT * FROM c", ["DECLARE CURSOR"])
      .ran("FETCH 1 FROM x", ["FETCH 1"]);
    for (const sql of ["DECLARE x CURSOR FOR SELECT * FROM c", "FETCH 1 FROM x"]) one.proved(proved(sql));
    const policies = `${ALLOW_ALL}\n@id("c") forbid(principal, action in Action::"postgres:read", resource) when { context.reads.contains("public.c") };`;
    assert.deepEqual(ways(await replayed(policies, [one])), [
      "allow -> block (recorded)",
      "allow -> block (recorded)",
    ]);
  });

  test("FETCH is judged by what the protocol bound under the portal's name", async () => {
    const policies = `${ALLOW_ALL}\n@id("c") forbid(principal, action in Action::"postgres:read", resource) when { context.reads.contains("public.c") };`;
    const one = scene()
      .portal("p", "", "SELECT * FROM c")
      .portal("q", "named", "SELECT 1")
      .ran("FETCH 1 FROM p", ["FETCH 1"])
      .ran("FETCH 1 FROM q", ["FETCH 1"])
      .ran("MOVE 1 FROM p", ["MOVE 1"]);
    for (const sql of ["SELECT * FROM c", "SELECT 1", "FETCH 1 FROM p", "MOVE 1 FROM p"])
      one.proved(proved(sql));
    assert.deepEqual(
      (await replayed(policies, [one])).map(({ run, now }) => `${run.text}: ${now?.verdict}`),
      ["FETCH 1 FROM p: block", "FETCH 1 FROM q: allow", "MOVE 1 FROM p: block"],
    );
  });

  test("FETCH from a portal whose statement is not in the recording is incomplete", async () => {
    const incomplete = `${ALLOW_ALL}\n@id("incomplete") forbid(principal, action in Action::"postgres:read", resource) unless { context.complete };`;
    const one = scene().portal("p", "unheard", null).ran("FETCH 1 FROM p", ["FETCH 1"]);
    const [judgement] = await replayed(incomplete, [one.proved(proved("FETCH 1 FROM p"))]);
    assert.deepEqual([judgement?.now?.verdict, judgement?.basis], ["block", "text"]);
  });

  test("what the guard can't read differs only if it ran", async () => {
    const one = scene().failed("SELEC 1").ran("SELEC 1", ["SELECT 1"]);
    assert.deepEqual(ways(await replayed(ALLOW_ALL, [one])), [
      "allow -> allow (guard)",
      "allow -> block (guard)",
    ]);
  });

  test("a statement without text in the recording is told as unknown, never as allowed", async () => {
    const [judgement] = await replayed(ALLOW_ALL, [scene().bound("nowhere")]);
    assert.deepEqual([judgement?.now, judgement?.basis], [null, "unknown"]);
    assert.equal(differs(judgement!), false);
  });

  test("only what ran in the window is told, but all that ran before bears on it", async () => {
    const policies = `${ALLOW_ALL}\n@id("often") forbid(principal, action in Action::"postgres:read", resource) when { context.session.repeatedLastMinute > 1 };`;
    const one = scene()
      .ran("SELECT 1")
      .ran("SELECT 1")
      .wait(10_000)
      .ran("SELECT 1")
      .wait(3_600_000)
      .ran("SELECT 1");
    const judgements = await replayed(policies, [one.proved(proved("SELECT 1"))], { since: START + 5_000 });
    assert.deepEqual(ways(judgements), ["allow -> block (recorded)", "allow -> allow (recorded)"]);
  });

  test("a principal's usage is that of all its sessions on a connector, in the order of their times", async () => {
    const policies = `${ALLOW_ALL}\n@id("often") forbid(principal, action in Action::"postgres:read", resource) when { context.principalUsage.statements > 2 };`;
    const first = scene("a".repeat(32)).ran("SELECT 1").wait(2_000).ran("SELECT 1");
    const second = scene("b".repeat(32)).wait(1_000).ran("SELECT 1").wait(2_000).ran("SELECT 1");
    const another = scene("c".repeat(32), { principal: "corp/bob" }).wait(9_000).ran("SELECT 1");
    const scenes = [first, second, another].map((one) => one.proved(proved("SELECT 1")));
    const judgements = await replayed(policies, scenes);
    assert.deepEqual(
      judgements.map(({ run, now }) => [run.time - START, now?.verdict]),
      [
        [0, "allow"],
        [1_000, "allow"],
        [2_000, "allow"],
        [3_000, "block"],
        [9_000, "allow"],
      ],
    );
  });

  test("rows that went to the agent count", async () => {
    const policies = `${ALLOW_ALL}\n@id("much") forbid(principal, action in Action::"postgres:read", resource) when { context.session.rows > 4 };`;
    const one = scene().ran("SELECT 1", ["SELECT 5"], 5).ran("SELECT 1").proved(proved("SELECT 1"));
    assert.deepEqual(ways(await replayed(policies, [one])), [
      "allow -> allow (recorded)",
      "allow -> block (recorded)",
    ]);
  });

  test("a set that asks who it is judges as the session's principal", async () => {
    const policies = `permit(principal in Group::"engineers", action, resource == Target::"orders") when { principal.name == "corp/alice" && principal.onBehalfOf == "corp/carol" };`;
    const policy = policies.replace("when { ", "when { principal has onBehalfOf && ");
    const one = scene(SESSION, { onBehalfOf: "corp/carol" }).ran("SELECT 1").proved(proved("SELECT 1"));
    const two = scene(SESSION).ran("SELECT 1").proved(proved("SELECT 1"));
    assert.deepEqual(ways(await replayed(policy, [one])), ["allow -> allow (recorded)"]);
    assert.deepEqual(ways(await replayed(policy, [two])), ["allow -> block (recorded)"]);
  });

  test("recordings that don't tell whose session it is, or that are none, are refused", async () => {
    const composer = new Composer(SESSION, key, key).joined();
    const unknown: Source = {
      name: "x",
      entries: async function* () {
        yield* composer.entries;
      },
    };
    const none: Source = {
      name: "y",
      entries: () => recordedEntries(inChunks(Buffer.from("no recording at all"))),
    };
    const options = { since: 0, until: START * 2, tell: () => {} };
    await assert.rejects(replayPolicy(set(ALLOW_ALL), [unknown], options), { code: "protocol_violation" });
    await assert.rejects(replayPolicy(set(ALLOW_ALL), [none], options), { code: "protocol_violation" });
    const failures: string[] = [];
    const one = scene().ran("SELECT 1");
    let told = 0;
    await replayPolicy(set(ALLOW_ALL), [unknown, none, source(one)], {
      ...options,
      tell: () => void told++,
      unreadable: (name) => void failures.push(name),
    });
    assert.deepEqual([failures, told], [["x", "y"], 1]);
  });
});

describe("the set that was in force", () => {
  const SETS = [
    STARTER_POLICIES,
    NO_DELETE,
    `${ALLOW_ALL}
@id("often") forbid(principal, action in Action::"postgres:read", resource) when { context.session.repeatedLastMinute > 2 };
@id("much") @approvers("dba") forbid(principal, action in Action::"postgres:write", resource) when { context.principalUsage.statementsLastMinute > 6 } unless { context.approved };
@id("rows") forbid(principal, action in Action::"postgres:read", resource) when { context.session.rows > 20 };`,
    `permit(principal, action in [Action::"postgres:read", Action::"postgres:transaction"], resource) when { context.complete };
@id("inside") permit(principal, action in Action::"postgres:write", resource) when { context.inTransaction && context.where == "key" };
@id("few") forbid(principal, action in Action::"postgres:read", resource) when { context has limit && context.limit > 50 };`,
  ];

  const statement = fc.oneof(
    fc.constantFrom(
      "SELECT 1",
      "SELECT * FROM c",
      "SELECT count(*) FROM c WHERE name = 'x'",
      "DELETE FROM c",
      "DELETE FROM c WHERE true",
      "INSERT INTO c VALUES (1)",
      "TRUNCATE c",
      "DROP TABLE c",
      "SELECT pg_sleep(1)",
      "SELECT unknown()",
      "COPY c TO PROGRAM 'sh'",
      "SHOW search_path",
      "LOCK c",
    ),
    fc.nat(100).map((n) => `SELECT * FROM c LIMIT ${n}`),
    fc.nat(100).map((n) => `UPDATE c SET name = 'a' WHERE id = ${n}`),
  );
  // What follows in the same string on a DROP, or on what isn't known, is known the less for it: facts of the same
  // shape then differ by the string, and the worst counts.
  const plain = statement.filter((sql) => classified(sql).every(({ effects }) => effects.length === 0));
  const step = fc.oneof(
    { weight: 6, arbitrary: statement.map((sql) => ({ does: "query" as const, sql })) },
    { weight: 2, arbitrary: statement.map((sql) => ({ does: "bound" as const, sql })) },
    {
      weight: 1,
      arbitrary: fc
        .array(plain, { minLength: 2, maxLength: 3 })
        .map((all) => ({ does: "query" as const, sql: all.join("; ") })),
    },
    {
      weight: 2,
      arbitrary: fc.constantFrom("BEGIN", "COMMIT").map((sql) => ({ does: "query" as const, sql })),
    },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: 40_000 }).map((ms) => ({ does: "wait" as const, ms })),
    },
  );

  test("finds no difference in what was recorded under it, with all facts", async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(SETS.length - 1), fc.array(step, { maxLength: 25 }), async (index, steps) => {
        const policies = set(SETS[index]!);
        const one = guarded(scene(), policies, steps);
        const judgements = await replayed(policies.text, [one]);
        const different = judgements.filter(differs).map((one) => `${one.run.text}: ${ways([one])}`);
        assert.deepEqual(different, []);
      }),
      { numRuns: 60 },
    );
  });

  type Steps = typeof step extends fc.Arbitrary<infer T> ? T[] : never;

  /** Records the steps as a guard with this set would have, told of each statement's facts late. */
  function guarded(one: Scene, policies: PolicySet, steps: Steps): Scene {
    const { composer } = one;
    const usage = new UsageCounter();
    let now = START;
    let inTransaction = false;
    let count = 0;
    for (const step of steps) {
      if (step.does === "wait") {
        now += step.ms;
        one.wait(step.ms);
        continue;
      }
      const statements = classified(step.sql);
      const { principal, groups, target, kind, connector } = composer.facts;
      const decision: Decision = worst(
        statements.map(({ facts }) => {
          const counts = usage.of(facts.fingerprint, now);
          const circumstances: Circumstances = {
            database: "orders",
            inTransaction,
            plan: null,
            session: counts,
            principalUsage: counts,
          };
          return judgeStatement(
            policies,
            { principal, groups },
            { name: target, kind, connector },
            facts,
            circumstances,
          );
        }),
      );
      for (const { facts } of statements) usage.statement(facts.fingerprint, now);
      const all = statements.map(({ facts }) => facts);
      if (decision.verdict !== "allow") {
        one.refused(step.sql, decision, all.length === 1 ? all[0]! : null);
        if (all.length > 1) one.proved(...all);
        continue;
      }
      if (step.sql === "BEGIN" || step.sql === "COMMIT") {
        inTransaction = step.sql === "BEGIN";
        one.status(inTransaction ? "T" : "I");
      }
      if (step.does === "bound") one.prepared(`s${count++}`, step.sql, "SELECT 0");
      else {
        one.ran(
          step.sql,
          statements.map(() => "SELECT 2"),
          2,
        );
        usage.result(2, 22);
      }
      one.proved(...all);
    }
    return one;
  }
});

/** A catalog of one table: c (id primary key, name). */
function classified(sql: string): ClassifiedStatement[] {
  const { statements, missing } = classify(parseSql(sql), NAMES, CATALOG);
  assert.deepEqual(missing, []);
  return statements;
}

const TABLE: Relation = {
  oid: 20_000,
  schema: "public",
  name: "c",
  kind: "table",
  temporary: false,
  columns: ["id", "name"],
  keys: [["id"]],
  view: null,
  children: [],
  parents: [],
  writeSideEffects: [],
  readSideEffects: [],
};
const CATALOG: Catalog = {
  serverVersion: 150_004,
  relation: (schema, name) => (schema === "public" && name === "c" ? TABLE : null),
  functions: (schema, name) =>
    schema === "pg_catalog" && (name === "count" || name === "pg_sleep")
      ? [
          {
            schema,
            name,
            kind: name === "count" ? "aggregate" : "function",
            builtin: true,
            volatility: "volatile",
            securityDefiner: false,
            language: "internal",
          },
        ]
      : [],
  userOperator: () => false,
  userType: () => false,
};
const NAMES: NameContext = {
  searchPath: ["pg_catalog", "public"],
  temporarySchema: null,
  trustedFunctions: new Set(),
};
