import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SEED } from "../seeded.ts";
import { type CommandFacts, type LineFacts, SHELL_EFFECTS } from "../shell/facts.ts";
import { FILE_OPERATIONS, type FileOperation, type FileRequest, type SshRequest } from "../ssh/request.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { isDecision } from "./reading.ts";
import { actionsOf, judgeSsh, MAX_COMMANDS, MAX_LINE, requestFingerprint } from "./ssh.ts";
import { directoriesOf } from "./ssh-context.ts";
import { ALLOW_ALL } from "./starter.ts";
import { commandOf, lineOf, SSH_NOW, SSH_TARGET, SUBJECT, USAGE } from "./testing.ts";

console.log(`ssh verdicts fuzz: SEED=${SEED}`);

const cedar = nodeCedar();
const set = (text: string) => PolicySet.load(cedar, text);
const exec = (command: string, terminal = false): SshRequest => ({ type: "exec", command, terminal });
const file = (operation: FileOperation, path: string, other?: string): FileRequest => ({
  type: "file",
  protocol: "sftp",
  operation,
  path,
  ...(other !== undefined && { other }),
});
const judge = (policies: string, request: SshRequest, facts: LineFacts | null = null) =>
  judgeSsh(set(policies), SUBJECT, SSH_TARGET, request, facts, SSH_NOW);
const reason = (...args: Parameters<typeof judge>) => {
  const decision = judge(...args);
  return decision.verdict === "allow" ? "" : decision.reason;
};

/** Whether a condition holds for one command of a line. */
const holds = (condition: string, facts: LineFacts, request = exec("x")) =>
  judge(`permit(principal, action == Action::"ssh:exec", resource) when { ${condition} };`, request, facts)
    .verdict === "allow";

test("a command's context says all that was proved of it", () => {
  const facts = lineOf(
    commandOf(["/usr/bin/rm", "-r", "--", "/srv/a", "it's", null], {
      via: ["sudo", "xargs"],
      runAs: "root",
      host: "web2",
      reads: ["/etc/ssh/sshd_config", "~/x"],
      writes: ["/srv/a", "*"],
      assignments: ["PATH"],
      stdin: "pipe",
      effects: ["delete", "write"],
    }),
  );
  for (const condition of [
    'context.account == "deploy" && context.runAs == "root" && context has host && context.host == "web2"',
    'context.program == "rm" && context.path == "/usr/bin/rm"',
    String.raw`context.arguments == "/usr/bin/rm -r -- /srv/a 'it'\\''s' *"`,
    `context.operands == ["/srv/a", "it's", "*"] && context.options == ["-r", "--", "*"]`,
    'context.via == ["sudo", "xargs"] && context.assignments == ["PATH"] && context.stdin == "pipe"',
    'context.reads == ["/etc/ssh/sshd_config", "~/x"] && context.writes == ["/srv/a", "*"]',
    'context.readDirectories == ["/etc/ssh/sshd_config", "/etc/ssh", "/etc", "/", "~/x", "~"]',
    'context.writeDirectories.contains("/srv") && context.writeDirectories.contains("*")',
    'context.effects == ["delete", "write"] && context.known && context.complete && context.opaque.isEmpty()',
    'context.commands == 1 && context.terminal && context.line == "x" && context.session.rows == 10',
    'context.secrets == ["*"]',
  ]) {
    assert.ok(holds(condition, facts, exec("x", true)), condition);
  }
});

test("an account is its own where nothing else runs the command, and there is no host then", () => {
  const facts = lineOf(commandOf(["ls"]));
  assert.ok(holds('context.runAs == "deploy" && !(context has host) && !context.terminal', facts));
});

test("what isn't known of the line isn't known of any of its commands", () => {
  const facts = { ...lineOf(commandOf(["ls"]), commandOf(["df"])), opaque: ["an alias"] };
  assert.ok(!holds("context.complete", facts));
  assert.ok(holds('context.opaque == ["an alias"]', facts));
  const one = lineOf(commandOf(["ls"]), commandOf(["df"], { opaque: ["its input"] }));
  assert.ok(!holds("context.complete", one));
  assert.ok(holds('context.complete || context.program == "df"', one));
});

test("a program that isn't known is not complete, and that is told", () => {
  const facts = lineOf(commandOf(["frobnicate"], { known: false }));
  assert.ok(!holds("context.complete", facts));
  assert.match(
    reason(
      'permit(principal, action, resource); @reason("No.") forbid(principal, action == Action::"ssh:exec", resource) unless { context.complete };',
      exec("frobnicate"),
      facts,
    ),
    /^No\. .*what frobnicate does isn't known/,
  );
});

test("the worst of a line's commands counts, and is named", () => {
  const policies = `
    @id("reads") permit(principal, action == Action::"ssh:exec", resource)
    when { context.effects == ["read"] };
    @id("held") @reason("Ask first.") @approvers("ops") permit(principal, action == Action::"ssh:exec", resource)
    when { context.approved && context.program == "systemctl" };
    @id("never") @reason("Never.") forbid(principal, action == Action::"ssh:exec", resource)
    when { context.program == "dd" };`;
  const ls = commandOf(["ls"], { effects: ["read"] });
  const restart = commandOf(["systemctl", "restart", "nginx"]);
  const dd = commandOf(["dd", "of=/dev/sda"]);
  assert.equal(judge(policies, exec("ls"), lineOf(ls)).verdict, "allow");
  const held = judge(policies, exec("ls; systemctl restart nginx"), lineOf(ls, restart));
  assert.deepEqual(held.verdict === "approve" && [held.policies, held.reason], [
    ["held"],
    "Ask first. Its command: systemctl restart nginx.",
  ]);
  const blocked = judge(policies, exec("…"), lineOf(ls, restart, dd));
  assert.deepEqual([blocked.verdict, blocked.policies], ["block", ["never"]]);
  assert.match(
    reason(policies, exec("…"), lineOf(ls, restart, dd)),
    /Never\. Its command: dd of=\/dev\/sda\./,
  );
});

test("a line without a command is asked about once, with an empty program", () => {
  const facts = lineOf();
  assert.ok(
    holds('context.program == "" && context.arguments == "" && context.commands == 0', facts, exec("")),
  );
  assert.equal(judge(ALLOW_ALL, exec("# nothing"), facts).verdict, "allow");
  const named = 'permit(principal, action == Action::"ssh:exec", resource) when { context.program == "ls" };';
  assert.equal(judge(named, exec(""), facts).verdict, "block");
});

test("a line that can't be parsed, or was not looked into, is blocked even where everything is permitted", () => {
  const facts = { ...lineOf(), opaque: ["an unclosed quote"] };
  assert.match(reason(ALLOW_ALL, exec('"'), facts), /isn't known: an unclosed quote/);
  assert.equal(judge(ALLOW_ALL, exec("ls"), null).verdict, "block");
});

test("what is too much to be judged is blocked even where everything is permitted", () => {
  const many = (count: number, facts: Partial<CommandFacts>) =>
    lineOf(...Array.from({ length: count }, () => commandOf(["x"], facts)));
  const deep = `/${"a/".repeat(60_000)}a`;
  for (const [request, facts] of [
    [exec("x".repeat(MAX_LINE + 1)), lineOf(commandOf(["x"]))],
    [exec("x"), many(MAX_COMMANDS + 1, {})],
    [exec("x".repeat(MAX_LINE)), many(MAX_COMMANDS, {})],
    [exec("x"), many(1, { reads: [deep] })],
    [exec("x"), many(1, { writes: Array.from({ length: 12_000 }, (_, i) => `/${i}`) })],
    [exec("x"), lineOf(commandOf(["rm", ...Array.from({ length: 12_000 }, String)]))],
    [exec("x"), { ...many(MAX_COMMANDS, {}), opaque: Array(150).fill("why") }],
  ] as const) {
    assert.match(reason(ALLOW_ALL, request, facts), /too much to be judged/);
  }
  assert.equal(judge(ALLOW_ALL, exec("x".repeat(1_000)), many(MAX_COMMANDS, {})).verdict, "allow");
  const long = `/${"a".repeat(4_096)}`;
  for (const request of [file("read", long), file("rename", "/a", long), file("rename", long, "/a")]) {
    assert.match(reason(ALLOW_ALL, request), /longer than 4096 characters/);
  }
  assert.ok(holds("!context.secrets.isEmpty()", lineOf(commandOf(["cat"], { reads: [long] }))));
});

test("folders of a file are the file and all above it", () => {
  for (const [path, folders] of [
    ["/", ["/"]],
    ["/etc", ["/etc", "/"]],
    ["/etc/ssh/x", ["/etc/ssh/x", "/etc/ssh", "/etc", "/"]],
    ["~", ["~"]],
    ["~/a/b", ["~/a/b", "~/a", "~"]],
    ["*", ["*"]],
    ["/etc/*", ["/etc/*", "/etc", "/"]],
    ["", [""]],
  ] as const) {
    assert.deepEqual(directoriesOf(path), folders, path);
  }
});

test("every operation on files has its action", () => {
  for (const [operation, kind] of Object.entries(FILE_OPERATIONS) as [FileOperation, "read" | "write"][]) {
    const actions = actionsOf(file(operation, "/a", "/b"));
    assert.ok(actions.includes(`ssh:sftp:${kind}`), operation);
  }
  assert.deepEqual(actionsOf(exec("x")), ["ssh:exec"]);
  assert.deepEqual(actionsOf({ type: "shell", terminal: true }), ["ssh:shell"]);
  assert.deepEqual(actionsOf({ type: "forward", direction: "local", host: "db", port: 5432 }), [
    "ssh:forward",
  ]);
});

test("an operation on two files is judged for both, and who gives one another name must be allowed to read it", () => {
  const inside = `
    permit(principal, action in Action::"ssh:sftp", resource) when { context.directories.contains("/srv") };`;
  for (const operation of ["rename", "hardlink", "symlink", "copy"] as const) {
    assert.equal(judge(inside, file(operation, "/srv/a", "/srv/b")).verdict, "allow", operation);
    assert.equal(judge(inside, file(operation, "/srv/a", "/etc/b")).verdict, "block", operation);
    assert.equal(judge(inside, file(operation, "/etc/a", "/srv/b")).verdict, "block", operation);
    assert.match(reason(ALLOW_ALL, file(operation, "/srv/a")), /names no second file/);
  }
  const unread = `${ALLOW_ALL}
    forbid(principal, action == Action::"ssh:sftp:read", resource) when { context.path == "/srv/secret" };`;
  assert.equal(judge(unread, file("rename", "/srv/secret", "/srv/b")).verdict, "block");
  assert.equal(judge(unread, file("hardlink", "/srv/secret", "/srv/b")).verdict, "block");
  assert.equal(judge(unread, file("copy", "/srv/secret", "/srv/b")).verdict, "block");
  assert.equal(judge(unread, file("symlink", "/srv/b", "/srv/secret")).verdict, "block");
  assert.equal(judge(unread, file("remove", "/srv/secret")).verdict, "allow");
});

test("a file's context says all of the operation", () => {
  const condition = (text: string) =>
    `permit(principal, action in Action::"ssh:sftp", resource) when { ${text} };`;
  for (const [text, request] of [
    ['context.path == "/srv/a/b" && context.name == "b" && !(context has other)', file("read", "/srv/a/b")],
    ['context.directories == ["/srv/a/b", "/srv/a", "/srv", "/"]', file("write", "/srv/a/b")],
    ["context.otherDirectories.isEmpty() && !context.secret", file("list", "/srv")],
    ['context has other && context.otherDirectories.contains("/srv")', file("rename", "/srv/a", "/srv/b")],
    ['context.operation == "setstat" && context.protocol == "sftp"', file("setstat", "/srv/a")],
    ['context.account == "deploy" && context.session.statements == 3', file("stat", "/srv/a")],
    ["context.secret", file("read", "/etc/shadow")],
    ["context.secret", file("rename", "/srv/a", "/etc/shadow")],
  ] as const) {
    assert.equal(judge(condition(text), request).verdict, "allow", text);
  }
});

test("a forward's host has no case, a socket's path has", () => {
  const forward = (host: string, port: number): SshRequest => ({
    type: "forward",
    direction: "local",
    host,
    port,
  });
  const policies = `permit(principal, action == Action::"ssh:forward", resource)
    when { (context.host == "db.internal" && context.port == 5432) || context.host == "/run/Docker.sock" };`;
  assert.equal(judge(policies, forward("DB.Internal", 5432)).verdict, "allow");
  assert.equal(judge(policies, forward("db.internal", 5433)).verdict, "block");
  assert.equal(judge(policies, forward("/run/Docker.sock", 0)).verdict, "allow");
  assert.equal(judge(policies, forward("/run/docker.sock", 0)).verdict, "block");
});

test("@watched of any permit that decides holds for the verdict, of approvals as well, and for the whole line", () => {
  const shell: SshRequest = { type: "shell", terminal: true };
  const watched =
    '@id("w") @watched permit(principal, action in [Action::"ssh:shell", Action::"ssh:exec"], resource)';
  const free = 'permit(principal, action == Action::"ssh:shell", resource);';
  const of = (policies: string, request: SshRequest = shell, facts: LineFacts | null = null) => {
    const decision = judge(policies, request, facts);
    return [decision.verdict, decision.verdict !== "block" && decision.watched];
  };
  assert.deepEqual(of(free), ["allow", undefined]);
  assert.deepEqual(of(`${watched};`), ["allow", true]);
  assert.deepEqual(of(`${watched}; ${free}`), ["allow", true]);
  assert.deepEqual(of(`@approvers("ops") ${watched} when { context.approved };`), ["approve", true]);
  const unless =
    '@approvers("ops") forbid(principal, action == Action::"ssh:shell", resource) unless { context.approved };';
  assert.deepEqual(of(`${watched}; ${unless}`), ["approve", true]);
  assert.deepEqual(of(`${free} ${unless}`), ["approve", undefined]);
  assert.deepEqual(of(`${watched} when { context.account == "root" }; ${free}`), ["allow", undefined]);
  const line = lineOf(commandOf(["ls"]), commandOf(["top"]));
  const top = `${watched} when { context has program && context.program == "top" };
    permit(principal, action == Action::"ssh:exec", resource) when { context.program == "ls" };`;
  assert.deepEqual(of(top, exec("ls; top"), line), ["allow", true]);
  assert.deepEqual(of(top, exec("ls"), lineOf(commandOf(["ls"]))), ["allow", undefined]);
});

test("of a recorded decision it is believed that somebody must watch only where it says so plainly", () => {
  const decision = { verdict: "allow", policies: [], rows: null, bytes: null };
  for (const [watched, expected] of [
    [undefined, true],
    [true, true],
    [false, false],
    ["yes", false],
    [null, false],
  ]) {
    assert.equal(isDecision({ ...decision, watched }), expected, String(watched));
  }
});

test("command lines that are known are the same by their fingerprint, all else by what it asks for", () => {
  const line = lineOf(commandOf(["ls"]));
  assert.equal(requestFingerprint("a", exec("ls"), line), line.fingerprint);
  assert.notEqual(requestFingerprint("a", exec("ls"), { ...line, opaque: ["why"] }), line.fingerprint);
  const read = requestFingerprint("a", file("read", "/a"), null);
  assert.match(read, /^[0-9a-f]{64}$/);
  assert.equal(read, requestFingerprint("a", file("read", "/a"), null));
  for (const [account, other] of [
    ["b", file("read", "/a")],
    ["a", file("write", "/a")],
    ["a", file("read", "/b")],
  ] as const) {
    assert.notEqual(requestFingerprint(account, other, null), read);
  }
});

test("whatever the facts hold, there is a verdict", () => {
  const policies = set(`
    permit(principal, action == Action::"ssh:exec", resource)
    when { context.complete && context.secrets.isEmpty() && context.readDirectories.contains("/") }
    unless { context.arguments like "*rm*" || context.effects.contains("delete") || context.session.rows > 7 };
    permit(principal, action in Action::"ssh:sftp", resource)
    when { context.directories.contains("/srv") && !context.secret };
    permit(principal, action == Action::"ssh:forward", resource) when { context.host like "db*" && context.port > 1 };`);
  const text = fc.string({ unit: "binary", maxLength: 30 });
  const texts = fc.array(text, { maxLength: 4 });
  const command = fc.record<CommandFacts>({
    program: text,
    path: text,
    argv: fc.array(fc.option(text), { maxLength: 4 }),
    via: texts,
    runAs: fc.option(text),
    host: fc.option(text),
    reads: texts,
    writes: texts,
    assignments: texts,
    stdin: fc.constantFrom("agent", "pipe", "file", "text"),
    known: fc.boolean(),
    effects: fc.subarray([...SHELL_EFFECTS]),
    opaque: texts,
  });
  const facts = fc.record<LineFacts>({
    commands: fc.array(command, { maxLength: 3 }),
    opaque: texts,
    fingerprint: text,
  });
  const operations = Object.keys(FILE_OPERATIONS) as FileOperation[];
  const request = fc.oneof(
    fc.record({ type: fc.constant("exec" as const), command: text, terminal: fc.boolean() }),
    fc.record({ type: fc.constant("shell" as const), terminal: fc.boolean() }),
    fc.record(
      {
        type: fc.constant("file" as const),
        protocol: fc.constantFrom("sftp" as const, "scp" as const),
        operation: fc.constantFrom(...operations),
        path: text,
        other: text,
      },
      { requiredKeys: ["type", "protocol", "operation", "path"] },
    ),
    fc.record({
      type: fc.constant("forward" as const),
      direction: fc.constantFrom("local" as const, "remote" as const),
      host: text,
      port: fc.double(),
    }),
  );
  fc.assert(
    fc.property(request, facts, fc.double(), (asked, found, rows) => {
      const now = { account: "a", session: { ...USAGE, rows }, principalUsage: USAGE };
      const { verdict } = judgeSsh(policies, SUBJECT, SSH_TARGET, asked, found, now);
      assert.ok(verdict === "allow" || verdict === "block");
      if (asked.type === "exec" && (found.opaque.length > 0 || found.commands.some(({ known }) => !known))) {
        assert.equal(verdict, "block");
      }
    }),
    { seed: SEED, numRuns: 400 },
  );
});
