import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { AsciicastVersion } from "../../../protocol/asciicast.ts";
import { readCast } from "../../../protocol/asciicast-testing.ts";
import { CastExport } from "../terminal/cast.ts";
import { SshCastEvents } from "./cast-events.ts";
import { questionOf, SshScene } from "./testing.ts";
import "../../../protocol/seeded.ts";

function cast(scene: SshScene, version: AsciicastVersion = 3, channel: number | null = null) {
  const exported = new CastExport(version, channel);
  const events = new SshCastEvents();
  const text = scene.entries.map((entry) => exported.push(events.push(entry))).join("");
  exported.end();
  return readCast(text);
}

function shell(): SshScene {
  return new SshScene().opened().exec("id").output("root\n").exited(0).wait(500).opened([120, 40]).shell();
}

test("the first terminal is exported, with its size, its type, who had it, and exact times", () => {
  const scene = shell().wait(1).output("$ ").wait(1_999).input("ls\r").output("ls\r\n");
  scene.composer.connector({ event: "resized", channel: 2, columns: 100, rows: 30 });
  scene.wait(60_000).exited(3);
  for (const version of [2, 3] as const) {
    const { events, ...header } = cast(scene, version);
    assert.deepEqual(header, {
      version,
      columns: 120,
      rows: 40,
      term: "xterm-256color",
      timestamp: 1_800_000_000,
      command: null,
      title: "corp/alice on web1",
    });
    assert.deepEqual(events, [
      [1, "o", "$ "],
      [2_000, "i", "ls\r"],
      [2_000, "o", "ls\r\n"],
      [2_000, "r", "100x30"],
      ...(version === 3 ? [[62_000, "x", "3"]] : []),
    ]);
  }
});

test("characters that are split between chunks are whole, and never before they are", () => {
  const scene = shell();
  for (const byte of Buffer.from("日本é")) scene.wait(1).output(Uint8Array.of(byte));
  assert.deepEqual(cast(scene).events, [
    [3, "o", "日"],
    [6, "o", "本"],
    [8, "o", "é"],
  ]);
});

test("a channel without a terminal is exported when it is asked for, with its command and its lines at their beginning", () => {
  const scene = new SshScene()
    .opened()
    .exec("make")
    .output("a\nb\r")
    .output("\nc\n")
    .error("d\n")
    .exited("KILL");
  const { columns, rows, term, command, events } = cast(scene, 3, 1);
  assert.deepEqual([columns, rows, term, command], [80, 24, null, "make"]);
  assert.deepEqual(events, [
    [0, "o", "a\r\nb\r"],
    [0, "o", "\nc\r\n"],
    [0, "o", "d\r\n"],
    [0, "m", "killed by SIGKILL"],
    [0, "x", "137"],
  ]);
});

test("markers tell of approvals, watchers, freezes, and what was typed unseen", () => {
  const scene = new SshScene().opened([80, 24]).shell();
  const request = { type: "shell", terminal: true } as const;
  scene.composer
    .ask({ event: "approval_asked", approval: 1, question: questionOf(request) })
    .wait(4_000)
    .edge({
      event: "approval_decided",
      approval: 1,
      status: "approved",
      by: ["corp/dana"],
      reason: null,
      until: null,
      under: null,
    })
    .ask({ event: "approval_used", approval: 1 })
    .edge({ event: "watch_begun", by: "corp/bo" })
    .connector({ event: "frozen", channel: 1 })
    .connector({ event: "thawed", channel: 1 });
  scene.withheld(7);
  assert.deepEqual(
    cast(scene).events.map(([, code, data]) => [code, data]),
    [
      ["m", "held: ask first"],
      ["m", "approved by corp/dana after 4s"],
      ["m", "released after 4s"],
      ["m", "corp/bo watches"],
      ["m", "the terminal stands still: nobody watches"],
      ["m", "the terminal goes on: somebody watches"],
      ["m", "[7 characters were typed that the terminal did not show]"],
    ],
  );
});

test("what could harm who plays it is left out", () => {
  const scene = shell().output("a\x1b]52;c;").output("eA==\x07\x1b[6n").output("b");
  assert.deepEqual(
    cast(scene).events.map(([, , data]) => data),
    ["a", "b"],
  );
});

test("a session in which nothing can be played says so", () => {
  const scene = new SshScene().opened().exec("id").output("root\n");
  assert.throws(() => cast(scene), { code: "not_found", message: "This session had no terminal." });
  assert.throws(() => cast(scene, 3, 9), { code: "not_found" });
});

test("whatever a terminal showed, in any pieces, is a file that can be read", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 9 }),
    fc.string({ unit: "binary" }).map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.constantFrom(2, 3), fc.boolean(), fc.array(piece), (version, terminal, pieces) => {
      const scene = terminal ? shell() : new SshScene().opened().exec("x");
      for (const [index, bytes] of pieces.entries()) {
        scene.wait(index % 3);
        if (index % 4 === 3) scene.input(bytes);
        else scene.output(bytes);
      }
      cast(scene, version as AsciicastVersion, terminal ? null : 1);
    }),
    { numRuns: 200 },
  );
});
