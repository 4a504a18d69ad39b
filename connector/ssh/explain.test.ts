import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import type { ExplainRequest } from "../../protocol/hub-messages.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import { PolicyHolder } from "../guard/policy-holder.ts";
import { DEFAULT_DETECTORS } from "../mask/detectors/modes.ts";
import { explainLine } from "./explain.ts";
import type { SshTargetConfig } from "./target/config.ts";

const TARGET: SshTargetConfig = {
  name: "web1",
  kind: "ssh",
  host: "10.0.0.7",
  port: 22,
  accounts: [
    { name: "deploy", allow: ["*"], credentials: { key: null, password: null } },
    { name: "root", allow: ["group:ops"], credentials: { key: null, password: null } },
  ],
  hostKeys: { knownHosts: null, fingerprints: [] },
  environment: [],
  algorithms: "modern",
  detectors: DEFAULT_DETECTORS,
};
const POLICIES = `${ALLOW_ALL}
@id("no-root") @reason("Not as root.") forbid(principal, action == Action::"ssh:exec", resource)
when { context.account == "root" && context.program == "rm" && resource.kind == "ssh" && resource.connector == "main" };`;

function holder(text: string | null): PolicyHolder {
  const policies = new PolicyHolder(
    (one) => PolicySet.load(nodeCedar(), one),
    () => {},
  );
  if (text !== null)
    policies.put({
      type: "policy",
      text,
      version: createHash("sha256").update(text).digest("hex"),
      revision: 1,
    });
  return policies;
}

const ask = (part: Partial<ExplainRequest>, text: string | null = POLICIES) =>
  explainLine(holder(text), TARGET, "main", {
    target: "web1",
    principal: "agent/7",
    groups: [],
    text: "rm -r /srv/a; uptime",
    ...part,
  });

test("a command line is judged as the account that the principal would have, with what was proved of it", () => {
  const { statements } = ask({});
  assert.equal(statements.length, 1);
  const { text, decision, facts } = statements[0]!;
  assert.deepEqual([text, decision.verdict], ["rm -r /srv/a; uptime", "allow"]);
  assert.deepEqual(
    facts.commands.map(({ program }) => program),
    ["rm", "uptime"],
  );
  const asRoot = ask({ groups: ["ops"], account: "root" }).statements[0]!;
  assert.deepEqual([asRoot.decision.verdict, asRoot.decision.policies], ["block", ["no-root"]]);
});

test("an account that the principal may not have is refused, and so is all where there are no policies", () => {
  assert.throws(() => ask({ account: "root" }), /may not have this account/);
  assert.throws(() => ask({}, null), /no policies to judge by/);
});
