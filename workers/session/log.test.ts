import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { chain, type EntryKind, genesis, EntryKind as Kind } from "../../protocol/entry.ts";
import { encodeFrame, FRAME_HEADER, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { newLog, sessionStorage } from "../testing/session-storage.ts";
import "../../protocol/seeded.ts";

const SESSION = "a".repeat(32);
const frame = (payload: string, flags = 0) => encodeFrame(FrameType.data, flags, 0, Buffer.from(payload));

/** A step: who writes, and what. */
const step = fc.tuple(fc.constantFrom(Kind.agent, Kind.target, Kind.connector, Kind.edge), fc.string());

describe("the session's log", () => {
  test("a restarted object goes on where the last row left it: same head, same counts", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(29), (steps, restartAt) => {
        const sql = sessionStorage();
        const whole = newLog(sql, SESSION, 1);
        let restarted = newLog(sql, SESSION, 2);
        steps.forEach(([kind, text], index) => {
          const bytes = kind === Kind.edge ? Buffer.from(text) : frame(text);
          whole.append(kind as EntryKind, index, bytes);
          if (index === restartAt) restarted = newLog(sql, SESSION, 2);
          restarted.append(kind as EntryKind, index, bytes);
        });
        const facts = (log: typeof whole) => [
          log.seq,
          log.fromAgent,
          log.fromConnector,
          log.toAgent,
          log.agentBytes,
          log.targetBytes,
          log.bytes,
          log.interruptible,
          Buffer.from(log.head).toString("hex"),
        ];
        assert.deepEqual(facts(newLog(sql, SESSION, 2)), facts(whole));
        sql.close();
      }),
    );
  });

  test("each entry's hash follows from the one before, as the recording's format says", () => {
    const sql = sessionStorage();
    const log = newLog(sql);
    for (let i = 0; i < 5; i++) log.append(Kind.agent, 1000 + i, frame(`message ${i}`));
    let head = genesis(SESSION);
    for (const entry of log.read(1, 10)) {
      head = chain(head, entry);
      assert.deepEqual(Buffer.from(entry.hash), head);
    }
    assert.deepEqual(Buffer.from(log.head), head);
  });

  test("sessions of one object don't see each other's entries", () => {
    const sql = sessionStorage();
    const one = newLog(sql, "1".repeat(32), 1);
    const two = newLog(sql, "2".repeat(32), 2);
    one.append(Kind.agent, 1, frame("one"));
    two.append(Kind.agent, 1, frame("two"));
    one.append(Kind.agent, 2, frame("one again"));
    assert.equal([...one.read(1, 10)].length, 2);
    assert.equal([...two.read(1, 10)].length, 1);
    assert.equal(newLog(sql, "2".repeat(32), 2).fromAgent, 1);
  });

  test("a side that has received n frames goes on with frame n + 1", () => {
    const sql = sessionStorage();
    const log = newLog(sql);
    const kinds = [
      Kind.edge,
      Kind.agent,
      Kind.target,
      Kind.target,
      Kind.agent,
      Kind.connector,
      Kind.target,
      Kind.edge,
    ];
    for (const kind of kinds) log.append(kind, 1, kind === Kind.edge ? Buffer.from("{}") : frame("12345"));
    for (const [side, kind] of [
      ["agent", Kind.target],
      ["connector", Kind.agent],
    ] as const) {
      const all = [...log.read(1, 100)].filter((entry) => entry.kind === kind);
      for (let received = 0; received <= all.length; received++) {
        const { seq, bytes } = log.position(side, received);
        assert.equal(
          [...log.read(seq + 1, 100)].find((entry) => entry.kind === kind)?.seq,
          all[received]?.seq,
        );
        assert.equal(bytes, received * 5);
      }
    }
  });

  test("the edge may speak only where a message has ended, and not after the stream has", () => {
    const log = newLog(sessionStorage());
    assert.equal(log.interruptible, true);
    log.append(Kind.target, 1, frame("half", FrameFlag.partial));
    assert.equal(log.interruptible, false);
    log.append(Kind.target, 1, frame("whole"));
    assert.equal(log.interruptible, true);
    log.append(Kind.target, 1, encodeFrame(FrameType.end, 0, 0));
    assert.equal(log.interruptible, false);
  });

  test("of trimmed entries those stay that a side may still need, and it goes on with them", () => {
    const kinds = [Kind.agent, Kind.target, Kind.target, Kind.connector, Kind.target] as const;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...kinds), { minLength: 2, maxLength: 60 }),
        fc.nat(60),
        fc.nat(60),
        fc.nat(60),
        (entries, upTo, agentHas, connectorHas) => {
          const sql = sessionStorage();
          const log = newLog(sql);
          for (const [index, kind] of entries.entries())
            log.append(kind, index, frame("x".repeat(index % 7)));
          const whole = [...log.read(1, 100)];
          const has = {
            agent: Math.min(agentHas, log.toAgent),
            connector: Math.min(connectorHas, log.fromAgent),
          };
          const last = Math.min(upTo, log.seq);
          log.trim(1, last, {
            agent: { frames: has.agent, next: Number.POSITIVE_INFINITY },
            connector: { frames: has.connector, next: Number.POSITIVE_INFINITY },
          });
          assert.deepEqual([...log.read(last + 1, 100)], whole.slice(last));
          assert.equal(newLog(sql).seq, log.seq);
          for (const side of ["agent", "connector"] as const) {
            const frames = whole.filter(({ kind }) => kind === (side === "agent" ? Kind.target : Kind.agent));
            for (let received = has[side]; received <= frames.length; received++) {
              const { seq, bytes } = log.position(side, received);
              const next = [...log.read(seq + 1, 100)].filter(({ kind }) => kind === frames[0]?.kind);
              assert.deepEqual(next, frames.slice(received));
              const before = frames
                .slice(0, received)
                .reduce((sum, one) => sum + one.frame.length - FRAME_HEADER, 0);
              assert.equal(bytes, before);
            }
          }
          sql.close();
        },
      ),
    );
  });

  test("who says it has frames, and then asks for them again, is refused and not given others", () => {
    const log = newLog(sessionStorage());
    for (let i = 0; i < 10; i++) log.append(Kind.target, i, frame(`${i}`));
    const all = Number.POSITIVE_INFINITY;
    log.trim(1, 8, { agent: { frames: 6, next: all }, connector: { frames: all, next: all } });
    assert.equal(log.position("agent", 6).seq, 6);
    for (const received of [0, 3, 5])
      assert.throws(() => log.position("agent", received), { code: "protocol_violation" });
  });

  test("what a side has yet to read stays, also of one that can't resume", () => {
    const log = newLog(sessionStorage());
    for (let i = 0; i < 10; i++) log.append(Kind.target, i, frame(`${i}`));
    const all = Number.POSITIVE_INFINITY;
    log.trim(1, 10, { agent: { frames: all, next: 8 }, connector: { frames: 0, next: all } });
    assert.deepEqual(
      Array.from(log.read(1, 100), ({ seq }) => seq),
      [8, 9, 10],
    );
  });
});
