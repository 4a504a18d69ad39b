import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { DEFAULT_LIMITS, type EdgeEvent, PING_EVERY_MS } from "../../protocol/control.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { encodeFrame, FrameType, MAX_PAYLOAD } from "../../protocol/frame.ts";
import { ApprovalDesk, type DeskHost } from "../approval/desk.ts";
import { FakePeer, facts, ID, KEY, SECRET } from "../testing/session-peers.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import type { Effects } from "./effects.ts";
import type { Sql } from "./log.ts";
import { VIEWER_BEHIND } from "./readers.ts";
import { SessionRecords } from "./record.ts";
import { Relay } from "./relay.ts";
import { MAX_WATCHERS, WATCHER_SILENT_MS, type Watcher } from "./watchers.ts";

const ALICE: Watcher = { principal: "corp/alice", since: 10 };
const BOB: Watcher = { principal: "corp/bob", since: 10, token: "bobs", until: 100_000 };

describe("watching a session", () => {
  let sql: Sql;
  let records: SessionRecords;
  let relay: Relay;
  let connector: FakePeer;
  let woken: number[];

  const desk = (host: DeskHost) => new ApprovalDesk(sql, 1, ID, host);
  const effects: Effects = {
    save: (record) => records.save(record),
    dial() {},
    checkConnector() {},
    settle() {},
    seal() {},
    discard() {},
    tell() {},
    wake: (at) => woken.push(at),
  };
  const watch = (watcher: Watcher, now = 10, from = 1): FakePeer => {
    const peer = new FakePeer();
    relay.audience.watch(peer, watcher, from, now);
    return peer;
  };
  /** What the log says of watching: `+corp/alice`, `-corp/alice`. */
  const logged = () =>
    [...relay.log.read(1, 1000)]
      .filter(({ kind }) => kind === EntryKind.edge)
      .map(({ frame }) => JSON.parse(Buffer.from(frame).toString()) as EdgeEvent)
      .flatMap((event) =>
        event.event === "watch_begun" ? `+${event.by}` : event.event === "watch_ended" ? `-${event.by}` : [],
      );
  /** How many watch, as often as the connector was told. */
  const told = (peer = connector) =>
    peer.texts.filter(({ type }) => type === "watched").map(({ watchers }) => watchers);
  /** The object is evicted and made again from its storage, with the sockets that outlived it. */
  const restart = (now: number, ...outlived: [FakePeer, Watcher][]) => {
    relay = new Relay(records.find(ID)!, newLog(sql, ID, 1), desk, effects, now);
    relay.attach("connector", connector, undefined);
    for (const [peer, watcher] of outlived) relay.audience.attachWatcher(peer, watcher, now);
    relay.woke(now);
  };

  beforeEach(() => {
    sql = sessionStorage();
    records = new SessionRecords(sql);
    woken = [];
    relay = new Relay(records.create(ID, "parked", 0), newLog(sql, ID, 1), desk, effects, 0);
    connector = new FakePeer();
    relay.open(new FakePeer(), facts(), DEFAULT_LIMITS, "edge-key", SECRET, 0);
    relay.join(connector, KEY, SECRET, 0);
  });

  test("who comes is recorded before the connector is told, and so is who leaves", () => {
    let recorded: string[] = [];
    const send = connector.send.bind(connector);
    connector.send = (data) => {
      recorded = logged();
      send(data);
    };
    const peer = watch(ALICE);
    assert.deepEqual([recorded, told()], [["+corp/alice"], [1]]);
    relay.audience.detach(peer, 20);
    assert.deepEqual(
      [recorded, told()],
      [
        ["+corp/alice", "-corp/alice"],
        [1, 0],
      ],
    );
    relay.audience.detach(peer, 21);
    assert.deepEqual(told(), [1, 0]);
  });

  test("what can't be recorded is not told", () => {
    const { exec } = sql;
    sql.exec = () => {
      throw new Error("database or disk is full");
    };
    assert.throws(() => watch(ALICE, 10, 100), /full/);
    sql.exec = exec;
    assert.deepEqual(told(), []);
  });

  test("a watcher sees everything from where it asks, and what comes, as any viewer", () => {
    const peer = watch(ALICE);
    assert.equal(peer.frames.length, relay.log.seq);
    relay.frame("agent", encodeFrame(FrameType.data, 0, 0, Buffer.from("x")), 11);
    assert.equal(peer.frames.length, relay.log.seq);
    relay.end("closed", "done", 12);
    assert.equal(peer.closed, 1000);
    assert.equal(relay.deadline() < Number.POSITIVE_INFINITY, true);
    assert.deepEqual(logged(), ["+corp/alice"], "the end of the session says that nobody watches it");
  });

  test("one principal counts once, on however many sockets; others count too", () => {
    const first = watch(ALICE);
    const second = watch(ALICE);
    watch(BOB);
    assert.deepEqual(told(), [1, 2]);
    relay.audience.detach(first, 20);
    assert.deepEqual(told(), [1, 2]);
    relay.audience.detach(second, 21);
    assert.deepEqual(told(), [1, 2, 1]);
    assert.deepEqual(logged(), ["+corp/alice", "+corp/bob", "-corp/alice"]);
  });

  test("who only follows is no watcher", () => {
    const viewer = new FakePeer();
    relay.audience.attach(viewer, 1, 10);
    relay.audience.detach(viewer, 11);
    assert.deepEqual([told(), logged()], [[], []]);
  });

  test("a connector is told when it joins, and in any case when it resumes", () => {
    relay.dropped("connector", connector, 10);
    watch(ALICE);
    assert.deepEqual(told(), []);
    const back = new FakePeer();
    relay.resume("connector", back, 0, 20);
    assert.deepEqual(told(back), [1]);
    const types = back.texts.map(({ type }) => type);
    assert.deepEqual(types, ["welcome", "open", "watched"]);

    const id = "f".repeat(32);
    relay = new Relay(
      records.create(id, "parked", 0),
      newLog(sql, id, 2),
      (host) => new ApprovalDesk(sql, 2, id, host),
      effects,
      0,
    );
    relay.open(new FakePeer(), facts(), DEFAULT_LIMITS, "edge-key", SECRET, 0);
    watch(ALICE);
    const late = new FakePeer();
    relay.join(late, KEY, SECRET, 30);
    assert.deepEqual(told(late), [1]);
  });

  test("one that falls behind has left, and everybody else has every entry", () => {
    const slow = watch(ALICE);
    const other = watch(BOB);
    slow.bufferedAmount = 100 * MAX_PAYLOAD;
    relay.frame("agent", encodeFrame(FrameType.data, 0, 0, Buffer.from("x")), 20);
    assert.equal(slow.closed, VIEWER_BEHIND);
    assert.deepEqual(logged(), ["+corp/alice", "+corp/bob", "-corp/alice"]);
    assert.deepEqual(told(), [1, 2, 1]);
    assert.equal(other.frames.length, relay.log.seq);
  });

  test("all that fall behind at the entry that tells of another leave, each told once", () => {
    const peers = [ALICE, BOB].map((watcher) => watch(watcher));
    for (const peer of peers) peer.bufferedAmount = 100 * MAX_PAYLOAD;
    watch({ principal: "corp/carol", since: 10 });
    assert.deepEqual(logged().toSorted(), [
      "+corp/alice",
      "+corp/bob",
      "+corp/carol",
      "-corp/alice",
      "-corp/bob",
    ]);
    assert.equal(told().at(-1), 1);
  });

  test("the end of the session is the last entry, though it is too much for a watcher", () => {
    const slow = watch(ALICE);
    slow.bufferedAmount = 100 * MAX_PAYLOAD;
    relay.end("closed", "done", 20);
    const [last] = [...relay.log.read(relay.log.seq, 1)];
    assert.equal(JSON.parse(Buffer.from(last!.frame).toString()).event, "ended");
  });

  test("one that is too slow for what was logged before does not count until it is back", () => {
    const peer = new FakePeer();
    peer.bufferedAmount = 100 * MAX_PAYLOAD;
    relay.audience.watch(peer, ALICE, 1, 10);
    assert.equal(peer.closed, VIEWER_BEHIND);
    assert.deepEqual([told(), logged()], [[], []]);
  });

  test("of a session that can't be recorded any more nothing is logged or told", () => {
    watch(ALICE);
    relay.record.state = "ending";
    const { seq } = relay.log;
    relay.audience.watchers.dismiss(null, 20);
    relay.woke(21);
    assert.equal(relay.log.seq, seq);
    assert.deepEqual(told(), [1]);
  });

  describe("silence", () => {
    test("of a watcher ends its watching after its time, and a ping puts it off", () => {
      const peer = watch(ALICE);
      assert.ok(woken.includes(10 + WATCHER_SILENT_MS));
      assert.equal(relay.deadline(), 10 + WATCHER_SILENT_MS);
      peer.pinged = 5_000;
      relay.expire(10 + WATCHER_SILENT_MS);
      assert.deepEqual(told(), [1]);
      assert.equal(relay.deadline(), 5_000 + WATCHER_SILENT_MS);
      relay.expire(5_000 + WATCHER_SILENT_MS - 1);
      assert.deepEqual(told(), [1]);
      relay.expire(5_000 + WATCHER_SILENT_MS);
      assert.deepEqual(told(), [1, 0]);
      assert.equal(peer.closed, VIEWER_BEHIND, "it may come again");
      const { seq } = relay.log;
      relay.frame("agent", encodeFrame(FrameType.data, 0, 0), 30_000);
      assert.equal(peer.frames.length, seq - 1, "its socket gets nothing more");
    });

    test("is no one's while nobody watches: the alarm is for others", () => {
      relay.audience.detach(watch(ALICE), 20);
      assert.ok(relay.deadline() > 10 + 4 * PING_EVERY_MS);
    });
  });

  test("a service token's end is the end of watching by it, for good", () => {
    const peer = watch(BOB);
    peer.pinged = 99_999;
    assert.equal(relay.deadline(), 100_000);
    relay.expire(100_000);
    assert.deepEqual(told(), [1, 0]);
    assert.equal(peer.closed, 4401);
  });

  test("a revocation sends away whom it concerns, and no other", () => {
    const agent: Watcher = { principal: "corp/bot", onBehalfOf: "corp/alice", since: 10 };
    const [alice, bob, bot] = [ALICE, BOB, agent].map((watcher) => watch(watcher));
    relay.audience.watchers.dismiss({ token: "another" }, 20);
    relay.audience.watchers.dismiss({ principal: "corp/nobody" }, 20);
    assert.deepEqual(told(), [1, 2, 3]);
    relay.audience.watchers.dismiss({ principal: "corp/alice" }, 20);
    assert.deepEqual([alice!.closed, bob!.closed, bot!.closed], [VIEWER_BEHIND, undefined, VIEWER_BEHIND]);
    relay.audience.watchers.dismiss({ token: "bobs" }, 21);
    assert.equal(bob!.closed, VIEWER_BEHIND);
    assert.deepEqual(told(), [1, 2, 3, 1, 0]);
    const again = watch(ALICE);
    relay.audience.watchers.dismiss(null, 22);
    assert.equal(again.closed, VIEWER_BEHIND);
    assert.equal(told().at(-1), 0);
  });

  test("a session has no more watchers than it may, and none when it is over or not begun", () => {
    for (let n = 0; n < MAX_WATCHERS; n++) watch(ALICE);
    assert.throws(() => relay.audience.checkWatchable(), { code: "too_many" });
    relay.end("closed", "done", 20);
    assert.throws(() => relay.audience.checkWatchable(), { code: "session_ended" });
    const id = "f".repeat(32);
    relay = new Relay(records.create(id, "parked", 0), newLog(sql, id, 2), desk, effects, 0);
    assert.throws(() => relay.audience.checkWatchable(), { code: "session_ended" });
  });

  describe("when the object wakes", () => {
    test("watchers whose sockets outlived its memory go on, without a word", () => {
      const peer = watch(ALICE);
      const { seq } = relay.log;
      restart(1_000, [peer, ALICE]);
      assert.equal(relay.log.seq, seq);
      assert.deepEqual(told(), [1]);
      relay.audience.detach(peer, 1_001);
      assert.deepEqual(told(), [1, 0]);
    });

    test("those who are gone are recorded as gone", () => {
      watch(ALICE);
      const bob = watch(BOB);
      restart(1_000, [bob, BOB]);
      assert.deepEqual(logged(), ["+corp/alice", "+corp/bob", "-corp/alice"]);
      assert.equal(told().at(-1), 1);
      restart(2_000);
      assert.equal(logged().at(-1), "-corp/bob");
      assert.equal(told().at(-1), 0);
    });

    test("time without a ping counts from when the socket came, not from when the object woke", () => {
      const peer = watch(ALICE);
      restart(14_000, [peer, ALICE]);
      assert.equal(relay.deadline(), 10 + WATCHER_SILENT_MS);
    });

    test("a record from before there were watchers has none", () => {
      const record = JSON.parse(JSON.stringify(records.find(ID)));
      delete record.watchers;
      sql.exec("UPDATE sessions SET record = ? WHERE id = ?", JSON.stringify(record), ID);
      assert.deepEqual(records.find(ID)?.watchers, []);
    });
  });
});
