import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Approval } from "../../protocol/approval/approval.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Subject } from "../identity/identity.ts";
import { ASKED, SAMPLE_ID, sampleApproval } from "../testing/sample-approval.ts";
import { type InteractionCall, type InteractionHost, interaction } from "./slack-interaction.ts";
import type { SlackMessage } from "./slack-message.ts";

const USER = "U024BE7LH";
const URL = "https://hooks.slack.com/actions/T01/1/x";
const NOW = ASKED + 60_000;

const body = (change: Record<string, unknown> = {}, id = SAMPLE_ID) =>
  new URLSearchParams({
    payload: JSON.stringify({
      type: "block_actions",
      user: { id: USER },
      response_url: URL,
      actions: [{ action_id: "sallyport_approve", value: id }],
      ...change,
    }),
  }).toString();

function setUp(approval: Approval | null = sampleApproval()) {
  const done: unknown[][] = [];
  const seen = new Map<string, number>();
  const said: SlackMessage[] = [];
  const outcome: { error: unknown } = { error: null };
  const host: InteractionHost = {
    users: async () => [{ id: USER, principal: "corp/alice", groups: ["dba"] }],
    async firstTime(signature, until) {
      if (seen.has(signature)) return false;
      seen.set(signature, until);
      return true;
    },
    async answer(id, identity: Subject, answer) {
      done.push(["answer", id, identity, answer]);
      if (outcome.error !== null) throw outcome.error;
      return sampleApproval();
    },
    async reject(id, by, reason) {
      done.push(["reject", id, by, reason]);
    },
    async keepResponseUrl(id, url) {
      done.push(["keep", id, url]);
    },
    find: async () => approval,
    async respond(url, message) {
      assert.equal(url, URL);
      said.push(message);
    },
    look: () => ({ link: null, buttons: true, short: false }),
  };
  const call = async (change: Partial<InteractionCall> = {}) => {
    const rest = await interaction(
      { body: body(), signature: "v0=1", state: "genuine", webhook: undefined, ...change },
      host,
      NOW,
    );
    await rest?.();
    return rest;
  };
  return { done, seen, said, outcome, host, call };
}

describe("a click in Slack", () => {
  test("is the answer of the principal whose Slack id it is, with the groups of the settings", async () => {
    const { done, said, call } = setUp();
    await call();
    assert.deepEqual(done, [
      ["keep", SAMPLE_ID, URL],
      ["answer", SAMPLE_ID, { principal: "corp/alice", groups: ["dba"] }, "approve"],
    ]);
    assert.deepEqual(said, [], "the message itself will be brought up to date");
  });

  test("of somebody unknown is refused and recorded, and tells them their id to be added", async () => {
    const { done, said, call } = setUp();
    await call({ body: body({ user: { id: "U0STRANGER" } }) });
    assert.deepEqual(done, [
      ["reject", SAMPLE_ID, "Slack's U0STRANGER", "nobody is configured for this user of Slack"],
    ]);
    assert.equal(said[0]!.response_type, "ephemeral");
    assert.match(said[0]!.text, /You are not known here.*U0STRANGER.*not counted/);
  });

  test("that nobody of Slack signed is refused and recorded with the approval that it names", async () => {
    const { done, seen, call } = setUp();
    await assert.rejects(call({ state: "forged" }), { code: "unauthenticated", message: /did not sign/ });
    assert.deepEqual(done, [
      ["reject", SAMPLE_ID, "somebody in Slack's name", "a call that Slack did not sign"],
    ]);
    assert.equal(seen.size, 0, "who has no signature can't fill what is remembered");
  });

  test("that is forged and names nothing is refused all the same", async () => {
    const { done, call } = setUp();
    await assert.rejects(call({ state: "forged", body: "x" }), { code: "unauthenticated" });
    assert.deepEqual(done, []);
  });

  test("that is too old is refused and recorded", async () => {
    const { done, call } = setUp();
    await assert.rejects(call({ state: "stale" }), { code: "unauthenticated", message: /too old/ });
    assert.deepEqual(done, [
      ["reject", SAMPLE_ID, "somebody in Slack's name", "a call of Slack's that is too old"],
    ]);
  });

  test("that is replayed is refused and recorded, though its first time was refused as well", async () => {
    const { done, outcome, call } = setUp();
    outcome.error = new SallyportError("forbidden", "no");
    await call();
    done.length = 0;
    await assert.rejects(call(), { code: "conflict", message: /came before/ });
    assert.deepEqual(done, [["reject", SAMPLE_ID, `Slack's ${USER}`, "a call of Slack's that came before"]]);
  });

  test("is remembered for longer than any clock lets its signature be genuine", async () => {
    const { seen, call } = setUp();
    await call();
    assert.equal(seen.get("v0=1"), NOW + 600_000);
  });

  test("is not counted where it can't be remembered", async () => {
    const { host, done, call } = setUp();
    host.firstTime = () => Promise.reject(new Error("D1_ERROR"));
    await assert.rejects(call(), /D1_ERROR/);
    assert.deepEqual(done, []);
  });

  test("that can't be read is refused", async () => {
    const { done, call } = setUp();
    await assert.rejects(call({ body: body({ response_url: "http://169.254.169.254/" }) }), {
      code: "invalid_request",
    });
    await assert.rejects(call({ body: body({}, "x"), signature: "v0=2" }), { code: "invalid_request" });
    assert.deepEqual(done, []);
  });

  test("on another part of the same app is nothing to do", async () => {
    const { done, call } = setUp();
    assert.equal(await call({ body: body({ type: "view_closed" }) }), null);
    assert.deepEqual(done, []);
  });

  test("on an approval that is not there wakes no object, and tells who clicked", async () => {
    const { done, said, outcome, call } = setUp(null);
    outcome.error = new SallyportError("not_found", "there is no approval", "Look at the list.");
    await call();
    assert.deepEqual(
      done.map(([what]) => what),
      ["answer"],
    );
    assert.equal(said[0]!.text, "Your answer was not counted: there is no approval. Look at the list.");
  });

  test("that may not count is explained to who clicked alone", async () => {
    const { said, outcome, call } = setUp();
    outcome.error = new SallyportError(
      "forbidden",
      "corp/alice has a part in asking for this",
      "Another must answer.",
    );
    await call();
    assert.deepEqual([said.length, said[0]!.response_type], [1, "ephemeral"]);
    assert.match(
      said[0]!.text,
      /not counted: corp\/alice has a part in asking for this\. Another must answer\./,
    );
  });

  test("on a question that is over replaces the stale message by how it ended", async () => {
    const ended = sampleApproval({ status: "denied", decided: { at: ASKED, by: "corp/bob", reason: "no" } });
    const { said, outcome, call } = setUp(ended);
    // From a Durable Object an error comes as a plain one with its own members.
    outcome.error = Object.assign(new Error("it is decided"), { name: "SallyportError", code: "conflict" });
    await call();
    assert.equal(said[0]!.replace_original, true);
    assert.match(JSON.stringify(said[0]), /Denied by corp\/bob: no/);
    assert.doesNotMatch(JSON.stringify(said[0]), /"actions"/);
  });

  test("on which the edge fails is told so, without a word of why", async () => {
    const { said, outcome, call } = setUp();
    outcome.error = new TypeError("SELECT secret FROM tokens");
    await call();
    assert.equal(said[0]!.text, "Your answer was not counted: the edge failed on it. Try again.");
  });
});
