import assert from "node:assert/strict";
import { test } from "node:test";
import type { Stage, StagedOptions } from "../staged.ts";
import { replaySsh, sshPlayer } from "./replay.ts";
import { SshScene } from "./testing.ts";

const plain = (_: string, text: string) => text;
/** What is written when nothing is left to restore. */
const RESTORED = "\x0f\x1b(B\x1b)B\x1b[0m";

function played(scene: SshScene, channel?: number): string {
  const player = sshPlayer(plain, channel === undefined ? {} : { channel });
  const text = scene.events.map((event) => player.tell(event)).join("") + player.end();
  return text.split("\n").slice(3).join("\n");
}

/** A stage on which no time passes; `pauses` are in ms. */
class FakeStage implements Stage {
  readonly style = plain;
  readonly isTerminal: boolean;
  readonly written: string[] = [];
  readonly pauses: number[] = [];
  leave: (() => string) | null = null;

  constructor(isTerminal = true) {
    this.isTerminal = isTerminal;
  }

  async write(text: string): Promise<void> {
    this.written.push(text);
  }

  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
  }

  onLeave(leave: () => string): () => void {
    this.leave = leave;
    return () => {
      this.leave = null;
    };
  }
}

async function replayed(
  scene: SshScene,
  options: StagedOptions,
  stage = new FakeStage(),
): Promise<FakeStage> {
  await replaySsh(asIterable(scene), options, stage);
  return stage;
}

async function* asIterable(scene: SshScene) {
  yield* scene.entries;
}

test("a terminal is played as it was, between lines about the rest", () => {
  const scene = new SshScene().opened([80, 24]).shell().output("\x1b[1m$ \x1b[0m").input("ls\r");
  scene.output("ls\r\nfile\r\n").exited(0);
  assert.equal(
    played(scene),
    "08:00:00.000 channel 1: terminal xterm-256color, 80x24\n" +
      "08:00:00.000 #1 shell with a terminal\n" +
      `\x1b[1m$ \x1b[0mls\r\nfile\r\n${RESTORED}\r\n` +
      "08:00:00.000 #1 exit 0 · 0 ms\n",
  );
});

test("what could harm the viewer's terminal is left out, and its modes are restored when the recording breaks off", () => {
  const scene = new SshScene().opened([80, 24]).shell();
  scene.output("\x1b[?1049h\x1b]52;c;").output("eA==\x07\x1b[6n\x1b[?25l\x1b[?1003hok");
  const text = played(scene);
  assert.match(text, /ok/);
  assert.doesNotMatch(text, /52;c|\[6n|1003/);
  assert.ok(text.endsWith(`ok${RESTORED}\x1b[?1049l\x1b[?25h\r\n`), JSON.stringify(text));
});

test("what happens meanwhile is told when the terminal has ended", () => {
  const scene = new SshScene().opened([80, 24]).shell().output("$ ");
  scene.opened().exec("id").output("root\n").exited(0).output("exit\r\n", 1).exited(0, 1);
  assert.ok(
    played(scene).endsWith(
      `$ exit\r\n${RESTORED}\r\n` +
        "08:00:00.000 #2 id\n             │ root\n08:00:00.000 #2 exit 0 · 0 ms\n08:00:00.000 #1 exit 0 · 0 ms\n",
    ),
  );
});

test("of what happens meanwhile so much is kept only", () => {
  const scene = new SshScene().opened([80, 24]).shell().output("$ ").opened();
  for (let number = 0; number < 600; number++) scene.exec(`c${number}`);
  const text = played(scene);
  assert.match(text, /… 100 lines before these; --text tells all\n.*#102 c100\n/);
});

test("a password that was not shown is told by its length, but not into a program's screen", () => {
  const prompt = new SshScene().opened([80, 24]).shell().output("Password: ").withheld(1);
  assert.match(played(prompt), /Password: \[1 character was typed that the terminal did not show\]/);
  const editor = new SshScene().opened([80, 24]).shell().output("\x1b[?1049h").withheld(1);
  assert.doesNotMatch(played(editor), /typed/);
});

test("the channel that is asked for is played; another's terminal is not", () => {
  const scene = new SshScene().opened([80, 24]).shell().output("one").opened([80, 24]).shell().output("two");
  assert.match(played(scene, 2), /two/);
  assert.doesNotMatch(played(scene, 2), /one/);
});

test("a played terminal keeps the session's pace, long pauses cut; lines wait for nothing", async () => {
  const scene = new SshScene()
    .opened()
    .exec("id")
    .wait(60_000)
    .exited(0)
    .wait(60_000)
    .opened([80, 24])
    .shell();
  scene.wait(100).output("$ ").wait(500).output("l").wait(60_000).output("s").wait(20).exited(0).wait(60_000);
  scene.opened().exec("id");
  assert.deepEqual((await replayed(scene, {})).pauses, [100, 500, 2_000, 20]);
  assert.deepEqual(
    (await replayed(scene, { speed: 2, idleLimit: 0.5 })).pauses.slice(-5),
    [50, 250, 250, 10, 250],
  );
  assert.deepEqual((await replayed(scene, { follow: true })).pauses, []);
});

test("where there is no terminal, or lines are asked for, a terminal's output is lines", async () => {
  const scene = new SshScene().opened([80, 24]).shell().output("\x1b[1m$\x1b[0m ls\r\n");
  for (const stage of [
    await replayed(scene, {}, new FakeStage(false)),
    await replayed(scene, { text: true }),
  ]) {
    assert.match(stage.written.join(""), /\n {13}│ \$ ls\n$/);
    assert.deepEqual(stage.pauses, []);
  }
});

test("for programs each event is JSON, bytes in base64 and as text", async () => {
  const scene = new SshScene().opened([80, 24]).shell().output("\xff").opened().exec("id");
  const bytes = Buffer.from("é");
  scene.output(bytes.subarray(0, 1)).output(bytes.subarray(1)).withheld(3);
  const { written } = await replayed(scene, { json: true });
  const events = written
    .join("")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    events
      .filter(({ type, channel }) => type === "bytes" && channel === 2)
      .map(({ bytes, text }) => [bytes, text]),
    [
      ["ww==", ""],
      ["qQ==", "é"],
    ],
  );
  assert.deepEqual(events.at(-1)?.characters, 3);
  const one = await replayed(scene, { json: true, channel: 1 });
  assert.doesNotMatch(one.written.join(""), /"channel":2/);
});

test("a viewer who leaves in the middle has their terminal back", async () => {
  const stage = new FakeStage();
  const scene = new SshScene().opened([80, 24]).shell().output("\x1b[?1049h").wait(9).output("x");
  let left = "";
  stage.pause = async () => {
    left = stage.leave?.() ?? "";
  };
  await replayed(scene, {}, stage);
  assert.match(left, /\[\?1049l/);
  assert.equal(stage.leave, null);
});

test("entries that break off with an error leave the terminal as it was", async () => {
  const stage = new FakeStage();
  const scene = new SshScene().opened([80, 24]).shell().output("\x1b[?1049h");
  async function* broken() {
    yield* scene.entries;
    throw new Error("the network went away");
  }
  await assert.rejects(replaySsh(broken(), {}, stage), /network/);
  assert.match(stage.written.at(-1)!, /\[\?1049l/);
});
