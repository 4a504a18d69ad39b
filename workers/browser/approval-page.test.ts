import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  type Approval,
  MAX_APPROVAL_TEXT,
  type RequestQuestion,
  type StatementQuestion,
} from "../../protocol/approval/approval.ts";
import { SEED } from "../../protocol/seeded.ts";
import { sampleHeldRequest } from "../testing/sample-approval.ts";
import { approvalContent, type Reader } from "./approval-page.ts";
import { exactText } from "./exact-text.ts";

const NOW = Date.UTC(2026, 10, 22, 5, 0, 0);
const QUESTION: StatementQuestion = {
  kind: "statement",
  policies: ["held"],
  reason: "Rows of orders are somebody's.",
  approvals: [{ approvers: ["dba", "leads"], quorum: 2 }],
  expiresMs: 900_000,
  lastsMs: 3_600_000,
  scope: "once",
  database: "shop",
  actions: ["postgres:delete"],
  statement: "DELETE FROM orders\nWHERE id = $1",
  parameters: ["7", null],
  sha256: "ab".repeat(32),
  fingerprint: "f",
  plan: { rows: 1, cost: 12 },
};
const APPROVAL: Approval = {
  id: `${"0".repeat(32)}-1`,
  kind: "statement",
  session: "0".repeat(32),
  principal: "agent/7",
  onBehalfOf: "corp/alice",
  target: "orders",
  status: "pending",
  asked: NOW - 60_000,
  expires: NOW + 840_000,
  question: QUESTION,
  votes: [],
  decided: null,
  until: null,
};
const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', "#39": "'", amp: "&" };
const READER: Reader = { identity: { principal: "corp/ada", groups: [] }, mayAnswer: true, csrf: "secret" };

const render = async (
  approval: Partial<Approval>,
  question: Partial<StatementQuestion> = {},
  reader: Partial<Reader> = {},
) =>
  String(
    await approvalContent(
      { ...APPROVAL, ...approval, question: { ...QUESTION, ...question } },
      { ...READER, ...reader },
      null,
      NOW,
    ),
  );

test("a held statement is shown whole: who, for whom, what, why, whose word it needs, and how long", async () => {
  const page = await render({});
  for (const words of [
    "Approval needed: orders",
    "agent/7",
    "corp/alice",
    "<samp>shop</samp>",
    "postgres:delete",
    "<pre>DELETE FROM orders\nWHERE id = $1</pre>",
    "32 characters, 2 lines",
    "ab".repeat(32),
    "<dt>$1</dt><dd><pre>7</pre></dd>",
    "<dt>$2</dt><dd><em>NULL</em></dd>",
    "1 row, cost 12",
    "2 of <samp>dba or leads</samp>: 0 of 2 agreed",
    "exactly this, once",
    "(14 min left)",
  ]) {
    assert.ok(page.includes(words), `${words} is not in ${page}`);
  }
});

test("the text NULL and no value, no estimate and one of none, are told apart", async () => {
  const page = await render({}, { parameters: ["NULL", null, ""], plan: null });
  assert.match(page, /<dt>\$1<\/dt><dd><pre>NULL<\/pre><\/dd>/);
  assert.match(page, /<dt>\$2<\/dt><dd><em>NULL<\/em><\/dd>/);
  assert.match(page, /<dt>\$3<\/dt><dd><pre><\/pre><\/dd>/);
  assert.match(page, /estimate<\/dt><dd>none/);
  assert.match(await render({}, { plan: { rows: 0, cost: 1 } }), /0 rows, cost 1/);
});

test("votes of people who may be one person count once", async () => {
  const vote = { for: [0], groups: [], channel: "slack" as const, reason: null, at: NOW };
  const page = await render({
    votes: [
      { ...vote, by: "corp/bob" },
      { ...vote, by: "agent/9", onBehalfOf: "corp/bob", reason: "mine, too" },
    ],
  });
  assert.match(page, /1 of 2 agreed/);
  assert.match(page, /agent\/9<\/samp> for <samp>corp\/bob<\/samp> agreed, by Slack/);
});

test("only who may answer has a form, and only while it is pending; pressing Enter answers nothing", async () => {
  const page = await render({});
  assert.match(page, /<form method="post" action="\/approvals\/0{32}-1">/);
  assert.ok(page.indexOf("<button hidden disabled") < page.indexOf('value="approve"'));
  assert.doesNotMatch(await render({}, {}, { mayAnswer: false }), /<form/);
  for (const principal of ["agent/7", "corp/alice"]) {
    const own = await render({}, {}, { identity: { principal, groups: [] } });
    assert.doesNotMatch(own, /<form/);
    assert.match(own, /another person must answer/);
  }
  for (const status of ["approved", "used", "lapsed", "denied", "expired", "withdrawn"] as const) {
    const ended = await render({ status, decided: { at: NOW, by: "corp/bob", reason: "so <it> is" } });
    assert.doesNotMatch(ended, /<form/, status);
    assert.match(ended, /corp\/bob[\s\S]*so &lt;it&gt; is/);
  }
});

test("no text of others, wherever it stands, becomes markup", async () => {
  const evil = `</pre></samp><script>alert(1)</script><img src=x onerror="a">'&lt;`;
  const vote = {
    for: [0],
    by: evil,
    onBehalfOf: evil,
    groups: [],
    channel: "link" as const,
    reason: evil,
    at: NOW,
  };
  const others: Partial<Approval> = {
    principal: evil,
    onBehalfOf: evil,
    target: evil,
    session: evil,
    votes: [vote],
  };
  const words: Partial<StatementQuestion> = {
    statement: evil,
    parameters: [evil],
    reason: evil,
    policies: [evil],
    database: evil,
    actions: [evil],
    sha256: evil,
    approvals: [{ approvers: [evil], quorum: 1 }],
  };
  const decided = { at: NOW, by: evil, reason: evil };
  for (const page of [
    await render(others, words, { csrf: evil }),
    await render({ ...others, status: "denied", decided }, words),
  ]) {
    assert.doesNotMatch(page, /<script|<img|onerror="|<\/pre><\/samp>/);
    assert.ok(page.split("&lt;script&gt;").length > 10);
  }
});

test("whatever the text, the page shows each of its characters, visibly, in order, and no markup of its own", async () => {
  const hostile = fc.constantFrom(
    "<",
    ">",
    "&",
    '"',
    "'",
    "\u202e",
    "\u200b",
    "\u0000",
    "\ud800",
    "\r",
    "\n",
    "\t",
    "\u3164",
    "<mark>U+202E</mark>",
    "א",
  );
  const texts = fc
    .array(fc.oneof(hostile, fc.string({ unit: "binary", maxLength: 5 })))
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(texts, async (text) => {
      const shown = String(await exactText(text));
      assert.doesNotMatch(
        shown.replaceAll("\n", "").replaceAll("\t", ""),
        /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]/u,
      );
      const back = shown.replace(
        /<mark>U\+([0-9A-F]{4,6})<\/mark>|&([a-z]+|#39);/g,
        (_, code: string | undefined, entity: string) =>
          code === undefined ? ENTITIES[entity]! : String.fromCodePoint(Number.parseInt(code, 16)),
      );
      assert.equal(back, text);
    }),
    { seed: SEED, numRuns: 500 },
  );
});

test("a statement of the greatest length, of nothing but what hides, is shown whole", async () => {
  const page = await render({}, { statement: "\u0001".repeat(MAX_APPROVAL_TEXT) });
  assert.equal(page.split("<mark>U+0001</mark>").length - 1, MAX_APPROVAL_TEXT);
});

const renderRequest = async (question: Partial<RequestQuestion> = {}) =>
  String(await approvalContent(sampleHeldRequest(question), READER, null, NOW));

test("a held request is shown whole: as which account, what, and whether it has a terminal", async () => {
  const page = await renderRequest();
  for (const words of [
    "<dt>Account</dt><dd><samp>deploy</samp></dd>",
    "<samp>ssh:exec</samp>",
    "<h2>Command</h2>",
    "21 characters, 1 line",
    "<pre>systemctl restart web</pre>",
    "With a terminal: no",
    "Approve</button>",
  ]) {
    assert.ok(page.includes(words), `${words} is not in ${page}`);
  }
  assert.doesNotMatch(page, /Database|Planner|Parameters/);
  const request = { type: "forward", direction: "local", host: "db.internal", port: 5432 } as const;
  const forward = await renderRequest({ request, actions: ["ssh:forward"] });
  assert.match(forward, /<h2>Request<\/h2>[\s\S]*<pre>forward to db\.internal:5432<\/pre>/);
  assert.doesNotMatch(forward, /With a terminal/);
});

test("nothing of a request becomes markup, and what hides is marked", async () => {
  const evil = "</pre><script>alert(1)</script>\u202e\u001b[2K";
  const page = await renderRequest({
    account: evil,
    actions: [evil],
    sha256: evil,
    request: { type: "exec", command: evil, terminal: true },
  });
  assert.doesNotMatch(page, /<script|\p{Cf}/u);
  assert.ok(page.split("<mark>U+202E</mark><mark>U+001B</mark>").length > 2);
  const path = `/a${evil}`;
  const file = { type: "file", protocol: "scp", operation: "write", path } as const;
  assert.doesNotMatch(await renderRequest({ request: file }), /<script|\p{Cf}/u);
});

test("a command of the greatest length, of nothing but what hides, is shown whole", async () => {
  const command = "\u0001".repeat(MAX_APPROVAL_TEXT);
  const page = await renderRequest({ request: { type: "exec", command, terminal: false } });
  assert.equal(page.split("<mark>U+0001</mark>").length - 1, MAX_APPROVAL_TEXT);
});

test("what a held response is stands on the page, and is no markup", async () => {
  const approval = sampleHeldRequest({ actions: ["http:unreadable"], unreadable: "image/<b>png</b>" });
  const page = String(await approvalContent(approval, READER, null, NOW));
  assert.match(page, /Response that can’t be looked into/);
  assert.ok(page.includes("image/&lt;b&gt;png") && !page.includes("<b>png"));
});
