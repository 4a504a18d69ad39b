import assert from "node:assert/strict";
import { test } from "node:test";
import type { Issuer, Settings, Target } from "../../protocol/directory.ts";
import type { OpenSession } from "./open-sessions.ts";
import { planChanges, sessionsToEnd } from "./plan.ts";
import { policyVersion } from "./policies.ts";

const target = (name: string, more: Partial<Target> = {}): Target => ({
  name,
  kind: "postgres",
  connector: "main",
  description: "",
  allow: ["corp/*"],
  ...more,
});
const issuer: Issuer = {
  name: "corp",
  issuer: "https://idp",
  audience: "a",
  algorithms: ["RS256"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: { x: "1", y: "2" },
  skewSeconds: 30,
};
const settings = (more: Partial<Settings> = {}): Settings => ({
  targets: [target("a"), target("b")],
  issuers: [issuer],
  administrators: ["group:x"],
  limits: { idleMs: 1, maxMs: 2 },
  policies: "permit (principal, action, resource);",
  ...more,
});
const session = (id: string, more: Partial<OpenSession> = {}): OpenSession => ({
  id,
  target: "a",
  principal: "corp/alice",
  groups: [],
  connector: "main",
  instance: "i",
  opened: 1,
  ...more,
});

test("each person who may answer in Slack is a change of its own; none at all is the same as no list", () => {
  const users = (...list: [id: string, principal: string][]): Settings =>
    settings({
      approvals: { slack: { users: list.map(([id, principal]) => ({ id, principal, groups: [] })) } },
    });
  assert.deepEqual(planChanges(settings(), users()), []);
  assert.deepEqual(planChanges(users(["U01", "a"], ["U02", "b"]), users(["U03", "c"], ["U02", "x"])), [
    {
      action: "delete",
      subject: "slack-user/U01",
      before: { name: "U01", principal: "a", groups: [] },
      after: null,
    },
    {
      action: "update",
      subject: "slack-user/U02",
      before: { name: "U02", principal: "b", groups: [] },
      after: { name: "U02", principal: "x", groups: [] },
    },
    {
      action: "create",
      subject: "slack-user/U03",
      before: null,
      after: { name: "U03", principal: "c", groups: [] },
    },
  ]);
});

test("equal settings have no difference, whatever the order of members and targets", () => {
  const other = settings({
    targets: [target("b"), target("a")],
    issuers: [{ ...issuer, requiredClaims: { y: "2", x: "1" } }],
    limits: { maxMs: 2, idleMs: 1 },
  });
  assert.deepEqual(planChanges(settings(), other), []);
});

test("each difference is one change, with before and after", () => {
  const wanted = settings({
    targets: [target("b", { description: "new" }), target("c")],
    issuers: [],
    administrators: [],
    limits: {},
  });
  assert.deepEqual(
    planChanges(settings(), wanted).map(({ action, subject }) => `${action} ${subject}`),
    [
      "delete target/a",
      "update target/b",
      "create target/c",
      "delete issuer/corp",
      "update administrators",
      "update limits",
    ],
  );
  assert.deepEqual(planChanges(settings(), wanted)[1], {
    action: "update",
    subject: "target/b",
    before: target("b"),
    after: target("b", { description: "new" }),
  });
});

test("sessions end whose target is gone, moved or closed to them; others stay", () => {
  const wanted = settings({ targets: [target("b", { allow: ["corp/bob"] })] });
  const open = [
    session("gone"),
    session("closed", { target: "b" }),
    session("stays", { target: "b", principal: "corp/agent", onBehalfOf: "corp/bob" }),
  ];
  const ended = (after: Settings) =>
    sessionsToEnd(planChanges(settings(), after), open).map(({ session }) => session.id);
  assert.deepEqual(ended(wanted), ["gone", "closed"]);
  const moved = settings({ targets: [target("a"), target("b", { connector: "other" })] });
  assert.deepEqual(ended(moved), ["closed", "stays"]);
  assert.deepEqual(ended(settings({ targets: [target("a", { description: "x" }), target("b")] })), []);
});

test("changed policies are one change: their versions and the lines that differ", () => {
  const text = (line: string) => `// Words\n${line}\n`;
  const [change, ...others] = planChanges(
    settings({ policies: text("permit (principal, action, resource);") }),
    settings({ policies: text("// Nothing") }),
  );
  assert.deepEqual(others, []);
  assert.deepEqual(change, {
    action: "update",
    subject: "policies",
    before: { version: policyVersion(text("permit (principal, action, resource);")) },
    after: {
      version: policyVersion(text("// Nothing")),
      lines: ["-permit (principal, action, resource);", "+// Nothing"],
    },
  });
});

test("a session that policies let open without being listed stays when its target changes otherwise", () => {
  const open = [session("unlisted", { principal: "guest" })];
  const ended = (b: Target) =>
    sessionsToEnd(planChanges(settings(), settings({ targets: [b, target("b")] })), open).length;
  assert.equal(ended(target("a", { description: "new" })), 0);
  assert.equal(ended(target("a", { allow: ["corp/*", "guest"] })), 1);
});

test("sessions end whose issuer is gone or accepts by other rules", () => {
  const open = [session("theirs", { issuer: "https://idp" }), session("token")];
  const ended = (issuers: Issuer[]) =>
    sessionsToEnd(planChanges(settings(), settings({ issuers })), open).map(({ session }) => session.id);
  assert.deepEqual(ended([]), ["theirs"]);
  assert.deepEqual(ended([{ ...issuer, requiredClaims: { x: "1" } }]), ["theirs"]);
  assert.deepEqual(ended([{ ...issuer, clientId: "cli", skewSeconds: 0 }]), []);
});
