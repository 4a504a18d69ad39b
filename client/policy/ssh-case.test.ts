import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { readCaseFile } from "./case-file.ts";
import { runCases } from "./run-cases.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-ssh-cases-"));
after(() => rmSync(folder, { recursive: true }));

function resultsOf(text: string, own?: string) {
  const path = join(folder, "cases.yaml");
  if (own !== undefined) writeFileSync(join(folder, "own.cedar"), own);
  writeFileSync(path, own === undefined ? text : `policies: own.cedar\n${text}`);
  const { policies, catalog, cases } = readCaseFile(path);
  return runCases(PolicySet.load(nodeCedar(), policies), catalog, cases);
}

function assertAsExpected(results: ReturnType<typeof resultsOf>): void {
  assert.ok(results.length > 0);
  for (const { place, name, failure } of results) assert.equal(failure, null, `${place} ${name}: ${failure}`);
}

test("real command lines, files and forwards get from the starter policies what each promises", () => {
  assertAsExpected(
    resultsOf(`target: {name: web1, kind: ssh}
cases:
  - {ssh: {command: uptime}, expect: allow, policy: ssh-look}
  - {ssh: {command: "df -h | sort -k5 | head -20"}, expect: allow, policy: ssh-look}
  - {ssh: {command: systemctl status nginx}, expect: allow, policy: ssh-look}
  - {ssh: {command: systemctl restart nginx}, expect: approve, policy: ssh-change}
  - {ssh: {command: "uptime; rm -r /srv/old"}, expect: approve, policy: ssh-change, reason: rm -r /srv/old}
  - {ssh: {command: cat /etc/shadow}, expect: approve, policy: ssh-change}
  - {ssh: {command: "echo cm0gLXJmIC8= | base64 -d | sh"}, expect: block, policy: ssh-hidden-code}
  - {ssh: {command: "$X -rf /"}, expect: block}
  - {ssh: {command: "'"}, expect: block}
  - {ssh: {command: LD_PRELOAD=/tmp/x.so ls}, expect: block, policy: ssh-variables}
  - {ssh: {command: echo key >> ~/.ssh/authorized_keys}, expect: block, policy: ssh-own-door}
  - {ssh: {shell: "yes"}, expect: approve, policy: ssh-shell, watched: "yes"}
  - {ssh: {file: list, path: /etc}, expect: allow}
  - {ssh: {file: read, path: /var/log/syslog}, expect: allow, policy: ssh-read-files}
  - {ssh: {file: read, path: /etc/shadow, protocol: scp}, expect: approve, policy: ssh-read-secrets}
  - {ssh: {file: write, path: /srv/app/x}, expect: approve, policy: ssh-write-files}
  - {ssh: {file: rename, path: /srv/x, other: /etc/cron.d/x}, expect: block, policy: ssh-own-door-by-file}
  - {ssh: {forward: local, host: db, port: 5432}, expect: block}
  - {ssh: {forward: agent}, expect: block}
  - {as: alice, groups: [ops], watch: agent/7, expect: allow, policy: watch}
  - {as: alice, groups: [ops], watch: alice, expect: block}
  - {as: alice, connect: listed, expect: allow}
`),
  );
});

test("a case says as which account, with a terminal or not, and on which kind of target", () => {
  assertAsExpected(
    resultsOf(
      `target: {name: web1, kind: ssh}
cases:
  - {ssh: {command: ls}, account: root, expect: block}
  - {ssh: {command: ls}, expect: allow, watched: "no"}
  - {ssh: {command: ls, terminal: "yes"}, expect: allow, watched: "yes"}
  - {ssh: {shell: "yes", terminal: "no"}, expect: block}
  - {ssh: {shell: "yes"}, expect: allow}
  - {ssh: {file: read, path: /a, protocol: scp}, expect: allow}
  - {ssh: {file: read, path: /a}, expect: block}
  - {ssh: {command: ls}, target: web2, expect: block}
  - {ssh: {command: ls}, usage: {statements: 9}, expect: block}
  - {watch: agent/7, expect: allow}
`,
      `permit(principal, action == Action::"ssh:exec", resource == Target::"web1")
       when { context.account == "deploy" && resource.kind == "ssh" };
       @watched permit(principal, action == Action::"ssh:exec", resource == Target::"web1")
       when { context.account == "deploy" && context.terminal };
       permit(principal, action == Action::"ssh:shell", resource) when { context.terminal };
       permit(principal, action == Action::"ssh:sftp:read", resource) when { context.protocol == "scp" };
       forbid(principal, action == Action::"ssh:exec", resource) when { context.session.statements > 8 };
       permit(principal, action == Action::"watch", resource)
       when { context.of == "agent/7" && context.kind == "ssh" && resource.kind == "ssh" };`,
    ),
  );
});

test("a case fails where nobody watches that should, and the other way round", () => {
  const results = resultsOf(`cases:
  - {ssh: {command: uptime}, expect: allow, watched: "yes"}
  - {ssh: {shell: "yes"}, expect: approve, watched: "no"}
`);
  assert.deepEqual(
    results.map(({ failure }) => failure),
    ["nobody needs to watch it", "somebody must watch it"],
  );
});

const WRONG: [request: string, message: RegExp][] = [
  ["ls", /cases\[0\]\.ssh is not a mapping/],
  ["{}", /cases\[0\]\.ssh needs one of command, shell, file and forward/],
  ["{command: ls, file: read}", /needs one of command/],
  ['{command: ""}', /command is not a text/],
  ["{command: ls, path: /etc}", /ssh\.path is not known here/],
  ['{shell: "no"}', /ssh\.shell is not yes/],
  ["{file: delete, path: /a}", /ssh\.file is not one of list, stat/],
  ["{file: read, path: a}", /ssh\.path is not an absolute path/],
  ["{file: read}", /ssh\.path is missing/],
  ["{forward: outward, host: a, port: 1}", /ssh\.forward is not one of local/],
  ["{forward: local, host: a, port: 70000}", /ssh\.port is not a whole number/],
];
for (const [request, message] of WRONG) {
  test(`a mistake in a request to an SSH target is told with its place: ${request}`, () => {
    assert.throws(
      () => resultsOf(`cases:\n  - {ssh: ${request}, expect: allow}`),
      (error) =>
        error instanceof SallyportError &&
        error.code === "invalid_config" &&
        /cases\.yaml:2:\d+/.test(error.message) &&
        message.test(error.message),
    );
  });
}
