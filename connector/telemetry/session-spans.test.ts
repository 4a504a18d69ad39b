import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BLOCKED,
  composer,
  DECIDED,
  done,
  error,
  OPENED,
  provedFacts,
  READY,
  requestQuestion,
  rowsOf,
  SESSION,
  statementQuestion,
} from "../../protocol/activity/testing.ts";
import { TRACE_FIELD } from "../../protocol/http/head.ts";
import { bodyOf, HttpScene, requestOf } from "../../protocol/http/transcript/testing.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { START } from "../../protocol/postgres/transcript/testing.ts";
import { Composer, HELD } from "../../protocol/recording/testing.ts";
import { generateKey } from "../../protocol/signatures.ts";
import type { SshRequest } from "../../protocol/ssh/request.ts";
import { SessionSpans } from "./session-spans.ts";
import { BURST } from "./span-budget.ts";
import { tracingScene } from "./testing.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";
const TRACEPARENT = `00-${TRACE}-${PARENT}-01`;
const CANARY = /canary/i;
const KEYS = [await generateKey(), await generateKey()] as const;

function traced(kind: Composer["facts"]["kind"], traceparent = TRACEPARENT): Composer {
  const scene = new Composer(SESSION, ...KEYS).kind(kind);
  scene.facts.trace = { traceparent };
  return scene.opened().joined();
}

async function spansOf({ entries }: Pick<Composer, "entries">, asked: number | null = null, variables = {}) {
  const scene = tracingScene(variables);
  const reader = new SessionSpans(scene.tracing, asked);
  for (const entry of entries) reader.entry(entry);
  reader.end();
  return { spans: await scene.spans(), bodies: scene.bodies.join() };
}

test("a session with a database: its dial, its statements, the wait for people, and nothing that was said", async () => {
  const scene = traced("postgres").wait(3).agent(START).wait(20);
  scene.connector({
    event: "target_connected",
    host: "db.internal",
    port: 5432,
    database: "orders",
    user: "canary-user",
    tls: true,
    processId: 7,
  });
  scene.target(READY).agent(pg.query("SELECT 'canary' FROM canary_table"));
  scene.connector({ event: "facts", statements: [provedFacts("SELECT", ["postgres:select"])] });
  scene.connector({ event: "detected", found: { card: { masked: 3, reported: 0 } } });
  scene.wait(12).target(Buffer.concat([...rowsOf(2), done("SELECT 2"), READY]));
  scene.agent(pg.query("SELECT 1/0 -- canary")).wait(2);
  scene.target(Buffer.concat([error("22012", "canary"), READY]));
  scene.agent(pg.query("DELETE FROM canary_a"));
  scene.ask({ event: "approval_asked", approval: 1, question: statementQuestion("DELETE FROM canary_a") });
  scene.wait(5_000).edge({ ...DECIDED, approval: 1, status: "approved" });
  scene.ask({ event: "approval_used", approval: 1 }).wait(7);
  scene.target(Buffer.concat([done("DELETE 1"), READY])).agent(pg.query("DROP TABLE canary_c"));
  const refused = { ...BLOCKED, reason: "no canary" };
  scene.connector({
    event: "judged",
    decision: refused,
    text: "DROP TABLE canary_c",
    facts: null,
    plan: null,
  });
  scene.target(Buffer.concat([error("42501", "canary"), READY])).ended();
  const { spans, bodies } = await spansOf(scene, OPENED - 5);
  assert.doesNotMatch(bodies, CANARY);
  const session = spans.find(({ name }) => name === "session")!;
  assert.deepEqual(
    [session.traceId, session.parentSpanId, session.at, session.ms],
    [TRACE, PARENT, OPENED, 5_044],
  );
  assert.deepEqual(session.attributes["sallyport.session.end"], "closed");
  const of = (name: string) => spans.find((one) => one.name === name)!;
  for (const { name, traceId, attributes, parentSpanId } of spans) {
    assert.equal(traceId, TRACE);
    assert.equal(attributes["sallyport.session.id"], SESSION);
    assert.equal(attributes["sallyport.target"], "orders");
    if (name !== "session" && name !== "approval") assert.equal(parentSpanId, session.spanId, name);
  }
  assert.deepEqual([of("dial in").at, of("dial in").ms], [OPENED - 5, 5]);
  const dial = of("dial target");
  assert.deepEqual(
    [dial.at, dial.ms, dial.attributes["server.address"], dial.attributes["server.port"]],
    [OPENED + 3, 20, "db.internal", 5432],
  );
  const { attributes: select, ms } = of("postgres:select");
  assert.equal(ms, 12);
  assert.equal(select["db.system.name"], "postgresql");
  assert.equal(select["db.namespace"], "orders");
  assert.equal(select["db.operation.name"], "SELECT");
  assert.equal(select["sallyport.verdict"], "allow");
  assert.equal(select["sallyport.masked.values"], 3);
  const failed = spans.find(({ attributes }) => attributes["db.response.status_code"] === "22012")!;
  assert.deepEqual([failed.status, failed.attributes["error.type"], failed.ms], [2, "22012", 2]);
  const held = of("postgres:delete");
  assert.deepEqual(
    [held.attributes["sallyport.verdict"], held.attributes["sallyport.approval.id"], held.ms],
    ["approve", `${SESSION}-1`, 5_007],
  );
  const wait = of("approval");
  assert.deepEqual(
    [wait.parentSpanId, wait.ms, wait.attributes["sallyport.approval.outcome"]],
    [held.spanId, 5_000, "approved"],
  );
  const blocked = spans.find(({ attributes }) => attributes["sallyport.verdict"] === "block")!;
  assert.deepEqual(
    [blocked.attributes["error.type"], blocked.attributes["sallyport.outcome"]],
    ["refused", "refused"],
  );
  assert.equal(spans.length, 8);
});

test("a target that can't be dialled", async () => {
  const scene = traced("postgres").agent(START).wait(9);
  scene.connector({ event: "refused", code: "target_unreachable", message: "canary" });
  scene.edge({ event: "ended", code: "target_unreachable", reason: "canary" });
  const { spans, bodies } = await spansOf(scene);
  assert.doesNotMatch(bodies, CANARY);
  assert.deepEqual(
    spans.map(({ name, ms, status, attributes }) => [name, ms, status, attributes["error.type"]]),
    [
      ["dial target", 9, 2, "target_unreachable"],
      ["session", 9, 2, "target_unreachable"],
    ],
  );
});

test("commands of a host, with their status and the wait, and no word of them", async () => {
  const command = (text: string): SshRequest => ({ type: "exec", command: text, terminal: false });
  const scene = traced("ssh").wait(4);
  const connected = { host: "web.internal", port: 22, user: "canary", hostKey: "canary", software: "canary" };
  scene.connector({ event: "ssh_connected", ...connected });
  for (const channel of [1, 2]) scene.connector({ event: "channel_opened", channel, type: "session" });
  scene.connector({ event: "requested", channel: 1, request: command("echo canary") }).wait(30);
  scene.connector({ event: "exited", channel: 1, status: 3, signal: null });
  scene.connector({ event: "channel_closed", channel: 1 });
  scene.connector({ event: "requested", channel: 2, request: command("reboot canary") });
  scene.ask({ event: "approval_asked", approval: 1, question: requestQuestion(command("reboot canary")) });
  scene.wait(100).edge({ ...DECIDED, approval: 1, status: "denied" });
  scene.connector({
    event: "request_judged",
    channel: 2,
    request: command("reboot canary"),
    decision: HELD,
    facts: null,
  });
  const { spans, bodies } = await spansOf(scene.ended());
  assert.doesNotMatch(bodies, CANARY);
  assert.deepEqual(
    spans.map(({ name, ms, attributes }) => [
      name,
      ms,
      attributes["process.exit.code"] ??
        attributes["sallyport.approval.outcome"] ??
        attributes["sallyport.verdict"],
    ]),
    [
      ["dial target", 4, undefined],
      ["ssh:exec", 30, 3],
      ["approval", 100, "denied"],
      ["ssh:exec", 100, "block"],
      ["session", 134, undefined],
    ],
  );
});

test("an exchange is of the trace that its request names: the edge's span of it, else the agent's, else the session's", async () => {
  const scene = new HttpScene();
  scene.composer.entries.length = 0;
  scene.composer.facts.trace = { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` };
  scene.composer.opened().joined();
  const own = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
  const edge = `00-${"1".repeat(32)}-${"3".repeat(16)}-01`;
  const head = (...fields: [string, string][]) => ({
    fields: [["x-canary", "canary"], ...fields] as [string, string][],
  });
  for (const part of [
    head([TRACE_FIELD, edge], ["traceparent", own]),
    head(["traceparent", own], ["tracestate", "v=1"]),
    head(["traceparent", own], ["traceparent", own]),
    head(["traceparent", "canary"]),
    head(["traceparent", own.replace(/01$/, "00")]),
  ]) {
    const held = requestOf("CANARY", "/canary?canary=canary", { body: bodyOf("canary") });
    scene.asked("CANARY", "/canary?canary=canary", "canary", part).sent(held).wait(20);
    scene.head("target", { status: 404, fields: [["x", "canary"]] });
    scene.bytes("target", "canary-returned").end("target");
  }
  const { spans, bodies } = await spansOf(scene.composer);
  assert.doesNotMatch(bodies, CANARY);
  const session = spans.find(({ name }) => name === "session")!;
  const exchanges = spans.filter(({ name }) => name !== "session");
  assert.deepEqual(
    exchanges.map(({ traceId, parentSpanId, links }) => [traceId, parentSpanId, links]),
    [
      ["1".repeat(32), "3".repeat(16), [session.spanId]],
      ["1".repeat(32), "2".repeat(16), [session.spanId]],
      ["ab".repeat(16), session.spanId, []],
      ["ab".repeat(16), session.spanId, []],
    ],
  );
  for (const { attributes, status, ms } of exchanges) {
    assert.deepEqual(
      [
        attributes["http.request.method"],
        attributes["http.response.status_code"],
        attributes["http.request.body.size"],
        attributes["http.response.body.size"],
        attributes["error.type"],
      ],
      ["_OTHER", 404, 6, 15, "404"],
    );
    assert.deepEqual([status, ms], [2, 20]);
  }
});

test("a session of no trace begins one; one that is not sampled has no spans, and costs no reading", async () => {
  const alone = composer("postgres").agent(pg.query("SELECT 1"));
  const { spans } = await spansOf(alone.target(Buffer.concat([done("SELECT 1"), READY])).ended());
  assert.deepEqual(
    spans.map(({ name, parentSpanId }) => [name, parentSpanId]),
    [
      ["postgres:select", spans[1]!.spanId],
      ["session", undefined],
    ],
  );
  const silent = traced("postgres", TRACEPARENT.replace(/01$/, "00"))
    .agent(START)
    .agent(pg.query("SELECT 1"));
  assert.deepEqual((await spansOf(silent.ended())).spans, []);
  const reader = new SessionSpans(tracingScene().tracing, null);
  reader.entry(silent.entries[0]!);
  const unread = {
    ...silent.entries[2]!,
    get frame(): Uint8Array {
      throw new Error("it is read");
    },
  };
  reader.entry(unread);
  // Whatever an agent asks for, the sampler here decides.
  const wanted = traced("postgres").agent(START).agent(pg.query("SELECT 1")).ended();
  assert.deepEqual((await spansOf(wanted, null, { OTEL_TRACES_SAMPLER: "always_off" })).spans, []);
});

test("a trace that the edge names wrongly is none", async () => {
  const { spans } = await spansOf(traced("ssh", `00-${"0".repeat(32)}-${PARENT}-01`).ended());
  assert.deepEqual([spans.length, spans[0]!.parentSpanId], [1, undefined]);
});

test("a flood of statements makes no flood of spans: what is left out is counted", async () => {
  const scene = composer("postgres");
  for (let count = 0; count < BURST + 70; count++) {
    scene.agent(pg.query("SELECT 1")).target(Buffer.concat([done("SELECT 1"), READY]));
  }
  // Half a second gives ten more.
  scene.wait(500);
  for (let count = 0; count < 30; count++) {
    scene.agent(pg.query("SELECT 1")).target(Buffer.concat([done("SELECT 1"), READY]));
  }
  const { spans } = await spansOf(scene.ended());
  assert.equal(spans.length, BURST + 10 + 1);
  assert.equal(spans.at(-1)!.attributes["sallyport.spans.left_out"], 90);
});
