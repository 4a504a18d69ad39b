import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { claimedApproval, readClick, responseUrl } from "./slack-payload.ts";
import "../../protocol/seeded.ts";

const ID = `${"a".repeat(32)}-1`;
const WEBHOOK = "https://hooks.slack.com/services/T/B/secret";
const payload = (change: Record<string, unknown> = {}) => ({
  type: "block_actions",
  user: { id: "U024BE7LH", team_id: "T01" },
  team: { id: "T01" },
  response_url: "https://hooks.slack.com/actions/T01/1/x",
  actions: [{ action_id: "sallyport_approve", value: ID, type: "button" }],
  ...change,
});
const encoded = (value: unknown) => new URLSearchParams({ payload: JSON.stringify(value) }).toString();
const read = (change?: Record<string, unknown>) => readClick(encoded(payload(change)), WEBHOOK);
const action = (change: Record<string, unknown>) => ({
  actions: [{ action_id: "sallyport_approve", value: ID, ...change }],
});

describe("a click", () => {
  test("is read: who, what, of which approval, and where to answer", () => {
    const click = { id: ID, user: "U024BE7LH", responseUrl: "https://hooks.slack.com/actions/T01/1/x" };
    assert.deepEqual(read(), { ...click, answer: "approve" });
    assert.deepEqual(read(action({ action_id: "sallyport_deny" })), { ...click, answer: "deny" });
  });

  test("of another part of the same app is none of ours", () => {
    assert.equal(read(action({ action_id: "order_lunch" })), "foreign");
    assert.equal(read({ type: "view_submission" }), "foreign");
  });

  for (const [what, change] of [
    ["no approval's id", action({ value: "1" })],
    ["an id with a path in it", action({ value: `../${ID}` })],
    ["a value that is no text", action({ value: [ID] })],
    ["two actions at once", { actions: [...payload().actions, ...payload().actions] }],
    ["no action", { actions: [] }],
    ["actions that are no list", { actions: { 0: payload().actions[0] } }],
    ["a user by name", { user: { id: "alice" } }],
    ["no user", { user: null }],
    ["no response_url", { response_url: undefined }],
  ] as const) {
    test(`with ${what} is refused`, () => assert.equal(read(change as Record<string, unknown>), null));
  }

  test("that is no form, no JSON, or two payloads is refused", () => {
    for (const body of ["", "payload=", "payload=%7B", "payload=[]", "payload=null", `x=${ID}`])
      assert.equal(readClick(body, WEBHOOK), null, body);
    assert.equal(readClick(`${encoded(payload())}&${encoded(payload())}`, WEBHOOK), null);
  });

  test("of whatever content never throws, nor yields anything but an id, a user and an address of Slack's", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom("type", "user", "actions", "response_url"), fc.jsonValue()),
        (one) => {
          const click = read(one as Record<string, unknown>);
          assert.ok(
            click === null ||
              typeof click === "string" ||
              click.responseUrl.startsWith("https://hooks.slack.com/"),
          );
        },
      ),
    );
    fc.assert(fc.property(fc.string(), (body) => assert.equal(readClick(body, WEBHOOK), null)));
  });
});

test("of a call that nobody vouches for, only which approval it names is looked at", () => {
  assert.equal(claimedApproval(encoded(payload())), ID);
  assert.equal(claimedApproval(encoded(payload(action({ value: "x" })))), null);
  assert.equal(claimedApproval("payload=%7B"), null);
});

describe("a response_url", () => {
  test("is Slack's, or of the configured webhook's own origin", () => {
    assert.equal(
      responseUrl("https://hooks.slack.com/actions/x", undefined),
      "https://hooks.slack.com/actions/x",
    );
    const local = "http://127.0.0.1:9090/services/x";
    assert.equal(responseUrl("http://127.0.0.1:9090/actions/x", local), "http://127.0.0.1:9090/actions/x");
    assert.notEqual(
      responseUrl("https://hooks.slack-gov.com/a", "https://hooks.slack-gov.com/services/x"),
      null,
    );
  });

  for (const url of [
    "http://hooks.slack.com/actions/x",
    "https://hooks.slack.com.evil.example/x",
    "https://hooks.slack.com@evil.example/x",
    "https://user:password@hooks.slack.com/x",
    "https://hooks.slack.com:8443/x",
    "https://evil.example/https://hooks.slack.com/",
    "http://127.0.0.1/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:8080/",
    "file:///etc/passwd",
    "//hooks.slack.com/x",
    "https://hooks.slack.com/x#y",
    `https://hooks.slack.com/${"x".repeat(1_000)}`,
    "",
    7,
    null,
  ]) {
    test(`can't lead the edge to ${String(url).slice(0, 60)}`, () => {
      assert.equal(responseUrl(url, "https://hooks.slack.com/services/T/B/secret"), null);
    });
  }
});
