import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import type { Block } from "../policy/decision.ts";
import type { CommandFacts, LineFacts } from "../shell/facts.ts";
import { isLineFacts } from "../shell/facts-reading.ts";
import type { SshEvent } from "../ssh/events.ts";
import { RecordKind, recordHeader } from "../ssh/record.ts";
import type { SshRequest } from "../ssh/request.ts";
import { channelRecord, connectorEvent, edgeEvent } from "./events.ts";
import "../seeded.ts";

const command: CommandFacts = {
  program: "rm",
  path: "/bin/rm",
  argv: ["rm", null],
  via: ["sudo"],
  runAs: "root",
  host: null,
  reads: [],
  writes: ["/tmp/x"],
  assignments: [],
  stdin: "agent",
  known: true,
  effects: ["delete"],
  opaque: [],
};
const facts: LineFacts = { commands: [command], opaque: [], fingerprint: "ab".repeat(32) };
const exec: SshRequest = { type: "exec", command: "rm -rf /", terminal: false };
const decision: Block = { verdict: "block", policies: ["strict"], reason: "no" };
const moved = { bytes: 3, sha256: "cd".repeat(32), whole: true };

const GOOD: SshEvent[] = [
  { event: "ssh_client", software: "SSH-2.0-OpenSSH_10.0" },
  {
    event: "ssh_connected",
    host: "web1",
    port: 22,
    user: "deploy",
    hostKey: "SHA256:x",
    software: "SSH-2.0-x",
  },
  { event: "channel_opened", channel: 1, type: "session" },
  { event: "terminal", channel: 1, term: "xterm", columns: 80, rows: 24 },
  { event: "resized", channel: 1, columns: 0, rows: 4_294_967_295 },
  { event: "environment", channel: 1, name: "LANG", value: "C" },
  { event: "environment", channel: 1, name: "LD_PRELOAD", value: null },
  { event: "requested", channel: 1, request: exec },
  { event: "requested", channel: 0, request: { type: "forward", direction: "remote", host: "", port: 0 } },
  { event: "request_judged", channel: 1, request: exec, decision, facts },
  { event: "request_judged", channel: 1, request: { type: "shell", terminal: true }, decision, facts: null },
  { event: "subsystem", channel: 1, name: "sftp" },
  { event: "signal", channel: 1, signal: "INT" },
  { event: "exited", channel: 1, status: 255, signal: null },
  { event: "exited", channel: 1, status: null, signal: "KILL" },
  { event: "exited", channel: 1, status: null, signal: null },
  { event: "channel_closed", channel: 1 },
  { event: "file_failed", channel: 1, path: "/x", reason: "no such file" },
  { event: "file_closed", channel: 1, path: "/x", read: moved, written: null },
  { event: "file_closed", channel: 1, path: "/x", read: null, written: { ...moved, sha256: null } },
  { event: "frozen", channel: 1 },
  { event: "thawed", channel: 1 },
];

const framed = (event: unknown, flags = 0) =>
  encodeFrame(FrameType.event, flags, 0, Buffer.from(JSON.stringify(event)));
const read = (event: unknown) => connectorEvent(framed(event));

describe("events of SSH sessions", () => {
  for (const [index, event] of GOOD.entries()) {
    test(`${event.event} (${index}) reads back as it was written`, () =>
      assert.deepEqual(read(event), event));
  }

  test("lack no member", () => {
    for (const event of GOOD) {
      for (const member of Object.keys(event).filter((name) => name !== "event")) {
        const { [member]: _, ...rest } = event as Record<string, unknown>;
        assert.equal(read(rest), null, `${event.event} without ${member}`);
      }
    }
  });

  const bad: [string, object][] = [
    ["a channel below zero", { event: "channel_closed", channel: -1 }],
    ["half a channel", { event: "channel_closed", channel: 0.5 }],
    ["a channel beyond u32", { event: "channel_closed", channel: 4_294_967_296 }],
    ["a width in words", { ...GOOD[3], columns: "80" }],
    ["an exit status in words", { event: "exited", channel: 1, status: "0", signal: null }],
    ["no request", { event: "requested", channel: 1, request: { type: "dance" } }],
    [
      "a verdict that allows",
      {
        ...GOOD[9],
        decision: { verdict: "allow", policies: [], rows: null, bytes: null },
      },
    ],
    ["facts of a statement", { ...GOOD[9], facts: { tag: "DELETE" } }],
    ["a hash that is none", { ...GOOD[18], read: { ...moved, sha256: "CD".repeat(32) } }],
    ["fewer bytes than none", { ...GOOD[18], read: { ...moved, bytes: -1 } }],
    ["a file that nobody knows was whole", { ...GOOD[18], read: { bytes: 1, sha256: null } }],
  ];
  for (const [what, event] of bad) test(`${what}: no event`, () => assert.equal(read(event), null));

  test("whatever a member is replaced by, reading answers an event or null", () => {
    fc.assert(
      fc.property(fc.constantFrom(...GOOD), fc.string(), fc.jsonValue(), (event, name, value) => {
        for (const member of [...Object.keys(event), name]) read({ ...event, [member]: value });
      }),
    );
  });
});

describe("facts of a command line", () => {
  test("are read when each member is what it must be", () => {
    assert.ok(isLineFacts(facts));
    assert.ok(isLineFacts({ ...facts, commands: [] }));
  });

  test("are none when one member is not", () => {
    for (const member of Object.keys(facts)) assert.ok(!isLineFacts({ ...facts, [member]: 7 }), member);
    for (const member of Object.keys(command)) {
      assert.ok(!isLineFacts({ ...facts, commands: [{ ...command, [member]: 7 }] }), member);
    }
    assert.ok(!isLineFacts({ ...facts, commands: [{ ...command, effects: ["levitate"] }] }));
    assert.ok(!isLineFacts({ ...facts, commands: [{ ...command, argv: [undefined] }] }));
    assert.ok(!isLineFacts({ ...facts, fingerprint: "short" }));
  });

  test("are judged without an error, whatever they are", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => void isLineFacts(value)));
  });
});

describe("bytes of channels", () => {
  const record = (flags: number, ...chunks: Uint8Array[]) =>
    encodeFrame(FrameType.event, flags, 0, ...chunks);

  test("are read from frames that say so, and are no JSON whatever they look like", () => {
    const looks = Buffer.from('{"event":"thawed","channel":1}');
    const frame = record(FrameFlag.record, recordHeader(RecordKind.output, 7), looks);
    assert.deepEqual(channelRecord(frame), { kind: RecordKind.output, channel: 7, bytes: looks });
    assert.equal(connectorEvent(frame), null);
    assert.equal(connectorEvent(framed(GOOD[20], FrameFlag.record)), null);
  });

  test("are none in other frames, in those that the edge acted on, or without a whole header", () => {
    const header = recordHeader(RecordKind.input, 1);
    assert.equal(channelRecord(record(0, header)), null);
    assert.equal(channelRecord(record(FrameFlag.record | FrameFlag.ask, header)), null);
    assert.equal(channelRecord(record(FrameFlag.record, header.subarray(0, 4))), null);
    assert.equal(channelRecord(record(FrameFlag.record, Buffer.from([9, 0, 0, 0, 1]))), null);
    assert.equal(channelRecord(Buffer.alloc(2)), null);
  });
});

test("who watches is told by whom", () => {
  const begun = { event: "watch_begun", by: "corp/bo" };
  assert.deepEqual(edgeEvent(Buffer.from(JSON.stringify(begun))), begun);
  assert.equal(edgeEvent(Buffer.from(JSON.stringify({ event: "watch_ended" }))), null);
});
