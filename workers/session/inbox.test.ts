import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BUSY, Inbox, SPAN_MS } from "./inbox.ts";

describe("the inbox of an object", () => {
  const setUp = () => {
    const handled: string[] = [];
    let flush: (() => void) | undefined;
    const inbox = new Inbox<string>(
      (message) => handled.push(message),
      (later) => {
        assert.equal(flush, undefined, "one turn is awaited at a time");
        flush = () => {
          flush = undefined;
          later();
        };
      },
    );
    return { handled, inbox, turn: () => flush?.(), waits: () => flush !== undefined };
  };

  test("handles the messages of few sessions at once", () => {
    const { handled, inbox, waits } = setUp();
    for (let i = 0; i < 100; i++) inbox.push(`session ${i % (BUSY - 1)}`, `${i}`, 5);
    assert.equal(handled.length, 100);
    assert.ok(!waits());
  });

  test("gathers those of many, and handles them in the order they came", () => {
    const { handled, inbox, turn } = setUp();
    for (let i = 0; i < 20; i++) inbox.push(`session ${i % 8}`, `${i}`, 5);
    assert.equal(handled.length, BUSY - 1);
    turn();
    assert.deepEqual(
      handled,
      Array.from({ length: 20 }, (_, i) => `${i}`),
    );
  });

  test("stays busy from one span to the next, and is not once it has been quiet", () => {
    const { handled, inbox, turn, waits } = setUp();
    for (let i = 0; i < BUSY; i++) inbox.push(`session ${i}`, "first", 5);
    turn();
    inbox.push("session 0", "next", 5 + SPAN_MS);
    assert.ok(waits());
    turn();
    inbox.push("session 0", "later", 5 + 3 * SPAN_MS);
    assert.ok(!waits());
    assert.equal(handled.length, BUSY + 2);
  });

  test("is busy when a slow disk spreads the messages of many over several milliseconds", () => {
    const { inbox, waits } = setUp();
    for (let i = 0; i < BUSY; i++) inbox.push(`session ${i}`, "one a millisecond", 5 + i);
    assert.ok(waits());
  });

  test("what happens to a session from elsewhere comes after what it had sent", () => {
    const { handled, inbox, turn } = setUp();
    for (let i = 0; i < BUSY; i++) inbox.push(`session ${i}`, `${i}`, 5);
    inbox.flush();
    assert.equal(handled.length, BUSY);
    turn();
    assert.equal(handled.length, BUSY);
  });
});
