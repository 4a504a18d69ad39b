import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { approvalBindings, channelVariables } from "./approvals.ts";
import { parseConfigFile } from "./file.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-approvals-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "sallyport.yaml");
const parse = (text: string) => parseConfigFile(text, file);

const CHANNELS = `
edge:
  approvals:
    slack:
      webhook: {file: slack-webhook}
      signingSecret: {command: [printf, "8f742231"]}
    webhook:
      url: {env: SALLYPORT_TEST_APPROVAL_URL}
      secret: {file: webhook-secret}
`;

describe("the channels of an edge that one runs oneself", () => {
  test("become bindings, each read from where the file says it is", async () => {
    writeFileSync(join(folder, "slack-webhook"), "https://hooks.slack.com/services/T/B/x\n");
    writeFileSync(join(folder, "webhook-secret"), "whsec_abc\n");
    process.env.SALLYPORT_TEST_APPROVAL_URL = "https://ops.example.com/hook";
    assert.deepEqual(await approvalBindings(parse(CHANNELS).edge.approvals), {
      SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T/B/x",
      SLACK_SIGNING_SECRET: "8f742231",
      APPROVAL_WEBHOOK_URL: "https://ops.example.com/hook",
      APPROVAL_WEBHOOK_SECRET: "whsec_abc",
    });
  });

  test("have variables that are for the edge alone", () => {
    assert.deepEqual(channelVariables(parse(CHANNELS).edge.approvals), ["SALLYPORT_TEST_APPROVAL_URL"]);
    assert.deepEqual(channelVariables(parse("edge: {}").edge.approvals), []);
  });

  test("are none by default, and Slack does without buttons", async () => {
    assert.deepEqual(await approvalBindings(parse("edge: {}").edge.approvals), {});
    const { approvals } = parse("edge: {approvals: {slack: {webhook: {env: X}}}}").edge;
    assert.deepEqual(approvals, { slack: { webhook: { env: "X" }, signingSecret: null }, webhook: null });
  });

  test("never stand in the file themselves, nor in what goes to the edge's settings", () => {
    const literal = "edge: {approvals: {slack: {webhook: 'https://hooks.slack.com/services/T/B/hunter2'}}}";
    assert.throws(
      () => parse(literal),
      (error: Error) => {
        assert.match(error.message, /:1:\d+: edge\.approvals\.slack\.webhook is not a mapping/);
        return !error.message.includes("hunter2");
      },
    );
    assert.doesNotMatch(JSON.stringify(parse(CHANNELS).settings), /slack-webhook|webhook-secret|8f742231/);
  });

  for (const [what, text, words] of [
    [
      "Slack without a webhook",
      "slack: {signingSecret: {env: X}}",
      /edge\.approvals\.slack\.webhook is missing/,
    ],
    ["a webhook without a secret", "webhook: {url: {env: X}}", /edge\.approvals\.webhook\.secret is missing/],
    ["an unknown channel", "mail: {}", /edge\.approvals\.mail is not known here/],
  ] as const) {
    test(`are refused: ${what}`, () => {
      assert.throws(() => parse(`edge: {approvals: {${text}}}`), { code: "invalid_config", message: words });
    });
  }

  test("whose secret can't be read stop the start, by the name of its place", async () => {
    const { approvals } = parse("edge: {approvals: {slack: {webhook: {file: nowhere}}}}").edge;
    await assert.rejects(approvalBindings(approvals), {
      code: "invalid_config",
      message: /^edge\.approvals\.slack\.webhook can't be read: the file .*nowhere/,
    });
  });
});

describe("who a user of Slack is", () => {
  const USERS =
    "approvals: {slack: {users: [{id: U024BE7LH, principal: corp/alice, groups: [dba]}, {id: W9, principal: b}]}}";

  test("goes to the edge as settings; groups may lack", () => {
    assert.deepEqual(parse(USERS).settings.approvals, {
      slack: {
        users: [
          { id: "U024BE7LH", principal: "corp/alice", groups: ["dba"] },
          { id: "W9", principal: "b", groups: [] },
        ],
      },
    });
  });

  test("has its place in the file told when the edge finds a problem", () => {
    const { locate } = parse(USERS);
    const told = locate("settings.approvals.slack.users[1].id must be a member ID of Slack");
    assert.match(told, /sallyport\.yaml:1:\d+: approvals\.slack\.users\[1\]\.id must be a member ID/);
  });

  test("can't be given with anything else", () => {
    assert.throws(
      () => parse("approvals: {slack: {webhook: x}}"),
      /approvals\.slack\.webhook is not known here/,
    );
  });
});
