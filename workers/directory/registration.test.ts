import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import type { Credential } from "../identity/identity.ts";
import { ADMIN, apply, decide, FACTS, prepared, SETTINGS, TOKEN } from "../testing/registering.ts";
import { sqliteDirectory } from "../testing/sqlite-directory.ts";
import { revokeConnector } from "./connectors.ts";
import { grantLease, type NewLease, revokeLease } from "./leases.ts";
import { openSessions, openSessionsOf } from "./open-sessions.ts";
import { sessionsToEnd } from "./plan.ts";
import { disablePrincipal } from "./principals.ts";
import { type DecideConnect, type Registering, refusal, register, type Standing } from "./registration.ts";
import { revokeToken } from "./tokens.ts";

/** Each way to revoke: how it is written, then what it finds open. */
const REVOCATIONS: Record<string, (db: D1Database) => Promise<{ id: string }[]>> = {
  "the principal is disabled": async (db) => {
    await disablePrincipal(db, "corp/agent", null, ADMIN);
    return openSessionsOf(db, { principal: "corp/agent" });
  },
  "the user of the agent is disabled": async (db) => {
    await disablePrincipal(db, "corp/alice", null, ADMIN);
    return openSessionsOf(db, { principal: "corp/alice" });
  },
  "the token is revoked": async (db) => {
    await revokeToken(db, "t", ADMIN);
    return openSessionsOf(db, { token: "t" });
  },
  "the connector is revoked": async (db) => {
    await revokeConnector(db, "main", ADMIN);
    return openSessionsOf(db, { connector: "main" });
  },
  "the target is removed": async (db) => {
    const changes = await apply(db, { ...SETTINGS, targets: [] });
    return sessionsToEnd(changes, await openSessions(db)).map(({ session }) => session);
  },
  "the target no longer allows it": async (db) => {
    const changes = await apply(db, { ...SETTINGS, targets: [{ ...SETTINGS.targets[0]!, allow: [] }] });
    return sessionsToEnd(changes, await openSessions(db)).map(({ session }) => session);
  },
  // Whoever is open then is told by its connector, which gets the set before the change is answered.
  "policies forbid it": async (db) => {
    await apply(db, { ...SETTINGS, policies: "closed" });
    return openSessions(db);
  },
};

describe("register, then check again", () => {
  for (const [name, revoke] of Object.entries(REVOCATIONS)) {
    test(`in every order of their steps, a session does not survive when ${name}`, async () => {
      const outcomes = new Set<string>();
      for (let order = 0; order < 2 ** 7; order++) {
        const { database } = await prepared();
        const turns = interleave(order, 7);
        const opening = register(sqliteDirectory(turns.first, database), FACTS, TOKEN, decide);
        const revoking = revoke(sqliteDirectory(turns.second, database));
        turns.start();
        const [opened, found] = await Promise.all([opening, revoking]);
        const seen = found.some(({ id }) => id === FACTS.session);
        assert.ok(opened !== "ok" || seen, `order ${order.toString(2)}: it lives on`);
        outcomes.add(opened === "ok" ? "killed" : "refused");
      }
      assert.deepEqual(outcomes, new Set(["killed", "refused"]), "both orders were tried");
    });
  }
});

const LEASE: NewLease = {
  id: `${"1".repeat(32)}-0`,
  principal: "corp/agent",
  onBehalfOf: "corp/alice",
  target: "orders",
  granted: 700,
  until: 4_000,
  by: ["corp/dba"],
  approvals: [{ approvers: ["dba"], quorum: 1 }],
};

/** Stands for policies that ask for an approval. */
const byLease: DecideConnect = async (_target, _policy, [lease]) =>
  lease ? { lease } : new SallyportError("approval_required", "no");

describe("a session that needs a lease", () => {
  test("in every order of their steps, does not survive when the lease is revoked", async () => {
    const outcomes = new Set<string>();
    for (let order = 0; order < 2 ** 7; order++) {
      const { database, db } = await prepared();
      await grantLease(db, LEASE);
      const turns = interleave(order, 7);
      const opening = register(sqliteDirectory(turns.first, database), FACTS, TOKEN, byLease);
      const revoker = sqliteDirectory(turns.second, database);
      const revoking = revokeLease(revoker, LEASE, "enough", ADMIN).then(() =>
        openSessionsOf(revoker, { lease: LEASE.id }),
      );
      turns.start();
      const [opened, found] = await Promise.all([opening, revoking]);
      assert.ok(opened !== "ok" || found.length === 1, `order ${order.toString(2)}: it lives on`);
      outcomes.add(opened === "ok" ? "killed" : "refused");
    }
    assert.deepEqual(outcomes, new Set(["killed", "refused"]), "both orders were tried");
  });

  const foreign: [string, Partial<Registering>][] = [
    ["another principal", { principal: "corp/other" }],
    ["another user of the same agent", { onBehalfOf: "corp/bob" }],
    ["the user itself", { principal: "corp/alice" }],
    ["another target", { target: "staff" }],
    ["a time after its end", { opened: LEASE.until }],
  ];
  for (const [who, changed] of foreign) {
    test(`does not open by a lease for ${who}`, async () => {
      const { db } = await prepared();
      await apply(db, {
        ...SETTINGS,
        targets: [SETTINGS.targets[0]!, { ...SETTINGS.targets[0]!, name: "staff" }],
      });
      await grantLease(db, LEASE);
      const refused = await register(db, { ...FACTS, ...changed }, TOKEN, byLease);
      assert.equal(refused === "ok" ? "ok" : refused.code, "approval_required");
    });
  }

  test("does not open for the agent itself by a lease for its user", async () => {
    const { db } = await prepared();
    await grantLease(db, LEASE);
    const { onBehalfOf: _user, ...itself } = FACTS;
    const refused = await register(db, itself, TOKEN, byLease);
    assert.equal(refused === "ok" ? "ok" : refused.code, "approval_required");
  });

  test("is registered under the lease that it stands on, and under none where it needs none", async () => {
    const { db } = await prepared();
    const other = { ...LEASE, id: `${"2".repeat(32)}-0`, until: 3_000 };
    await grantLease(db, LEASE);
    await grantLease(db, other);
    const second: DecideConnect = async (_target, _policy, leases) => ({ lease: leases[1]! });
    assert.equal(await register(db, FACTS, TOKEN, second), "ok");
    assert.equal((await openSessionsOf(db, { lease: other.id })).length, 1);
    assert.deepEqual(await openSessionsOf(db, { lease: LEASE.id }), []);
    const free = { ...FACTS, session: "1".repeat(32) };
    assert.equal(await register(db, free, TOKEN, decide), "ok");
    assert.equal((await openSessionsOf(db, { lease: other.id })).length, 1);
  });
});

/** Lets two run one step at a time: each bit of `order` says whose turn is next; then both run freely. */
function interleave(order: number, length: number) {
  const waiting: [(() => void)[], (() => void)[]] = [[], []];
  let turn = 0;
  let free = false;
  const step = (who: 0 | 1) => () =>
    free ? Promise.resolve() : new Promise<void>((resolve) => waiting[who].push(resolve));
  const next = () => {
    if (turn === length) {
      free = true;
      for (const resolve of waiting.flat()) resolve();
      return;
    }
    waiting[((order >> turn++) & 1) as 0 | 1].shift()?.();
    setImmediate(next);
  };
  return { first: step(0), second: step(1), start: () => void setImmediate(next) };
}

describe("a session's standing", () => {
  const standing: Standing = {
    target: SETTINGS.targets[0]!,
    disabled: [],
    token: { expires: 5_000, revoked: null },
    issuers: [{ issuer: "https://idp" }],
    connectorHasKey: true,
    open: { all: 1, principal: 1 },
    limits: { sessions: 10, sessionsPerPrincipal: 5 },
    policy: null,
    leases: [],
    recipients: [],
  };
  const oidc: Credential = { kind: "oidc", issuer: "https://idp", expires: 5_000 };

  test("is good when all holds, for each kind of credential", () => {
    for (const credential of [TOKEN, oidc, { kind: "bootstrap" } as const]) {
      assert.equal(refusal(FACTS, credential, standing), null);
    }
  });

  const cases: [string, Partial<Standing>, Credential, string][] = [
    ["a disabled principal", { disabled: ["corp/alice"] }, TOKEN, "forbidden"],
    ["a revoked token", { token: { expires: 5_000, revoked: 900 } }, TOKEN, "unauthenticated"],
    ["a token that is gone", { token: null }, TOKEN, "unauthenticated"],
    ["an expired credential", {}, { ...oidc, expires: 1_000 }, "unauthenticated"],
    ["a removed issuer", { issuers: [] }, oidc, "unauthenticated"],
    ["a removed target", { target: null }, TOKEN, "unknown_target"],
    ["a moved target", { target: { ...SETTINGS.targets[0]!, connector: "b" } }, TOKEN, "unknown_target"],
    ["a connector without a key", { connectorHasKey: false }, TOKEN, "connector_offline"],
    ["too many of the principal", { open: { all: 6, principal: 6 } }, TOKEN, "too_many"],
    ["too many of all", { open: { all: 11, principal: 1 } }, TOKEN, "too_many"],
  ];
  for (const [what, change, credential, code] of cases) {
    test(`is ${code} for ${what}`, () => {
      assert.equal(refusal(FACTS, credential, { ...standing, ...change })?.code, code);
    });
  }
});
