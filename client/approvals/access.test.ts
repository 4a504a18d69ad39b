import assert from "node:assert/strict";
import { test } from "node:test";
import type { Approval } from "../../protocol/approval/approval.ts";
import { type ErrorCode, SallyportError } from "../../protocol/errors.ts";
import { AccessRequest, accessTo, type Waiting } from "./access.ts";
import { ASKED, accessRequest, ScriptedEdge, SESSION, vote } from "./testing.ts";

const WANTED = { target: "orders", reason: "ticket 4711", lastsMs: 1_800_000 };
const LAST = 15 * 60_000;
const APPROVED: Partial<Approval> = {
  status: "approved",
  votes: [vote("corp/dana", [0, 1]), vote("corp/erin", [0])],
  decided: { at: ASKED + 1_000, by: "corp/erin", reason: null },
  until: ASKED + 1_801_000,
};

const away = (code: ErrorCode = "edge_unreachable") => new SallyportError(code, "it is away");

/** The wait's surroundings: time passes only by pausing, and by `tick` with each question. */
class Surroundings implements Waiting {
  told: string[] = [];
  time = 5_000;
  pauses: number[] = [];
  standing(approval: Approval, leftMs: number): void {
    this.told.push(`${approval.votes.length} votes, ${leftMs} ms left`);
  }
  away(why: string | null): void {
    this.told.push(why ?? "back");
  }
  now(): number {
    return this.time;
  }
  wallClock(): number {
    return ASKED + 600_000;
  }
  async pause(ms: number): Promise<void> {
    this.pauses.push(ms);
    this.time += ms;
  }
}

/** An edge that answers the request, and then each question with the next of these. */
function edge(first: unknown, ...answers: unknown[]): ScriptedEdge {
  return new ScriptedEdge((call) =>
    call.startsWith("POST") ? first : (answers.shift() ?? assert.fail(call)),
  );
}

test("asks, waits over a lost edge and first votes, and answers what was granted", async () => {
  const api = edge(
    accessRequest(),
    accessRequest({ votes: [vote("corp/dana", [0, 1])] }),
    away(),
    away("internal"),
    accessRequest(APPROVED),
  );
  const around = new Surroundings();
  assert.deepEqual(await new AccessRequest(api, WANTED).granted(around), {
    id: `${SESSION}-0`,
    by: ["corp/dana", "corp/erin"],
    until: ASKED + 1_801_000,
    leftMs: 1_800_000,
  });
  assert.deepEqual(around.told, [
    `0 votes, ${LAST} ms left`,
    `1 votes, ${LAST} ms left`,
    "it is away",
    "back",
  ]);
  // An edge that doesn't wait is not asked without pause.
  assert.deepEqual(around.pauses, [1_000, 250, 500]);
  assert.deepEqual(api.calls.slice(0, 2), [
    "POST /v1/access-requests",
    `GET /v1/approvals/${SESSION}-0?wait=25`,
  ]);
});

test("a target that is open, or opened by an earlier approval, is not waited for", async () => {
  assert.equal(
    await new AccessRequest(edge({ status: "allowed" }), WANTED).granted(new Surroundings()),
    null,
  );
  const earlier = await new AccessRequest(edge(accessRequest(APPROVED)), WANTED).granted(new Surroundings());
  assert.equal(earlier?.leftMs, 1_201_000);
});

test("a refusal is an error that says who and why, or that nobody answered", async () => {
  const decided = { at: ASKED, by: "corp/dana", reason: "use the replica" };
  for (const [part, code, words] of [
    [{ status: "denied", decided }, "forbidden", /^corp\/dana denied access to orders: use the replica$/],
    [
      { status: "expired", decided: { ...decided, by: null } },
      "approval_required",
      /^Nobody approved .* expired/,
    ],
    [{ status: "withdrawn", decided }, "approval_required", /is withdrawn/],
    [{ status: "lapsed", decided, until: ASKED }, "approval_required", /is lapsed/],
    // An approval without an end, or by nobody's decision, opens nothing.
    [{ ...APPROVED, until: null }, "approval_required", /is approved/],
  ] as const) {
    const request = new AccessRequest(edge(accessRequest(), accessRequest(part)), WANTED);
    await assert.rejects(request.granted(new Surroundings()), { code, message: words });
  }
});

test("an edge that stays away, or never says that it is over, does not hold one for ever", async () => {
  const silent = new ScriptedEdge((call) => (call.startsWith("POST") ? accessRequest() : away()));
  await assert.rejects(new AccessRequest(silent, WANTED).granted(new Surroundings()), {
    code: "edge_unreachable",
  });
  const stuck = new ScriptedEdge(() => accessRequest());
  const around = new Surroundings();
  await assert.rejects(new AccessRequest(stuck, WANTED).granted(around), { code: "approval_required" });
  assert.ok(around.time - 5_000 <= LAST + 62_000);
});

test("what does not pass by itself, and an answer about another approval, ends the wait", async () => {
  for (const answer of [away("unauthenticated"), away("not_found")]) {
    const { code } = answer;
    await assert.rejects(
      new AccessRequest(edge(accessRequest(), answer), WANTED).granted(new Surroundings()),
      { code },
    );
  }
  const other = accessRequest({ ...APPROVED, id: `${"0".repeat(32)}-0` });
  const around = new Surroundings();
  const swapped = new ScriptedEdge((call) => (call.startsWith("POST") ? accessRequest() : other));
  await assert.rejects(new AccessRequest(swapped, WANTED).granted(around), { code: "protocol_violation" });
});

test("a request that is given up is withdrawn, and only while it stands", async () => {
  const never = new Promise(() => {});
  const asked = Promise.withResolvers<void>();
  const api = new ScriptedEdge((call) => {
    if (call.endsWith("withdraw")) return accessRequest({ status: "withdrawn" });
    if (call.startsWith("GET")) asked.resolve();
    return call.startsWith("GET") ? away() : accessRequest();
  });
  const request = new AccessRequest(api, WANTED);
  const around = new Surroundings();
  around.pause = () => never as Promise<never>;
  void request.granted(around);
  await asked.promise;
  assert.equal(await request.withdraw(), true);
  assert.equal(api.calls.at(-1), `POST /v1/approvals/${SESSION}-0/withdraw`);
  const done = new AccessRequest(edge(accessRequest(APPROVED)), WANTED);
  await done.granted(new Surroundings());
  assert.equal(await done.withdraw(), false);
  assert.equal(await new AccessRequest(edge(away()), WANTED).withdraw(), false);
});

test("a right that is there is one's own, for the same user, and neither over nor revoked", async () => {
  const lease = {
    id: `${SESSION}-0`,
    principal: "agent/7",
    onBehalfOf: "corp/alice",
    target: "orders",
    granted: ASKED,
    until: ASKED + 9_000,
    by: ["corp/dana"],
    revoked: null,
  };
  const revoked = { at: ASKED, by: "corp/dana", reason: "done" };
  const others = [
    { ...lease, principal: "agent/8" },
    { ...lease, onBehalfOf: null },
    { ...lease, target: "staff" },
    { ...lease, until: ASKED + 1_000 },
    { ...lease, revoked },
  ];
  const answering = (items: unknown[]) =>
    new ScriptedEdge((call) =>
      call === "GET /v1/whoami" ? { principal: "agent/7", onBehalfOf: "corp/alice" } : { items, next: null },
    );
  const now = ASKED + 2_000;
  assert.equal(await accessTo(answering(others), "orders", now), null);
  const found = await accessTo(answering([...others, lease]), "orders", now);
  assert.deepEqual(found, { id: lease.id, by: ["corp/dana"], until: lease.until, leftMs: 7_000 });
  const wrong = answering([{ ...lease, until: "soon" }]);
  await assert.rejects(accessTo(wrong, "orders", now), { code: "protocol_violation" });
});
