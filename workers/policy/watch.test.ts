import assert from "node:assert/strict";
import { test } from "node:test";
import type { Target } from "../../protocol/directory.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import type { Subject } from "../identity/identity.ts";
import { type Watchable, watchRefusal } from "./watch.ts";

const TARGET: Target = { name: "web", kind: "ssh", connector: "main", description: "", allow: [] };
const SESSION: Watchable = {
  id: "a".repeat(32),
  principal: "corp/bot",
  onBehalfOf: "corp/alice",
  kind: "ssh",
  ended: null,
};
const ALL = `permit (principal, action == Action::"watch", resource);`;
const NONE = `forbid (principal, action == Action::"watch", resource);`;
const set = (text: string) => PolicySet.load(nodeCedar(), text);
const who = (principal: string, onBehalfOf?: string, groups: string[] = []): Subject => ({
  principal,
  groups,
  ...(onBehalfOf !== undefined && { onBehalfOf }),
});
const code = (
  text: string,
  subject: Subject,
  sees = false,
  session = SESSION,
  target: Target | null = TARGET,
) => watchRefusal(set(text), subject, session, target, sees)?.code ?? null;

test("who may watch is what the policies permit, by target, kind, and whose session it is", () => {
  assert.equal(code(ALL, who("corp/bob")), null);
  const oncall = `permit (principal in Group::"oncall", action == Action::"watch", resource)
    when { context.kind == "ssh" && context.of == "corp/bot" };`;
  assert.equal(code(oncall, who("corp/bob", undefined, ["oncall"])), null);
  assert.equal(code(oncall, who("corp/bob")), "not_found");
  const other = { ...SESSION, principal: "corp/other" };
  assert.equal(code(oncall, who("corp/bob", undefined, ["oncall"]), false, other), "not_found");
  const postgres: Watchable = { ...SESSION, kind: "postgres" };
  assert.equal(code(oncall, who("corp/bob", undefined, ["oncall"]), true, postgres), "forbidden");
});

test("nobody watches their own, by whatever hand and whatever the policies permit", () => {
  for (const own of [
    who("corp/bot"),
    who("corp/bot", "corp/alice"),
    who("corp/bot", "corp/bob"),
    who("corp/alice"),
    who("corp/another-bot", "corp/alice"),
    who("corp/alice", "corp/bob"),
    who("corp/another-bot", "corp/bot"),
  ]) {
    assert.equal(code(ALL, own, true), "forbidden", JSON.stringify(own));
  }
  const direct: Watchable = { ...SESSION, principal: "corp/alice", onBehalfOf: null };
  assert.equal(code(ALL, who("corp/bot", "corp/alice"), false, direct), "forbidden");
  assert.equal(code(ALL, who("corp/bob"), false, direct), null);
});

test("who sees the session anyway is told why it may not; to others it is unknown", () => {
  const no = `@reason("Only the on-call watches.") forbid (principal, action == Action::"watch", resource);`;
  const refusal = watchRefusal(set(no), who("corp/admin"), SESSION, TARGET, true);
  assert.equal(refusal?.code, "forbidden");
  assert.match(refusal?.message ?? "", /Only the on-call watches/);
  assert.equal(code(no, who("corp/bob")), "not_found");
});

test("a session that is over has nothing to watch, which only those learn who could have watched", () => {
  const over = { ...SESSION, ended: 5 };
  assert.equal(code(ALL, who("corp/bob"), false, over), "session_ended");
  assert.equal(code(NONE, who("corp/bob"), false, over), "not_found");
});

test("nobody watches a session whose target is gone", () => {
  assert.equal(code(ALL, who("corp/bob"), true, SESSION, null), "forbidden");
  assert.equal(code(ALL, who("corp/bob"), false, SESSION, null), "not_found");
});
