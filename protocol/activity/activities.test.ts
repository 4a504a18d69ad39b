import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EntryKind } from "../entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import { HttpScene, requestOf } from "../http/transcript/testing.ts";
import * as pg from "../postgres/messages.ts";
import type { RecordedEntry } from "../recording.ts";
import { SEED } from "../seeded.ts";
import { RecordKind } from "../ssh/record.ts";
import type { SshRequest } from "../ssh/request.ts";
import { ActivityReader } from "./activities.ts";
import {
  activitiesOf,
  answered,
  BLOCKED,
  composer,
  done,
  error,
  extended,
  READY,
  rowsOf,
  SESSION,
} from "./testing.ts";

console.log(`SEED=${SEED}`);

/** What a random session did, and the texts of which activities must tell, in order of their sending. */
interface Random {
  entries: RecordedEntry[];
  texts: string[];
}

const steps = fc.array(fc.record({ how: fc.nat(5), pause: fc.nat(20_000), value: fc.nat(9) }), {
  maxLength: 30,
});

const postgres = steps.map((given): Random => {
  const scene = composer("postgres");
  const texts: string[] = [];
  for (const [index, { how, pause, value }] of given.entries()) {
    const sql = `SELECT ${value} /* ${index} */`;
    const more = `DELETE FROM t WHERE a = ${value} /* ${index} */`;
    texts.push(sql);
    scene.wait(pause);
    if (how === 0)
      scene.agent(pg.query(sql)).target(Buffer.concat([...rowsOf(value), done("SELECT 1"), READY]));
    if (how === 1) scene.agent(pg.query(sql)).target(Buffer.concat([error("42601", "canary-error"), READY]));
    if (how === 2) {
      scene.agent(pg.query(sql));
      scene.connector({ event: "judged", decision: BLOCKED, text: sql, facts: null });
      scene.target(Buffer.concat([error("42501", "no"), READY]));
    }
    if (how >= 3) {
      texts.push(more);
      scene.agent(Buffer.concat([extended(sql), extended(more), pg.sync()]));
      const first = how === 3 ? answered("SELECT 1", value) : error("42703", "no");
      const rest = how === 3 ? [answered("DELETE 1")] : [];
      if (how < 5) scene.target(Buffer.concat([first, ...rest, READY]));
      // A pipeline: the answers come with those of the next.
      else scene.agent(Buffer.concat([extended("late"), pg.sync()]));
      if (how === 5) texts.push("late");
      if (how === 5) {
        scene.target(
          Buffer.concat([answered("SELECT 1"), answered("DELETE 1"), READY, answered("SELECT 1"), READY]),
        );
      }
    }
  }
  return { entries: scene.ended().entries, texts };
});

const ssh = steps.map((given): Random => {
  const scene = composer("ssh");
  const texts: string[] = [];
  for (const [index, { how, pause, value }] of given.entries()) {
    const channel = index + 1;
    const path = `/srv/${index}`;
    const request: SshRequest =
      how < 3
        ? { type: "exec", command: `echo ${index}`, terminal: false }
        : { type: "file", protocol: "sftp", operation: how === 3 ? "read" : "stat", path };
    texts.push(how < 3 ? `echo ${index}` : `${how === 3 ? "read" : "stat"} ${path} (sftp)`);
    scene.wait(pause).connector({ event: "channel_opened", channel, type: "session" });
    scene.connector({ event: "requested", channel, request });
    if (how === 0) scene.record(RecordKind.output, channel, "canary-returned");
    if (how === 0) scene.connector({ event: "exited", channel, status: value, signal: null });
    if (how === 1)
      scene.connector({
        event: "request_judged",
        channel,
        request,
        decision: BLOCKED,
        facts: null,
      });
    if (how === 3)
      scene.connector({ event: "file_closed", channel, path, read: null, written: null }).wait(value);
    if (how === 4) scene.connector({ event: "file_failed", channel, path, reason: "canary-reason" });
    if (value < 7) scene.connector({ event: "channel_closed", channel });
  }
  return { entries: scene.ended().entries, texts };
});

const http = steps.map((given): Random => {
  const scene = new HttpScene();
  const texts: string[] = [];
  for (const [index, { how, pause }] of given.entries()) {
    const target = `/items/${index}`;
    const request = requestOf("GET", target);
    texts.push(`GET ${target}`);
    scene.wait(pause).asked("GET", target);
    if (how === 0) scene.sent(request).answered(200, "canary-returned");
    if (how === 1) scene.judged(request).answered(403);
    if (how === 2) scene.sent(request).reset("target", "target_unreachable", "canary-reason");
    if (how === 3) scene.sent(request);
    if (how === 4) scene.held(request).decided("approved").sent(request).answered(404);
  }
  scene.composer.ended();
  return { entries: scene.entries, texts };
});

for (const [kind, sessions] of [
  ["postgres", postgres],
  ["ssh", ssh],
  ["http", http],
] as const) {
  test(`${kind}: none is lost or doubled, wherever the entries end, and what the target said is in none`, () => {
    fc.assert(
      fc.property(sessions, fc.nat(), ({ entries, texts }, at) => {
        const whole = activitiesOf(entries);
        assert.deepEqual(whole.map(({ text }) => text).sort(), [...texts].sort());
        assert.ok(!JSON.stringify(whole).includes("canary"));
        for (const { outcome, verdict } of whole) assert.equal(outcome === "refused", verdict === "block");
        const names = new Set(whole.map(({ seq, item }) => `${seq} ${item}`));
        assert.equal(names.size, whole.length);
        const part = activitiesOf(entries.slice(0, at % (entries.length + 1)));
        assert.equal(new Set(part.map(({ seq, item }) => `${seq} ${item}`)).size, part.length);
        for (const { seq, item } of part) {
          assert.ok(names.has(`${seq} ${item}`) || entries[seq - 1]?.kind === EntryKind.connector);
        }
      }),
      { numRuns: 100 },
    );
  });
}

test("hostile entries of any kind never make it throw, and what it gives can be stored", () => {
  const kinds = fc.constantFrom(...Object.values(EntryKind));
  const sound = [
    ...composer("ssh").connector({ event: "channel_opened", channel: 1, type: "session" }).entries,
    ...new HttpScene().asked("GET", "/").answered(200).entries,
    ...composer("postgres").agent(extended("SELECT 1")).entries,
  ];
  const frame = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc.tuple(fc.constantFrom(...sound), fc.nat(), fc.nat(255)).map(([entry, at, byte]) => {
      const bytes = Uint8Array.from(entry.frame);
      bytes[at % bytes.length] = byte;
      return bytes;
    }),
    fc.json().map((json) => encodeFrame(FrameType.event, 0, 0, Buffer.from(json))),
    fc
      .tuple(fc.nat(5), fc.nat(127), fc.nat(3), fc.uint8Array({ maxLength: 30 }))
      .map(([type, flags, stream, bytes]) =>
        encodeFrame(type as FrameType, flags & ~FrameFlag.ask, stream, bytes),
      ),
  );
  const entry = fc.record({ kind: kinds, frame, time: fc.nat() });
  const first = fc.constantFrom(
    ...(["postgres", "ssh", "http", "kubernetes"] as const).map((kind) => composer(kind).entries[0]!),
  );
  fc.assert(
    fc.property(fc.option(first), fc.array(entry, { maxLength: 40 }), (opened, rest) => {
      const entries = rest.map((one, index) => ({ ...one, seq: index + 2, hash: new Uint8Array(32) }));
      for (const activity of activitiesOf(opened ? [opened, ...entries] : entries)) {
        assert.ok(activity.text.isWellFormed());
        assert.ok(activity.text.length <= 4_096);
      }
    }),
    { numRuns: 300 },
  );
});

test("labels that a recording may hold do not drive what counts them", () => {
  const scene = composer("postgres").agent(pg.query("SELECT 1"));
  const json = `{"event":"masked","statements":[{"fingerprint":"${"00".repeat(16)}","text":null,"fields":{"__proto__":3}}]}`;
  const seq = scene.entries.length + 1;
  const frame = encodeFrame(FrameType.event, 0, 0, Buffer.from(json));
  const entries = [
    ...scene.entries,
    { seq, kind: EntryKind.connector, time: 0, frame, hash: new Uint8Array(32) },
  ];
  const [activity] = activitiesOf(entries);
  assert.deepEqual(Object.entries(activity!.masked), [["__proto__", 3]]);
});

test("a reader without entries has nothing to tell", () => {
  const reader = new ActivityReader();
  assert.deepEqual([reader.end(), reader.unassigned], [[], {}]);
  assert.equal(SESSION.length, 32);
});
