import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { ChannelMask } from "./channel-mask.ts";

const TOKEN = "ghp_0123456789abcdefghijABCDEFGHIJ012345";

function channels(): { mask: ChannelMask; out: Buffer[]; pass(): void } {
  const out: Buffer[] = [];
  let timer: (() => void) | null = null;
  const timers = {
    after: (_: number, call: () => void) => {
      timer = call;
      return () => {
        timer = null;
      };
    },
  };
  const mask = new ChannelMask({
    detectors: DEFAULT_DETECTORS,
    terminal: false,
    timers,
    out: (message) => out.push(Buffer.from(message)),
  });
  return { mask, out, pass: () => timer?.() };
}

const on = (channel: number, text: string) => Buffer.concat([Buffer.from([channel]), Buffer.from(text)]);
/** What a channel said, in one. */
const said = (out: readonly Buffer[], channel: number) =>
  Buffer.concat(out.filter(([one]) => one === channel).map((message) => message.subarray(1))).toString();

test("both outputs are masked, each by itself, however they are cut into messages", () => {
  const { mask, out } = channels();
  for (let at = 0; at < TOKEN.length; at += 8) {
    mask.push(on(1, TOKEN.slice(at, at + 8)), false);
    mask.push(on(2, TOKEN.slice(at, at + 8)), false);
  }
  mask.push(on(1, " end\n"), false);
  mask.end();
  assert.equal(said(out, 1), `${"*".repeat(40)} end\n`);
  assert.equal(said(out, 2), "*".repeat(40));
  assert.deepEqual(
    mask.take().map(({ token }) => token),
    [
      { masked: 1, reported: 0 },
      { masked: 1, reported: 0 },
    ],
  );
});

test("other channels go on as they are, behind what was said before", () => {
  const { mask, out } = channels();
  const status = `{"status":"Failure","message":"${TOKEN}"}`;
  mask.push(on(1, "ghp_01"), false);
  assert.equal(said(out, 1), "");
  mask.push(on(3, status), false);
  assert.deepEqual(
    out.map(([channel]) => channel),
    [1, 3],
  );
  assert.equal(said(out, 3), status);
  mask.push(Buffer.from([255, 1]), false);
  assert.deepEqual(out.at(-1), Buffer.from([255, 1]));
});

test("an empty message, which opens a channel, goes on", () => {
  const { mask, out } = channels();
  mask.push(Buffer.from([1]), false);
  assert.deepEqual(out, [Buffer.from([1])]);
});

test("what is held goes on after a while", () => {
  const { mask, out, pass } = channels();
  mask.push(on(1, "prompt ghp_01"), false);
  assert.equal(said(out, 1), "prompt ");
  pass();
  assert.equal(said(out, 1), "prompt ghp_01");
});

test("what has no channel is refused", () => {
  for (const [message, isText] of [
    [Buffer.alloc(0), false],
    [Buffer.from("1aGVsbG8="), true],
  ] as const) {
    assert.throws(
      () => channels().mask.push(message, isText),
      (error) => error instanceof SallyportError && error.code === "protocol_violation",
    );
  }
});
