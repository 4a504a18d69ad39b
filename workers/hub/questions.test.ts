import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Answer, Explained } from "../../protocol/hub-messages.ts";
import { Questions } from "./questions.ts";

const MINUTE = 60_000;
const none: Explained["answer"] = { statements: [] };
const answer = (id: string): Explained => ({ type: "explained", id, answer: none });
const about = (id: string) => ({ id, type: "explain" as const });
const code = (given: Answer["answer"]) => ("error" in given ? given.error.code : "answered");

describe("questions to replicas", () => {
  test("are answered by who was asked, once asked", async () => {
    const questions = new Questions<string>();
    let asked = 0;
    const waiting = questions.ask(about("q"), "a", MINUTE, () => asked++);
    assert.equal(asked, 1);
    questions.answered("a", answer("q"));
    assert.deepEqual(await waiting, none);
  });

  test("are not answered by another replica, nor under another id", async () => {
    const questions = new Questions<string>();
    const waiting = questions.ask(about("q"), "a", MINUTE, () => {});
    questions.answered("b", answer("q"));
    questions.answered("a", answer("other"));
    questions.answered("a", answer("__proto__"));
    questions.answered("a", {
      type: "labels_scanned",
      id: "q",
      answer: { error: { code: "internal", message: "" } },
    });
    questions.gone("b");
    questions.gone("a");
    assert.equal(code(await waiting), "connector_lost");
    questions.answered("a", answer("q"));
  });

  test("end when their time is over", async () => {
    const questions = new Questions<string>();
    const given = await questions.ask(about("q"), "a", 0, () => {});
    assert.match("error" in given ? given.error.message : "", /did not answer in time/);
  });

  test("end at once when they can't be asked", async () => {
    const questions = new Questions<string>();
    const closed = () => {
      throw new Error("the socket is closed");
    };
    assert.equal(code(await questions.ask(about("q"), "a", MINUTE, closed)), "connector_lost");
  });

  test("are bounded in number, and make room when answered", async () => {
    const questions = new Questions<string>();
    const waiting = Array.from({ length: 64 }, (_, i) =>
      questions.ask(about(`q${i}`), "a", MINUTE, () => {}),
    );
    assert.equal(code(await questions.ask(about("more"), "a", MINUTE, () => {})), "too_many");
    questions.answered("a", answer("q0"));
    await waiting[0];
    const again = questions.ask(about("again"), "a", MINUTE, () => {});
    questions.gone("a");
    assert.deepEqual(
      (await Promise.all([...waiting.slice(1), again])).map(code),
      Array(64).fill("connector_lost"),
    );
  });
});
