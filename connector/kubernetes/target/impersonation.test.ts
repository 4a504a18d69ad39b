import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { DEFAULT_LIMITS } from "../../http/target/config.ts";
import { ask, failure, recording, serve } from "../../http/target/testing.ts";
import { Upstream } from "../../http/target/upstream.ts";
import { impersonation } from "./impersonation.ts";
import { DEFAULT_IMPERSONATION, type ImpersonationConfig } from "./impersonation-config.ts";

const WHO = { session: "s1", principal: "corp/alice@example.com", groups: ["dev", "ops"] };

function config(change: Partial<ImpersonationConfig> = {}): ImpersonationConfig {
  return { ...DEFAULT_IMPERSONATION, ...change };
}

describe("as whom a session acts in a cluster", () => {
  test("is its principal and its groups behind a prefix, with what the audit log should have", () => {
    const { user, groups, fields } = impersonation(config(), { ...WHO, onBehalfOf: "corp/bob" });
    assert.equal(user, "sallyport:corp/alice@example.com");
    assert.deepEqual(groups, ["sallyport:dev", "sallyport:ops"]);
    assert.deepEqual(fields, [
      ["impersonate-user", "sallyport:corp/alice@example.com"],
      ["impersonate-group", "sallyport:dev"],
      ["impersonate-group", "sallyport:ops"],
      ["impersonate-extra-sallyport.dev%2fsession", "s1"],
      ["impersonate-extra-sallyport.dev%2fprincipal", "corp/alice@example.com"],
      ["impersonate-extra-sallyport.dev%2fon-behalf-of", "corp/bob"],
    ]);
  });

  test("is what the configuration says, the first line for users and all lines for groups", () => {
    const mapped = config({
      users: [
        { principal: "corp/alice@*", as: "alice" },
        { principal: "corp/*", as: "somebody" },
      ],
      groups: [
        { group: "dev", as: ["developers", "system:monitoring"] },
        { group: "*", as: ["everybody"] },
      ],
    });
    const { user, groups } = impersonation(mapped, WHO);
    assert.equal(user, "alice");
    assert.deepEqual(groups, ["developers", "system:monitoring", "everybody"]);
    assert.equal(impersonation(mapped, { ...WHO, principal: "corp/bob" }).user, "somebody");
    assert.equal(impersonation(mapped, { ...WHO, principal: "x/bob" }).user, "sallyport:x/bob");
  });

  test("may be the bare names where no prefix is wanted", () => {
    const bare = config({ userPrefix: "", groupPrefix: "" });
    const { user, groups } = impersonation(bare, WHO);
    assert.deepEqual([user, ...groups], ["corp/alice@example.com", "dev", "ops"]);
  });

  test("is told in UTF-8, byte for byte", () => {
    const { fields } = impersonation(config(), { ...WHO, principal: "jürgen" });
    assert.equal(Buffer.from(fields[0]![1], "latin1").toString("utf8"), "sallyport:jürgen");
  });

  for (const name of [
    ...["system:admin", "System:Admin", "system:serviceaccount:kube-system:default", "\uff53ystem:admin"],
    ...["system\uff1aadmin", " system:admin"],
  ]) {
    test(`is never ${JSON.stringify(name)} by the name that somebody gave themselves`, () => {
      const bare = config({ userPrefix: "", groupPrefix: "" });
      assert.throws(() => impersonation(bare, { ...WHO, principal: name }), { code: "forbidden" });
      assert.deepEqual(impersonation(bare, { ...WHO, groups: [name, "dev"] }).groups, ["dev"]);
      const halves = config({ userPrefix: "sys", groupPrefix: "sys" });
      assert.throws(() => impersonation(halves, { ...WHO, principal: "tem:masters" }), { code: "forbidden" });
    });
  }

  for (const name of [
    "a\r\nImpersonate-User: root",
    "a\nb",
    "a\0",
    "a ",
    "a\u00a0",
    "a\u200b",
    "x".repeat(600),
    "\ud800",
  ]) {
    test(`is nobody by the name ${JSON.stringify(name.slice(0, 30))}`, () => {
      assert.throws(() => impersonation(config(), { ...WHO, principal: name }), { code: "forbidden" });
      assert.deepEqual(impersonation(config(), { ...WHO, groups: [name] }).groups, []);
    });
  }

  test("has a bound", () => {
    const groups = Array.from({ length: 1_000 }, (_, i) => `group-number-${i}`);
    assert.throws(() => impersonation(config(), { ...WHO, groups }), {
      code: "forbidden",
      message: /more groups/,
    });
  });

  test("is always told in fields that can stand in a head, and never as the system's own", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const name = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("system:masters", "tem:x", " system:y", "SYSTEM:z"),
    );
    const property = fc.property(
      name,
      fc.array(name),
      fc.constantFrom("", "sallyport:", "a/"),
      (principal, groups, prefix) => {
        try {
          const { fields } = impersonation(config({ userPrefix: prefix, groupPrefix: prefix }), {
            session: "s",
            principal,
            groups,
          });
          for (const [field, value] of fields) {
            assert.match(field, /^impersonate-[a-z0-9.%-]+$/);
            assert.match(value, /^[\x21-\x7e\x80-\xff](?:[\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?$/);
            if (!field.startsWith("impersonate-extra")) assert.ok(!value.toLowerCase().startsWith("system:"));
          }
        } catch (error) {
          assert.ok(error instanceof SallyportError && error.code === "forbidden", String(error));
        }
      },
    );
    fc.assert(property, { numRuns: 2_000, seed: SEED });
  });
});

describe("a request to an API server", () => {
  const at = (port: number) =>
    new Upstream({
      name: "cluster",
      host: "127.0.0.1",
      port,
      basePath: "",
      tls: { mode: "disable" },
      limits: DEFAULT_LIMITS,
      credential: { type: "none" },
      impersonates: true,
    });

  test("says as whom, whatever the agent says", async (t) => {
    const { seen, listener } = recording();
    const upstream = at(await serve(t, listener));
    t.after(() => upstream.close());
    const { fields } = impersonation(config(), WHO);
    const evil = [
      "impersonate-user",
      "Impersonate-User",
      "impersonate_user",
      "impersonate.user",
      "impersonate-group",
    ];
    const extra = [
      "impersonate-uid",
      "impersonate-extra-scopes",
      "impersonate_extra_scopes",
      "x-remote-user",
      "x-remote-group",
    ];
    await ask(upstream, {
      identity: fields,
      fields: [...evil, ...extra].map((name) => [name.toLowerCase(), "system:admin"] as const),
    });
    const raw = seen[0]!.rawHeaders;
    const sent = raw.flatMap((name, i) =>
      i % 2 === 0 && /^(?:impersonate|x.remote)/i.test(name) ? [[name, raw[i + 1]]] : [],
    );
    assert.deepEqual(
      sent,
      fields.map((line) => [...line]),
    );
  });

  test("is not sent as nobody: that would be the connector's own account", async (t) => {
    const { seen, listener } = recording();
    const upstream = at(await serve(t, listener));
    t.after(() => upstream.close());
    assert.equal((await failure(ask(upstream, { identity: null }))).code, "internal");
    assert.equal((await failure(ask(upstream, { identity: [] }))).code, "internal");
    assert.equal(
      (await failure(ask(upstream, { identity: [["impersonate-group", "dev"]] }))).code,
      "internal",
    );
    const asked = { target: "/", base: "", fields: [], subprotocols: [], identity: null };
    assert.equal((await failure(upstream.websocket(asked))).code, "internal");
    assert.equal(seen.length, 0);
  });
});
