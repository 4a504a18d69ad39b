import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { SallyportError } from "../../protocol/errors.ts";
import { BodyBudget, type BodySink, IncomingBody } from "./incoming-body.ts";

function rig(budget = 1_000) {
  let consumed = 0;
  const shared = new BodyBudget(budget);
  const body = new IncomingBody({ consumed: (bytes) => (consumed += bytes) }, shared);
  return { body, shared, consumed: () => consumed, data: (text: string) => body.data(Buffer.from(text)) };
}

function sink(room = Number.POSITIVE_INFINITY) {
  const chunks: string[] = [];
  let trailers: unknown;
  const one: BodySink = {
    write(chunk) {
      chunks.push(Buffer.from(chunk).toString());
      return --room > 0;
    },
    end: (last) => {
      trailers = last;
    },
  };
  return { one, chunks, trailers: () => trailers };
}

describe("the body of an agent's request", () => {
  test("gives no credit until it is known what becomes of it", () => {
    const { data, consumed } = rig();
    data("abc");
    assert.equal(consumed(), 0);
  });

  test("comes in frames of any size: of the small ones no more is held than their bytes", async () => {
    const { body, data } = rig(10_000);
    for (let i = 0; i < 5_000; i++) {
      data("a");
      data("");
    }
    body.end(null);
    assert.equal((await body.whole(10_000)).toString(), "a".repeat(5_000));
  });

  test("is read whole, which gives credit for more", async () => {
    const { body, data, consumed } = rig();
    data("abc");
    const whole = body.whole(10);
    data("def");
    assert.equal(consumed(), 6);
    body.end(null);
    assert.equal((await whole).toString(), "abcdef");
  });

  test("goes on after it was read whole, once", async () => {
    const { body, data, consumed } = rig();
    data("abc");
    body.end({ a: 1 });
    await body.whole(10);
    const { one, chunks, trailers } = sink();
    body.sendTo(one);
    assert.deepEqual(chunks, ["abc"]);
    assert.deepEqual(trailers(), { a: 1 });
    assert.equal(consumed(), 3);
  });

  test("that is longer than what may be read goes on all the same, with all its bytes", async () => {
    const { body, data, consumed } = rig();
    const whole = body.whole(4);
    data("abc");
    data("def");
    await assert.rejects(whole, (error: SallyportError) => error.code === "limit_exceeded");
    const { one, chunks } = sink();
    body.sendTo(one);
    data("ghi");
    assert.equal(chunks.join(""), "abcdefghi");
    assert.equal(consumed(), 9);
  });

  test("waits for who takes it", () => {
    const { body, data, consumed } = rig();
    const { one, chunks, trailers } = sink(1);
    body.sendTo(one);
    data("abc");
    data("def");
    body.end(null);
    assert.deepEqual(chunks, ["abc"]);
    assert.equal(consumed(), 3);
    assert.equal(trailers(), undefined);
    body.goOn();
    assert.deepEqual(chunks, ["abc", "def"]);
    body.goOn();
    assert.equal(trailers(), null);
  });

  test("many at once have a bound together, and what is given up is given back", async () => {
    const { body, data, shared } = rig(5);
    shared.take(3);
    const whole = body.whole(10);
    data("abc");
    await assert.rejects(whole, (error: SallyportError) => error.code === "too_many");
    body.drop();
    shared.give(3);
    assert.equal(shared.take(5), true);
  });

  test("that is given up is thrown away, and its sender can go on to its end", async () => {
    const { body, data, consumed } = rig();
    const whole = body.whole(10);
    data("abc");
    body.drop();
    data("def");
    assert.equal(consumed(), 6);
    await assert.rejects(whole, (error: SallyportError) => error.code === "agent_gone");
  });

  test("goes on in another form, which counts instead of the first", async () => {
    const { body, shared, data, consumed } = rig(10);
    data("abcd");
    body.end(null);
    await body.whole(100);
    body.replace(Buffer.from("abcdefgh"));
    assert.equal(shared.take(3), false);
    assert.throws(
      () => body.replace(Buffer.alloc(11)),
      (error) => (error as SallyportError).code === "too_many",
    );
    body.replace(Buffer.from("xy"));
    assert.equal(shared.take(9), false);
    const { one, chunks } = sink();
    body.sendTo(one);
    assert.deepEqual(chunks, ["xy"]);
    assert.equal(shared.take(10), true, "all of it was given back");
    assert.equal(consumed(), 4, "the agent's credit is of what it has sent");
  });

  test("is not replaced once it was given up", async () => {
    const { body, shared, data } = rig(10);
    data("abcd");
    body.end(null);
    await body.whole(100);
    body.drop();
    body.replace(Buffer.from("abcdefgh"));
    assert.equal(shared.take(10), true);
  });
});
