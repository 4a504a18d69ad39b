import assert from "node:assert/strict";
import { test } from "node:test";
import type { ApprovalEvent, ApprovalNews, ApprovalQuestion } from "../../protocol/approval/approval.ts";
import type { SqlValue } from "../session/log.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { ApprovalDesk } from "./desk.ts";
import type { ApprovalState } from "./machine.ts";
import { walk } from "./machine-walk.ts";
import type { Actor, Bench, Done, Setting } from "./machine-world.ts";

const SESSION = "a".repeat(32);

/** A desk that is made anew from SQL for every call: as if the object lost its memory before each. */
function deskBench(): Bench & { close(): void } {
  const sql = sessionStorage();
  let events: ApprovalEvent[] = [];
  let news: ApprovalNews[] = [];
  const desk = () =>
    new ApprovalDesk(sql, 1, SESSION, {
      // A recording must never say what is not written.
      record: (event) => {
        if (event.event === "approval_decided") assert.equal(state().status, event.status);
        events.push(event);
      },
      news: (one) => news.push(one),
      tell: () => {},
    });
  const row = () => [...sql.exec("SELECT status, due, state, question FROM approvals")][0]!;
  const state = (): ApprovalState => {
    const { state, question } = row();
    return { ...JSON.parse(String(state)), question: JSON.parse(String(question)) as ApprovalQuestion };
  };
  const during = <Result>(call: () => Result): Result & Done => {
    [events, news] = [[], []];
    const result = call();
    return { ...result, events, news };
  };
  return {
    start: (question, subject) =>
      during(() => {
        sql.exec("DROP TABLE IF EXISTS approvals");
        desk().ask(1, subject, question, 0);
      }),
    load(saved) {
      const { status, due, state } = saved as Record<"status" | "due" | "state", SqlValue>;
      sql.exec("UPDATE approvals SET status = ?, due = ?, state = ?", status, due, state);
    },
    save() {
      const { status, due, state } = row();
      // How many refusals are recorded is no matter of this walk; without it there are fewer worlds.
      return { status, due, state: String(state).replace(/"rejected":\d+/, '"rejected":0') };
    },
    state,
    answer: (answer, now) => during(() => ({ outcome: desk().answer(1, answer, now) })),
    withdraw: (reason, now) => during(() => ({ ended: desk().withdraw(1, reason, now) })),
    used: (now) => during(() => desk().used(1, now)),
    revoke: (by, reason, now) => during(() => ({ ended: desk().revoke(1, by, reason, now) })),
    end: (reason, now) => during(() => desk().end(reason, now)),
    expire: (now) =>
      during(() => {
        const one = desk();
        // The alarm comes when the desk asks for it.
        if (now >= one.deadline()) one.expire(now);
        assert.ok(desk().deadline() > now);
        assert.equal(desk().pending, state().status === "pending");
      }),
    replay: () => desk().replay(),
    close: () => sql.close(),
  };
}

const anna: Actor = { by: "anna", person: "anna", for: [0], says: ["approve"] };
const bert: Actor = { by: "bert", person: "bert", for: [0], says: ["approve"] };
const SETTINGS: Record<string, Setting> = {
  "one person, who may deny": {
    approvals: [{ approvers: ["dba"], quorum: 1 }],
    scope: "fingerprint",
    actors: [{ ...anna, says: ["approve", "deny"] }],
    disabling: [0],
    deliveries: 2,
  },
  "two people": {
    approvals: [{ approvers: ["dba"], quorum: 2 }],
    scope: "once",
    actors: [anna, bert],
    disabling: [0],
    deliveries: 1,
  },
};

for (const [name, setting] of Object.entries(SETTINGS)) {
  test(`a desk that loses its memory before every call does as the machine does: ${name}`, (t) => {
    const bench = deskBench();
    const found = walk(bench, setting);
    bench.close();
    t.diagnostic(`${found.worlds} worlds, ${found.steps} steps`);
    for (const status of ["pending", "approved", "expired", "withdrawn", "lapsed"])
      assert.ok(found.reached.includes(status), `${status} is never reached`);
  });
}
