import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Cancellable, CancelRegistry } from "./cancel.ts";

const SECRET = Buffer.from([1, 2, 3, 4]);

function session(parts: Partial<Cancellable> = {}): Cancellable & { cancelled: number } {
  const one = {
    principal: "corp/alice",
    target: "orders",
    session: "s1",
    processId: 7,
    secret: SECRET,
    cancelled: 0,
    cancel: async () => {
      one.cancelled += 1;
    },
    ...parts,
  };
  return one;
}

describe("the cancel registry", () => {
  test("finds a session by its whole key only, for its own principal and target", () => {
    const registry = new CancelRegistry();
    const one = session();
    registry.register(one);
    assert.equal(registry.find("corp/alice", "orders", 7, Buffer.from(SECRET)), one);
    assert.equal(registry.find("corp/bob", "orders", 7, SECRET), null);
    assert.equal(registry.find("corp/alice", "billing", 7, SECRET), null);
    assert.equal(registry.find("corp/alice", "orders", 8, SECRET), null);
    assert.equal(registry.find("corp/alice", "orders", 7, Buffer.from([1, 2, 3, 5])), null);
    assert.equal(registry.find("corp/alice", "orders", 7, SECRET.subarray(0, 3)), null);
  });

  test("tells sessions of one process id apart", () => {
    const registry = new CancelRegistry();
    const [one, two] = [session(), session({ session: "s2", secret: Buffer.alloc(32, 9) })];
    const remove = registry.register(one);
    registry.register(two);
    assert.equal(registry.find("corp/alice", "orders", 7, Buffer.alloc(32, 9)), two);
    remove();
    assert.equal(registry.find("corp/alice", "orders", 7, SECRET), null);
    assert.equal(registry.find("corp/alice", "orders", 7, Buffer.alloc(32, 9)), two);
  });

  test("cancels for another replica what it holds, and says whether it does", () => {
    const registry = new CancelRegistry();
    const one = session();
    const remove = registry.register(one);
    assert.equal(registry.cancelHere("corp/alice", "orders", 7, SECRET), true);
    assert.equal(registry.cancelHere("corp/bob", "orders", 7, SECRET), false);
    remove();
    assert.equal(registry.cancelHere("corp/alice", "orders", 7, SECRET), false);
    assert.equal(one.cancelled, 1);
  });
});
