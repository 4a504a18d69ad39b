import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { choose, type Replica } from "./replicas.ts";
import { checkTicket, issueTicket } from "./ticket.ts";
import "../../protocol/seeded.ts";

const SESSION = "a".repeat(32);
const ticket = { session: SESSION, connector: "main", instance: "i", key: "k", expires: 1000 };

describe("tickets", () => {
  const text = issueTicket("secret", ticket);

  test("are good for their session until they expire", () => {
    assert.deepEqual(checkTicket("secret", text, SESSION, 1000), ticket);
    assert.throws(() => checkTicket("secret", text, SESSION, 1001), { code: "bad_ticket" });
    assert.throws(() => checkTicket("secret", text, "b".repeat(32), 0), { code: "bad_ticket" });
    assert.throws(() => checkTicket("another", text, SESSION, 0), { code: "bad_ticket" });
  });

  test("any other text is refused, however close", () => {
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ minLength: 1, maxLength: 1 }), (index, character) => {
        const forged = text.slice(0, index) + character + text.slice(index + 1);
        fc.pre(!sameBytes(forged, text));
        assert.throws(() => checkTicket("secret", forged, SESSION, 0), { code: "bad_ticket" });
      }),
      { numRuns: 1000 },
    );
    for (const odd of ["", ".", "..", `${text}.`, text.split(".")[0]!]) {
      assert.throws(() => checkTicket("secret", odd, SESSION, 0), { code: "bad_ticket" });
    }
  });

  /** base64url ignores some characters and bits; such a text is the same ticket. */
  function sameBytes(one: string, other: string): boolean {
    const [payload, mac = ""] = one.split(".");
    const [wanted, wantedMac = ""] = other.split(".");
    return payload === wanted && Buffer.from(mac, "base64url").equals(Buffer.from(wantedMac, "base64url"));
  }
});

describe("choosing a replica", () => {
  const replica = (instance: string, more: Partial<Replica> = {}): Replica => ({
    connector: "main",
    instance,
    key: "k",
    targets: ["orders"],
    sessions: 0,
    spares: [],
    since: 0,
    hostKey: null,
    told: 0,
    taken: 0,
    seen: 0,
    ...more,
  });
  const pick = (replicas: Replica[], now = 0) => choose(replicas, "orders", now, () => 0.99)?.instance;

  test("the one with the fewest sessions", () => {
    assert.equal(pick([replica("a", { sessions: 2 }), replica("b", { sessions: 1 })]), "b");
  });

  test("never one that is silent, or does not serve the target", () => {
    assert.equal(
      pick([replica("a", { seen: 0 }), replica("b", { seen: 99_000, sessions: 50 })], 100_000),
      "b",
    );
    assert.equal(pick([replica("a", { targets: ["other"] })]), undefined);
    assert.equal(pick([replica("a", { targets: null })]), "a");
    assert.equal(pick([]), undefined);
  });
});
