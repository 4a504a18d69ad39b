import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD } from "../recording/testing.ts";
import { RecordKind } from "../ssh/record.ts";
import type { SshRequest } from "../ssh/request.ts";
import { activitiesOf, BLOCKED, brief, composer, DECIDED, OPENED, requestQuestion } from "./testing.ts";

const exec = (command: string): SshRequest => ({ type: "exec", command, terminal: false });
const file = (path: string, operation: "stat" | "read" | "write" = "stat"): SshRequest => ({
  type: "file",
  protocol: "sftp",
  operation,
  path,
});

function opened(channels = 1) {
  const scene = composer("ssh");
  for (let channel = 1; channel <= channels; channel++) {
    scene.connector({ event: "channel_opened", channel, type: "session" });
  }
  return scene;
}

test("a command with its status, duration and what detectors masked; nothing of its output or input", () => {
  const scene = opened().connector({ event: "requested", channel: 1, request: exec("cat /etc/motd") });
  scene.record(RecordKind.output, 1, "canary-output").record(RecordKind.input, 1, "canary-input");
  scene.connector({ event: "detected", found: { email: { masked: 2, reported: 1 } } }).wait(30);
  scene.connector({ event: "exited", channel: 1, status: 3, signal: null });
  scene.connector({ event: "channel_closed", channel: 1 });
  assert.deepEqual(activitiesOf(scene.entries), [
    {
      seq: 4,
      item: 0,
      time: OPENED,
      kind: "command",
      text: "cat /etc/motd",
      isCut: false,
      verdict: "allow",
      actions: ["ssh:exec"],
      policies: [],
      reason: null,
      approval: null,
      outcome: "error",
      status: "3",
      durationMs: 30,
      masked: { email: 2 },
    },
  ]);
});

test("commands that were blocked, approved, denied, killed; shells", () => {
  const scene = opened(5);
  const asked = (channel: number, request: SshRequest) =>
    scene.connector({ event: "requested", channel, request });
  const judged = (channel: number, request: SshRequest, decision: typeof BLOCKED | typeof HELD) =>
    scene.connector({ event: "request_judged", channel, request, decision, facts: null });
  asked(1, exec("rm -rf /"));
  judged(1, exec("rm -rf /"), BLOCKED);
  asked(2, exec("reboot")).ask({
    event: "approval_asked",
    approval: 1,
    question: requestQuestion(exec("reboot")),
  });
  scene.edge({ ...DECIDED, approval: 1, status: "approved" }).ask({ event: "approval_used", approval: 1 });
  scene.connector({ event: "exited", channel: 2, status: 0, signal: null });
  scene.connector({ event: "channel_closed", channel: 2 });
  asked(3, exec("halt")).ask({
    event: "approval_asked",
    approval: 2,
    question: requestQuestion(exec("halt")),
  });
  scene.edge({ ...DECIDED, approval: 2, status: "denied" });
  judged(3, exec("halt"), HELD);
  asked(4, exec("sleep 9")).connector({ event: "exited", channel: 4, status: null, signal: "TERM" });
  scene.connector({ event: "channel_closed", channel: 4 });
  asked(5, { type: "shell", terminal: true });
  const told = activitiesOf(scene.entries);
  assert.deepEqual(brief(told), [
    "rm -rf / | block | refused",
    "reboot | approve | ok | 0",
    "halt | block | refused",
    "sleep 9 | allow | error | TERM",
    "shell with a terminal | allow | unknown",
  ]);
  assert.deepEqual(
    told.map(({ approval }) => approval),
    [null, 1, 2, null, null],
  );
});

test("files succeed where nothing else is told: as they are closed, with their channel, or after a while", () => {
  const scene = opened(2);
  const asked = (channel: number, request: SshRequest) =>
    scene.connector({ event: "requested", channel, request });
  asked(1, file("/a", "read")).wait(5);
  scene.connector({ event: "file_closed", channel: 1, path: "/a", read: null, written: null });
  asked(1, file("/missing"));
  scene.connector({ event: "file_failed", channel: 1, path: "/missing", reason: "canary: no such file" });
  asked(1, file("/b")).wait(11_000);
  asked(2, file("/c")).connector({ event: "channel_closed", channel: 2 });
  asked(1, file("/d"));
  const told = activitiesOf(scene.entries);
  assert.deepEqual(brief(told), [
    "read /a (sftp) | allow | ok",
    "stat /missing (sftp) | allow | error",
    "stat /b (sftp) | allow | ok",
    "stat /c (sftp) | allow | ok",
    "stat /d (sftp) | allow | ok",
  ]);
  assert.equal(told[0]?.durationMs, 5);
  assert.deepEqual(told[0]?.actions, ["ssh:sftp:read"]);
  assert.ok(!JSON.stringify(told).includes("canary"));
});

test("a file that people are asked about did not succeed because it was silent", () => {
  const scene = opened().connector({ event: "requested", channel: 1, request: file("/etc/shadow") });
  scene.ask({ event: "approval_asked", approval: 1, question: requestQuestion(file("/etc/shadow")) });
  scene.wait(60_000).connector({ event: "requested", channel: 1, request: file("/b") });
  assert.deepEqual(brief(activitiesOf(scene.entries))[0], "stat /etc/shadow (sftp) | approve | unknown");
});

test("a command that runs for long is given out when it is over, and not before", () => {
  const scene = opened().connector({ event: "requested", channel: 1, request: exec("sleep 60") });
  scene.wait(60_000).record(RecordKind.output, 1, "done");
  scene.connector({ event: "exited", channel: 1, status: 0, signal: null });
  scene.connector({ event: "channel_closed", channel: 1 });
  assert.deepEqual(brief(activitiesOf(scene.entries)), ["sleep 60 | allow | ok | 0"]);
});

test("forwards are told, and what a judgement speaks of that nobody asked for", () => {
  const scene = composer("ssh");
  const forward = { type: "forward", direction: "local", host: "db", port: 5432 } as const;
  scene.connector({ event: "requested", channel: 0, request: forward }).wait(20_000);
  scene.connector({
    event: "request_judged",
    channel: 9,
    request: exec("id"),
    decision: BLOCKED,
    facts: null,
  });
  assert.deepEqual(brief(activitiesOf(scene.entries)), [
    "id | block | refused",
    "forward to db:5432 | allow | ok",
  ]);
});

test("of more requests than are remembered the oldest are given out as they are", () => {
  const scene = opened();
  for (let at = 0; at < 2_500; at++)
    scene.connector({ event: "requested", channel: 1, request: exec(`echo ${at}`) });
  const told = activitiesOf(scene.entries);
  assert.equal(new Set(told.map(({ text }) => text)).size, 2_500);
  assert.equal(told.length, 2_500);
});
