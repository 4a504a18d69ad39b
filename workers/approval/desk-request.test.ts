import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ApprovalNews } from "../../protocol/approval/approval.ts";
import { sampleAnswer, sampleRequestQuestion } from "../testing/sample-approval.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { ApprovalDesk } from "./desk.ts";
import { heldActions } from "./rights.ts";

const SESSION = "a".repeat(32);
const SUBJECT = { principal: "agent", onBehalfOf: "ada", target: "web-1", session: SESSION };
const exec = (command: string) =>
  sampleRequestQuestion({ expiresMs: 1_000, request: { type: "exec", command, terminal: false } });

function room() {
  const sql = sessionStorage();
  const news: ApprovalNews[] = [];
  const asked: number[] = [];
  /** A desk that knows only what SQL knows. */
  const desk = () =>
    new ApprovalDesk(sql, 1, SESSION, {
      record() {},
      news: (one) => news.push(one),
      tell: (state, what) => {
        if (what === "asked") asked.push(state.approval);
      },
    });
  return { desk, asked, heard: () => news.map(({ approval, news: { status } }) => `${approval} ${status}`) };
}

describe("questions about SSH requests", () => {
  test("are several at once, each answered, used and ended by itself", () => {
    const { desk, heard } = room();
    for (const number of [1, 2, 3]) desk().ask(number, SUBJECT, exec(`sleep ${number}`), number);
    desk().answer(2, sampleAnswer("dora"), 10);
    desk().used(2, 11);
    desk().withdraw(1, "the channel was closed", 12);
    assert.throws(() => desk().used(1, 13), { code: "protocol_violation" });
    assert.throws(() => desk().used(3, 13), { code: "protocol_violation" });
    assert.deepEqual(
      [1, 2, 3].map((number) => desk().view(number)?.status),
      ["withdrawn", "used", "pending"],
    );
    assert.deepEqual(heard(), ["1 pending", "2 pending", "3 pending", "2 approved", "1 withdrawn"]);
    desk().expire(1_003);
    assert.equal(desk().view(3)?.status, "expired");
  });

  test("are shown as they were asked, and held for their actions", () => {
    const { desk } = room();
    desk().ask(1, SUBJECT, exec("rm\u202e -rf /"), 0);
    const view = desk().view(1);
    assert.equal(view?.kind, "request");
    assert.deepEqual(view?.question, exec("rm\u202e -rf /"));
    assert.deepEqual(heldActions(view!.question), ["ssh:exec"]);
  });

  test("can't be exchanged for another command under the same number", () => {
    const { desk } = room();
    desk().ask(1, SUBJECT, exec("ls"), 0);
    desk().ask(1, SUBJECT, exec("ls"), 1);
    desk().answer(1, sampleAnswer("dora"), 2);
    assert.throws(() => desk().ask(1, SUBJECT, exec("rm -rf /"), 3), { code: "protocol_violation" });
    assert.deepEqual(desk().view(1)?.question, exec("ls"));
  });

  test("once approved for a time answer later ones of the same shape, and nobody is asked", () => {
    const { desk, asked, heard } = room();
    const lasting = sampleRequestQuestion({ scope: "fingerprint" });
    desk().ask(1, SUBJECT, lasting, 0);
    desk().answer(1, sampleAnswer("dora"), 1);
    desk().ask(2, SUBJECT, lasting, 2);
    desk().used(2, 3);
    desk().ask(3, SUBJECT, { ...lasting, account: "root" }, 4);
    assert.deepEqual(asked, [1, 3]);
    assert.deepEqual(heard(), ["1 pending", "1 approved", "2 approved", "3 pending"]);
  });
});
