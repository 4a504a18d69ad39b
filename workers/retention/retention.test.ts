import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composer, done, READY } from "../../protocol/activity/testing.ts";
import type { Settings } from "../../protocol/directory.ts";
import * as pg from "../../protocol/postgres/messages.ts";
import { readSettings, writeSettings } from "../directory/apply.ts";
import { planChanges } from "../directory/plan.ts";
import { findRecording } from "../directory/recordings.ts";
import { getSession } from "../directory/sessions.ts";
import { indexSession } from "../search/index-session.ts";
import { Crash, RetentionWorld } from "../testing/retention-world.ts";
import { carryOut } from "./carry-out.ts";
import { decideByHand, decideByRule, findDeletion } from "./deletions.ts";
import { addHold, holdsOf, listHolds, releaseHold } from "./holds.ts";
import { entryOf } from "./stub.ts";

const DAY = 86_400_000;
const ADMIN = { principal: "admin@example.com", time: 1_800_000_000_000 };
const NONE = { session: null, target: null, principal: null };
const KEEP_30_DAYS = { default: 30 * DAY, rules: [] };
const HOLD = { id: "0".repeat(16), reason: "case 1", ...NONE };

const byHand = (world: RetentionWorld, session: string, reason = "asked for") =>
  decideByHand(world.db, entryOf(world.sealed.get(session)!, reason, ADMIN.principal, world.now), ADMIN);

/** What holds when a recording is deleted: once in the ledger, with what its seal says, and nothing else is left of it. */
async function isDeleted(world: RetentionWorld, session: string): Promise<void> {
  assert.deepEqual(world.left(session), []);
  const entries = world.ledger.filter((entry) => entry.session === session);
  assert.equal(entries.length, 1);
  const { archive, head } = entries[0]!;
  assert.deepEqual([archive, head], ["cd".repeat(32), "ab".repeat(32)]);
  assert.deepEqual(world.rows("SELECT * FROM session_tallies WHERE session = ?", session), []);
  assert.deepEqual(world.rows("SELECT * FROM session_labels WHERE session = ?", session), []);
  assert.equal(world.rows("SELECT * FROM recordings WHERE session = ?", session).length, 1, "the seals stay");
  const { deletion } = (await getSession(world.db, session))!;
  assert.equal(deletion?.state, "deleted");
  assert.equal(deletion?.entry, world.ledger.indexOf(entries[0]!));
  await assert.rejects(findRecording(world.db, session), { code: "gone" });
}

describe("deleting a recording", () => {
  test("a crash before and after each effect and each statement loses and doubles nothing", async () => {
    let effects = 0;
    for (let at = 0; at === 0 || at < effects; at++) {
      const world = new RetentionWorld();
      await world.settings(KEEP_30_DAYS);
      const old = await world.session("1", { labels: { email: 3 } });
      const young = await world.session("2", { age: 10 * DAY });
      let passed = 0;
      const order: string[] = [];
      world.around = (what, when) => {
        if (when === "after") order.push(what);
        if (passed++ === at) throw new Crash();
      };
      for (let runs = 0; runs < 10; runs++) {
        await world.sweep();
        const isNoted = world.ledger.length > 0;
        assert.ok(isNoted || world.left(old).length === 3, "nothing goes before the ledger says so");
        world.now += 60_000;
      }
      effects = Math.max(effects, passed);
      world.around = () => {};
      await isDeleted(world, old);
      assert.equal(order.indexOf("note") < order.indexOf("delete"), true);
      assert.equal(world.left(young).length, 3);
      assert.equal(world.ledger.length, 1);
      assert.equal(world.ledger[0]!.reason, "the default retention of 30 days");
      assert.equal(world.ledger[0]!.by, null);
    }
    assert.ok(effects > 15, `${effects} places to crash at`);
  });

  test("two that carry it out at once note it once, and the state never goes back", async () => {
    const world = new RetentionWorld();
    const session = await world.session("1");
    assert.equal(await byHand(world, session), true);
    const deletion = (await findDeletion(world.db, session))!;
    await Promise.all([carryOut(deletion, world.means), carryOut(deletion, world.means)]);
    await isDeleted(world, session);
    await carryOut(deletion, world.means);
    await isDeleted(world, session);
    // One that is slow, and dies on its way, has not moved it back.
    world.around = (what) => {
      if (what === "forget") throw new Crash();
    };
    void carryOut(deletion, world.means);
    await new Promise((resolve) => setImmediate(resolve));
    world.around = () => {};
    await isDeleted(world, session);
  });

  test("while object storage fails it is tried again, later each time, and nobody reads it", async () => {
    const world = new RetentionWorld();
    const session = await world.session("1");
    await byHand(world, session);
    world.around = (what) => {
      if (what === "delete") throw new Error("no answer");
    };
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const state = await carryOut((await findDeletion(world.db, session))!, world.means);
      waits.push(state.due - world.now);
      world.now = state.due;
    }
    assert.deepEqual(waits, [5_000, 10_000, 20_000, 40_000]);
    await assert.rejects(findRecording(world.db, session), /is being deleted.*admin@example\.com: asked for/);
    world.around = () => {};
    await world.sweep();
    await isDeleted(world, session);
  });

  test("a ledger that has something else under its key stops it before anything is gone", async () => {
    const world = new RetentionWorld();
    const session = await world.session("1");
    world.ledger.push({ key: `session_deleted/${session}` } as never);
    await byHand(world, session);
    await world.sweep();
    assert.match((await getSession(world.db, session))!.deletion!.fault!, /another entry/);
    assert.equal(world.left(session).length, 3);
  });

  test("what is not sealed is not deleted, by hand or by a rule; nor what the ledger does not know as sealed", async () => {
    const world = new RetentionWorld();
    await world.settings(KEEP_30_DAYS);
    const open = await world.session("1", { isSealed: false });
    const unknown = await world.session("2");
    const entry = entryOf({ ...world.sealed.get(unknown)!, session: open }, "asked for", "admin", world.now);
    assert.equal(await decideByHand(world.db, entry, ADMIN), false);
    world.sealed.clear();
    await world.sweep();
    assert.deepEqual(world.rows("SELECT * FROM deletions"), []);
    assert.equal(world.left(unknown).length, 3);
  });

  test("a reason is a text: SQL in it does nothing, and it reaches the ledger as it is", async () => {
    const world = new RetentionWorld();
    const sessions = [await world.session("1"), await world.session("2")];
    const reason = '\'); DELETE FROM holds; DROP TABLE sessions; -- ?4 {"a":1}';
    await addHold(world.db, { ...HOLD, target: "other", reason }, ADMIN);
    await byHand(world, sessions[0]!, reason);
    await world.sweep();
    assert.equal(world.ledger[0]!.reason, reason);
    assert.equal((await getSession(world.db, sessions[0]!))!.deletion!.reason, reason);
    assert.equal(
      (await listHolds(world.db, { isReleased: false }, { limit: 9, cursor: null })).items.length,
      1,
    );
    assert.equal(world.left(sessions[1]!).length, 3);
  });
});

describe("holds", () => {
  const held = [
    ["its session", (session: string) => ({ session })],
    ["its target", () => ({ target: "orders" })],
    ["its principal", () => ({ principal: "service/agent" })],
    ["the user for whom it was opened", () => ({ principal: "corp/alice" })],
  ] as const;
  for (const [what, hold] of held) {
    test(`a hold on ${what} wins over rules and over deleting by hand, until it is released`, async () => {
      const world = new RetentionWorld();
      await world.settings(KEEP_30_DAYS);
      const session = await world.session("1", { onBehalfOf: "corp/alice" });
      await addHold(world.db, { ...HOLD, ...hold(session) }, ADMIN);
      assert.equal(await byHand(world, session), false);
      await world.sweep();
      assert.equal(world.left(session).length, 3);
      assert.deepEqual(await holdsOf(world.db, session), [HOLD.id]);
      assert.deepEqual(
        world.rows("SELECT action, subject FROM changes"),
        [{ action: "hold.add", subject: `hold/${HOLD.id}` }],
        "what did not happen is not recorded",
      );
      await releaseHold(world.db, HOLD.id, "closed", ADMIN);
      await assert.rejects(releaseHold(world.db, HOLD.id, "again", ADMIN), { code: "not_found" });
      await world.sweep();
      await isDeleted(world, session);
      assert.equal(world.rows("SELECT * FROM changes WHERE action = 'hold.release'").length, 1);
    });
  }

  test("a hold names a target or principal exactly: * is a character in it", async () => {
    const world = new RetentionWorld();
    const session = await world.session("1");
    for (const [at, hold] of [{ target: "*" }, { principal: "service/*" }, { target: "order_" }].entries())
      await addHold(world.db, { ...HOLD, id: String(at).repeat(16), ...hold }, ADMIN);
    assert.equal(await byHand(world, session), true);
  });

  test("a hold that comes at any moment of a deletion either stops all of it or is told that it is late", async () => {
    const outcomes = new Set<string>();
    for (let at = 0, isOver = false; !isOver; at++) {
      for (const hold of ["session", "target"] as const) {
        const world = new RetentionWorld();
        await world.settings(KEEP_30_DAYS);
        const session = await world.session("1");
        let passed = 0;
        let added: Awaited<ReturnType<typeof addHold>> | undefined;
        world.around = async () => {
          if (passed++ !== at) return;
          const named = hold === "session" ? { session } : { target: "orders" };
          added = await addHold(world.others, { ...HOLD, ...named }, ADMIN);
        };
        await world.sweep();
        world.around = () => {};
        isOver = added === undefined;
        if (added === undefined) continue;
        const isLate = hold === "session" ? added === null : added!.late === 1;
        outcomes.add(isLate ? "late" : "kept");
        if (isLate) await isDeleted(world, session);
        else {
          assert.equal(world.left(session).length, 3, `a hold at ${at} was in time`);
          assert.deepEqual(world.ledger, []);
        }
        // Whoever comes too late with a session has no hold; of a target it counts for what comes.
        const holds = await listHolds(world.db, { isReleased: false }, { limit: 9, cursor: null });
        assert.equal(holds.items.length, added === null ? 0 : 1);
      }
    }
    assert.deepEqual([...outcomes].sort(), ["kept", "late"]);
  });
});

describe("retention rules in the sweep", () => {
  test("rules that changed meanwhile are asked before anything goes", async () => {
    const world = new RetentionWorld();
    await world.settings(KEEP_30_DAYS);
    const session = await world.session("1");
    const entry = entryOf(world.sealed.get(session)!, "a rule", null, world.now);
    assert.equal(await decideByRule(world.db, entry, JSON.stringify({ default: 1, rules: [] })), false);
    await world.settings({ default: null, rules: [] });
    assert.equal(await decideByRule(world.db, entry, JSON.stringify(KEEP_30_DAYS)), false);
    assert.equal(world.left(session).length, 3);
  });

  test("settings without retention end it", async () => {
    const world = new RetentionWorld();
    const session = await world.session("1");
    const settings = { targets: [], issuers: [], administrators: [], limits: {}, policies: "p" };
    const apply = async (wanted: Settings) => {
      const { settings: current, revision } = await readSettings(world.others);
      const changes = planChanges(current, wanted);
      await writeSettings(world.others, wanted, changes, revision, ADMIN);
      return changes.map(({ subject }) => subject).filter((subject) => subject !== "policies");
    };
    assert.deepEqual(await apply({ ...settings, retention: KEEP_30_DAYS }), ["retention"]);
    assert.deepEqual(await apply({ ...settings, retention: KEEP_30_DAYS }), []);
    assert.deepEqual(await apply(settings), ["retention"]);
    assert.equal((await readSettings(world.others)).settings.retention, undefined);
    await world.sweep();
    assert.equal(world.left(session).length, 3);
    await apply({ ...settings, retention: KEEP_30_DAYS });
    await world.sweep();
    await isDeleted(world, session);
  });

  test("a rule by label goes by what the search index has counted", async () => {
    const world = new RetentionWorld();
    await world.settings({ default: null, rules: [{ label: "pii.email", keep: 30 * DAY }] });
    const masked = await world.session("1", { indexed: "no" });
    const scene = composer("postgres").agent(pg.query("SELECT email FROM customers"));
    scene.connector({
      event: "masked",
      statements: [{ fingerprint: "00".repeat(16), text: "SELECT 1", fields: { "pii.email": 2 } }],
    });
    const { entries } = scene.target(Buffer.concat([done("SELECT 1"), READY])).ended();
    const facts = { session: masked, target: "orders", principal: "service/agent" };
    await indexSession({ DIRECTORY: world.others }, facts, entries);
    await indexSession({ DIRECTORY: world.others }, facts, entries);
    const others = [
      await world.session("2", { labels: { card: 1 } }),
      await world.session("3", { indexed: "partial" }),
      await world.session("4", { indexed: "no" }),
    ];
    await world.sweep();
    await isDeleted(world, masked);
    for (const session of others) assert.equal(world.left(session).length, 3);
  });

  test("new rules are noted for all recordings, a bounded number at a time, and longer ones count at once", async () => {
    const world = new RetentionWorld();
    const sessions: string[] = [];
    for (let at = 0; at < 120; at++) sessions.push(await world.session(`${1_000 + at}`));
    await world.sweep();
    await world.settings({ default: 200 * DAY, rules: [] });
    await world.sweep();
    assert.equal(world.ledger.length, 0);
    await world.settings(KEEP_30_DAYS);
    const counts: number[] = [];
    for (let runs = 0; runs < 4; runs++) {
      await world.sweep();
      world.now += 60_000;
      counts.push(world.ledger.length);
    }
    assert.deepEqual(counts, [50, 100, 120, 120]);
    assert.equal(world.objects.size, 0);
  });

  test("a clock that jumps, or an edge that was off, deletes nothing for six hours; by hand it goes on", async () => {
    for (const jump of [400 * DAY, -DAY]) {
      const world = new RetentionWorld();
      await world.settings(KEEP_30_DAYS);
      await world.sweep();
      const session = await world.session("1", { age: jump > 0 ? DAY : 100 * DAY });
      world.now += jump;
      const until = world.now + 6 * 3_600_000;
      for (; world.now < until; world.now += 600_000) {
        await world.sweep();
        assert.equal(world.left(session).length, 3);
      }
      // Who looked meanwhile has set it right; it goes on from there.
      await world.sweep();
      await isDeleted(world, session);
      const other = await world.session("2");
      world.now += jump;
      await world.sweep();
      assert.equal(await byHand(world, other), true);
      await carryOut((await findDeletion(world.db, other))!, world.means);
      await isDeleted(world, other);
    }
  });
});
