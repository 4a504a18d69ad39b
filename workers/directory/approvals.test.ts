import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  type Approval,
  type ApprovalStatus,
  type ConnectQuestion,
  STATUSES,
} from "../../protocol/approval/approval.ts";
import { sampleHeldRequest } from "../testing/sample-approval.ts";
import { sqliteDirectory } from "../testing/sqlite-directory.ts";
import { claimRequest, dropClaim, indexApproval, isIndexed, listApprovals } from "./approvals.ts";
import "../../protocol/seeded.ts";

const RULE: Omit<ConnectQuestion, "kind" | "purpose"> = {
  policies: ["held"],
  reason: "Nobody is alone with orders.",
  approvals: [{ approvers: ["dba"], quorum: 1 }],
  expiresMs: 1_000,
  lastsMs: 4_000,
  scope: "once",
};

function requestOf(digit: string, changed: Partial<Approval> = {}): Approval {
  return {
    id: `${digit.repeat(32)}-0`,
    kind: "connect",
    session: null,
    principal: "corp/agent",
    onBehalfOf: null,
    target: "orders",
    status: "pending",
    asked: 1_000,
    expires: 2_000,
    question: {
      ...RULE,
      kind: "connect",
      purpose: "to look",
    },
    votes: [],
    decided: null,
    until: null,
    ...changed,
  };
}

const statementOf = (number: number, text: string): Approval => {
  const { question, ...rest } = requestOf("a");
  return {
    ...rest,
    id: `${"a".repeat(32)}-${number}`,
    kind: "statement",
    session: "a".repeat(32),
    asked: 1_000 + number,
    question: {
      ...question,
      kind: "statement",
      database: "shop",
      actions: ["postgres:delete"],
      statement: text,
      parameters: [],
      sha256: "0".repeat(64),
      fingerprint: "",
      plan: null,
    },
  };
};

const ALL = { limit: 500, cursor: null };
const everybody = () => true;
const listed = async (db: D1Database, filter = {}, now = 1_500) =>
  (await listApprovals(db, filter, everybody, ALL, now)).items;

describe("the index of approvals", () => {
  test("never goes back, in whatever order and however often news of an approval comes", async () => {
    const rank = (status: ApprovalStatus) => (status === "pending" ? 0 : status === "approved" ? 1 : 2);
    const status = fc.constantFrom(...STATUSES);
    await fc.assert(
      fc.asyncProperty(fc.array(status, { minLength: 1, maxLength: 12 }), async (order) => {
        const db = sqliteDirectory();
        let expected = order[0]!;
        for (const [step, now] of order.entries()) {
          const decided = now === "pending" ? null : { at: step, by: now, reason: null };
          await indexApproval(db, requestOf("1", { status: now, decided, expires: 9_000 }));
          if (rank(now) > rank(expected)) expected = now;
          const [row] = await listed(db);
          assert.equal(row?.status, expected);
          assert.equal(row?.decided?.by ?? "pending", expected, "who decided belongs to the status");
        }
      }),
      { numRuns: 100 },
    );
  });

  test("shows what has run out as ended, though its row does not know yet", async () => {
    const db = sqliteDirectory();
    await indexApproval(db, requestOf("1"));
    await indexApproval(db, requestOf("2", { target: "staff", status: "approved", until: 5_000 }));
    const statuses = async (now: number) => (await listed(db, {}, now)).map(({ status }) => status).sort();
    assert.deepEqual(await statuses(1_999), ["approved", "pending"]);
    assert.deepEqual(await statuses(2_000), ["approved", "expired"]);
    assert.deepEqual(await statuses(5_000), ["expired", "lapsed"]);
    assert.equal((await listed(db, { status: "pending" }, 2_000)).length, 0);
    assert.equal((await listed(db, { status: "expired" }, 2_000)).length, 1);
    assert.equal((await listed(db, { status: "lapsed" }, 5_000)).length, 1);
  });

  test("is filtered, and paged latest first past what is not to be seen", async () => {
    const db = sqliteDirectory();
    for (let number = 1; number <= 450; number++)
      await indexApproval(db, statementOf(number, `DELETE ${number}`));
    await indexApproval(db, requestOf("b", { principal: "corp/other" }));
    assert.equal((await listed(db, { principal: "corp/other" })).length, 1);
    assert.equal((await listed(db, { target: "staff" })).length, 0);
    assert.equal((await listed(db, { session: "a".repeat(32) })).length, 450);
    const hundreds: string[] = [];
    let cursor: string | null = null;
    do {
      const see = ({ summary }: { summary: string }) => summary.endsWith("00");
      const page = await listApprovals(db, {}, see, { limit: 1, cursor }, 1_500);
      hundreds.push(...page.items.map(({ summary }) => summary));
      cursor = page.next;
    } while (cursor !== null);
    assert.deepEqual(hundreds, ["DELETE 400", "DELETE 300", "DELETE 200", "DELETE 100"]);
    await assert.rejects(listApprovals(db, {}, everybody, { limit: 1, cursor: "x" }, 0), {
      code: "invalid_request",
    });
  });

  test("tells a command from words about other requests, and for which actions it is held", async () => {
    const db = sqliteDirectory();
    const words = "read /etc/motd (sftp)";
    const command = { type: "exec", command: words, terminal: false } as const;
    const file = { type: "file", protocol: "sftp", operation: "read", path: "/etc/motd" } as const;
    const asked = [
      sampleHeldRequest({ request: command }, { id: `${"a".repeat(32)}-1`, asked: 2, expires: 900 }),
      sampleHeldRequest(
        { request: file, actions: ["ssh:sftp:read"] },
        { id: `${"a".repeat(32)}-2`, asked: 1, expires: 900 },
      ),
    ];
    for (const one of asked) await indexApproval(db, one);
    const { items } = await listApprovals(db, {}, () => true, { limit: 10, cursor: null }, 3);
    assert.deepEqual(
      items.map(({ kind, summary, actions }) => [kind, summary, actions]),
      [
        ["request", `exec: ${words}`, ["ssh:exec"]],
        ["request", words, ["ssh:sftp:read"]],
      ],
    );
  });

  test("has the beginning of a long statement, and never half a character", async () => {
    const db = sqliteDirectory();
    await indexApproval(db, statementOf(1, `${"x".repeat(199)}😀 rest`));
    const [row] = await listed(db);
    assert.equal(row?.summary, `${"x".repeat(199)}…`);
    assert.deepEqual([row?.actions, row?.approvals], [["postgres:delete"], RULE.approvals]);
  });
});

describe("the claim of an access request", () => {
  test("is one holder's, of many at once; other holders and targets have their own", async () => {
    const db = sqliteDirectory();
    const claims = await Promise.all(["1", "2", "3"].map((digit) => claimRequest(db, requestOf(digit), 0)));
    assert.equal(new Set(claims.map((claim) => claim?.id)).size, 1);
    for (const [digit, changed] of [
      ["4", { target: "staff" }],
      ["5", { onBehalfOf: "corp/alice" }],
      ["6", { onBehalfOf: "corp/bob" }],
      ["7", { principal: "corp/alice" }],
    ] as const) {
      assert.equal((await claimRequest(db, requestOf(digit, changed), 0))?.id, `${digit.repeat(32)}-0`);
    }
    assert.equal((await listed(db)).length, 5);
  });

  test("is free again once the request has ended, and counts those of the last hour", async () => {
    const db = sqliteDirectory();
    const first = requestOf("1", { asked: 500 });
    await claimRequest(db, first, 0);
    await indexApproval(db, { ...first, status: "denied" });
    assert.deepEqual(await claimRequest(db, requestOf("2"), 400), { id: requestOf("2").id, recent: 2 });
    await dropClaim(db, requestOf("2").id);
    assert.equal(await isIndexed(db, requestOf("2").id), false);
    await dropClaim(db, first.id);
    assert.equal(await isIndexed(db, first.id), true, "what has ended stays");
    assert.deepEqual(await claimRequest(db, requestOf("3"), 501), { id: requestOf("3").id, recent: 1 });
  });
});
