import assert from "node:assert/strict";
import { test } from "node:test";
import type { Issuer, Settings, Target } from "../../protocol/directory.ts";
import { Apply } from "./settings.ts";
import { parse } from "./shape.ts";

const target: Target = {
  name: "a",
  kind: "postgres",
  connector: "main",
  description: "",
  allow: ["*", "group:Domain Users"],
};
const issuer: Issuer = {
  name: "corp",
  issuer: "https://idp.example",
  audience: "sallyport",
  algorithms: ["RS256", "EdDSA"],
  principalClaim: "sub",
  groupsClaim: "groups",
  requiredClaims: {},
  skewSeconds: 30,
};
const good: Settings = {
  targets: [target],
  issuers: [issuer],
  administrators: ["group:a"],
  limits: {},
  approvals: { slack: { users: [{ id: "U024BE7LH", principal: "corp/alice", groups: ["dba"] }] } },
  policies: "permit (principal, action, resource);\n",
};

const check = (change: Partial<Record<keyof Settings, unknown>>) =>
  parse(Apply, { settings: { ...good, ...change }, dryRun: true }).settings;

test("good settings pass unchanged", () => {
  assert.deepEqual(check({}), good);
});

test("settings without approvals let nobody answer in Slack", () => {
  const { approvals: _none, ...without } = good;
  assert.deepEqual(parse(Apply, { settings: without, dryRun: true }).settings.approvals, undefined);
});

const slack = (...users: unknown[]) => ({ approvals: { slack: { users } } });
const alice = { id: "U024BE7LH", principal: "corp/alice", groups: [] };

const bad: [string, Partial<Record<keyof Settings, unknown>>, RegExp][] = [
  [
    "two targets of one name",
    { targets: [target, target] },
    /targets\[1\]\.name is the same as .*targets\[0\]/,
  ],
  [
    "two issuers of one URL",
    { issuers: [issuer, { ...issuer, name: "b" }] },
    /issuers\[1\]\.issuer is the same/,
  ],
  ["a reserved issuer name", { issuers: [{ ...issuer, name: "service" }] }, /reserved/],
  ["no algorithm", { issuers: [{ ...issuer, algorithms: [] }] }, /name one at least/],
  ["a symmetric algorithm", { issuers: [{ ...issuer, algorithms: ["RS256", "HS256"] }] }, /algorithms\[1\]/],
  ["no algorithm at all", { issuers: [{ ...issuer, algorithms: ["none"] }] }, /algorithms\[0\]/],
  ["unbounded skew", { issuers: [{ ...issuer, skewSeconds: 121 }] }, /skewSeconds/],
  ["an issuer without TLS", { issuers: [{ ...issuer, issuer: "http://idp.example" }] }, /https URL/],
  ["everyone as administrator", { administrators: ["*"] }, /everyone/],
  ["every group as administrator", { administrators: ["group:*"] }, /everyone/],
  ["a connection in a target", { targets: [{ ...target, connection: {} }] }, /connection is not known/],
  [
    "a connector that is no name",
    { targets: [{ ...target, connector: "../x" }] },
    /connector must be a name/,
  ],
  ["an unknown kind", { targets: [{ ...target, kind: "ftp" }] }, /one of postgres, ssh, http, kubernetes/],
  ["a limit out of range", { limits: { maxBytes: 0 } }, /maxBytes/],
  ["an unknown limit", { limits: { bytes: 1 } }, /bytes is not known/],
  ["policies that are no text", { policies: ["permit"] }, /policies must be a text/],
  ["policies without bound", { policies: " ".repeat(300_000) }, /policies must be a text of at most 256 KiB/],
  ["policies with half a character", { policies: "\ud800" }, /policies must be a text/],
  ["a Slack user by name", slack({ ...alice, id: "alice" }), /users\[0\]\.id must be a member ID of Slack/],
  ["two of one Slack user", slack(alice, { ...alice, principal: "b" }), /users\[1\]\.id is the same as/],
  ["a Slack user as a pattern", slack({ ...alice, principal: "group:dba" }), /principal must be a principal/],
  ["the bootstrap token in Slack", slack({ ...alice, principal: "bootstrap" }), /nobody in particular/],
  [
    "a webhook among the settings",
    { approvals: { slack: { users: [], webhook: "x" } } },
    /webhook is not known/,
  ],
  ["recipients that are no list", { recordings: { recipients: "age1" } }, /recipients must be a list/],
  [
    "more than 16 recipients",
    { recordings: { recipients: Array(17).fill("age1") } },
    /recipients must be a list of at most 16/,
  ],
  ["something else of recordings", { recordings: { recipients: [], keys: [] } }, /keys is not known/],
  ["a missing part", { administrators: undefined }, /administrators must be a list/],
];
for (const [what, change, words] of bad) {
  test(`refuses ${what}`, () =>
    assert.throws(() => check(change), { code: "invalid_request", message: words }));
}
