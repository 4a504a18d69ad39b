import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { RetentionSettings } from "../../protocol/retention.ts";
import { RetentionWorld } from "../testing/retention-world.ts";
import { decideByHand } from "./deletions.ts";
import { retentionInForce } from "./due.ts";
import { addHold, releaseHold } from "./holds.ts";
import { type RowName, sweepRows } from "./rows.ts";
import { entryOf } from "./stub.ts";

const DAY = 86_400_000;
const ADMIN = { principal: "admin@example.com", time: 1_800_000_000_000 };
const NONE = { session: null, target: null, principal: null };
const HOLD = { id: "0".repeat(16), reason: "case 1", ...NONE };
const KEEP_30_DAYS = { default: 30 * DAY, rules: [] };

interface More {
  status?: string;
  /** Days since it was asked, and decided. */
  age?: number;
  /** Days from now. */
  until?: number | null;
  target?: string;
  principal?: string;
  onBehalfOf?: string | null;
  session?: string | null;
}

function approval(world: RetentionWorld, id: string, more: More = {}): void {
  const { status = "denied", age = 100, until = null, session = null, onBehalfOf = null } = more;
  const { target = "orders", principal = "service/agent" } = more;
  const at = world.now - age * DAY;
  world.database
    .prepare(
      `INSERT INTO approvals (id, kind, session, principal, on_behalf_of, target, status, asked, expires, decided_at, until,
         actions, approvals, reason, summary) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, '[]', '{}', '', 'what was asked')`,
    )
    .run(
      id,
      session === null ? "connect" : "statement",
      session,
      principal,
      onBehalfOf,
      target,
      status,
      at,
      at + 60_000,
      status === "pending" || status === "expired" ? null : at,
      until === null ? null : world.now + until * DAY,
    );
}

function lease(world: RetentionWorld, id: string, more: More & { revoked?: boolean } = {}): void {
  const { age = 100, until = -99, revoked = false, target = "orders" } = more;
  world.database
    .prepare(
      `INSERT INTO leases (id, principal, on_behalf_of, target, granted, until, approved_by, approvals, revoked)
       VALUES (?, 'service/agent', ?, ?, ?, ?, '[]', '{}', ?)`,
    )
    .run(
      id,
      more.onBehalfOf ?? null,
      target,
      world.now - age * DAY,
      world.now + until! * DAY,
      revoked ? world.now - age * DAY : null,
    );
}

const ids = (world: RetentionWorld, name: RowName) =>
  world.rows(`SELECT id FROM ${name} ORDER BY id`).map(({ id }) => id as string);

async function withRules(settings: RetentionSettings = KEEP_30_DAYS): Promise<RetentionWorld> {
  const world = new RetentionWorld();
  await world.settings(settings);
  return world;
}

describe("approvals and leases go by retention rules", () => {
  test("counted from when they were over; nothing goes that may still count", async () => {
    const world = await withRules();
    approval(world, "denied-old");
    approval(world, "expired-old", { status: "expired" });
    approval(world, "denied-young", { age: 29 });
    approval(world, "pending-old", { status: "pending" });
    approval(world, "approved-long", { status: "approved", until: 1 });
    approval(world, "lapsed-lately", { status: "lapsed", until: -29 });
    approval(world, "lapsed-old", { status: "lapsed", until: -31 });
    lease(world, "in force", { until: 1 });
    lease(world, "lately", { until: -29 });
    lease(world, "old");
    lease(world, "revoked", { until: 1_000, revoked: true });
    lease(world, "stood on");
    const open = await world.session("1", { isSealed: false });
    world.database.prepare("UPDATE sessions SET ended = NULL, lease = 'stood on' WHERE id = ?").run(open);
    await world.sweep();
    assert.deepEqual(ids(world, "approvals"), [
      "approved-long",
      "denied-young",
      "lapsed-lately",
      "pending-old",
    ]);
    assert.deepEqual(ids(world, "leases"), ["in force", "lately", "stood on"]);
  });

  test("without a retention, and after a jump of the clock, all stays", async () => {
    const world = new RetentionWorld();
    approval(world, "a");
    await world.sweep();
    assert.deepEqual(ids(world, "approvals"), ["a"]);
    await world.settings({ default: null, rules: [] });
    await world.sweep();
    await world.settings(KEEP_30_DAYS);
    world.now += 2 * DAY;
    await world.sweep();
    assert.deepEqual(ids(world, "approvals"), ["a"], "rules are paused");
    world.now += 7 * 60 * 60_000;
    await world.sweep();
    assert.deepEqual(ids(world, "approvals"), []);
  });

  test("a hold of target, principal, user, or session keeps them, and lets them go when it ends", async () => {
    for (const held of [
      { target: "orders" },
      { principal: "service/agent" },
      { principal: "corp/ada" },
      { session: "1".repeat(32) },
    ]) {
      const world = await withRules();
      const session = await world.session("1");
      world.database.exec("UPDATE sessions SET lease = 'a-0'");
      approval(world, "a-0", { onBehalfOf: "corp/ada", status: "lapsed" });
      lease(world, "a-0", { onBehalfOf: "corp/ada" });
      approval(world, "statement", { session, onBehalfOf: "corp/ada" });
      approval(world, "other", { target: "web", principal: "service/other" });
      // Its recording is gone.
      const entry = entryOf(world.sealed.get(session)!, "by rule", null, world.now);
      world.database
        .prepare("INSERT INTO deletions VALUES (?, 'done', 0, 0, NULL, ?, 1, ?)")
        .run(session, JSON.stringify(entry), world.now);
      world.database
        .prepare(
          "INSERT INTO holds (id, session, target, principal, reason, added, added_by) VALUES (?, ?, ?, ?, '', 1, 'x')",
        )
        .run(HOLD.id, held.session ?? null, held.target ?? null, held.principal ?? null);
      await world.sweep();
      assert.deepEqual(ids(world, "approvals"), ["a-0", "statement"], JSON.stringify(held));
      assert.deepEqual(ids(world, "leases"), ["a-0"], JSON.stringify(held));
      await releaseHold(world.db, HOLD.id, "case closed", ADMIN);
      await world.sweep();
      assert.deepEqual([ids(world, "approvals"), ids(world, "leases")], [[], []], JSON.stringify(held));
    }
  });

  test("what was asked in a session stays as long as its recording, and goes after it", async () => {
    const world = await withRules({ default: 30 * DAY, rules: [{ label: "email", keep: null }] });
    const old = await world.session("1", { labels: {} });
    const labelled = await world.session("2", { labels: { email: 1 } });
    const open = await world.session("3", { isSealed: false });
    for (const session of [old, labelled, open]) approval(world, session[0]!, { session });
    approval(world, "unknown", { session: "f".repeat(32) });
    for (let run = 0; run < 3; run++) await world.sweep();
    assert.deepEqual(ids(world, "approvals"), ["2", "3", "unknown"]);
    // By hand the recording alone is decided on; of the rest the rules are asked, and labels are not known any more.
    await decideByHand(
      world.db,
      entryOf(world.sealed.get(labelled)!, "asked for", ADMIN.principal, world.now),
      ADMIN,
    );
    for (let run = 0; run < 3; run++) await world.sweep();
    assert.deepEqual(ids(world, "approvals"), ["2", "3", "unknown"]);
    await world.settings(KEEP_30_DAYS);
    for (let run = 0; run < 3; run++) await world.sweep();
    assert.deepEqual(ids(world, "approvals"), ["3", "unknown"]);
  });

  test("rules of target, principal and user count; where groups are not known, the longest that may have to be", async () => {
    const keep = async (rules: RetentionSettings["rules"], more: More) => {
      const world = await withRules({ default: 10 * DAY, rules });
      approval(world, "a", { age: 50, ...more });
      await world.sweep();
      return ids(world, "approvals").length === 1;
    };
    assert.equal(await keep([{ target: "ord*", keep: 60 * DAY }], {}), true);
    assert.equal(await keep([{ target: "web", keep: 60 * DAY }], {}), false);
    assert.equal(await keep([{ principal: "corp/*", keep: null }], { onBehalfOf: "corp/ada" }), true);
    assert.equal(await keep([{ principal: "group:staff", keep: 60 * DAY }], {}), true);
    assert.equal(await keep([{ principal: "group:staff", keep: 20 * DAY }], {}), false);
    assert.equal(await keep([{ label: "email", keep: null }], {}), true);
  });

  test("a run looks at so many and goes on behind them, past what stays for ever, and begins anew", async () => {
    const world = await withRules({ default: 30 * DAY, rules: [{ target: "kept", keep: null }] });
    for (let index = 0; index < 7; index++)
      approval(world, `k${index}`, { target: "kept", age: 200 - index });
    for (let index = 0; index < 5; index++) approval(world, `z${index}`, { age: 100 - index });
    const force = (await retentionInForce(world.db))!;
    const went: number[] = [];
    for (let run = 0; run < 5; run++) went.push(await sweepRows(world.db, "approvals", force, 3, world.now));
    assert.deepEqual(went, [0, 0, 2, 3, 0]);
    approval(world, "late", { age: 150 });
    for (let run = 0; run < 4; run++) await sweepRows(world.db, "approvals", force, 3, world.now);
    assert.ok(
      !ids(world, "approvals").includes("late"),
      "what comes behind its place is found the next time round",
    );
    assert.equal(ids(world, "approvals").length, 7);
  });

  test("what is decided by rules goes only while they are in force, and not if it is held meanwhile", async () => {
    const world = await withRules();
    approval(world, "a");
    lease(world, "l");
    const old = (await retentionInForce(world.db))!;
    await world.settings({ default: null, rules: [] });
    assert.equal(await sweepRows(world.db, "approvals", old, 10, world.now), 0);
    await world.settings(KEEP_30_DAYS);
    // The hold is added between reading and removing.
    let statements = 0;
    world.around = async () => {
      statements += 1;
      if (statements === 2) await addHold(world.others, { ...HOLD, target: "orders" }, ADMIN);
    };
    assert.equal(await sweepRows(world.db, "approvals", old, 10, world.now), 0);
    assert.ok(statements >= 2);
    assert.equal(await sweepRows(world.db, "leases", old, 10, world.now), 0);
  });
});
