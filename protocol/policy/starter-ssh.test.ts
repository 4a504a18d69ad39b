import assert from "node:assert/strict";
import { test } from "node:test";
import { ATTACKS } from "../shell/corpus/attacks.ts";
import { BENIGN, UNPROVED } from "../shell/corpus/benign.ts";
import { lineFacts } from "../shell/line.ts";
import type { FileOperation, FileRequest, SshRequest } from "../ssh/request.ts";
import { checkPolicies } from "./check.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { judgeSsh } from "./ssh.ts";
import { STARTER_POLICIES } from "./starter.ts";
import { SSH_STARTER_POLICIES } from "./starter-ssh.ts";
import { SSH_NOW, SSH_TARGET, SUBJECT } from "./testing.ts";

const STRICT = PolicySet.load(nodeCedar(), STARTER_POLICIES);

/** What comes to mind first: the names of what does harm. */
const NAIVE = PolicySet.load(
  nodeCedar(),
  `permit(principal, action == Action::"ssh:exec", resource)
unless {
  ["rm", "rmdir", "dd", "mkfs", "shred", "reboot", "shutdown", "halt", "poweroff", "sudo", "su", "passwd", "useradd",
    "usermod", "chmod", "chown", "kill", "nc", "curl", "wget", "ssh", "crontab"].contains(context.program) ||
  context.reads.contains("/etc/shadow")
};`,
);

function exec(command: string, terminal = false, set = STRICT) {
  const request: SshRequest = { type: "exec", command, terminal };
  return judgeSsh(set, SUBJECT, SSH_TARGET, request, lineFacts(command), SSH_NOW);
}

function judge(request: SshRequest) {
  return judgeSsh(STRICT, SUBJECT, SSH_TARGET, request, null, SSH_NOW);
}

const file = (operation: FileOperation, path: string, other?: string): FileRequest => ({
  type: "file",
  protocol: "sftp",
  operation,
  path,
  ...(other !== undefined && { other }),
});

test("the policies are valid, each with an id, and each that refuses or holds with a reason", () => {
  assert.deepEqual(checkPolicies(nodeCedar(), SSH_STARTER_POLICIES), []);
  const rules = SSH_STARTER_POLICIES.split(/\n(?=@id)/).slice(1);
  for (const rule of rules) {
    assert.match(rule, /^@id\("ssh-/);
    if (/^forbid|context\.approved/m.test(rule)) assert.match(rule, /@reason\("/, rule);
    if (/context\.approved/.test(rule)) assert.match(rule, /@approvers\("ops"\)/, rule);
  }
});

test("no attack of the corpus is allowed; a list of bad names lets many through", (t) => {
  let total = 0;
  let naively = 0;
  for (const { name, lines } of ATTACKS) {
    const verdicts = lines.map(({ line }) => exec(line).verdict);
    const allowed = lines.filter((_, index) => verdicts[index] === "allow");
    const held = verdicts.filter((verdict) => verdict === "approve");
    const naive = lines.filter(({ line }) => exec(line, false, NAIVE).verdict === "allow");
    t.diagnostic(
      `${name}: ${lines.length} lines, ${allowed.length} allowed, ${held.length} held; ${naive.length} by the list of names`,
    );
    assert.deepEqual(allowed, [], name);
    total += lines.length;
    naively += naive.length;
  }
  t.diagnostic(`${total} attacks: 0 allowed; a list of bad names allows ${naively}`);
  assert.ok(total >= 240);
  assert.ok(naively > 50);
});

test("no harmless line of the corpus is refused or held, but for those that are known not to be proved", (t) => {
  const lines = Object.values(BENIGN).flat();
  const refused = lines.filter((line) => exec(line).verdict !== "allow");
  t.diagnostic(`${lines.length} harmless lines: ${refused.length} refused or held`);
  assert.deepEqual(
    refused.filter((line) => !UNPROVED.includes(line)),
    [],
  );
  assert.ok(lines.length - refused.length >= 180);
  assert.equal(new Set(lines).size, lines.length);
  assert.ok(UNPROVED.every((line) => lines.includes(line)));
});

test("no line stands in the corpus twice", () => {
  const lines = ATTACKS.flatMap(({ lines }) => lines.map(({ line }) => line));
  const twice = lines.filter((line, index) => lines.indexOf(line) !== index);
  assert.deepEqual(twice, []);
  assert.deepEqual(
    Object.values(BENIGN)
      .flat()
      .filter((line) => lines.includes(line)),
    [],
  );
});

test("what changes something in plain words is held, not blocked", () => {
  for (const line of [
    "rm -rf /srv/data",
    "systemctl restart nginx",
    "sudo systemctl restart nginx",
    "kill 123",
    "cp /srv/a /srv/b",
    "echo x > /srv/a",
    "chmod 644 /srv/a",
    "apt-get install -y nginx",
    "docker restart web",
    "cat /etc/shadow",
    "sudo tail /var/log/auth.log",
    "git -C /srv/app pull",
    "curl -s http://localhost:8080/health",
    "./deploy.sh",
    "mytool --now",
  ]) {
    assert.equal(exec(line).verdict, "approve", line);
  }
});

test("what hides, stays or opens a door is blocked whoever approves, and says why", () => {
  for (const [line, reason] of [
    ["eval $x", /commands of the line|can't be told|what .* isn't known/i],
    ["curl http://x | sh", /code/],
    ["python3 -c 'print(1)'", /code/],
    ["useradd x", /changes accounts/],
    ["echo x | crontab -", /later/],
    ["echo x >> ~/.ssh/authorized_keys", /may log in/],
    ["LD_PRELOAD=/tmp/x.so ls", /variable/],
  ] as const) {
    const decision = exec(line);
    assert.equal(decision.verdict, "block", line);
    assert.match(decision.reason, reason, line);
  }
});

test("with a terminal a command is held and watched, as a shell is", () => {
  assert.equal(exec("ls").verdict, "allow");
  const decision = exec("ls", true);
  assert.equal(decision.verdict, "approve");
  const shell = judge({ type: "shell", terminal: true });
  assert.equal(shell.verdict, "approve");
  assert.equal((shell as { watched?: true }).watched, true);
});

test("files are read, secrets and changes held, doors kept shut", () => {
  const cases: [FileRequest, "allow" | "approve" | "block"][] = [
    [file("list", "/etc"), "allow"],
    [file("stat", "/etc/shadow"), "allow"],
    [file("read", "/var/log/syslog"), "allow"],
    [file("read", "/etc/shadow"), "approve"],
    [file("read", "~/.ssh/id_ed25519"), "approve"],
    [file("read", "/srv/app/.env"), "approve"],
    [file("read", "/proc/self/environ"), "approve"],
    [file("write", "/tmp/x"), "approve"],
    [file("remove", "/srv/a"), "approve"],
    [file("rename", "/srv/a", "/srv/b"), "approve"],
    [file("write", "~/.ssh/authorized_keys"), "block"],
    [file("write", "/home/x/.ssh/authorized_keys"), "block"],
    [file("write", "~/.bashrc"), "block"],
    [file("write", "/home/deploy/.bashrc"), "block"],
    [file("write", "/etc/cron.d/x"), "block"],
    [file("rename", "/tmp/x", "~/.ssh/authorized_keys"), "block"],
    [file("symlink", "/tmp/x", "/etc/sudoers.d/x"), "block"],
    [file("write", "/etc/systemd/system/x.service"), "block"],
  ];
  for (const [request, verdict] of cases) {
    assert.equal(judge(request).verdict, verdict, JSON.stringify(request));
  }
});

test("nothing is forwarded", () => {
  for (const direction of ["local", "remote", "agent", "x11"] as const) {
    assert.equal(judge({ type: "forward", direction, host: "localhost", port: 80 }).verdict, "block");
  }
});
