import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Settings } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { mayOpen } from "../identity/access.ts";
import type { Credential } from "../identity/identity.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { readSettings, writeSettings } from "./apply.ts";
import { createEnrolment, enrol, revokeConnector } from "./connectors.ts";
import { grantLease, type NewLease, revokeLease } from "./leases.ts";
import { planChanges, sessionsToEnd } from "./plan.ts";
import { policyVersion } from "./policies.ts";
import { disablePrincipal } from "./principals.ts";
import {
  addInstance,
  type DecideConnect,
  getSession,
  listSessions,
  markEnded,
  openSessions,
  openSessionsOf,
  type Registering,
  refusal,
  register,
  type Standing,
} from "./sessions.ts";
import { createToken, revokeToken } from "./tokens.ts";

const ADMIN = { principal: "bootstrap", time: 500 };

const FACTS: Registering = {
  session: "0".repeat(32),
  principal: "corp/agent",
  onBehalfOf: "corp/alice",
  groups: ["engineers"],
  target: "orders",
  kind: "postgres",
  connector: "main",
  instance: "i",
  opened: 1_000,
  until: 9_000,
  address: "127.0.0.1",
  mode: "framed",
};

const TOKEN: Credential = { kind: "service-token", id: "t", expires: 5_000 };

const SETTINGS: Settings = {
  targets: [{ name: "orders", kind: "postgres", connector: "main", description: "", allow: ["corp/*"] }],
  issuers: [],
  administrators: [],
  limits: {},
  policies: "open",
};

/** Stands for Cedar: policies whose text is `closed` forbid; others permit whom the target lists. */
const decide: DecideConnect = async (target, policy) => {
  const open = mayOpen(target, FACTS) && policy?.version !== policyVersion("closed");
  return open ? { lease: null } : new SallyportError("forbidden", "no");
};

async function apply(db: D1Database, wanted: Settings) {
  const { settings, revision } = await readSettings(db);
  const changes = planChanges(settings, wanted);
  await writeSettings(db, wanted, changes, revision, ADMIN);
  return changes;
}

/** A directory in which the session above may open. */
async function prepared() {
  const database = newDatabase();
  const db = sqliteDirectory(undefined, database);
  await apply(db, SETTINGS);
  await createToken(
    db,
    { name: "t", principal: "corp/agent", administrator: false, expires: 5_000 },
    "hash",
    ADMIN,
  );
  await createEnrolment(db, "main", "e", 10_000, ADMIN);
  await enrol(db, "e", await generateKey(), "claim", 600);
  return { database, db };
}

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

describe("the list of sessions", () => {
  test("names every process that was asked to join, once each, and none after the end", async () => {
    const { db } = await prepared();
    await register(db, FACTS, TOKEN, decide);
    for (const instance of ["j", "j", "i"]) await addInstance(db, FACTS.session, instance);
    assert.equal((await openSessions(db))[0]?.instance, "i j");
    await markEnded(db, FACTS.session, "closed", "done", 2_000);
    await addInstance(db, FACTS.session, "k");
    assert.deepEqual(await openSessions(db), []);
  });

  test("keeps the first end of a session, and a refused one as ended", async () => {
    const { db } = await prepared();
    assert.equal(await register(db, FACTS, TOKEN, decide), "ok");
    assert.equal((await openSessions(db)).length, 1);
    await markEnded(db, FACTS.session, "session_killed", "enough", 2_000);
    await markEnded(db, FACTS.session, "closed", "later", 3_000);
    const ended = await getSession(db, FACTS.session);
    assert.deepEqual([ended?.ended, ended?.endCode, ended?.endReason], [2_000, "session_killed", "enough"]);

    const refused = { ...FACTS, session: "1".repeat(32), target: "nothing" };
    assert.notEqual(await register(db, refused, TOKEN, decide), "ok");
    assert.equal((await getSession(db, refused.session))?.endCode, "unknown_target");
    assert.deepEqual(await openSessions(db), []);
  });

  test("is paged latest first, and an id can't register twice", async () => {
    const { db } = await prepared();
    const ids = Array.from({ length: 5 }, (_, index) => String(index).repeat(32));
    for (const session of ids) {
      await register(db, { ...FACTS, session, opened: session < "2" ? 1_000 : 1_001 }, TOKEN, decide);
    }
    const first = await listSessions(db, {}, { limit: 3, cursor: null });
    const second = await listSessions(db, {}, { limit: 3, cursor: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id[0]),
      ["4", "3", "2", "1", "0"],
    );
    assert.equal(second.next, null);
    await assert.rejects(register(db, FACTS, TOKEN, decide), /UNIQUE/);
  });
});
