import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BLOCKED, composer, done, error, READY, rowsOf } from "../activity/testing.ts";
import { EntryKind } from "../entry.ts";
import * as pg from "../postgres/messages.ts";
import type { Composer } from "../recording/testing.ts";
import { runs, SEED } from "../seeded.ts";
import type { OcsfEvent, Reporter } from "./event.ts";
import { SessionEvents } from "./session.ts";

function eventsOf({ entries }: Composer, reporter: Reporter = "edge"): OcsfEvent[] {
  const events = new SessionEvents(reporter);
  return [...entries.flatMap((entry) => events.entry(entry)), ...events.end()];
}

const brief = (events: OcsfEvent[], session: string) =>
  events.map(({ class_name, metadata, status }) => [
    class_name,
    metadata.uid.replace(session, "ID"),
    status as string,
  ]);

function scene(): Composer {
  const scene = composer("postgres");
  const connected = {
    host: "10.0.0.5",
    port: 5432,
    database: "orders",
    user: "app",
    tls: true,
    processId: 7,
  };
  scene.connector({ event: "target_connected", ...connected });
  scene.connector({ event: "policy", version: "cd".repeat(32), revision: 9 });
  scene.agent(pg.query("SELECT email FROM customers"));
  scene.target(Buffer.concat([...rowsOf(1), done("SELECT 1"), READY]));
  scene.agent(pg.query("DROP TABLE customers"));
  scene.connector({
    event: "judged",
    decision: BLOCKED,
    text: "DROP TABLE customers",
    facts: null,
    plan: null,
  });
  scene.target(Buffer.concat([error("42501", "no"), READY]));
  return scene;
}

test("a session tells who came, what was asked and blocked, and how it ended", () => {
  const whole = scene().agent(pg.query("SELECT 1")).ended();
  const { session } = whole.facts;
  const events = eventsOf(whole);
  const asks = whole.entries.filter(({ kind }) => kind === EntryKind.agent).map(({ seq }) => seq);
  const [select, drop, last] = asks.slice(-3);
  assert.deepEqual(brief(events, session), [
    ["Authentication", "ID/opened", "Success"],
    ["Datastore Activity", `ID/${select}/0`, "Success"],
    ["Datastore Activity", `ID/${drop}/0`, "Failure"],
    ["Detection Finding", `ID/${drop}/0/finding`, "New"],
    ["Authentication", "ID/ended", "Success"],
    ["Datastore Activity", `ID/${last}/0`, "Unknown"],
  ]);
  const [, asked, , finding] = events as [OcsfEvent, OcsfEvent, OcsfEvent, OcsfEvent];
  assert.deepEqual(asked.dst_endpoint, { name: "orders", svc_name: "orders", ip: "10.0.0.5", port: 5432 });
  assert.deepEqual(asked.database, { name: "orders", type_id: 1, type: "Relational" });
  assert.equal((asked.unmapped as { policy_revision: number }).policy_revision, 9);
  assert.equal((finding.finding_info as { desc: string }).desc, BLOCKED.reason);
  assert.ok(events.every(({ metadata }) => metadata.correlation_uid === session));
});

test("the same entries give the same events, after the same entry, however often they are read", () => {
  const whole = scene().ended();
  assert.deepEqual(eventsOf(whole), eventsOf(whole));
});

test("the connector's own numbers are marked, as the edge counts otherwise", () => {
  const whole = scene().ended();
  const uids = eventsOf(whole, "connector").map(({ metadata }) =>
    metadata.uid.slice(whole.facts.session.length),
  );
  assert.deepEqual(uids[0], "/opened");
  assert.ok(
    uids.slice(1, -1).every((uid) => /^\/c\d+\/0(?:\/finding)?$/.test(uid)),
    uids.join(),
  );
});

test("of a recording without a beginning nothing is told", () => {
  const events = new SessionEvents("edge");
  const [, ...rest] = scene().entries;
  assert.deepEqual(
    rest.flatMap((entry) => events.entry(entry)),
    [],
  );
  assert.deepEqual(events.end(), []);
});

test(`SEED=${SEED} whatever entries hold, nothing is thrown, and names are unique`, () => {
  const kind = fc.constantFrom(EntryKind.edge, EntryKind.agent, EntryKind.target, EntryKind.connector);
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 64 }),
    fc.json({ maxDepth: 2 }).map((json) => Buffer.from(`\u0003\0\0\0\0\0${json}`)),
    fc.constant(Buffer.from('{"event":"ended","code":"closed","reason":"x"}')),
  );
  fc.assert(
    fc.property(
      fc.constantFrom("postgres", "ssh", "http", "kubernetes"),
      fc.array(fc.record({ kind, frame }), { maxLength: 30 }),
      (target, entries) => {
        const events = new SessionEvents("edge");
        const first = composer(target).entries;
        const rest = entries.map((entry, index) => ({ ...entry, seq: first.length + index + 1, time: 5 }));
        const told = [...first, ...rest].flatMap((entry) => events.entry(entry));
        const uids = [...told, ...events.end()].map(({ metadata }) => metadata.uid);
        const activities = uids.filter((uid) => !uid.endsWith("/ended"));
        assert.equal(new Set(activities).size, activities.length);
      },
    ),
    { numRuns: runs(300, 20_000) },
  );
});
