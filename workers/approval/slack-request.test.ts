import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { exchangeText } from "../../protocol/http/request-text.ts";
import { SEED } from "../../protocol/seeded.ts";
import { messageProblem, readable } from "../../test/slack-blocks.ts";
import { SAMPLE_ID, sampleHeldRequest } from "../testing/sample-approval.ts";
import {
  APPROVE_ACTION,
  closedMessage,
  DENY_ACTION,
  followUp,
  type Look,
  questionMessage,
  type SlackMessage,
} from "./slack-message.ts";
import { visible } from "./visible-text.ts";

const LINK = `https://sallyport.example.com/approvals/${SAMPLE_ID}`;
const LOOK: Look = { link: LINK, buttons: true, short: false };

const actions = ({ blocks }: SlackMessage) =>
  blocks.flatMap((block) => (block.type === "actions" ? block.elements.map((one) => one.action_id) : []));
const preformatted = ({ blocks }: SlackMessage) =>
  blocks
    .flatMap((block) => (block.type === "rich_text" ? block.elements : []))
    .flatMap((part) => (part.type === "rich_text_preformatted" ? part.elements.map(({ text }) => text) : []));
const said = (message: SlackMessage) => readable(message.blocks);
const command = (text: string, terminal = false) =>
  sampleHeldRequest({ request: { type: "exec", command: text, terminal } });

describe("a held SSH request in Slack", () => {
  test("says as which account, what, with a terminal or not, and shows all of the command", () => {
    const message = questionMessage(command("systemctl restart web"), LOOK);
    assert.equal(messageProblem(message), null);
    for (const words of [
      "Approval needed: web-1",
      "Who: service/agent",
      "Target: web-1, account deploy",
      "What: ssh:exec",
      "Terminal: no",
      "Command (21 characters, 1 line, SHA-256 ",
    ]) {
      assert.ok(said(message).includes(words), words);
    }
    assert.deepEqual(preformatted(message), ["systemctl restart web"]);
    assert.deepEqual(actions(message), [APPROVE_ACTION, DENY_ACTION]);
    assert.equal(message.text, "Approval needed: ssh:exec on web-1 by service/agent");
    assert.doesNotMatch(said(message), /database|Planner|Parameters/);
    assert.match(said(questionMessage(command("top", true), LOOK)), /Terminal: yes/);
  });

  test("a response that can't be looked into is told by its content type", () => {
    const of = (unreadable: string) =>
      said(questionMessage(sampleHeldRequest({ actions: ["http:unreadable"], unreadable }), LOOK));
    assert.match(of("image/png"), /Response, which can’t be looked into: image\/png/);
    assert.match(of(""), /looked into: of no content type/);
  });

  test("that is no command is told in words, and not as one", () => {
    const request = { type: "file", protocol: "sftp", operation: "write", path: "/etc/hosts" } as const;
    const message = questionMessage(sampleHeldRequest({ request, actions: ["ssh:sftp:write"] }), LOOK);
    assert.deepEqual(preformatted(message), ["write /etc/hosts (sftp)"]);
    assert.match(said(message), /Request \(23 characters/);
    assert.doesNotMatch(said(message), /Command|Terminal/);
  });

  test("with a scope says what an approval would cover", () => {
    const message = questionMessage(sampleHeldRequest({ scope: "fingerprint" }), LOOK);
    assert.match(said(message), /An approval covers: requests of this shape in this session, for 15 min/);
  });

  const attacks: [what: string, command: string, shown: string][] = [
    ["mentions everybody", "echo <!channel> @here", "echo <!channel> @here"],
    ["closes its own block", "```\n*Approved*\n``` rm -rf /", "```\n*Approved*\n``` rm -rf /"],
    ["drives a terminal", "rm -rf /\r\u001b[2Kls", "rm -rf /⟨U+000D⟩⟨U+001B⟩[2Kls"],
    ["turns its own direction", "rm \u202efr- /\u2066", "rm ⟨U+202E⟩fr- /⟨U+2066⟩"],
    ["hides characters in a name", "cat a\u200bb\u3164c", "cat a⟨U+200B⟩b⟨U+3164⟩c"],
  ];
  for (const [what, text, shown] of attacks) {
    test(`whose command ${what} is shown with all that it has`, () => {
      const message = questionMessage(command(text), LOOK);
      assert.equal(messageProblem(message), null);
      assert.deepEqual(preformatted(message), [shown]);
      assert.ok(!JSON.stringify(message.blocks).includes('"mrkdwn"'));
    });
  }

  test("of an account that is made to mislead stays in its line", () => {
    const account = "x\nTarget: test\u202e";
    const message = questionMessage(sampleHeldRequest({ account }), LOOK);
    assert.match(said(message), /Target: web-1, account x ⏎ Target: test⟨U\+202E⟩\n/);
  });

  test("whose end would be left out can't be approved by a click, and says how much that is", () => {
    const text = `true ${"x".repeat(50_000)}; rm -rf /`;
    const message = questionMessage(command(text), LOOK);
    assert.equal(messageProblem(message), null);
    assert.deepEqual(actions(message), [DENY_ACTION]);
    const shown = preformatted(message).join("");
    assert.ok(text.startsWith(shown) && shown.length > 5_000);
    assert.ok(said(message).includes(`the last ${text.length - shown.length} characters of the command.`));
    assert.ok(said(message).includes(`read it whole <${LINK}>`));
  });

  test("when it is over has no buttons", () => {
    const ended = {
      ...command("ls"),
      status: "denied",
      decided: { at: 1, by: "corp/ada", reason: null },
    } as const;
    for (const message of [closedMessage(ended, LOOK), followUp(ended, LOOK)]) {
      assert.equal(messageProblem(message), null);
      assert.deepEqual(actions(message), []);
    }
  });

  test("of whatever content is a message that Slack takes, and is whole where it can be approved", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 20_000, size: "max" }),
      fc.constantFrom('"'.repeat(6_000), "\n".repeat(6_000), "👍".repeat(3_000), "\u0000".repeat(3_000), ""),
    );
    fc.assert(
      fc.property(text, text, (one, account) => {
        const approval = sampleHeldRequest({
          account,
          request: { type: "exec", command: one, terminal: true },
        });
        for (const look of [LOOK, { ...LOOK, link: null }, { ...LOOK, short: true }]) {
          const message = questionMessage(approval, look);
          assert.equal(messageProblem(message), null);
          assert.ok(Buffer.byteLength(JSON.stringify(message.blocks)) <= 12_000);
          const whole = preformatted(message).join("") === visible(one);
          assert.equal(actions(message).includes(APPROVE_ACTION), whole);
        }
      }),
      { numRuns: 60, seed: SEED },
    );
  });
});

test("a held request to an HTTP target shows its method, path and body, and no account", () => {
  const text = '{"amount": 500}';
  const request: HttpRequest = {
    type: "http",
    method: "POST",
    target: "/v1/refunds",
    contentType: "application/json",
    body: { bytes: 15, sha256: "0".repeat(64), text },
    streamed: false,
    fields: [],
    websocket: false,
    kubernetes: null,
  };
  const held = (account: string) => sampleHeldRequest({ request, account, actions: ["http:post"] });
  const message = questionMessage(held(""), LOOK);
  assert.equal(messageProblem(message), null);
  assert.deepEqual(preformatted(message), [exchangeText(request)]);
  assert.ok(preformatted(message)[0]?.endsWith(text));
  assert.match(said(message), /Target: web-1\n/);
  assert.match(said(message), /What: http:post/);
  assert.doesNotMatch(said(message), /Terminal|account/);
  assert.match(said(questionMessage(held("corp/alice"), LOOK)), /Target: web-1, user corp\/alice/);
});
