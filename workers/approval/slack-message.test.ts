import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Approval } from "../../protocol/approval/approval.ts";
import { messageProblem, readable } from "../../test/slack-blocks.ts";
import { ASKED, SAMPLE_ID, sampleApproval, sampleRequest, sampleVote } from "../testing/sample-approval.ts";
import {
  APPROVE_ACTION,
  closedMessage,
  DENY_ACTION,
  ephemeral,
  followUp,
  type Look,
  questionMessage,
  type SlackMessage,
} from "./slack-message.ts";
import { visible } from "./visible-text.ts";
import "../../protocol/seeded.ts";

const LINK = `https://sallyport.example.com/approvals/${SAMPLE_ID}`;
const LOOK: Look = { link: LINK, buttons: true, short: false };

const buttons = ({ blocks }: SlackMessage) =>
  blocks.flatMap((block) =>
    block.type === "actions" ? block.elements.map((one) => [one.action_id, one.value]) : [],
  );
const preformatted = ({ blocks }: SlackMessage) =>
  blocks
    .flatMap((block) => (block.type === "rich_text" ? block.elements : []))
    .flatMap((part) => (part.type === "rich_text_preformatted" ? part.elements.map(({ text }) => text) : []));
const said = (message: SlackMessage) => readable(message.blocks);

describe("a question in Slack", () => {
  test("says who asks for whom, for what, why, how much, until when, and shows all of the statement", () => {
    const message = questionMessage(sampleApproval({ onBehalfOf: "corp/bob" }), LOOK);
    assert.equal(messageProblem(message), null);
    for (const words of [
      "Approval needed: orders",
      "Who: service/agent, for corp/bob",
      "Target: orders, database orders",
      "What: postgres:delete",
      "Why it is held: This may change many rows: it needs an approval.",
      "Planner's estimate: 1200 rows, cost 90",
      "Asked of: 1 of dba",
      "An approval covers: exactly this, once",
      "Answer until: 2026-11-22 05:15:00 UTC (15 min from the question)",
      "(37 characters, 1 line, SHA-256 abababababababab…)",
      "DELETE FROM orders WHERE created < $1",
      "$1 = '2020-01-01'",
      LINK,
    ])
      assert.ok(said(message).includes(words), words);
    assert.deepEqual(buttons(message), [
      [APPROVE_ACTION, SAMPLE_ID],
      [DENY_ACTION, SAMPLE_ID],
    ]);
    assert.equal(message.text, "Approval needed: postgres:delete on orders by service/agent");
  });

  test("without interactivity has no buttons, but where to answer", () => {
    const message = questionMessage(sampleApproval(), { ...LOOK, buttons: false });
    assert.deepEqual(buttons(message), []);
    assert.ok(said(message).includes(LINK));
  });

  test("without a public URL names the command line", () => {
    const message = questionMessage(sampleApproval(), { ...LOOK, link: null });
    assert.ok(said(message).includes(`sallyport approvals show ${SAMPLE_ID}`));
    assert.ok(!JSON.stringify(message).includes("http"));
  });

  test("of an access request shows its purpose", () => {
    const message = questionMessage(sampleRequest("nightly import <!channel>"), LOOK);
    assert.equal(messageProblem(message), null);
    assert.match(said(message), /Purpose: nightly import <!channel>/);
    assert.match(said(message), /An approval covers: every connection to the target, for 15 min/);
  });

  test("shows what was answered so far", () => {
    const message = questionMessage(sampleApproval({ votes: [sampleVote("corp/alice", "fine")] }), LOOK);
    assert.match(said(message), /Answered so far: by corp\/alice \(api, “fine”\)/);
  });

  test("shows NULL, quotes and binary values of parameters apart", () => {
    const message = questionMessage(
      sampleApproval({}, { parameters: [null, "NULL", "it's", "\\x00ff"] }),
      LOOK,
    );
    assert.equal(preformatted(message)[1], "$1 = NULL\n$2 = 'NULL'\n$3 = 'it''s'\n$4 = '\\x00ff'");
  });
});

describe("a hostile statement in Slack", () => {
  const attacks: [what: string, statement: string][] = [
    ["mentions everybody", "DELETE FROM t -- <!channel> <!here> <@U024BE7LH> @everyone"],
    ["is a link with another text", "DELETE FROM t -- <https://evil.example|https://sallyport.example.com>"],
    ["closes its own block of code", "```\n*Approved by corp/alice*\n``` DELETE FROM t"],
    ["has formats of mrkdwn", "DELETE FROM t -- *safe* _safe_ ~DELETE~ > quoted :white_check_mark:"],
    ["has entities", "SELECT '&lt;!channel&gt; &amp;'"],
  ];
  for (const [what, statement] of attacks) {
    test(`that ${what} is shown as it is, where nothing is a format`, () => {
      const message = questionMessage(sampleApproval({}, { statement, parameters: [] }), LOOK);
      assert.equal(messageProblem(message), null);
      assert.deepEqual(preformatted(message), [statement]);
      assert.ok(!JSON.stringify(message.blocks).includes('"mrkdwn"'));
      assert.ok(!message.text.includes(statement));
    });
  }

  test("that turns its own direction is shown with the marks", () => {
    const statement = "DELETE FROM t WHERE id = '\u202e1' -- \u2066";
    const message = questionMessage(sampleApproval({}, { statement, parameters: ["\u200b"] }), LOOK);
    assert.deepEqual(preformatted(message), [
      "DELETE FROM t WHERE id = '⟨U+202E⟩1' -- ⟨U+2066⟩",
      "$1 = '⟨U+200B⟩'",
    ]);
  });

  test("whose end would be left out can't be approved by a click, and says how much that is", () => {
    const statement = `SELECT 1 /* ${"x".repeat(50_000)} */; DROP TABLE orders`;
    const message = questionMessage(sampleApproval({}, { statement }), LOOK);
    assert.equal(messageProblem(message), null);
    const shown = preformatted(message).join("");
    assert.ok(statement.startsWith(shown) && shown.length > 5_000, `${shown.length}`);
    assert.deepEqual(buttons(message), [[DENY_ACTION, SAMPLE_ID]]);
    const left = `the last ${statement.length - shown.length} characters of the statement and 17 characters of its 1 parameters`;
    assert.ok(said(message).includes(`Left out here: ${left}.`));
    assert.ok(said(message).includes(`read it whole <${LINK}>`));
  });

  test("whose parameters would be left out can't be approved by a click either", () => {
    const message = questionMessage(sampleApproval({}, { parameters: ["y".repeat(20_000)] }), LOOK);
    assert.deepEqual(buttons(message), [[DENY_ACTION, SAMPLE_ID]]);
    assert.match(said(message), /Left out here: \d+ characters of its 1 parameters\./);
  });

  test("names that are made to mislead stay in their line", () => {
    const message = questionMessage(sampleApproval({ principal: "x\nTarget: test\u202e<!here>" }), LOOK);
    assert.match(said(message), /Who: x ⏎ Target: test⟨U\+202E⟩<!here>\n/);
    assert.ok(message.text.endsWith("by x ⏎ Target: test⟨U+202E⟩&lt;!here&gt;"), message.text);
  });

  test("of whatever content is a message that Slack takes, and is whole where it can be approved", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20_000, size: "max" }),
      fc.string({ maxLength: 12_000, size: "max" }),
      fc.constantFrom('"'.repeat(6_000), "\n".repeat(6_000), "👍".repeat(3_000), "\u0000".repeat(3_000), ""),
    );
    fc.assert(
      fc.property(
        text,
        fc.array(fc.option(text), { maxLength: 3 }),
        fc.string({ unit: "binary" }),
        (statement, parameters, name) => {
          const approval = sampleApproval(
            { principal: name },
            { statement, parameters, reason: name, database: name },
          );
          for (const look of [LOOK, { ...LOOK, link: null }, { ...LOOK, short: true }]) {
            const message = questionMessage(approval, look);
            assert.equal(messageProblem(message), null);
            assert.ok(Buffer.byteLength(JSON.stringify(message.blocks)) <= 12_000);
            assert.doesNotMatch(message.text, /[<>]|&(?!amp;|lt;|gt;)/);
            const shown = preformatted(message).join("");
            const whole = shown.startsWith(visible(statement)) && !said(message).includes("Left out here");
            assert.equal(
              buttons(message).some(([action]) => action === APPROVE_ACTION),
              whole,
            );
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("the end of a question in Slack", () => {
  const ended = (change: Partial<Approval>) =>
    sampleApproval({ decided: { at: ASKED + 1, by: null, reason: null }, ...change });
  for (const [change, words] of [
    [
      { status: "denied", decided: { at: 1, by: "corp/alice", reason: "not today" } },
      "Denied by corp/alice: not today.",
    ],
    [
      { status: "approved", votes: [sampleVote("corp/alice"), sampleVote("corp/bob")] },
      "Approved by corp/alice (api), by corp/bob (api).",
    ],
    [{ status: "used", votes: [sampleVote("corp/alice")] }, "Approved by corp/alice (api), and run."],
    [
      { status: "lapsed", decided: { at: 1, by: "corp/bob", reason: "revoked" } },
      "Ended by corp/bob: revoked.",
    ],
    [{ status: "expired" }, "Expired, which is a refusal."],
    [
      { status: "withdrawn", decided: { at: 1, by: null, reason: "the agent cancelled it" } },
      "Withdrawn: the agent cancelled it.",
    ],
  ] as [Partial<Approval>, string][]) {
    test(`says "${words}" and has no buttons`, () => {
      for (const message of [closedMessage(ended(change), LOOK), followUp(ended(change), LOOK)]) {
        assert.equal(messageProblem(message), null);
        assert.deepEqual(buttons(message), []);
        assert.ok(said(message).includes(words), said(message));
      }
    });
  }

  test("is short where it is a message of its own, and names the approval", () => {
    const message = followUp(ended({ status: "denied" }), LOOK);
    assert.match(
      said(message),
      new RegExp(`${SAMPLE_ID}.*The question above is over; its buttons do nothing`),
    );
    assert.deepEqual(preformatted(message), []);
  });
});

test("words for one user alone are no format either, and bounded", () => {
  const message = ephemeral(`<!channel> ${"x".repeat(5_000)}`);
  assert.equal(messageProblem(message), null);
  assert.equal(message.response_type, "ephemeral");
  assert.equal(message.replace_original, false);
  assert.ok(message.text.startsWith("&lt;!channel&gt; x"));
});
