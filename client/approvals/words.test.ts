import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { exchangeText } from "../../protocol/http/request-text.ts";
import { requestInfo } from "../../protocol/kubernetes/reading-request-info.ts";
import { isApproval, isApprovalSummary } from "./reading.ts";
import {
  ASKED,
  accessRequest,
  heldRequest,
  heldStatement,
  requestQuestion,
  SESSION,
  statementQuestion,
  vote,
} from "./testing.ts";
import { approvalLines, askedText, exactText, missingText, summaryOf, watchLine } from "./words.ts";
import "../../protocol/seeded.ts";

const shown = (...given: Parameters<typeof approvalLines>) =>
  approvalLines(...given).map((line) => stripVTControlCharacters(line));

test("an approval is shown whole: who, for whom, why, what, how many have agreed, and how long is left", () => {
  const question = statementQuestion({
    statement: "DELETE FROM orders\nWHERE id = $1\n\tOR name = $2",
    parameters: ["7", null],
  });
  const approval = heldStatement({
    question,
    votes: [vote("corp/dana", [0, 1], "ok"), vote("corp/dana", [0])],
  });
  assert.deepEqual(shown(approval, ASKED + 57_000), [
    `approval    ${SESSION}-1`,
    "status      pending, 14m3s left",
    "asked by    agent/7 for corp/alice",
    "target      orders, database shop",
    `session     ${SESSION}`,
    "asked       2026-11-22T08:00:00Z, until 2026-11-22T08:15:00Z",
    "reason      It writes every row.",
    "policies    mass-write",
    "needs       2 of dba or leads (1 of 2; agreed: corp/dana)",
    "and         1 of security (1 of 1; agreed: corp/dana)",
    "covers      this statement, once",
    "actions     postgres:delete",
    "planner     about 9000 rows, cost 120",
    `sha-256     ${"ab".repeat(32)}`,
    "statement (3 lines)",
    "  │ DELETE FROM orders",
    "  │ WHERE id = $1",
    "  │     OR name = $2",
    '  $1 = "7"',
    "  $2 = NULL",
    'vote        2026-11-22T08:01:00Z corp/dana by Slack: "ok"',
    "vote        2026-11-22T08:01:00Z corp/dana by Slack",
  ]);
});

test("a request for access is shown with its purpose, and one that is decided with who and why", () => {
  const decided = { at: ASKED + 60_000, by: "corp/erin", reason: "not today" };
  const lines = shown(accessRequest({ status: "denied", decided }), ASKED);
  assert.ok(lines.includes("status      denied"));
  assert.ok(lines.includes("decided     2026-11-22T08:01:00Z by corp/erin: not today"));
  assert.ok(lines.includes("covers      every connection to the target, for 1h from the last word"));
  assert.deepEqual(lines.slice(-2), ["purpose", "  │ ticket 4711"]);
});

test("what can't be seen, or changes the order in which one reads, is made visible where one approves", () => {
  const hidden = [
    "\u202e",
    "\u200b",
    "\u00ad",
    "\ufeff",
    "\u2066",
    "\u00a0",
    "\u3164",
    "\u{e0041}",
    "\u0007",
    "\u009b",
  ];
  for (const character of hidden) {
    const code = character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0");
    assert.equal(exactText(`a${character}b`), `a⟨U+${code}⟩b`);
    const lines = shown(
      heldStatement({ question: statementQuestion({ statement: `DROP ${character}x` }) }),
      ASKED,
    );
    assert.ok(lines.includes(`  │ DROP ⟨U+${code}⟩x`));
  }
});

test("no text of others drives the terminal or begins a line of its own", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 60 }), (noise) => {
      const text = `${noise}\n\u001b[2J\u202eapproval    forged`;
      const question = statementQuestion({
        statement: text,
        reason: text,
        parameters: [text],
        database: text,
      });
      const approval = heldStatement({
        question,
        principal: text,
        target: text,
        votes: [vote(text, [0], text)],
        decided: { at: ASKED, by: text, reason: text },
      });
      const lines = [
        ...shown(approval, ASKED),
        watchLine(summaryOf(approval), ASKED),
        askedText(summaryOf(approval)),
      ];
      for (const line of lines) {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
        assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2028\u2029]/);
        assert.ok(!line.startsWith("approval    forged"), line);
      }
    }),
  );
});

test("what is missing is counted in different people, for each rule", () => {
  const missing = (...votes: ReturnType<typeof vote>[]) => missingText(heldStatement({ votes }));
  assert.equal(missing(), "2 more of dba or leads and 1 more of security");
  assert.equal(missing(vote("a", [0]), vote("a", [0])), "1 more of dba or leads and 1 more of security");
  assert.equal(missing(vote("a", [0, 1]), vote("b", [0])), "");
});

test("a held SSH request is shown whole: as which account, what, and whether it has a terminal", () => {
  const lines = shown(heldRequest(), ASKED);
  assert.ok(lines.includes("target      web-1, account deploy"));
  assert.ok(lines.includes("covers      this request, once"));
  assert.deepEqual(lines.slice(-5), [
    "actions     ssh:exec",
    "terminal    no",
    `sha-256     ${requestQuestion().sha256}`,
    "command",
    "  │ systemctl restart web",
  ]);
  const request = { type: "file", protocol: "sftp", operation: "write", path: "/srv/a b" } as const;
  const file = shown(heldRequest({ request, actions: ["ssh:sftp:write"], scope: "fingerprint" }), ASKED);
  assert.deepEqual(file.slice(-2), ["request", '  │ write "/srv/a b" (sftp)']);
  assert.ok(!file.some((line) => line.startsWith("terminal")));
  const response = shown(heldRequest({ actions: ["http:unreadable"], unreadable: "image/png" }), ASKED);
  assert.ok(response.includes("response    image/png, which can't be looked into"));
  assert.ok(!file.some((line) => line.startsWith("response")));
  assert.ok(file.some((line) => line.includes("requests of this shape in this session, for 1h")));
});

test("nothing of a request drives the terminal, hides, or passes for a line of ours", () => {
  const evil = "ls\u001b[2K\r\u202e\nstatus      approved\u200b";
  const request = { type: "exec", command: evil, terminal: true } as const;
  const lines = shown(heldRequest({ request, account: evil }), ASKED);
  assert.deepEqual(lines.slice(-3), [
    "command (2 lines)",
    "  │ ls⟨U+001B⟩[2K⟨U+000D⟩⟨U+202E⟩",
    "  │ status      approved⟨U+200B⟩",
  ]);
  assert.equal(lines.filter((line) => line.startsWith("status")).length, 1);
  assert.ok(
    lines.includes(
      "target      web-1, account ls⟨U+001B⟩[2K⟨U+000D⟩⟨U+202E⟩⟨U+000A⟩status      approved⟨U+200B⟩",
    ),
  );
});

test("in a listing a command is told from words about other requests", () => {
  const request = { type: "exec", command: "read /etc/motd (sftp)\u202e", terminal: false } as const;
  const summary = summaryOf(heldRequest({ request }));
  assert.equal(summary.summary, "exec: read /etc/motd (sftp)\u202e");
  assert.equal(askedText(summary), "exec: read /etc/motd (sftp)⟨U+202E⟩");
  assert.match(watchLine(summary, ASKED), /on web-1 · needs .*: exec: read/);
  assert.ok(isApprovalSummary(summary));
});

test("what an edge answers is an approval of a request only where it can be shown as one", () => {
  const approval = heldRequest();
  assert.ok(isApproval(JSON.parse(JSON.stringify(approval))));
  for (const change of [
    { account: null },
    { request: { type: "subsystem", name: "sftp" } },
    { request: { type: "exec", command: 7, terminal: false } },
    { request: undefined },
    { sha256: 1 },
    { kind: "statement" },
    { kind: "constructor" },
  ]) {
    const question = { ...approval.question, ...change };
    assert.ok(!isApproval({ ...approval, question }), JSON.stringify(change));
  }
  assert.ok(!isApproval({ ...approval, kind: "statement" }));
  assert.ok(!isApproval({ ...approval, kind: "connect" }));
});

test("a request to a cluster tells what it is taken for, as whom, and all of its body", () => {
  const text = '{"spec":\n  {"replicas": 0}}\u202e';
  const target = "/apis/apps/v1/namespaces/shop/deployments/web";
  const request: HttpRequest = {
    type: "http",
    method: "PATCH",
    target,
    contentType: "application/merge-patch+json",
    body: { bytes: Buffer.byteLength(text), sha256: "0".repeat(64), text },
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes: requestInfo("PATCH", target),
  };
  const approval = heldRequest({ request, account: "corp/alice", actions: ["kubernetes:patch"] });
  const lines = shown(approval, ASKED);
  assert.ok(lines.includes("target      web-1, user corp/alice"));
  assert.ok(!lines.some((line) => line.startsWith("terminal")));
  const [kind, head = "", ...rest] = exchangeText(request).split("\n");
  assert.deepEqual(lines.slice(-6), [
    "request (5 lines)",
    `  │ ${kind}`,
    `  │ ${head}`,
    "  │ ",
    '  │ {"spec":',
    '  │   {"replicas": 0}}⟨U+202E⟩',
  ]);
  assert.ok(head.startsWith(`PATCH ${target}`) && rest.length === 3);
  assert.ok(isApproval(JSON.parse(JSON.stringify(approval))));
  assert.match(askedText(summaryOf(approval)), /^patch deployments\.apps web in namespace shop PATCH/);
  const plain = heldRequest({
    request: { ...request, kubernetes: null },
    account: "",
    actions: ["http:patch"],
  });
  assert.ok(shown(plain, ASKED).includes("target      web-1"));
});
