import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Waiting } from "./waiting.ts";

const MINUTE = 60_000;

describe("waiting until something is true", () => {
  test("ends at once when it is", async () => {
    await new Waiting().until(() => true, MINUTE);
  });

  test("ends when it becomes true, for each that waits by itself", async () => {
    const waiting = new Waiting();
    let revision = 1;
    const ended: number[] = [];
    const waits = [2, 3].map((wanted) =>
      waiting.until(() => revision >= wanted, MINUTE).then(() => ended.push(wanted)),
    );
    waiting.look();
    revision = 2;
    waiting.look();
    await waits[0];
    assert.deepEqual(ended, [2]);
    revision = 3;
    waiting.look();
    await waits[1];
    assert.deepEqual(ended, [2, 3]);
  });

  test("ends when its time is over", async () => {
    const waiting = new Waiting();
    await waiting.until(() => false, 0);
    waiting.look();
  });
});
