import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse } from "yaml";
import { readDocument } from "../../protocol/document.ts";
import { checkPolicies } from "../../protocol/policy/check.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { judgeSsh } from "../../protocol/policy/ssh.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { SSH_NOW, SSH_TARGET, SUBJECT } from "../../protocol/policy/testing.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { sshTarget } from "./target/config.ts";

const GUIDE = readFileSync(new URL("../../docs/ssh.md", import.meta.url), "utf8");
const README = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
const FINGERPRINT = `SHA256:${"A".repeat(43)}`;

function target(yaml: string) {
  const text = yaml.replace("SHA256:…", FINGERPRINT);
  const parsed = parse(text);
  const [settings] = parsed.targets ?? parsed;
  return sshTarget("web", readDocument(JSON.stringify(settings), "docs/ssh.md"), "/etc");
}

test("the guide's settings can be read", () => {
  const [, yaml = ""] = /^```yaml\n(targets:.*?)^```$/ms.exec(GUIDE) ?? [];
  const { accounts, hostKeys, detectors } = target(yaml);
  assert.deepEqual(
    accounts.map(({ name }) => name),
    ["deploy", "admin"],
  );
  assert.deepEqual(hostKeys.fingerprints, [FINGERPRINT]);
  assert.equal(detectors.email, "mask");
});

test("so can those of the README", () => {
  const [, yaml = ""] = /^```yaml\n( {2}- name: web.*?)^```$/ms.exec(README) ?? [];
  assert.equal(target(yaml).host, "web-1.internal");
});

test("the guide's policies have no mistake", () => {
  const texts = [...GUIDE.matchAll(/^```cedar\n(.*?)^```$/gms)].map(([, text]) => text!);
  assert.equal(texts.length, 1);
  for (const text of texts) assert.deepEqual(checkPolicies(nodeCedar(), `${STARTER_POLICIES}\n${text}`), []);
});

test("the guide's lines get the verdicts that it tells", () => {
  const set = PolicySet.load(nodeCedar(), STARTER_POLICIES);
  const [, table = ""] = /^\| line \| starter policies \|\n(.*?)\n\n/ms.exec(GUIDE) ?? [];
  const verdicts: Record<string, string> = { allow: "allow", held: "approve", blocked: "block" };
  let lines = 0;
  for (const [, cell, told] of table.matchAll(/^\| (`.*) \| (allow|held|blocked) \|$/gm)) {
    const commands = [...cell!.matchAll(/`([^`]+)`/g)].map(([, line]) => line!.replaceAll("\\|", "|"));
    for (const command of commands.filter((one) => !one.includes("…"))) {
      const request = { type: "exec", command, terminal: false } as const;
      const { verdict } = judgeSsh(set, SUBJECT, SSH_TARGET, request, lineFacts(command), SSH_NOW);
      assert.equal(verdict, verdicts[told!], command);
      lines += 1;
    }
  }
  assert.ok(lines >= 10);
});
