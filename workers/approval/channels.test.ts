import assert from "node:assert/strict";
import { createHmac, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
import type { Approval } from "../../protocol/approval/approval.ts";
import { readable } from "../../test/slack-blocks.ts";
import { buttonsOf, type SlackStandIn, startSlack } from "../../test/slack-stand-in.ts";
import type { Env } from "../environment.ts";
import { ASKED, SAMPLE_ID, sampleApproval, sampleVote } from "../testing/sample-approval.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { sqliteDirectory } from "../testing/sqlite-directory.ts";
import { ApprovalOutbox, type ApprovalTidings } from "./outbox.ts";
import { post } from "./post.ts";
import { questionMessage } from "./slack-message.ts";

const USER = "U024BE7LH";
const PUBLIC_URL = "https://sallyport.example.com";
const VOTED = sampleApproval({ votes: [sampleVote("corp/bob")] });
const APPROVED = sampleApproval({
  status: "approved",
  votes: [sampleVote("corp/alice")],
  decided: { at: ASKED + 5_000, by: "corp/alice", reason: null },
});

/** An object's outbox, and the state of the approval in it, driven by a clock of its own. */
function objectWith(bindings: Partial<Env>) {
  const time = { now: ASKED };
  const told: string[] = [];
  const state: { approval: Approval } = { approval: sampleApproval() };
  const sql = sessionStorage();
  const outbox = new ApprovalOutbox(
    { PUBLIC_URL, DIRECTORY: sqliteDirectory(), ...bindings } as Env,
    sql,
    {
      told: (_id, channel, reached, detail) =>
        told.push(`${channel} ${reached ? "reached" : "unreached"}: ${detail}`),
      view: () => state.approval,
      wake: () => {},
    },
    { fetch: (url, init) => fetch(url, init), clock: () => time.now, random: () => 1 },
  );
  return {
    outbox,
    told,
    time,
    /** Something happens, and what is due is sent. */
    async happens(what: ApprovalTidings, approval: Approval) {
      state.approval = approval;
      outbox.add(approval, what, time.now);
      await outbox.run(time.now);
    },
    /** The next attempt's time comes. */
    async later() {
      time.now = Math.max(time.now, outbox.deadline());
      await outbox.run(time.now);
    },
    clicked: (request: { body: string }) => {
      const payload = JSON.parse(new URLSearchParams(request.body).get("payload")!) as {
        response_url: string;
      };
      outbox.keepResponseUrl(SAMPLE_ID, payload.response_url, time.now);
    },
  };
}

describe("approvals in Slack", () => {
  let slack: SlackStandIn;
  const time = { now: ASKED };
  const open = (bindings: Partial<Env> = {}) =>
    objectWith({ SLACK_WEBHOOK_URL: slack.webhook, SLACK_SIGNING_SECRET: slack.signingSecret, ...bindings });
  const shown = (index: number) => readable(slack.messages[index]!.blocks);
  beforeEach(async () => {
    time.now = ASKED;
    slack = await startSlack({ clock: () => time.now });
  });
  afterEach(() => slack.stop());

  test("a question is taken by Slack, is clicked, and is replaced by its end: one message, no button", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["slack reached: the question: HTTP 200"]);
    assert.deepEqual(
      buttonsOf(slack.messages[0]!).map(({ value }) => value),
      [SAMPLE_ID, SAMPLE_ID],
    );
    edge.clicked(slack.clickRequest({ user: USER, button: "Approve" }));
    await edge.happens("ended", APPROVED);
    assert.equal(slack.messages.length, 1);
    assert.equal(slack.messages[0]!.replaced, 1);
    assert.deepEqual(buttonsOf(slack.messages[0]!), []);
    assert.match(shown(0), /Approved by corp\/alice/);
  });

  test("a question answered elsewhere is followed by a message that it is over", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    await edge.happens("ended", APPROVED);
    assert.equal(slack.messages.length, 2);
    assert.match(shown(1), /Approved by corp\/alice.*The question above is over/);
    await edge.happens("ended", { ...APPROVED, status: "used" });
    assert.equal(slack.messages.length, 2, "that it ran, too, is no message of its own");
  });

  test("a vote keeps the buttons for the next one", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    edge.clicked(slack.clickRequest({ user: USER, button: "Approve" }));
    await edge.happens("voted", VOTED);
    assert.equal(slack.messages.length, 1);
    assert.equal(buttonsOf(slack.messages[0]!).length, 2);
    assert.match(shown(0), /Answered so far: by corp\/bob/);
  });

  test("a vote that came elsewhere is a short message", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    await edge.happens("voted", VOTED);
    assert.match(shown(1), /Waiting for approval: .*Answered so far: by corp\/bob/);
    assert.deepEqual(buttonsOf(slack.messages[1]!), []);
  });

  test("a question whose answer from Slack is lost may stand there twice, and both are closed", async () => {
    const edge = open();
    slack.behave({ mode: "lost" });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["slack unreached: the question: it could not be reached"]);
    slack.behave({ mode: "ok" });
    await edge.later();
    assert.equal(slack.messages.length, 2);
    assert.deepEqual(edge.told.slice(1), ["slack reached: the question: HTTP 200"]);
    edge.clicked(slack.clickRequest({ user: USER, button: "Deny", message: 1 }));
    await edge.happens("ended", APPROVED);
    assert.equal(slack.messages[1]!.replaced, 1);
    assert.match(shown(2), /The question above is over/);
    // The first one's button, clicked now, brings its own response_url: with it the edge replaces it as well.
    assert.equal(buttonsOf(slack.messages[0]!).length, 2);
  });

  test("two messages that were both clicked are both replaced", async () => {
    const edge = open();
    slack.behave({ mode: "lost" });
    await edge.happens("asked", sampleApproval());
    slack.behave({ mode: "ok" });
    await edge.later();
    for (const message of [0, 1]) edge.clicked(slack.clickRequest({ user: USER, button: "Deny", message }));
    await edge.happens("ended", APPROVED);
    assert.deepEqual(
      slack.messages.slice(0, 2).map((one) => buttonsOf(one).length),
      [0, 0],
    );
  });

  test("Slack that is down is told of early, and reached when it is back", async () => {
    const edge = open();
    slack.behave({ mode: "down" });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["slack unreached: the question: it could not be reached"]);
    await edge.later();
    slack.behave({ mode: "ok" });
    await edge.later();
    assert.deepEqual(edge.told.slice(1), ["slack reached: the question: HTTP 200"]);
  });

  for (const [what, status, word] of [
    ["fails", 500, "unreached: the question: HTTP 500 (rollup_error)"],
    ["is busy", 429, "unreached: the question: HTTP 429 (rollup_error)"],
  ] as const) {
    test(`Slack that ${what} is tried again`, async () => {
      const edge = open();
      slack.behave({ mode: "status", status, retryAfterS: 30 });
      await edge.happens("asked", sampleApproval());
      assert.deepEqual(edge.told, [`slack ${word}`]);
      assert.equal(edge.outbox.deadline(), ASKED + 30_000);
      slack.behave({ mode: "ok" });
      await edge.later();
      assert.equal(slack.messages.length, 1);
    });
  }

  test("a webhook that is gone is not tried again, and the agent is told", async () => {
    const edge = open({ SLACK_WEBHOOK_URL: `${slack.webhook}x` });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["slack unreached: the question: HTTP 404 (no_service)"]);
    assert.equal(edge.outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("what has ended before Slack took it is not posted at all", async () => {
    const edge = open();
    slack.behave({ mode: "status", status: 429 });
    await edge.happens("asked", sampleApproval());
    slack.behave({ mode: "ok" });
    await edge.happens("ended", APPROVED);
    assert.deepEqual(slack.messages, []);
    assert.equal(edge.outbox.deadline(), Number.POSITIVE_INFINITY);
  });

  test("a response_url is used no more often than Slack allows; then a message of its own follows", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    edge.clicked(slack.clickRequest({ user: USER, button: "Approve" }));
    for (let n = 0; n < 5; n++) await edge.happens("voted", VOTED);
    assert.deepEqual([slack.messages[0]!.replaced, slack.messages.length], [4, 2]);
    assert.ok(!slack.calls.some(({ word }) => word === "used_url"));
  });

  test("a response_url that is over leads to a message of its own", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    edge.clicked(slack.clickRequest({ user: USER, button: "Approve" }));
    time.now += 31 * 60_000;
    await edge.happens("ended", APPROVED);
    assert.equal(slack.calls.filter(({ word }) => word === "expired_url").length, 1);
    assert.match(shown(1), /The question above is over/);
    edge.time.now += 31 * 60_000;
    await edge.happens("ended", { ...APPROVED, status: "used" });
    assert.equal(slack.calls.filter(({ word }) => word === "expired_url").length, 1, "it is not even tried");
  });

  test("a webhook without interactivity posts a question without buttons, with the link", async () => {
    const edge = objectWith({ SLACK_WEBHOOK_URL: slack.webhook });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(buttonsOf(slack.messages[0]!), []);
    assert.ok(shown(0).includes(`${PUBLIC_URL}/approvals/${SAMPLE_ID}`));
  });

  test("a message that Slack finds too long is posted without its statement, and without a button to approve", async () => {
    const bodies: string[] = [];
    const refuse = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      bodies.push(body);
      response
        .writeHead(bodies.length === 1 ? 400 : 200)
        .end(bodies.length === 1 ? "msg_blocks_too_long" : "ok");
    });
    const url = await listen(refuse);
    const edge = objectWith({ SLACK_WEBHOOK_URL: url.href, SLACK_SIGNING_SECRET: "s" });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["slack reached: the question: HTTP 200"]);
    assert.match(bodies[0]!, /DELETE FROM orders/);
    assert.doesNotMatch(bodies[1]!, /DELETE FROM orders|sallyport_approve/);
    assert.match(bodies[1]!, /Left out here: the last 37 characters of the statement/);
    refuse.close();
  });

  test("neither what is told nor the log ever holds the webhook's address", async () => {
    const log = mock.method(console, "error", () => {});
    try {
      const secret = slack.webhook.split("/").at(-1)!;
      for (const mode of ["down", "lost"] as const) {
        const edge = open();
        slack.behave({ mode });
        await edge.happens("asked", sampleApproval());
        await edge.later();
        assert.equal(edge.told.length, 1);
        assert.ok(!edge.told.join().includes(secret));
      }
      const unreachable = objectWith({ SLACK_WEBHOOK_URL: `https://nowhere.invalid/services/${secret}` });
      await unreachable.happens("asked", sampleApproval());
      assert.ok(!unreachable.told.join().includes(secret));
      assert.ok(!JSON.stringify(log.mock.calls.map((call) => call.arguments)).includes(secret));
    } finally {
      log.mock.restore();
    }
  });

  test("an address that is neither https nor loopback is not posted to", async () => {
    for (const url of ["http://hooks.slack.com/services/x", "ftp://hooks.slack.com/x", "hooks.slack.com"]) {
      const edge = objectWith({ SLACK_WEBHOOK_URL: url });
      await edge.happens("asked", sampleApproval());
      assert.deepEqual(edge.told, ["slack unreached: SLACK_WEBHOOK_URL is not an https URL"]);
    }
  });

  test("the stand-in refuses what Slack refuses", async () => {
    const good = questionMessage(sampleApproval(), { link: null, buttons: true, short: false });
    const send = async (body: unknown, type = "application/json") => {
      const response = await fetch(slack.webhook, {
        method: "POST",
        body: JSON.stringify(body),
        headers: { "content-type": type },
      });
      return `${response.status} ${await response.text()}`;
    };
    assert.equal(await send(good), "200 ok");
    const text = (length: number) => ({
      type: "section",
      text: { type: "plain_text", text: "x".repeat(length) },
    });
    assert.equal(await send({ blocks: [text(3_000)] }), "200 ok");
    assert.equal(await send({ blocks: [text(3_001)] }), "400 invalid_blocks");
    assert.equal(await send({ blocks: Array(51).fill({ type: "divider" }) }), "400 invalid_blocks");
    assert.equal(await send({ blocks: Array(5).fill(text(3_000)) }), "400 msg_blocks_too_long");
    assert.equal(
      await send({ blocks: [...good.blocks, ...good.blocks] }),
      "400 invalid_blocks",
      "action_ids twice",
    );
    assert.equal(await send({}), "400 no_text");
    assert.equal(await send(good, "text/plain"), "400 invalid_payload");
  });
});

describe("approvals by the generic webhook", () => {
  const key = randomBytes(32);
  const got: { headers: IncomingHttpHeaders; body: string }[] = [];
  let statuses: number[] = [];
  let server: Server;
  let url: URL;
  beforeEach(async () => {
    got.length = 0;
    statuses = [];
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      got.push({ headers: request.headers, body });
      response.writeHead(statuses.shift() ?? 204, { location: "http://127.0.0.1:1/elsewhere" }).end();
    });
    url = await listen(server);
  });
  afterEach(() => void server.close());
  const open = (bindings: Partial<Env> = {}) =>
    objectWith({
      APPROVAL_WEBHOOK_URL: url.href,
      APPROVAL_WEBHOOK_SECRET: `whsec_${key.toString("base64")}`,
      ...bindings,
    });

  test("each message is signed, and says what happened, with the whole approval and its link", async () => {
    const edge = open();
    await edge.happens("asked", sampleApproval());
    await edge.happens("voted", VOTED);
    await edge.happens("ended", APPROVED);
    const bodies = got.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    assert.deepEqual(bodies[0], {
      type: "approval.asked",
      timestamp: "2026-11-22T05:00:00.000Z",
      approval: sampleApproval(),
      url: `${PUBLIC_URL}/approvals/${SAMPLE_ID}`,
    });
    assert.deepEqual(
      bodies.map(({ type }) => type),
      ["approval.asked", "approval.voted", "approval.ended"],
    );
    assert.deepEqual(bodies[2]!.timestamp, "2026-11-22T05:00:05.000Z");
    assert.deepEqual(edge.told, [
      "webhook reached: asked: HTTP 204",
      "webhook reached: voted: HTTP 204",
      "webhook reached: ended: HTTP 204",
    ]);
    for (const { headers, body } of got) {
      const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${body}`;
      const signature = createHmac("sha256", key).update(content).digest("base64");
      assert.equal(headers["webhook-signature"], `v1,${signature}`);
      assert.match(String(headers["webhook-id"]), /^msg_[\w-]+$/);
    }
  });

  test("a message that failed comes again under its id and with its body, at another time and so with another signature", async () => {
    statuses = [500, 503];
    const edge = open();
    await edge.happens("asked", sampleApproval());
    await edge.later();
    await edge.later();
    assert.deepEqual(edge.told, ["webhook unreached: asked: HTTP 500", "webhook reached: asked: HTTP 204"]);
    const distinct = (name: string) => new Set(got.map(({ headers }) => headers[name])).size;
    assert.deepEqual(
      [got.length, distinct("webhook-id"), new Set(got.map(({ body }) => body)).size],
      [3, 1, 1],
    );
    assert.deepEqual([distinct("webhook-timestamp"), distinct("webhook-signature")], [3, 3]);
  });

  test("a redirect is not followed: the approval goes nowhere but where it is configured", async () => {
    statuses = [307];
    const edge = open();
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(edge.told, ["webhook unreached: asked: HTTP 307"]);
    assert.equal(got.length, 1);
  });

  test("nothing is sent unsigned", async () => {
    const edge = objectWith({ APPROVAL_WEBHOOK_URL: url.href });
    await edge.happens("asked", sampleApproval());
    assert.deepEqual(got, []);
    assert.match(edge.told[0]!, /^webhook unreached: APPROVAL_WEBHOOK_SECRET has not the form whsec_BASE64/);
  });
});

describe("a service outside", () => {
  test("that does not answer is waited for no longer than the limit", async () => {
    const server = createServer(() => {});
    const url = await listen(server);
    const posted = await post((at, init) => fetch(at, init), url.href, "{}", {}, 50);
    assert.deepEqual(posted, {
      ok: false,
      status: null,
      refused: false,
      detail: "no answer within 0.05 s",
      again: true,
    });
    server.closeAllConnections();
    server.close();
  });

  test("that answers without end is read no further than a few KiB", async () => {
    let written = 0;
    const server = createServer((_request, response) => {
      response.writeHead(500);
      const more = () => {
        while (!response.destroyed && written < 256 * 1024 ** 2) {
          written += 65_536;
          if (!response.write("x".repeat(65_536))) return void response.once("drain", more);
        }
      };
      more();
    });
    const url = await listen(server);
    const posted = await post((at, init) => fetch(at, init), url.href, "{}");
    assert.deepEqual(posted, { ok: false, status: 500, refused: false, detail: "HTTP 500", again: true });
    assert.ok(written < 64 * 1024 ** 2, `${written}`);
    server.closeAllConnections();
    server.close();
  });

  test("whose answer may quote what was sent is not quoted", async () => {
    const server = createServer(
      (_request, response) => void response.writeHead(400).end("bad: DELETE FROM orders"),
    );
    const url = await listen(server);
    const posted = await post((at, init) => fetch(at, init), url.href, "{}");
    assert.equal(posted.ok || posted.detail, "HTTP 400");
    server.close();
  });
});

async function listen(server: Server): Promise<URL> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`);
}
