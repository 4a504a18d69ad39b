import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import type { Approval } from "../protocol/approval/approval.ts";
import type { SessionFacts } from "../protocol/control.ts";
import type { Page, TrailEntry } from "../protocol/directory.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";
import { A_SECOND_MS } from "./run/second.ts";

/** Anybody of the service may ask for `held`; `service/approver` alone approves. */
const HELD = `
permit (principal, action == Action::"connect", resource) when { context.listed };
@id("held") @reason("Nobody is alone with held.") @approvers("dba")
forbid (principal, action == Action::"connect", resource) unless { context.approved };
permit (principal == Principal::"service/approver", action == Action::"approve", resource);
`;

describe("a lease and its live sessions", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let uplink: Uplink;
  let agent: string;
  let approver: string;
  /** What the connector is told of each session, once it is. */
  const told = new Map<string, PromiseWithResolvers<SessionFacts>>();
  const factsOf = (session: string) => {
    const known = told.get(session) ?? Promise.withResolvers<SessionFacts>();
    told.set(session, known);
    return known;
  };

  before(async () => {
    gateway = await startTestEdge();
    await gateway.apply({ targets: [testTarget("held")], policies: HELD });
    const identity = await gateway.enroll("main");
    const serve = (session: ConnectorSession) => {
      factsOf(session.session).resolve(session.facts);
      session.handlers = { onData: () => {}, onDrain: () => {}, onEnd: () => {}, onClose: () => {} };
    };
    uplink = await startUplink(gateway.edge.url, identity, serve, { targets: ["held"] });
    agent = await gateway.serviceToken("agent");
    approver = await gateway.serviceToken("approver");
  });
  after(async () => {
    uplink?.stop();
    await gateway?.stop();
  });

  const ask = (lasts: number) =>
    gateway.api<Approval>("POST", "/v1/access-requests", { target: "held", reason: "to test", lasts }, agent);
  const say = (id: string, answer: string, content: object = {}) =>
    gateway.api<Approval>("POST", `/v1/approvals/${id}/${answer}`, content, approver);
  const open = async () => {
    const stream = await openTunnel({ edge: gateway.edge.url, target: "held", token: agent });
    const closed = new Promise<{ code: string; reason: string }>((resolve) => {
      stream.handlers = {
        onData: () => {},
        onDrain: () => {},
        onEnd: () => {},
        onClose: (code, reason) => resolve({ code, reason }),
      };
    });
    return { session: stream.session, closed };
  };

  test("end together, on time, while the connections stay open", async () => {
    await assert.rejects(open(), { code: "approval_required" });
    const { id } = await ask(5_000);
    await say(id, "approve");
    const { until } = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    const pool = await Promise.all([open(), open(), open()]);
    for (const { session } of pool) {
      const facts = await factsOf(session).promise;
      assert.equal(facts.until, until);
      assert.deepEqual(facts.lease, { id, until, by: ["service/approver"] });
    }
    for (const end of await Promise.all(pool.map(({ closed }) => closed))) {
      assert.equal(end.code, "lease_expired");
    }
    const late = Date.now() - until!;
    assert.ok(late >= 0 && late < A_SECOND_MS, `${late} ms after the end`);
    await assert.rejects(open(), { code: "approval_required" });
    const over = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    assert.equal(over.status, "lapsed");
  });

  test("end within a second when it is revoked", async () => {
    const { id } = await ask(600_000);
    await say(id, "approve");
    const pool = await Promise.all([open(), open()]);
    const began = Date.now();
    await say(id, "revoke", { reason: "incident" });
    for (const end of await Promise.all(pool.map(({ closed }) => closed))) {
      assert.deepEqual([end.code, /incident/.test(end.reason)], ["session_killed", true]);
    }
    assert.ok(Date.now() - began < A_SECOND_MS);
    await assert.rejects(open(), { code: "approval_required" });
  });

  test("come of a request that outlives the edge's restart, before its answer and after", async () => {
    const { id } = await ask(600_000);
    await gateway.edge.restart();
    await uplink.online;
    assert.equal((await ask(600_000)).id, id);
    assert.equal((await say(id, "approve")).status, "approved");
    await gateway.edge.restart();
    const approval = await gateway.api<Approval>("GET", `/v1/approvals/${id}`, undefined, agent);
    assert.deepEqual([approval.status, approval.votes.length], ["approved", 1]);
    const trail = await gateway.api<Page<TrailEntry>>("GET", `/v1/approvals/${id}/trail`, undefined, agent);
    assert.deepEqual(
      trail.items.map(({ event }) => event.event).filter((event) => event !== "approval_told"),
      ["access_requested", "approval_opened", "approval_answered", "approval_decided", "lease_granted"],
    );
  });
});
