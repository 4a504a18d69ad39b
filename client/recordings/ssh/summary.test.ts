import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD } from "../../../protocol/recording/testing.ts";
import { SshSummarizer } from "./summary.ts";
import { questionOf, SshScene } from "./testing.ts";

function summed(scene: SshScene, limit = 100) {
  const summarizer = new SshSummarizer(limit);
  for (const _ of scene.entries) summarizer.entry();
  for (const event of scene.events) summarizer.take(event);
  return summarizer.summary;
}

const BLOCK = { verdict: "block" as const, policies: [], reason: "not that" };
const HASH = "ab".repeat(32);

test("a summary lists commands with how they ended and how much they carried", () => {
  const scene = new SshScene();
  const { composer } = scene;
  composer.connector({
    event: "ssh_connected",
    host: "10.0.0.1",
    port: 22,
    user: "deploy",
    hostKey: "SHA256:k",
    software: "x",
  });
  scene.opened().exec("cat").input("abc").output("abc").error("d").wait(12).exited(0).opened().exec("false");
  scene.exited(1).opened().exec("sleep 9").exited("TERM").opened().exec("tail -f x").output("1");
  const summary = summed(scene);
  assert.deepEqual(summary.connection, { host: "10.0.0.1", port: 22, user: "deploy", hostKey: "SHA256:k" });
  assert.equal(summary.requests, 4);
  assert.equal(summary.entries, scene.entries.length);
  assert.deepEqual(summary.commands[0], {
    number: 1,
    channel: 1,
    time: composer.facts.opened,
    duration: 12,
    outcome: "exit 0",
    failed: false,
    command: "cat",
    terminal: false,
    status: 0,
    signal: null,
    bytesIn: 3,
    bytesOut: 4,
  });
  assert.deepEqual(
    summary.commands.map(({ outcome, failed, duration }) => [outcome, failed, duration]),
    [
      ["exit 0", false, 12],
      ["exit 1", true, 0],
      ["killed by SIGTERM", true, 0],
      ["", false, null],
    ],
  );
});

test("a shell says who watched and for how long it stood still", () => {
  const scene = new SshScene();
  const { composer } = scene;
  composer.edge({ event: "watch_begun", by: "corp/early" }).edge({ event: "watch_ended", by: "corp/early" });
  composer.edge({ event: "watch_begun", by: "corp/bo" });
  scene.opened([80, 24]).shell().output("$ ").input("ls\r").withheld(9).wait(10);
  composer
    .edge({ event: "watch_ended", by: "corp/bo" })
    .connector({ event: "frozen", channel: 1 })
    .wait(3_000);
  composer.edge({ event: "watch_begun", by: "corp/al" }).connector({ event: "thawed", channel: 1 }).wait(10);
  composer.connector({ event: "frozen", channel: 1 }).wait(500);
  scene.exited(0);
  const [shell] = summed(scene).shells;
  assert.deepEqual(
    [shell?.watchers, shell?.frozen, shell?.duration, shell?.bytesIn, shell?.bytesOut],
    [["corp/bo", "corp/al"], 3_500, 3_520, 3, 2],
  );
});

test("files have their bytes and hash, forwards what they carried", () => {
  const scene = new SshScene().opened();
  const { composer } = scene;
  scene.asked({ type: "file", protocol: "sftp", operation: "read", path: "/x" }).wait(5);
  composer.connector({
    event: "file_closed",
    channel: 1,
    path: "/x",
    read: { bytes: 9, sha256: HASH, whole: true },
    written: null,
  });
  scene.asked({ type: "file", protocol: "sftp", operation: "rename", path: "/x", other: "/y" });
  composer.connector({ event: "file_failed", channel: 1, path: "/x", reason: "denied" });
  composer.connector({ event: "channel_opened", channel: 2, type: "direct-tcpip" });
  scene.asked({ type: "forward", direction: "local", host: "db", port: 5432 }, 2).output("12", 2).wait(7);
  composer.connector({ event: "channel_closed", channel: 2 });
  const { files, forwards } = summed(scene);
  assert.deepEqual(
    files.map(({ operation, path, other, read, duration, outcome, failed }) => [
      operation,
      path,
      other,
      read?.bytes ?? null,
      duration,
      outcome,
      failed,
    ]),
    [
      ["read", "/x", null, 9, 5, "", false],
      ["rename", "/x", "/y", null, null, "denied", true],
    ],
  );
  assert.deepEqual(
    forwards.map(({ host, port, bytesOut, duration }) => [host, port, bytesOut, duration]),
    [["db", 5432, 2, 7]],
  );
});

test("what was blocked, held, approved and denied is counted and said of each", () => {
  const scene = new SshScene();
  const { composer } = scene;
  const ask = (command: string, approval: number, status: "approved" | "denied") => {
    const request = { type: "exec", command, terminal: false } as const;
    scene.opened().asked(request);
    composer.ask({ event: "approval_asked", approval, question: questionOf(request) }).wait(1_000);
    composer.edge({
      event: "approval_decided",
      approval,
      status,
      by: ["corp/dana"],
      reason: null,
      until: null,
      under: null,
    });
    if (status === "approved") composer.ask({ event: "approval_used", approval });
    else {
      composer.connector({
        event: "request_judged",
        channel: approval,
        request,
        decision: HELD,
        facts: null,
      });
    }
  };
  ask("a", 1, "approved");
  scene.wait(4).exited(0);
  ask("b", 2, "denied");
  scene.opened().exec("c");
  const request = { type: "exec", command: "c", terminal: false } as const;
  composer.connector({ event: "request_judged", channel: 3, request, decision: BLOCK, facts: null });
  const { commands, blocked, held, approvals } = summed(scene);
  assert.deepEqual([blocked, held, approvals.asked, approvals.approved, approvals.denied], [1, 2, 2, 1, 1]);
  assert.deepEqual(
    commands.map(({ outcome, failed, duration }) => [outcome, failed, duration]),
    [
      ["held: ask first; approved by corp/dana; exit 0", false, 4],
      ["held: ask first; denied by corp/dana", true, null],
      ["blocked: not that", true, null],
    ],
  );
});

test("so many requests are listed only, the latest; all are counted", () => {
  const scene = new SshScene().opened();
  for (let number = 0; number < 10; number++) scene.exec(`c${number}`);
  const { commands, requests } = summed(scene, 3);
  assert.deepEqual([requests, commands.map(({ command }) => command)], [10, ["c7", "c8", "c9"]]);
});
