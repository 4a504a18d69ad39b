import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { accountFor } from "./accounts.ts";
import type { SshTargetConfig } from "./config.ts";

const credentials = { key: null, password: { env: "P" } };

function target(...accounts: [name: string, ...allow: string[]][]): SshTargetConfig {
  const [first, ...others] = accounts.map(([name, ...allow]) => ({ name, allow, credentials }));
  return {
    name: "web",
    kind: "ssh",
    host: "web",
    port: 22,
    accounts: [first!, ...others],
    hostKeys: { knownHosts: "/kh", fingerprints: [] },
    environment: [],
    algorithms: "modern",
    detectors: DEFAULT_DETECTORS,
  };
}

const WEB = target(["deploy", "service/ci", "group:ops"], ["admin", "corp/*"], ["backup", "group:ops"]);
const ci = { principal: "service/ci", groups: [] };
const ops = { principal: "corp/olga", groups: ["ops"] };
const agent = { principal: "service/agent", groups: [], onBehalfOf: "corp/olga" };
const stranger = { principal: "service/x", groups: ["ci"] };

describe("the account that somebody gets", () => {
  test("is the first that it may have, where it names none", () => {
    assert.equal(accountFor(WEB, ci, "sallyport"), "deploy");
    assert.equal(accountFor(WEB, ops, "sallyport"), "deploy");
    assert.equal(accountFor(WEB, agent, "sallyport"), "admin");
  });

  test("is the one that it names, where it may have it", () => {
    assert.equal(accountFor(WEB, ops, "backup"), "backup");
    assert.equal(accountFor(WEB, ops, "admin"), "admin");
  });

  test("is none where it may not, and others' accounts are not told apart from those that aren't there", () => {
    const refused = (requested: string) => {
      try {
        accountFor(WEB, ci, requested);
      } catch (error) {
        return error as { code: string; message: string; hint: string };
      }
      assert.fail("it was given");
    };
    assert.deepEqual({ ...refused("admin") }, { ...refused("nobody") });
    assert.equal(refused("admin").code, "forbidden");
    assert.equal(refused("admin").message, refused("nobody").message);
    assert.match(refused("admin").hint, /You may have deploy; sallyport stands for the first\./);
    for (const requested of ["", "Deploy", "deploy ", "deploy\0", "*", "constructor"]) refused(requested);
  });

  test("is none for who may have none, whatever it asks for", () => {
    for (const requested of ["sallyport", "deploy"]) {
      assert.throws(() => accountFor(WEB, stranger, requested), {
        code: "forbidden",
        message: "you may have no account of target web",
      });
    }
  });

  test("is an account of that very name, where there is one", () => {
    const own = target(["sallyport", "corp/*"], ["deploy", "*"]);
    assert.equal(accountFor(own, ops, "sallyport"), "sallyport");
    assert.equal(accountFor(own, ci, "sallyport"), "deploy");
  });
});
