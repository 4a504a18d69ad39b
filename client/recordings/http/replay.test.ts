import assert from "node:assert/strict";
import { test } from "node:test";
import { readCast } from "../../../protocol/asciicast-testing.ts";
import { HttpScene, requestOf } from "../../../protocol/http/transcript/testing.ts";
import type { Stage, StagedOptions } from "../staged.ts";
import { CastExport } from "../terminal/cast.ts";
import { HttpCastEvents } from "./cast-events.ts";
import { httpPlayer, replayHttp } from "./replay.ts";

const plain = (_: string, text: string) => text;
/** What is written when nothing is left to restore. */
const RESTORED = "\x0f\x1b(B\x1b)B\x1b[0m";

/** A shell in a terminal, while another request is made. */
function shell(): HttpScene {
  const scene = new HttpScene("kubernetes")
    .asked("GET", "/version")
    .sent(requestOf("GET", "/version"))
    .answered(200, "v1");
  scene.wait(500).exec(["sh"]).channel("agent", 4, '{"Width":100,"Height":30}', 2);
  scene.wait(100).channel("target", 1, "$ \x1b]0;evil\x07").wait(4_000).channel("agent", 0, "ls\r");
  scene.asked("GET", "/healthz").answered(200, "ok");
  scene.channel("target", 1, "\x1b[31mfiles\r\n", 2).channel("target", 3, '{"status":"Success"}', 2);
  return scene.end("target", 2).end("agent", 2);
}

async function replayed(
  options: StagedOptions,
  isTerminal: boolean,
): Promise<{ text: string; pauses: number[] }> {
  let text = "";
  const pauses: number[] = [];
  const stage: Stage = {
    isTerminal,
    style: plain,
    async write(part) {
      text += part;
    },
    async pause(ms) {
      pauses.push(ms);
    },
    onLeave: () => () => {},
  };
  async function* entries() {
    yield* shell().entries;
  }
  await replayHttp(entries(), options, stage);
  return { text, pauses };
}

test("an exec's terminal is played, what is safe of it; the rest is told before and after", async () => {
  const { text, pauses } = await replayed({ idleLimit: 1 }, true);
  const [, played = ""] = text.split("#2 101 v5.channel.k8s.io · 0 ms\n");
  assert.ok(played.includes("the terminal is 100x30 now\n$ \x1b[31mfiles\r\n"));
  assert.ok(played.includes(RESTORED));
  assert.ok(!text.includes("evil"));
  const after = played.slice(played.indexOf(RESTORED));
  assert.ok(after.includes("#3 GET /healthz") && after.includes("#2 exit 0"));
  assert.deepEqual(pauses, [100, 1_000]);
});

test("as text it is lines, and one exchange alone is told where that is asked", async () => {
  const { text } = await replayed({ text: true, exchange: 2 }, true);
  assert.match(text, /│ \$ files/);
  assert.doesNotMatch(text, /#1|#3|evil/);
});

test("for programs: an object a line, with bytes in base64 and as text", async () => {
  const { text } = await replayed({ json: true, exchange: 3 }, false);
  const events = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; bytes?: string; text?: string });
  const body = events.find(({ type }) => type === "bytes");
  assert.deepEqual([body?.bytes, body?.text], [Buffer.from("ok").toString("base64"), "ok"]);
});

test("a player that is left restores the terminal", () => {
  const player = httpPlayer(plain);
  for (const event of shell().events.slice(0, -8)) player.tell(event);
  assert.ok(player.playing);
  assert.ok(player.end().includes(RESTORED));
});

test("the first exec with a terminal becomes a file for asciinema, with its command; another if asked", () => {
  const cast = (scene: HttpScene, exchange: number | null) => {
    const exported = new CastExport(3, exchange, "exchange");
    const events = new HttpCastEvents();
    const text = scene.entries.map((entry) => exported.push(events.push(entry))).join("");
    exported.end();
    return readCast(text);
  };
  const { command, title, events } = cast(shell(), null);
  assert.deepEqual([command, title], ["sh", "corp/alice on shop"]);
  assert.deepEqual(
    events.map(([, code, data]) => [code, data]),
    [
      ["r", "100x30"],
      ["o", "$ "],
      ["i", "ls\r"],
      ["o", "\x1b[31mfiles\r\n"],
      ["x", "0"],
    ],
  );
  const plainExec = new HttpScene("kubernetes").exec(["make", "all it"], false).channel("target", 1, "a\n");
  assert.deepEqual(cast(plainExec, 1).command, "make 'all it'");
  assert.throws(() => cast(plainExec, null), { code: "not_found", hint: /--exchange N/ });
  assert.throws(() => cast(plainExec, 5), { message: /exchange 5/ });
});
