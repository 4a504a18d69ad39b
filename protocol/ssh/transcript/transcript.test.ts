import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { ApprovalEvent, RequestQuestion } from "../../approval/approval.ts";
import { EntryKind } from "../../entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../../frame.ts";
import { Composer, printedRandom } from "../../recording/testing.ts";
import { generateKey } from "../../signatures.ts";
import { RecordKind } from "../record.ts";
import type { SshRequest } from "../request.ts";
import { SshTranscript, type SshTranscriptEvent } from "./transcript.ts";
import "../../seeded.ts";

const keys = [await generateKey(), await generateKey()] as const;

function composer(): Composer {
  return new Composer("0".repeat(32), ...keys).kind("ssh").opened().joined();
}

function told({ entries }: Composer): SshTranscriptEvent[] {
  const transcript = new SshTranscript();
  return entries.flatMap((entry) => transcript.push(entry));
}

/** The events of a type, without when. */
function only<Type extends SshTranscriptEvent["type"]>(events: SshTranscriptEvent[], type: Type) {
  return events
    .filter((event): event is Extract<SshTranscriptEvent, { type: Type }> => event.type === type)
    .map(({ seq: _, time: __, ...rest }) => rest);
}

const exec = (command: string): SshRequest => ({ type: "exec", command, terminal: false });
const file = (operation: "read" | "write" | "stat", path: string): SshRequest => ({
  type: "file",
  protocol: "sftp",
  operation,
  path,
});
const BLOCK = { verdict: "block", policies: [], reason: "no" } as const;
const HELD = {
  verdict: "approve",
  policies: ["ask"],
  reason: "ask first",
  approvals: [{ approvers: ["ops"], quorum: 1 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
} as const;

function question(request: SshRequest): RequestQuestion {
  const { verdict: _, ...rule } = HELD;
  return {
    kind: "request",
    ...rule,
    policies: [...rule.policies],
    approvals: rule.approvals.map(({ approvers, quorum }) => ({ approvers: [...approvers], quorum })),
    account: "deploy",
    actions: ["ssh:exec"],
    request,
    sha256: "ab".repeat(32),
    fingerprint: "ab".repeat(32),
  };
}

function decided(approval: number, status: "approved" | "denied"): ApprovalEvent {
  return {
    event: "approval_decided",
    approval,
    status,
    by: ["corp/dana"],
    reason: null,
    until: null,
    under: null,
  };
}

describe("a recorded SSH session", () => {
  test("tells a command with its bytes, exit status and duration; ciphertext tells nothing", () => {
    const events = told(
      composer()
        .agent(Buffer.from("SSH-2.0-x\r\n"))
        .connector({ event: "channel_opened", channel: 1, type: "session" })
        .connector({ event: "requested", channel: 1, request: exec("cat") })
        .wait(5)
        .record(RecordKind.input, 1, "in")
        .record(RecordKind.output, 1, "out")
        .record(RecordKind.error, 1, "err")
        .target(Buffer.alloc(99))
        .wait(7)
        .connector({ event: "exited", channel: 1, status: 3, signal: null })
        .connector({ event: "channel_closed", channel: 1 })
        .ended(),
    );
    assert.deepEqual(
      only(events, "bytes").map(({ request, stream, bytes }) => [
        request,
        stream,
        Buffer.from(bytes).toString(),
      ]),
      [
        [1, "input", "in"],
        [1, "output", "out"],
        [1, "error", "err"],
      ],
    );
    assert.deepEqual(only(events, "exit"), [
      { type: "exit", channel: 1, request: 1, status: 3, signal: null, duration: 12 },
    ]);
    assert.deepEqual(only(events, "closed"), [{ type: "closed", channel: 1, request: 1, duration: 12 }]);
    assert.deepEqual(events.map(({ type }) => type).slice(0, 4), ["edge", "edge", "channel", "request"]);
    assert.deepEqual(events.at(-1)?.seq, 12);
  });

  test("tells how much was typed that was not shown", () => {
    const events = told(composer().record(RecordKind.withheld, 4, 7).record(RecordKind.withheld, 4, "x"));
    assert.deepEqual(only(events, "withheld"), [
      { type: "withheld", channel: 4, request: null, characters: 7 },
    ]);
    assert.equal(only(events, "undecodable").length, 1);
  });

  test("of a request that was held, tells how long people took, and what it took then", () => {
    const events = told(
      composer()
        .connector({ event: "channel_opened", channel: 1, type: "session" })
        .connector({ event: "requested", channel: 1, request: exec("reboot") })
        .ask({ event: "approval_asked", approval: 1, question: question(exec("reboot")) })
        .wait(5_000)
        .edge(decided(1, "approved"))
        .ask({ event: "approval_used", approval: 1 })
        .wait(9)
        .connector({ event: "exited", channel: 1, status: 0, signal: null }),
    );
    assert.deepEqual(
      only(events, "approval").map(({ request, waited, entry }) => [entry.event, request, waited]),
      [
        ["approval_asked", 1, 0],
        ["approval_decided", 1, 5_000],
        ["approval_used", 1, 5_000],
      ],
    );
    assert.equal(only(events, "exit")[0]!.duration, 9);
  });

  test("finds the request that was refused, after people were asked and without, though others are the same", () => {
    const events = told(
      composer()
        .connector({ event: "requested", channel: 1, request: exec("a") })
        .connector({ event: "requested", channel: 2, request: exec("a") })
        .ask({ event: "approval_asked", approval: 1, question: question(exec("a")) })
        .edge(decided(1, "denied"))
        .connector({
          event: "request_judged",
          channel: 2,
          request: exec("a"),
          decision: {
            ...HELD,
            policies: [],
            approvals: [{ approvers: ["ops"], quorum: 1 }],
            rows: null,
            bytes: null,
          },
          facts: null,
        })
        .connector({
          event: "request_judged",
          channel: 1,
          request: exec("a"),
          decision: { ...BLOCK, policies: [] },
          facts: null,
        })
        .connector({
          event: "request_judged",
          channel: 1,
          request: exec("a"),
          decision: { ...BLOCK, policies: [] },
          facts: null,
        }),
    );
    assert.deepEqual(
      only(events, "judged").map(({ request, afterApproval }) => [request, afterApproval]),
      [
        [2, true],
        [1, false],
        [null, false],
      ],
    );
  });

  test("of two that are the same, the one that people refused was refused, though the other came later", () => {
    const events = told(
      composer()
        .connector({ event: "requested", channel: 1, request: file("read", "/x") })
        .ask({ event: "approval_asked", approval: 1, question: question(file("read", "/x")) })
        .connector({ event: "requested", channel: 1, request: file("read", "/x") })
        .edge(decided(1, "denied"))
        .connector({
          event: "request_judged",
          channel: 1,
          request: file("read", "/x"),
          decision: { ...BLOCK, policies: [] },
          facts: null,
        }),
    );
    assert.deepEqual(
      only(events, "judged").map(({ request, afterApproval }) => [request, afterApproval]),
      [[1, true]],
    );
  });

  test("finds the file that was closed or failed, whatever was asked about its path since", () => {
    const moved = { bytes: 3, sha256: "cd".repeat(32), whole: true };
    const events = told(
      composer()
        .connector({ event: "channel_opened", channel: 1, type: "session" })
        .connector({ event: "requested", channel: 1, request: file("write", "/x") })
        .connector({ event: "requested", channel: 1, request: file("stat", "/x") })
        .connector({ event: "requested", channel: 1, request: file("stat", "/y") })
        .wait(4)
        .connector({ event: "file_failed", channel: 1, path: "/y", reason: "no such file" })
        .connector({ event: "file_closed", channel: 1, path: "/x", read: null, written: moved })
        .connector({ event: "file_closed", channel: 2, path: "/x", read: null, written: moved }),
    );
    assert.equal(only(events, "file_failed")[0]!.request, 3);
    assert.deepEqual(
      only(events, "file_closed").map(({ request, duration }) => [request, duration]),
      [
        [1, 4],
        [null, null],
      ],
    );
  });

  test("takes an approval's entry only from the side that writes it", () => {
    const forged = { ...decided(1, "approved") } as never;
    const events = told(
      composer()
        .connector(forged)
        .edge({ event: "approval_used", approval: 1 } as never),
    );
    assert.deepEqual(only(events, "approval"), []);
  });

  test("a clock that steps back makes no duration below zero", () => {
    const events = told(
      composer()
        .connector({ event: "channel_opened", channel: 1, type: "session" })
        .wait(-50)
        .connector({ event: "channel_closed", channel: 1 }),
    );
    assert.equal(only(events, "closed")[0]!.duration, 0);
  });

  test("forgets channels and files, of which there may be any number", () => {
    const transcript = new SshTranscript();
    const frame = (event: object) => encodeFrame(FrameType.event, 0, 0, Buffer.from(JSON.stringify(event)));
    const push = (event: object) =>
      transcript.push({ kind: EntryKind.connector, seq: 1, time: 1, frame: frame(event) });
    const path = "x".repeat(10_000);
    push({ event: "channel_opened", channel: 0, type: "session" });
    for (let channel = 1; channel <= 3_000; channel++) {
      push({ event: "channel_opened", channel, type: path });
      push({ event: "requested", channel, request: file("write", path + channel) });
      push({ event: "requested", channel, request: exec(path + channel) });
    }
    const [closed] = push({ event: "channel_closed", channel: 0 });
    assert.deepEqual(closed, {
      seq: 1,
      time: 1,
      type: "closed",
      channel: 0,
      request: null,
      duration: null,
    });
  });
});

describe("a hostile recording of an SSH session", () => {
  test("is read without an error, whatever its entries hold", () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const entry = fc.record({
      kind: fc.constantFrom(...Object.values(EntryKind)),
      seq: fc.nat(),
      time: fc.nat(),
      frame: fc.oneof(
        bytes,
        fc
          .tuple(fc.nat(31), fc.jsonValue())
          .map(([flags, value]) =>
            encodeFrame(FrameType.event, flags, 0, Buffer.from(JSON.stringify(value))),
          ),
        bytes.map((payload) => encodeFrame(FrameType.event, FrameFlag.record, 0, payload)),
      ),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 20 }), (entries) => {
        const transcript = new SshTranscript();
        for (const one of entries) transcript.push(one);
      }),
      { numRuns: 2_000 },
    );
  });

  test("is read without an error when a true one is damaged", () => {
    const { entries } = composer()
      .connector({ event: "channel_opened", channel: 1, type: "session" })
      .connector({ event: "requested", channel: 1, request: exec("a") })
      .ask({ event: "approval_asked", approval: 1, question: question(exec("a")) })
      .edge(decided(1, "denied"))
      .record(RecordKind.output, 1, "x")
      .record(RecordKind.withheld, 1, 3)
      .connector({ event: "exited", channel: 1, status: 0, signal: null });
    const random = printedRandom();
    for (let run = 0; run < 5_000; run++) {
      const transcript = new SshTranscript();
      for (const entry of entries) {
        const frame = Uint8Array.from(entry.frame);
        if (random(3) === 0) frame[random(frame.length)] = random(256);
        transcript.push({
          ...entry,
          frame: frame.subarray(0, random(10) === 0 ? random(frame.length) : undefined),
        });
      }
    }
  });
});
