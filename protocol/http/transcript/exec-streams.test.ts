import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ExecStreams, execCommand } from "./exec-streams.ts";
import { HttpScene } from "./testing.ts";
import "../../seeded.ts";

function told(scene: HttpScene): unknown[][] {
  const streams = new ExecStreams();
  return scene.events.flatMap((event) => {
    const one = streams.take(event);
    if (!one) return [];
    const { type, time: _, channel, ...rest } = one;
    return [
      [
        type,
        channel,
        ...Object.values(rest).map((value) =>
          value instanceof Uint8Array ? Buffer.from(value).toString() : value,
        ),
      ],
    ];
  });
}

test("a terminal: its size, what was typed and shown, how it ended", () => {
  const scene = new HttpScene("kubernetes").exec(["sh", "-c", "exit 7"]);
  scene.channel("agent", 4, '{"Width":120,"Height":40}').channel("agent", 0, "ls\r");
  scene.channel("target", 1, "a b\r\n").channel("target", 2, "oops").channel("target", 1, "");
  scene.channel(
    "target",
    3,
    '{"status":"Failure","message":"exit code 7","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}',
  );
  scene.end("agent").end("target");
  assert.deepEqual(told(scene), [
    ["terminal", 1, "", 0, 0],
    ["resized", 1, 120, 40],
    ["bytes", 1, "input", "ls\r"],
    ["bytes", 1, "output", "a b\r\n"],
    ["bytes", 1, "error", "oops"],
    ["exit", 1, null, 7, "exit code 7"],
    ["closed", 1],
  ]);
});

test("a message in parts has its channel in the first; success has no words, and text is an error of before v4", () => {
  const scene = new HttpScene("kubernetes").exec(["cat"], false);
  scene.message("target", "\x01ab", { goesOn: true }).message("target", "\x02cd");
  scene.message("target", '\x03{"status":', { goesOn: true }).message("target", '"Success"}');
  scene.channel("target", 3, "it broke");
  assert.deepEqual(
    told(scene).map(([type, , ...rest]) => [type, ...rest]),
    [
      ["bytes", "output", "ab"],
      ["bytes", "output", "\x02cd"],
      ["exit", null, 0],
      ["exit", null, null, "it broke"],
    ],
  );
});

test("a side can't speak on the other's channels, and a status without an end is not kept", () => {
  const scene = new HttpScene("kubernetes").exec(["cat"]);
  scene.channel("agent", 1, "forged").channel("agent", 3, '{"status":"Success"}');
  scene
    .channel("target", 4, '{"Width":1,"Height":1}')
    .channel("target", 0, "typed")
    .channel("agent", 255, "\x00");
  scene.channel("agent", 4, '{"Width":-1,"Height":"x"}').channel("agent", 4, "null").message("agent", "");
  scene.message("target", Buffer.concat([Buffer.of(3), Buffer.alloc(70_000, 120)]), { goesOn: true });
  scene.message("target", "x");
  assert.deepEqual(
    told(scene).map(([type]) => type),
    ["terminal"],
  );
});

test("messages of other subprotocols are none of a terminal", () => {
  const scene = new HttpScene("kubernetes").asked("GET", "/x?tty=true", undefined, {
    websocket: { subprotocols: ["v2.portforward.k8s.io"] },
  });
  scene.head("target", { status: 101, fields: [], subprotocol: "v2.portforward.k8s.io" });
  scene.channel("target", 1, "bytes").end("target").end("agent");
  assert.deepEqual(told(scene), []);
});

test("the command of an exec", () => {
  assert.deepEqual(execCommand("/exec?command=sh&container=a&command=-c&command=a%20b"), ["sh", "-c", "a b"]);
  assert.deepEqual(execCommand("/attach"), []);
});

test("whatever messages hold, nothing is thrown", () => {
  const message = fc.tuple(
    fc.constantFrom("agent" as const, "target" as const),
    fc.uint8Array({ maxLength: 30 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(message), (messages) => {
      const scene = new HttpScene("kubernetes").exec(["sh"]);
      for (const [side, bytes, goesOn] of messages) scene.message(side, bytes, { goesOn });
      told(scene);
    }),
  );
});
