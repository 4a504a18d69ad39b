import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { resolveApproval } from "./api.ts";
import { heldStatement, ScriptedEdge, SESSION } from "./testing.ts";
import { watchApprovals } from "./watch.ts";
import { summaryOf } from "./words.ts";

const page = (...ids: string[]) => ({ items: ids.map((id) => summaryOf(heldStatement({ id }))), next: null });
const id = (letter: string, number = 1) => `${letter.repeat(32)}-${number}`;
const AWAY = new SallyportError("edge_unreachable", "it is away");

/** What is told of an edge whose listings are these, one after the other. */
async function watched(listings: unknown[], show: (id: string) => unknown = () => assert.fail("asked")) {
  const told: string[] = [];
  const pauses: number[] = [];
  const api = new ScriptedEdge((call) => {
    const shown = /^GET \/v1\/approvals\/(.*)$/.exec(call)?.[1];
    return shown === undefined ? listings.shift() : show(shown);
  });
  await watchApprovals(api, {
    filter: { status: "pending" },
    limit: 50,
    tell: (one) => void told.push(`${one.id[0]} ${one.status}`),
    away: (why) => void told.push(why ?? "back"),
    async pause(ms) {
      pauses.push(ms);
      return listings.length > 0;
    },
  });
  return { told, pauses, calls: api.calls };
}

test("each approval is told once while it waits, and once more when it is decided", async () => {
  const { told, calls } = await watched(
    [page(id("a")), page(id("b"), id("a")), page(id("b")), page(id("b"))],
    (shown) =>
      heldStatement({ id: shown, status: "denied", decided: { at: 1, by: "corp/dana", reason: null } }),
  );
  assert.deepEqual(told, ["a pending", "b pending", "a denied"]);
  assert.equal(calls.filter((call) => call === `GET /v1/approvals/${id("a")}`).length, 1);
});

test("an edge that goes away is asked again, less and less often, and no ending is lost meanwhile", async () => {
  let fails = true;
  const { told, pauses } = await watched([page(id("a")), page(), AWAY, page(), page()], (shown) => {
    if (!fails) return heldStatement({ id: shown, status: "expired" });
    fails = false;
    return AWAY;
  });
  assert.deepEqual(told, ["a pending", "it is away", "a expired", "back"]);
  assert.deepEqual(pauses.slice(0, 4), [2_000, 250, 500, 2_000]);
});

test("an edge that is away at the beginning, or refuses, ends it with that error", async () => {
  await assert.rejects(watched([AWAY]), { code: "edge_unreachable" });
  const refused = new SallyportError("unauthenticated", "the token is revoked");
  await assert.rejects(watched([page(), refused, page()]), { code: "unauthenticated" });
});

test("one that newer ones push off the listing is not told as if it had changed", async () => {
  const { told } = await watched([page(id("a")), page(id("b"))], (shown) => heldStatement({ id: shown }));
  assert.deepEqual(told, ["a pending", "b pending"]);
});

const listing = (...ids: string[]) => new ScriptedEdge(() => page(...ids));

test("the beginning of an id is enough where it is that of one only", async () => {
  const ids = [`${SESSION}-1`, `${SESSION}-2`, id("4")];
  const found = (given: string) => resolveApproval(listing(...ids), given, ["pending"]);
  assert.equal(await found("4444"), id("4"));
  assert.equal(await found("3f0c-2"), `${SESSION}-2`);
  assert.equal(await found(`${SESSION}-1`), `${SESSION}-1`);
  await assert.rejects(found("3f0c"), (error: SallyportError) => {
    assert.equal(error.code, "conflict");
    assert.match(error.hint!, new RegExp(`${SESSION}-1 .*agent/7 on orders\n.*${SESSION}-2`));
    return true;
  });
  await assert.rejects(found("5555"), { code: "not_found" });
  for (const none of ["3f0", "", "DROP", "3F0C", "3f0c-", "3f0c-0x1", "../../v1", `${SESSION}0`]) {
    await assert.rejects(found(none), { code: "invalid_request" });
  }
});

test("a whole id is taken as it is; among too many no beginning is taken for the only one", async () => {
  const none = new ScriptedEdge(() => assert.fail("asked"));
  assert.equal(await resolveApproval(none, id("a", 7), null), id("a", 7));
  let asked = 0;
  const endless = new ScriptedEdge(() => {
    const items = Array.from({ length: 100 }, () => {
      const digits = (asked++).toString(16).padStart(32, "0");
      return summaryOf(heldStatement({ id: `${digits}-1` }));
    });
    return { items, next: "more" };
  });
  await assert.rejects(resolveApproval(endless, "ffff", null), { code: "conflict", message: /too many/ });
});
