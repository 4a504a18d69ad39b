import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listenHttp } from "../../client/http/listener.ts";
import type { Approval, ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { FRAME_HEADER } from "../../protocol/frame.ts";
import { openExchangeTunnel } from "../../protocol/tunnel/join.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

/** Writes are held; all else passes. */
const HELD = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"approve", resource) unless { principal == Principal::"service/ada" };
@id("writes") @reason("What is written here is somebody's.") @approvers("ops") @expires("1h")
forbid (principal, action in Action::"http:write", resource) when { !context.approved };
@id("pictures") @reason("Pictures can't be looked into.") @approvers("ops")
forbid (principal, action == Action::"http:unreadable", resource) when { !context.approved };
`;
const BLOCKED = `${HELD}
@id("no-writes") @reason("Not any more.")
forbid (principal, action in Action::"http:write", resource);
`;

describe("a held request", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let ada: string;
  let seen: string[] = [];

  before(async () => {
    server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        seen.push(`${request.method} ${request.url} ${Buffer.concat(chunks)}`);
        const type = request.url === "/picture" ? "image/png" : "text/plain";
        response.setHeader("content-type", type).end("done");
      });
    });
    gateway = await startHttpGateway({ target: server.target, policies: HELD });
    ada = await gateway.edge.serviceToken("ada");
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  beforeEach(() => {
    seen = [];
  });

  const asked = async (): Promise<Approval> => {
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(20)) {
      const page = await gateway.edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
      const [first] = page.items;
      if (first) return gateway.edge.api<Approval>("GET", `/v1/approvals/${first.id}`);
    }
    throw new Error("nothing was asked");
  };
  const say = (id: string, answer: "approve" | "deny", reason?: string) =>
    gateway.edge.api("POST", `/v1/approvals/${id}/${answer}`, reason === undefined ? {} : { reason }, ada);
  const post = (body: string, wait = 60) =>
    gateway.fetch("/orders?draft=no", {
      method: "POST",
      body,
      headers: { "content-type": "application/json", prefer: `wait=${wait}` },
    });

  test("goes on when it is approved while it waits, and not before; people saw all of it", async () => {
    const waiting = post('{"amount":7}');
    const { id, question } = await asked();
    assert.deepEqual(seen, []);
    assert.equal(
      question.kind === "request" && question.request.type === "http" && question.request.body?.text,
      '{"amount":7}',
    );
    await say(id, "approve");
    const response = await waiting;
    assert.equal(response.status, 200);
    assert.equal(await response.text(), "done");
    assert.match(response.headers.get("warning") ?? "", new RegExp(id));
    assert.deepEqual(seen, ['POST /orders?draft=no {"amount":7}']);
  });

  test("is refused with the person's words when it is denied", async () => {
    const waiting = post("{}");
    const { id } = await asked();
    await say(id, "deny", "not on a Friday");
    const response = await waiting;
    assert.equal(response.status, 403);
    const problem = (await response.json()) as Record<string, unknown>;
    assert.match(String(problem.detail), /service\/ada: not on a Friday/);
    assert.deepEqual(seen, []);
  });

  test("that can't wait is told the approval's id, and passes once when it comes again after it", async () => {
    const first = await post('{"a":1}', 0);
    assert.equal(first.status, 403);
    assert.equal(first.headers.get("content-type"), "application/problem+json");
    assert.equal(first.headers.get("retry-after"), "10");
    assert.match(first.headers.get("sallyport-approval") ?? "", /^[0-9a-f]{32}-\d+$/);
    const problem = (await first.json()) as { code: string; hint: string };
    assert.equal(problem.code, "approval_required");
    const { id } = await asked();
    await say(id, "approve");
    const again = await post('{"a":1}', 0);
    assert.equal(again.status, 200);
    const third = await post('{"a":1}', 0);
    assert.equal(third.status, 403);
    assert.equal(seen.length, 1);
    await say((await asked()).id, "deny");
  });

  test("is not released by the approval of another, however alike", async () => {
    await post('{"a":2}', 0);
    const { id } = await asked();
    await say(id, "approve");
    const other = await post('{"a": 2}', 0);
    assert.equal(other.status, 403);
    assert.deepEqual(seen, []);
    await say((await asked()).id, "deny");
  });

  test("is shown with the fields that say what it does, and approved for them alone", async () => {
    const operation = (name: string) =>
      gateway.fetch("/", { method: "POST", body: "{}", headers: { "x-amz-target": name, prefer: "wait=0" } });
    await operation("T.GetItem");
    const { id, question } = await asked();
    assert.deepEqual(
      question.kind === "request" && question.request.type === "http" && question.request.fields,
      [["x-amz-target", "T.GetItem"]],
    );
    await say(id, "approve");
    assert.equal((await operation("T.DeleteTable")).status, 403);
    await say((await asked()).id, "deny");
    assert.deepEqual(seen, []);
    assert.equal((await operation("T.GetItem")).status, 200);
  });

  test("of two that wait for one approval one passes, and the other asks anew", async () => {
    const two = [post('{"b":1}'), post('{"b":1}')];
    await say((await asked()).id, "approve");
    const first = await Promise.race(two);
    assert.equal(first.status, 200);
    await say((await asked()).id, "deny");
    const statuses = (await Promise.all(two)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, 403]);
    assert.equal(seen.length, 1);
  });

  test("is refused when the policies of the moment of its approval block it", async () => {
    await post('{"c":1}', 0);
    const { id } = await asked();
    await say(id, "approve");
    await gateway.apply(BLOCKED);
    const response = await post('{"c":1}', 0);
    assert.equal(response.status, 403);
    assert.match(await response.text(), /Not any more\./);
    assert.deepEqual(seen, []);
    await gateway.apply(HELD);
  });

  test("a body that people can't read is refused at once, and not held", async () => {
    const response = await gateway.fetch("/orders", { method: "POST", body: Buffer.from([0, 1, 2, 0xff]) });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /can't be held/);
    assert.deepEqual(seen, []);
  });

  test("a response that can't be looked into is held by itself", async () => {
    const waiting = gateway.fetch("/picture", { headers: { prefer: "wait=60" } });
    const { id, question } = await asked();
    assert.deepEqual(question.kind === "request" && [question.actions, question.unreadable], [
      ["http:unreadable"],
      "image/png",
    ]);
    await say(id, "approve");
    assert.equal(await (await waiting).text(), "done");
  });

  test("through a local listener is told to who runs it, and waits", async () => {
    const held = Promise.withResolvers<string>();
    const { edge } = gateway.edge;
    const listener = await listenHttp({
      host: "127.0.0.1",
      port: 0,
      kind: "http",
      open: () => openExchangeTunnel({ edge: edge.url, target: server.target.name, token: gateway.token }),
      onHeld: (approval) => held.resolve(approval),
    });
    const waiting = fetch(`http://127.0.0.1:${listener.port}/`, { method: "POST", body: "{}" });
    const { id } = await asked();
    assert.equal(await held.promise, id);
    await say(id, "approve");
    assert.equal((await waiting).status, 200);
    await listener.close();
  });

  test("every step is in the recording", async () => {
    const sessions = await gateway.sessions();
    const entries = await gateway.recording(sessions.at(-1)!.id);
    const events = entries
      .filter(({ kind }) => kind === EntryKind.connector)
      .map(
        ({ frame }) => JSON.parse(Buffer.from(frame.subarray(FRAME_HEADER)).toString()) as { event: string },
      );
    for (const event of ["approval_asked", "approval_used", "exchange_judged", "exchange_sent"]) {
      assert.ok(
        events.some((one) => one.event === event),
        event,
      );
    }
    const whole = Buffer.concat(entries.map(({ frame }) => Buffer.from(frame))).toString("latin1");
    assert.equal(whole.includes(gateway.token), false);
  });
});
