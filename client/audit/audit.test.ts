import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { ApprovalVote } from "../../protocol/approval/approval.ts";
import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { done, error } from "../../protocol/postgres/transcript/testing.ts";
import { Composer, inChunks } from "../../protocol/recording/testing.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import { loadParser, parseSql } from "../../protocol/sql/parser.ts";
import { questionOf, Scene } from "../policy-replay/testing.ts";
import { classifyText } from "../policy-replay/without-catalog.ts";
import { type AuditOptions, audit } from "./audit.ts";
import type { Control } from "./controls.ts";
import type { TargetLabels } from "./labels.ts";
import { type ControlResult, Results } from "./results.ts";

const SESSION = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3";
const SQL = "DELETE FROM c";
const ASKING = `${ALLOW_ALL} @id("ask") @reason("ask") @approvers("dba")
forbid(principal, action == Action::"postgres:delete", resource) unless { context.approved };`;
const BLOCKING = `${ALLOW_ALL} @id("no") @reason("no")
forbid(principal, action == Action::"postgres:delete", resource);`;
const EMAIL: TargetLabels = [
  { schema: "public", relation: "customers", column: "email", path: null, label: "pii.email" },
];

let keys: [PrivateKey, PrivateKey];
before(async () => {
  keys = [await generateKey(), await generateKey()];
  await loadParser();
});

function scene(policies = ALLOW_ALL): Scene {
  return new Scene(new Composer(SESSION, ...keys), {
    policy: { version: setOf(policies).version, revision: 1 },
  });
}

function setOf(text: string): PolicySet {
  return PolicySet.load(nodeCedar(), text);
}

interface Given {
  known?: string[];
  options?: Partial<AuditOptions>;
  change?(file: Buffer): Buffer;
}

/** The results of an audit of one session, by control. */
async function audited(
  { composer }: Scene,
  { known = [ALLOW_ALL, ASKING, BLOCKING], options = {}, change = (file) => file }: Given = {},
): Promise<Record<Control, ControlResult>> {
  const file = change(await composer.file());
  const sets = new Map(known.map((text) => [setOf(text).version, setOf(text)]));
  const results = new Results();
  await audit(
    [{ name: "one", bytes: () => inChunks(file) }],
    {
      keys: composer.keys,
      policies: async (version) => sets.get(version) ?? null,
      instead: null,
      labels: null,
      since: Number.NEGATIVE_INFINITY,
      until: Number.POSITIVE_INFINITY,
      now: composer.facts.opened,
      ...options,
    },
    results,
  );
  return Object.fromEntries(results.all().map((one) => [one.control, one])) as Record<Control, ControlResult>;
}

const sentences = ({ findings }: ControlResult) => findings.map(({ sentence }) => sentence);
const states = (results: Record<Control, ControlResult>) =>
  Object.fromEntries(Object.values(results).map(({ control, state }) => [control, state]));

describe("an audit", () => {
  test("of a session in which all is as it should be finds nothing", async () => {
    const results = await audited(scene().ran("SELECT 1").proved(factsOf("SELECT 1")).ended());
    assert.deepEqual(states(results), {
      recordings: "met",
      policies: "met",
      conformance: "met",
      approvals: "untested",
      masking: "untested",
      endings: "met",
    });
    assert.deepEqual(results.conformance.sessions, [SESSION]);
    assert.equal(results.conformance.items, 1);
  });

  test("finds a recording that was changed, at any of its bytes", async () => {
    const whole = scene().ran("SELECT 1").ended();
    const { length } = await whole.composer.file();
    for (let at = 0; at < length; at += 97) {
      const results = await audited(whole, {
        change(file) {
          file[at] = file[at]! ^ 1;
          return file;
        },
      });
      assert.notEqual(results.recordings.state, "met", `byte ${at}`);
    }
  });

  test("finds one that was cut short, and does not wait for the rest", async () => {
    const whole = scene().ran("SELECT 1").ended();
    const { length } = await whole.composer.file();
    for (let left = 0; left < length; left += 131) {
      const results = await audited(whole, { change: (file) => file.subarray(0, left) });
      assert.equal(results.recordings.state, "deviations", `${left} bytes`);
    }
  });

  test("finds what was let pass though the policies in force block it, or hold it", async () => {
    const deletes = (policies: string) => scene(policies).ran(SQL, ["DELETE 9"]).proved(factsOf(SQL)).ended();
    const blocked = await audited(deletes(BLOCKING));
    assert.equal(blocked.conformance.state, "deviations");
    assert.deepEqual(sentences(blocked.conformance), ["it was allowed, and by the policies it is blocked"]);
    assert.equal(blocked.conformance.findings[0]!.entry, 5);
    assert.equal((await audited(deletes(ASKING))).conformance.state, "deviations");
    assert.equal((await audited(deletes(ALLOW_ALL))).conformance.state, "met");
  });

  test("judges each statement by the policies that held when it was asked", async () => {
    const two = scene(ALLOW_ALL).ran(SQL, ["DELETE 9"]).proved(factsOf(SQL));
    two.composer.connector({ event: "policy", version: setOf(BLOCKING).version, revision: 2 });
    two.refused(SQL, { verdict: "block", policies: ["no"], reason: "no" }, factsOf(SQL)).ended();
    const results = await audited(two);
    assert.deepEqual(sentences(results.conformance), []);
    assert.equal(results.conformance.items, 2);
    assert.equal(results.policies.items, 2);
    const other = await audited(two, { options: { instead: setOf(BLOCKING) } });
    assert.equal(other.conformance.deviations, 1);
  });

  test("says what it can't test: policies that are not known", async () => {
    const results = await audited(scene(BLOCKING).ran(SQL, ["DELETE 9"]).proved(factsOf(SQL)).ended(), {
      known: [ALLOW_ALL],
    });
    assert.equal(results.policies.state, "untested");
    assert.equal(results.conformance.state, "untested");
    assert.equal(results.conformance.untested, 1);
  });

  test("finds a session that lasted longer than it might", async () => {
    const long = scene().ran("SELECT 1");
    const { opened, until } = long.composer.facts;
    const live = await audited(long, { options: { now: opened } });
    assert.equal(live.endings.state, "untested");
    assert.equal((await audited(long, { options: { now: until + 61_000 } })).endings.state, "deviations");
    const late = await audited(long.wait(until - opened + 61_000).ended());
    assert.deepEqual(sentences(late.endings), ["it ended 61 s after it had to"]);
  });
});

describe("an audit of approvals", () => {
  const VOTE: ApprovalVote = {
    for: [0],
    by: "corp/dana",
    groups: ["dba"],
    channel: "api",
    reason: null,
    at: 1_800_000_000_000,
  };
  const DECIDED = { event: "approval_decided", reason: null, until: null, under: null } as const;

  interface Way {
    votes?: Partial<ApprovalVote>[];
    status?: "approved" | "denied" | "expired" | null;
    expires?: number | null;
    uses?: number;
    until?: number | null;
    question?: Parameters<typeof questionOf>[1];
    wait?: number;
  }

  function approved(way: Way = {}): Scene {
    const one = scene(ASKING);
    asked(one, 1, way);
    return one;
  }

  function asked(one: Scene, approval: number, way: Way, under: number | null = null): void {
    const { votes = [{}], status = "approved", expires = VOTE.at + 60_000, uses = 1, until = null } = way;
    const { composer } = one;
    composer.agent(pg.query(SQL));
    composer.ask({ event: "approval_asked", approval, question: questionOf(SQL, way.question) });
    if (expires !== null)
      composer.edge({ event: "approval_opened", approval, id: `${SESSION}-${approval}`, expires });
    for (const vote of votes)
      composer.edge({ event: "approval_answered", approval, answer: "approve", vote: { ...VOTE, ...vote } });
    if (status !== null) composer.edge({ ...DECIDED, approval, status, by: ["corp/dana"], until, under });
    composer.wait(way.wait ?? 0);
    for (let use = 0; use < uses; use++) composer.ask({ event: "approval_used", approval });
    composer.target(Buffer.concat([done("DELETE 9"), pg.readyForQuery("I")]));
  }

  const found = async (one: Scene) => sentences((await audited(one.ended())).approvals);

  test("finds nothing where people gave it who may", async () => {
    const results = await audited(approved().ended());
    assert.deepEqual([results.approvals.state, results.approvals.items], ["met", 1]);
    assert.equal(results.conformance.state, "met");
  });

  test("finds what was used without being given, or after a no, or twice", async () => {
    assert.deepEqual(await found(approved({ status: null })), ["approval 1 was used, but was never given"]);
    assert.deepEqual(await found(approved({ status: "denied" })), [
      "approval 1 was used, but was never given",
    ]);
    assert.deepEqual(await found(approved({ uses: 2 })), ["approval 1 was used, but had been used already"]);
    const unasked = scene(ASKING);
    unasked.composer.ask({ event: "approval_used", approval: 7 });
    assert.deepEqual(await found(unasked), ["approval 7 was used, and had never been asked for"]);
  });

  test("finds an approval of one's own, by whatever hand", async () => {
    for (const own of [{ by: "corp/alice" }, { by: "agent/x", onBehalfOf: "corp/alice" }]) {
      const [sentence] = await found(approved({ votes: [own] }));
      assert.match(sentence!, /approved what it had asked for itself$/);
    }
  });

  test("finds too few people, also where one has several names for it", async () => {
    const two = { approvals: [{ approvers: ["dba"], quorum: 2 }] };
    assert.deepEqual(await found(approved({ question: two })), [
      "approval 1 was used, but 1 of 2 people of dba had agreed",
    ]);
    const twice = [{}, { by: "agent/y", onBehalfOf: "corp/dana" }];
    assert.equal((await found(approved({ question: two, votes: twice }))).length, 1);
    assert.deepEqual(await found(approved({ question: two, votes: [{}, { by: "corp/eve" }] })), []);
    assert.equal((await found(approved({ votes: [] }))).length, 1);
    assert.equal((await found(approved({ votes: [{ for: [1] }] }))).length, 1);
  });

  test("finds what came too late", async () => {
    assert.deepEqual(await found(approved({ votes: [{ at: VOTE.at + 60_001 }] })), [
      "approval 1 was used, but it was given after the question had expired",
    ]);
    const lasting = { scope: "session" } as const;
    assert.deepEqual(await found(approved({ question: lasting, until: VOTE.at + 10, wait: 11 })), [
      "approval 1 was used, but its time had run out",
    ]);
    assert.deepEqual(await found(approved({ question: lasting, until: VOTE.at + 10 })), []);
  });

  test("finds a use under an approval that does not cover it", async () => {
    const under = (first: Way, second: Way = {}) => {
      const one = scene(ASKING);
      asked(one, 1, first);
      asked(one, 2, { votes: [], expires: null, ...second }, 1);
      return found(one);
    };
    const lasting = { until: VOTE.at + 60_000 };
    assert.deepEqual(await under({ ...lasting, question: { scope: "session" } }), []);
    assert.deepEqual(await under({ ...lasting, question: { scope: "fingerprint" } }), []);
    assert.match((await under({}))[0]!, /was for once$/);
    const other = { question: { fingerprint: "f".repeat(32) } };
    assert.match(
      (await under({ ...lasting, question: { scope: "fingerprint" } }, other))[0]!,
      /another shape$/,
    );
    assert.match((await under({ status: "denied", uses: 0 }))[0]!, /was never given$/);
  });
});

describe("an audit of masks", () => {
  const READS = "SELECT email FROM public.customers";
  const options = { labels: new Map([["orders", EMAIL]]) };
  const read = () => ({ ...factsOf(READS), readColumns: ["public.customers.email"] });
  const masked = (one: Scene) => {
    const { fingerprint } = read();
    one.composer.connector({ event: "masked", statements: [{ fingerprint, text: "…", fields: {} }] });
    return one;
  };

  test("finds a labelled column that went without", async () => {
    const bare = await audited(scene().ran(READS).proved(read()).ended(), { options });
    // ALLOW_ALL permits to see it.
    assert.equal(bare.masking.items, 0);
    const hiding = `${ALLOW_ALL} forbid(principal, action == Action::"unmask", resource);`;
    const given = { options, known: [hiding] };
    const seen = await audited(scene(hiding).ran(READS).proved(read()).ended(), given);
    assert.deepEqual(sentences(seen.masking), [
      "what reads pii.email went to the target, and nothing tells of masks",
    ]);
    const hidden = await audited(masked(scene(hiding).ran(READS).proved(read())).ended(), given);
    assert.deepEqual([hidden.masking.state, hidden.masking.items], ["met", 1]);
    const failed = await audited(scene(hiding).failed(READS).proved(read()).ended(), given);
    assert.equal(failed.masking.items, 0);
  });

  test("reads names that have dots in every way", async () => {
    const hiding = `${ALLOW_ALL} forbid(principal, action == Action::"unmask", resource);`;
    const facts = { ...read(), readColumns: ["public.customers.e.mail"] };
    const labels = new Map<string, TargetLabels>([["orders", [{ ...EMAIL[0]!, column: "e.mail" }]]]);
    const results = await audited(scene(hiding).ran(READS).proved(facts).ended(), {
      options: { labels },
      known: [hiding],
    });
    assert.equal(results.masking.deviations, 1);
  });
});

function factsOf(sql: string) {
  return classifyText(parseSql(sql)[0]!).facts;
}

test("the error of a statement is none of the audit's", async () => {
  const one = scene();
  one.composer.agent(pg.query("SELECT x"));
  one.composer.target(Buffer.concat([error("42703", "no column"), pg.readyForQuery("I")]));
  assert.notEqual((await audited(one.ended())).conformance.state, "deviations");
});

test("a recording that was deleted is told, and the others are audited", async () => {
  const results = new Results();
  const { composer } = scene().ran("SELECT 1").ended();
  const file = await composer.file();
  const options = {
    keys: composer.keys,
    policies: async () => setOf(ALLOW_ALL),
    ...{ instead: null, labels: null, since: 0, until: Number.POSITIVE_INFINITY, now: composer.facts.opened },
  };
  const failing = (code: ErrorCode) => ({
    name: code,
    // biome-ignore lint/correctness/useYield: it fails before it has anything.
    async *bytes(): AsyncGenerator<Uint8Array> {
      throw new SallyportError(code, "it is not to be had");
    },
  });
  const sources = [
    failing("gone"),
    { name: "one", bytes: () => inChunks(file) },
    failing("recording_damaged"),
  ];
  await audit(sources, options, results);
  const [recordings] = results.all();
  const told = recordings!.findings.map(({ kind, session }) => [session, kind]);
  assert.deepEqual(told.toSorted(), [
    ["gone", "untested"],
    ["recording_damaged", "deviation"],
  ]);
  assert.equal(results.all().find(({ control }) => control === "conformance")!.items, 1);
  await assert.rejects(audit([failing("edge_unreachable")], options, new Results()), {
    code: "edge_unreachable",
  });
});
