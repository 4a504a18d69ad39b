import assert from "node:assert/strict";
import { test } from "node:test";
import { HELD } from "../../../protocol/recording/testing.ts";
import { type NarratorOptions, SshNarrator } from "./narrate.ts";
import { questionOf, SshScene } from "./testing.ts";

/** The lines behind those of the day, the opening and the connector's joining. */
function told(scene: SshScene, options: NarratorOptions = {}): string[] {
  const narrator = new SshNarrator((_, text) => text, options);
  return [...scene.events.flatMap((event) => narrator.tell(event)), ...narrator.end()].slice(3);
}

const BLOCK = { verdict: "block" as const, policies: ["strict"], reason: "not that" };

test("commands are told with what they printed, how they ended and how long they took", () => {
  const scene = new SshScene();
  scene.composer.connector({ event: "ssh_client", software: "SSH-2.0-OpenSSH_10.0" }).connector({
    event: "ssh_connected",
    host: "10.0.0.1",
    port: 22,
    user: "deploy",
    hostKey: "SHA256:k",
    software: "SSH-2.0-x",
  });
  scene.opened().exec("sort -u").wait(2).input("b\na\n").output("a\n").output("b").error("warned\n").wait(3);
  scene.exited(0);
  assert.deepEqual(told(scene), [
    "08:00:00.000 the agent's client is SSH-2.0-OpenSSH_10.0",
    "08:00:00.000 connected to 10.0.0.1:22 as deploy (SHA256:k, SSH-2.0-x)",
    "08:00:00.000 #1 sort -u",
    "           < │ b",
    "           < │ a",
    "             │ a",
    "           2 │ warned",
    "             │ b",
    "08:00:00.005 #1 exit 0 · 5 ms",
  ]);
});

test("the output of several channels says whose it is", () => {
  const scene = new SshScene().opened().exec("one").opened().exec("two");
  scene.output("1\n", 1).output("1\n", 1).output("2\n", 2).exited("KILL", 1).exited(2);
  assert.deepEqual(told(scene), [
    "08:00:00.000 #1 one",
    "08:00:00.000 #2 two",
    "08:00:00.000 #1",
    "             │ 1",
    "             │ 1",
    "08:00:00.000 #2",
    "             │ 2",
    "08:00:00.000 #1 killed by SIGKILL · 0 ms",
    "08:00:00.000 #2 exit 2 · 0 ms",
  ]);
});

test("one channel alone, when it is asked for", () => {
  const scene = new SshScene().opened().exec("one").opened().exec("two").output("2\n").output("1\n", 1);
  assert.deepEqual(told(scene, { channel: 2 }), ["08:00:00.000 #2 two", "             │ 2"]);
});

test("a terminal is told as its text, and what was typed unseen by how much it was", () => {
  const scene = new SshScene()
    .opened([80, 24])
    .shell()
    .output("\x1b[1m$\x1b[0m sudo id\r\n")
    .input("sudo id\r");
  scene.output("Password: ").withheld(7).output("\r\nroot\r\n");
  scene.composer.connector({ event: "resized", channel: 1, columns: 100, rows: 30 });
  scene.composer.edge({ event: "watch_ended", by: "corp/bo" }).connector({ event: "frozen", channel: 1 });
  assert.deepEqual(told(scene), [
    "08:00:00.000 channel 1: terminal xterm-256color, 80x24",
    "08:00:00.000 #1 shell with a terminal",
    "             │ $ sudo id",
    "             │ Password: ",
    "08:00:00.000 [7 characters were typed that the terminal did not show]",
    "             │ ",
    "             │ root",
    "08:00:00.000 channel 1: the terminal is 100x30 now",
    "08:00:00.000 corp/bo watches no longer",
    "08:00:00.000 channel 1 stands still: nobody watches",
  ]);
});

test("files are told with their bytes and hash, forwards with where to", () => {
  const hash = "ab".repeat(32);
  const scene = new SshScene().opened();
  scene.asked({ type: "file", protocol: "sftp", operation: "write", path: "/srv/x" }).wait(9);
  scene.composer.connector({
    event: "file_closed",
    channel: 1,
    path: "/srv/x",
    read: null,
    written: { bytes: 3, sha256: hash, whole: true },
  });
  scene.asked({ type: "file", protocol: "sftp", operation: "rename", path: "/a", other: "/b" });
  scene.composer.connector({ event: "file_failed", channel: 1, path: "/a", reason: "no such file" });
  scene.asked({ type: "forward", direction: "local", host: "db", port: 5432 }, 2);
  scene.asked({ type: "forward", direction: "agent", host: "", port: 0 }, 2);
  assert.deepEqual(told(scene), [
    "08:00:00.000 #1 write /srv/x (sftp)",
    `08:00:00.009 #1 3 bytes written, SHA-256 ${hash} · 9 ms`,
    "08:00:00.009 #2 rename /a to /b (sftp)",
    "08:00:00.009 #2 /a failed: no such file",
    "08:00:00.009 #3 forward to db:5432",
    "08:00:00.009 #4 forward the authentication agent",
  ]);
});

test("what was blocked, held and denied is told at its place", () => {
  const request = { type: "exec", command: "reboot", terminal: false } as const;
  const scene = new SshScene().opened().exec("rm -rf /");
  scene.composer.connector({
    event: "request_judged",
    channel: 1,
    request: { type: "exec", command: "rm -rf /", terminal: false },
    decision: BLOCK,
    facts: null,
  });
  scene.opened().asked(request);
  scene.composer
    .ask({ event: "approval_asked", approval: 1, question: questionOf(request) })
    .wait(4_000)
    .edge({
      event: "approval_decided",
      approval: 1,
      status: "denied",
      by: ["corp/dana"],
      reason: "no",
      until: null,
      under: null,
    });
  scene.composer.connector({ event: "request_judged", channel: 2, request, decision: HELD, facts: null });
  assert.deepEqual(told(scene), [
    "08:00:00.000 #1 rm -rf /",
    "08:00:00.000 #1 BLOCKED: not that · by strict",
    "08:00:00.000 #2 reboot",
    "08:00:00.000 #2 HELD: ask first · by ask",
    "             │ approval 1: approval by 1 of ops, within 1m, for this time only",
    "08:00:04.000 #2 approval 1: denied by corp/dana after 4s: no",
    "08:00:04.000 #2 NOT RUN: ask first · by ask",
  ]);
});

test("with more words: channels, environment, what was typed, and what the parser proved", () => {
  const scene = new SshScene().opened([80, 24]);
  const request = { type: "exec", command: "sudo rm $X", terminal: true } as const;
  scene.composer.connector({ event: "environment", channel: 1, name: "LANG", value: "C" });
  scene.composer.connector({ event: "environment", channel: 1, name: "LD_PRELOAD", value: null });
  scene.asked(request).input("y\r");
  scene.composer.connector({
    event: "request_judged",
    channel: 1,
    request,
    decision: BLOCK,
    facts: {
      commands: [
        {
          program: "rm",
          path: "rm",
          argv: ["rm", null],
          via: ["sudo"],
          runAs: "root",
          host: null,
          reads: [],
          writes: ["*"],
          assignments: [],
          stdin: "agent",
          known: true,
          effects: ["delete"],
          opaque: [],
        },
      ],
      opaque: ["a variable"],
      fingerprint: "ab".repeat(32),
    },
  });
  assert.deepEqual(told(scene, { verbose: true }), [
    "08:00:00.000 channel 1: session",
    "08:00:00.000 channel 1: terminal xterm-256color, 80x24",
    "08:00:00.000 channel 1: LANG=C",
    "08:00:00.000 channel 1: LD_PRELOAD was not passed on",
    "08:00:00.000 #1 sudo rm $X",
    "           < │ y",
    "08:00:00.000 #1 BLOCKED: not that · by strict",
    "             │ sudo > rm: rm * · as root · writes * · effects delete",
    "             │ opaque: a variable",
    `             │ (${"ab".repeat(16)})`,
  ]);
});

test("nothing recorded can drive the terminal or pass for a line of ours", () => {
  const evil = "\u001b[2J\r\u009b31m\u202eevil\n08:00:00.000 #9 forged";
  const scene = new SshScene();
  const request = { type: "exec", command: evil, terminal: false } as const;
  const decision = { ...BLOCK, policies: [evil], reason: evil };
  const { composer } = scene;
  composer.connector({ event: "ssh_client", software: evil });
  composer.connector({
    event: "ssh_connected",
    host: evil,
    port: 1,
    user: evil,
    hostKey: evil,
    software: evil,
  });
  composer.connector({ event: "channel_opened", channel: 1, type: evil });
  composer.connector({ event: "terminal", channel: 2, term: evil, columns: 1, rows: 1 });
  composer.connector({ event: "environment", channel: 1, name: evil, value: evil });
  composer.connector({ event: "subsystem", channel: 1, name: evil });
  scene.asked(request, 1).asked({ type: "file", protocol: "scp", operation: "read", path: evil }, 1);
  scene.asked({ type: "forward", direction: "local", host: evil, port: 1 }, 1);
  scene.output(evil, 1).error(evil, 1).input(evil, 1).output(evil, 2).output(Buffer.from(evil, "latin1"), 2);
  composer.connector({ event: "request_judged", channel: 1, request, decision, facts: null });
  composer.connector({ event: "request_judged", channel: 3, request, decision, facts: null });
  composer.ask({ event: "approval_asked", approval: 1, question: questionOf(request) });
  composer.connector({ event: "signal", channel: 1, signal: evil });
  composer.connector({ event: "exited", channel: 1, status: null, signal: evil });
  composer.connector({ event: "file_failed", channel: 1, path: evil, reason: evil });
  composer.connector({
    event: "file_closed",
    channel: 9,
    path: evil,
    read: { bytes: 1, sha256: null, whole: false },
    written: null,
  });
  composer.edge({ event: "watch_begun", by: evil });
  composer.connector({ event: evil } as never);
  const lines = told(scene, { verbose: true });
  assert.ok(lines.filter((line) => line.includes("forged")).length >= 18);
  for (const line of lines) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(line, /[\x00-\x1f\x7f-\x9f\u202e]/);
    assert.ok(!line.startsWith("08:00:00.000 #9"), line);
  }
});
