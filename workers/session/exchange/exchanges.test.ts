import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeFrame, FRAME_HEADER, FrameFlag, FrameType } from "../../../protocol/frame.ts";
import type { RequestHead } from "../../../protocol/http/head.ts";
import { Exchanges } from "./exchanges.ts";
import { Held } from "./held.ts";

const HEAD: RequestHead = { method: "GET", target: "/", base: "/t/web", fields: [], body: false };
const json = (type: FrameType, stream: number, value: unknown) =>
  encodeFrame(type, FrameFlag.head, stream, Buffer.from(JSON.stringify(value)));
const turns = () => new Promise(setImmediate);

describe("an agent's side that is the object itself", () => {
  const rig = () => {
    const frames: Buffer[] = [];
    const ends: string[] = [];
    const commits: PromiseWithResolvers<void>[] = [];
    const agent = new Exchanges(
      {
        frame: (frame) => void frames.push(Buffer.from(frame)),
        end: (code) => void ends.push(code),
        logged: () => {
          const commit = Promise.withResolvers<void>();
          commits.push(commit);
          return commit.promise;
        },
      },
      new Held(),
      0,
    );
    const ask = () => {
      const state = { status: 0 };
      agent.serve(new Request("https://session/"), HEAD).then(
        (response) => {
          state.status = response.status;
        },
        () => {
          state.status = -1;
        },
      );
      return state;
    };
    return { agent, frames, ends, commits, ask };
  };
  const noContent = (stream: number) => json(FrameType.data, stream, { status: 204, fields: [] });

  test("passes nothing on before it is on disk, in order, with one wait for all that came meanwhile", async () => {
    const { agent, commits, ask } = rig();
    const answers = [ask(), ask(), ask()];
    agent.send(noContent(1));
    agent.send(noContent(2));
    await turns();
    assert.equal(commits.length, 1);
    agent.send(noContent(3));
    await turns();
    assert.deepEqual(
      answers.map(({ status }) => status),
      [0, 0, 0],
    );
    commits[0]!.resolve();
    await turns();
    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 204, 0],
    );
    assert.equal(commits.length, 2);
    commits[1]!.resolve();
    await turns();
    assert.deepEqual(
      answers.map(({ status }) => status),
      [204, 204, 204],
    );
  });

  test("passes nothing on that could not be written", async () => {
    const { agent, commits, ask } = rig();
    const answer = ask();
    agent.send(noContent(1));
    await turns();
    commits[0]!.reject(new Error("disk full"));
    await turns();
    assert.equal(answer.status, -1);
  });

  test("says after so many frames that it has them, that their sender can forget them", async () => {
    const { agent, frames, commits, ask } = rig();
    for (let stream = 1; stream <= 40; stream++) {
      ask();
      agent.send(noContent(stream));
      agent.send(encodeFrame(FrameType.end, 0, stream));
    }
    await turns();
    commits[0]!.resolve();
    await turns();
    const acks = frames.filter((frame) => frame[0] === FrameType.ack);
    assert.equal(acks.length, 1);
    assert.equal(acks[0]!.readUInt32BE(FRAME_HEADER + 4), 64);
  });

  test("ends the session of a connector that breaks the protocol", async () => {
    const { agent, ends, commits } = rig();
    agent.send(encodeFrame(FrameType.data, 0, 9, Buffer.from("never opened")));
    await turns();
    commits[0]!.resolve();
    await turns();
    assert.deepEqual(ends, ["protocol_violation"]);
  });
});
