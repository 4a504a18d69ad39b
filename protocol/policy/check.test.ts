import assert from "node:assert/strict";
import { test } from "node:test";
import { SallyportError } from "../errors.ts";
import type { Cedar } from "./cedar.ts";
import { checkPolicies } from "./check.ts";
import { nodeCedar } from "./node-cedar.ts";
import { PolicySet } from "./policy-set.ts";
import { MAX_NESTING, MAX_OPERATORS, MAX_POLICIES, MAX_TEXT } from "./policy-text.ts";
import { ALLOW_ALL, STARTER_POLICIES } from "./starter.ts";

const cedar = nodeCedar();
const READ = `permit(principal, action == Action::"postgres:select", resource)`;
const GOOD = `${READ};`;

/** `line:column message | hint` of each problem. */
const told = (text: string) =>
  checkPolicies(cedar, text).map(
    ({ line, column, message, hint }) => `${line}:${column} ${message} | ${hint}`,
  );

test("the starter policies, and those that permit everything, have no mistake", () => {
  assert.deepEqual(told(STARTER_POLICIES), []);
  assert.deepEqual(told(ALLOW_ALL), []);
});

type Mistake = [text: string, ...expected: RegExp[]];

const WATCHED_MISTAKES: Mistake[] = [
  [
    `@watched forbid(principal, action == Action::"ssh:shell", resource);`,
    /^1:1 @watched says how .* \| Put it on a permit\./,
  ],
  ...[
    "action",
    'action in Action::"ssh:request"',
    'action == Action::"ssh:forward"',
    'action in [Action::"ssh:shell", Action::"ssh:sftp:read"]',
    'action == Action::"postgres:select"',
    'action == Action::"connect"',
    'action == Action::"watch"',
  ].map(
    (scope): Mistake => [
      `@watched permit(principal, ${scope}, resource);`,
      /^1:1 the policy permits more than can be watched \| Name the actions/,
    ],
  ),
  ...['"yes"', '"true"', '"false"', '" "'].map(
    (value): Mistake => [
      `@watched(${value}) permit(principal, action == Action::"ssh:shell", resource);`,
      /^1:1 @watched can't be understood \| Write @watched alone\./,
    ],
  ),
];

const exec = (condition: string) =>
  `permit(principal, action == Action::"ssh:exec", resource) when { ${condition} };`;
const write = (condition: string) =>
  `forbid(principal, action == Action::"ssh:sftp:write", resource) when { ${condition} };`;
const forward = (condition: string) =>
  `permit(principal, action == Action::"ssh:forward", resource) when { ${condition} };`;

const SSH_MISTAKES: Mistake[] = [
  [exec('context.effects.contains("read-file")'), /context\.effects is never "read-file"/],
  [exec('context.effects.containsAny(["delete", "run-programm"])'), /never "run-programm" \|/],
  [`${READ} when { context.effects.contains("change-mode") };`, /context\.effects is never "change-mode"/],
  [exec('context.program == "/bin/rm"'), /never "\/bin\/rm" \| It is a name without its folder: "rm"\./],
  [exec('context.via.contains("/usr/bin/sudo")'), /without its folder: "sudo"/],
  [exec('context.stdin == "pipes"'), /\| Did you mean "pipe"\?/],
  [exec('context.reads.contains("shadow")'), /context\.reads is never "shadow" \| Files are absolute/],
  [exec('context.reads.contains("public.orders")'), /context\.reads is never/],
  [exec('context.writeDirectories.contains("/etc/")'), /never "\/etc\/" \| Files are absolute/],
  [exec('context.writes.contains("/srv/../etc")'), /Files are absolute/],
  [exec('context.writes.contains("/srv//etc")'), /Files are absolute/],
  [exec('context.assignments.contains("LD_PRELOAD=x")'), /names of variables alone/],
  [exec('context.operands.contains("-rf")'), /are in context\.options/],
  [exec('context.options.contains("rf")'), /are in context\.operands/],
  [exec('context.arguments == "systemctl  restart nginx"'), /: "systemctl restart nginx"\./],
  [exec("context.arguments == \"grep 'x' /etc/hosts\""), /: "grep x \/etc\/hosts"\./],
  [exec(String.raw`context.arguments == "echo \"a b\""`), /Words stand with one blank between/],
  [exec('context.argument == "x"'), /\| Did you mean `arguments`\?/],
  [exec('context.host == "a"'), /unable to guarantee safety .*context has host/],
  [write('context.operation == "read"'), /context\.operation is never "read" \|/],
  [write('context.operation == "delete"'), /context\.operation is never "delete"/],
  [write('context.path == "uploads/x"'), /context\.path is never "uploads\/x" \| Files are absolute/],
  [write('context.name == "a/b"'), /context\.name is never "a\/b" \|/],
  [write('context.protocol == "rsync"'), /context\.protocol is never "rsync"/],
  [forward('context.direction == "outward"'), /context\.direction is never "outward"/],
  [forward('context.host == "DB.internal"'), /Hosts are in lower case: "db\.internal"\./],
  [`${READ} when { resource.kind == "shh" };`, /resource\.kind is never "shh" \| Did you mean "ssh"\?/],
  [
    `permit(principal, action == Action::"watch", resource) when { context.kind == "sssh" };`,
    /context\.kind is never "sssh"/,
  ],
  [
    `@approvers("ops") permit(principal, action == Action::"watch", resource) when { context.approved };`,
    /attribute `approved` in context for Action::"watch"/,
  ],
  [
    `permit(principal, action, resource) when { context.account == "root" };`,
    /Name the actions: action in Action::"ssh:request"\./,
  ],
  [
    `permit(principal, action in Action::"ssh:request", resource) when { context.path like "/srv/*" };`,
    /Name the actions: action == Action::"ssh:exec", or action in Action::"ssh:sftp"\./,
  ],
  [
    `permit(principal, action in Action::"ssh:exc", resource);`,
    /unrecognized action .* \| Did you mean `Action::"ssh:exec"`\?/,
  ],
];

const MISTAKES: Mistake[] = [
  ["", /^1:1 there is no policy/],
  ["// nothing but a comment", /^1:1 there is no policy/],
  [
    `permit(principal, action == Action::"postgres:selct", resource);`,
    /^1:29 unrecognized action .* \| Did you mean `Action::"postgres:select"`\?$/,
  ],
  [`${READ}\nwhen { context.wher == "key" };`, /^2:8 attribute `wher` .* \| Did you mean `where`\?$/],
  [
    `permit(principal, action, resource) when { context.complete };`,
    /^1:44 .* \| The policy applies to "(approve|connect|unmask|watch|(?:ssh|http):[\w:]+)" as well.*Action::"postgres:statement"/,
  ],
  [
    `${READ} when { context.plan.rows < 9 };`,
    /^1:73 unable to guarantee safety .* \| Try testing for .*context has plan/,
  ],
  [`${READ} when { context.where == 3 };`, /^1:73 the types Long and String are not compatible/],
  [
    `permit(principal in Grup::"x", action, resource);`,
    /^1:21 unrecognized entity type `Grup` \| Did you mean `Group`\?/,
  ],
  [`${READ} when { context.complete && false };`, /impossible.* \| No request can/],
  [`permit(principal == Group::"dba", action, resource);`, /\| Try replacing `==` with `in`/],
  [`@approvers("dba")\n${GOOD}`, /^1:1 @approvers names .* \| Add: when \{ context\.approved \}/],
  [
    `@approvers("dba") forbid(principal, action, resource);`,
    /^1:1 .* \| Add: unless \{ context\.approved \}/,
  ],
  [`${READ} when { context.approved };`, /^1:81 .*doesn't say who may approve \| Put @approvers/],
  [`@quorum("2") ${GOOD}`, /^1:1 @quorum says nothing without @approvers/],
  [`@rows("10") forbid(principal, action, resource);`, /^1:1 @rows bounds .* \| Put it on a permit\./],
  [
    `@approvers("dba") permit(principal, action == Action::"unmask", resource);`,
    /^1:1 @approvers says nothing about unmask \| .*nobody can be asked/,
  ],
  [
    `@approvers("dba") permit(principal, action == Action::"unmask", resource) when { context.approved };`,
    /^1:1 @approvers says nothing about unmask/,
    /^1:82 attribute `approved` .* \| .*nobody can be asked/,
  ],
  [
    `permit(principal, action == Action::"unmask", resource) when { context.approved };`,
    /^1:64 attribute `approved` .* \| .*nobody can be asked/,
  ],
  [
    `@rows("9") permit(principal, action in [Action::"unmask", Action::"postgres:select"], resource);`,
    /^1:1 @rows says nothing about unmask/,
  ],
  [
    `permit(principal, action == Action::"unmask", resource) when { context.lable == "x" };`,
    /\| Did you mean `label`\?/,
  ],
  [
    `permit(principal, action == Action::"unmask", resource) when { context.label == "PII.ssn" };`,
    /context\.label is never "PII.ssn" \| Labels are in lower case: "pii\.ssn"\./,
  ],
  [`@reson("x") ${GOOD}`, /^1:1 the annotation @reson is not known \| Did you mean @reason\?/],
  [`@zzz("x") ${GOOD}`, /^1:1 the annotation @zzz .* \| There are @id, @reason/],
  [`@id("a") ${GOOD}\n@id("a") ${GOOD}`, /^2:1 @id\("a"\) stands on another policy, too, at line 1/],
  [`@id("a") @id("b") ${GOOD}`, /^1:10 duplicate annotation: @id/],
  [`@id("policy1@3") ${GOOD}`, /^1:1 @id can't be understood/],
  [`@id ${GOOD}`, /^1:1 @id can't be understood/],
  ...['""', '"0"', '"1.5"', '"-1"', '"many"', '"1e3"', '"99999999999999999"'].map(
    (value): [string, RegExp] => [`@rows(${value}) ${GOOD}`, /^1:1 @rows can't be understood/],
  ),
  ...['"10"', '"MB"', '"10mb"', '"1.5MB"', '"10 parsecs"', '"9999999TB"'].map((value): [string, RegExp] => [
    `@bytes(${value}) ${GOOD}`,
    /^1:1 @bytes can't be understood/,
  ]),
  ...[
    '@quorum("0")',
    '@quorum("11")',
    '@expires("15")',
    '@expires("8d")',
    '@expires("0s")',
    '@scope("forever")',
  ].map((annotation): [string, RegExp] => [
    `@approvers("dba") ${annotation} ${READ} when { context.approved };`,
    /^1:19 @(quorum|expires|scope) can't be understood/,
  ]),
  [`@approvers("dba,,x") ${READ} when { context.approved };`, /^1:1 @approvers can't be understood/],
  [`@reason("") ${GOOD}`, /^1:1 @reason can't be understood/],
  [`permit(principal == ?principal, action, resource);`, /^1:21 templates are not supported/],
  [
    `${READ} when { context.where == "missin" };`,
    /^1:90 context\.where is never "missin" \| Did you mean "missing"\?/,
  ],
  [
    `${READ} when { context.effects.containsAny(["sleep", "run-programs"]) };`,
    /context\.effects is never "run-programs" \| Did you mean "run-program"\?/,
  ],
  [
    `${READ} when { ["kye"].contains(context.where) };`,
    /context\.where is never "kye" \| Did you mean "key"\?/,
  ],
  [
    `${READ} when { context.reads.contains("customers") };`,
    /\| Write the name with its schema.*"public\.customers"/,
  ],
  [`${READ} when { context.readColumns.contains("public.customers") };`, /\| .*"public\.customers\.email"/],
  [`${READ} when { context.tag == "select" };`, /\| Command tags are in upper case: "SELECT"/],
  [
    `${READ} when { resource.kind == "postgresql" };`,
    /resource\.kind is never .* \| Did you mean "postgres"\?/,
  ],
  ...WATCHED_MISTAKES,
  ...SSH_MISTAKES,
  [`${READ} when { context.effects.containsAny([]) };`, /empty set literals .* \| Use \.isEmpty\(\)/],
  [
    `${READ} when { context.session.rows > 9007199254740993 };`,
    /^1:1 the policy holds a number that is too large/,
  ],
  [`${READ} when { context.database == "раypal" };`, /mixed scripts/],
  [`${READ} when { context.tag & "x" };`, /^1:85 invalid token/],
  [`${READ}\n${GOOD}`, /^2:7 unexpected token .* \| A semicolon is missing/],
  [`${READ} when { "unclosed };`, /./],
  [`// \u202e reordered\n${GOOD}`, /^1:4 there is a control character, or one that reorders/],
  [`${READ} when { context.tag == "a\u200bB" };`, /reorders or hides/],
];

for (const [text, ...expected] of MISTAKES) {
  test(`a mistake is told with its place and what to do: ${JSON.stringify(text).slice(0, 90)}`, () => {
    const problems = told(text);
    for (const one of expected) {
      assert.ok(
        problems.some((problem) => one.test(problem)),
        `${one} is not among\n${problems.join("\n")}`,
      );
    }
    assert.throws(
      () => PolicySet.load(cedar, text),
      (error) => error instanceof SallyportError && error.code === "invalid_config",
    );
  });
}

test("what some action of the scope can be is no mistake", () => {
  for (const text of [
    `@watched permit(principal, action == Action::"ssh:shell", resource);`,
    `@watched("") permit(principal, action in [Action::"ssh:exec", Action::"ssh:shell"], resource);`,
    `permit(principal, action in [Action::"ssh:exec", Action::"postgres:select"], resource)
     when { context.effects.containsAny(["read-file", "delete"]) && context.reads.contains("/etc/hosts") };`,
    `permit(principal, action in Action::"ssh:sftp", resource)
     when { ["read", "write"].contains(context.operation) && context.path == "/" };`,
    exec(`["ls -l '*'", "ls *", "echo 'it'\\\\''s'", ""].contains(context.arguments)`),
    exec(`context.reads.containsAny(["~/.ssh", "~", "/", "*"]) && context.options.contains("*")`),
    forward(`context.host == "/run/Docker.sock"`),
  ]) {
    assert.deepEqual(told(text), [], text);
  }
});

test("all mistakes of a text are told at once, in its order", () => {
  const problems = checkPolicies(
    cedar,
    `@rowz("1") ${GOOD}\n\n${READ} when { context.wher };\npermit(principal, action resource);\n${READ} when { context.tag == 3 };`,
  );
  assert.deepEqual(
    problems.map(({ line }) => line),
    [1, 3, 4, 5],
  );
});

test("columns count characters as editors do, after letters of more bytes", () => {
  assert.match(told(`@reason("größer, “so” 🙂") ${READ} when { context.wher == "" };`)[0]!, /^1:100 /);
});

test("semicolons, brackets and slashes in strings and comments are none", () => {
  const text = `// forbid(; "
    @reason("; // \\" [[[ permit(") ${READ} when { context.tag == "A;B" }; // }; "`;
  assert.deepEqual(told(text), []);
  assert.deepEqual(PolicySet.load(cedar, text).policies, [{ id: "policy1@2", line: 2, effect: "permit" }]);
});

test("a comment ends where Cedar's does: a policy behind a lone carriage return is not lost", () => {
  const text = `// comment\rforbid(principal, action, resource);\r// more\r${GOOD}`;
  assert.deepEqual(told(text), []);
  assert.equal(PolicySet.load(cedar, text).policies.length, 2);
});

// A trap inside the engine would leave it unable to answer anything until the process is started anew.
const DEEP: [name: string, expression: string][] = [
  ["brackets", `${"(".repeat(5_000)}true${")".repeat(5_000)}`],
  ["sets", `${"[".repeat(300)}1${"]".repeat(300)} == [1]`],
  ["||", Array(5_000).fill("context.complete").join(" || ")],
  ["&&", Array(5_000).fill("context.complete").join("&&")],
  ["sums", `${Array(5_000).fill("1").join("+")} == 1`],
  ["products", `${Array(5_000).fill("1").join("*")} == 1`],
  ["if", `${"if context.complete then ".repeat(2_000)}true${" else true".repeat(2_000)}`],
  ["attributes", `context${".plan".repeat(5_000)} == 1`],
  ["indexes", `context${'["plan"]'.repeat(5_000)} == 1`],
  ["negations", `${"!".repeat(5_000)}true`],
  ["signs", `${"-".repeat(5_000)}1 == 1`],
  ["records", `${'{"a":'.repeat(300)}1${"}".repeat(300)} == 1`],
  ["conditions", `true }${" when { true }".repeat(5_000)} when { true`],
];
for (const [name, expression] of DEEP) {
  test(`an expression too deep for the engine never reaches it: ${name}`, () => {
    assert.match(told(`${READ} when { ${expression} };`)[0]!, /nests brackets|operators/);
    assert.deepEqual(told(ALLOW_ALL), []);
  });
}

test("expressions as deep as permitted are evaluated", () => {
  const half = Math.floor(MAX_NESTING / 2);
  for (const expression of [
    Array(Math.floor(MAX_OPERATORS / 2))
      .fill("context.complete")
      .join(" || "),
    `${"(".repeat(MAX_NESTING - 1)}context.complete${")".repeat(MAX_NESTING - 1)}`,
    `${"(true && (false || ".repeat(half - 1)}true${"))".repeat(half - 1)}`,
    `${"if context.complete then ".repeat(70)}true${" else true".repeat(70)}`,
    `${Array(150).fill("1").join("+")} == 150`,
    // About where Cedar's JSON becomes too deep, and the text is used.
    ...Array.from({ length: 60 }, (_, i) =>
      Array(i + 10)
        .fill("context.complete")
        .join(" || "),
    ),
  ]) {
    const text = `${READ} when { ${expression} };`;
    assert.deepEqual(told(text), [], expression);
    const verdict = PolicySet.load(cedar, text).decide(
      { principal: "a", groups: [] },
      "postgres:select",
      { name: "t", kind: "postgres", connector: "c" },
      { complete: true },
    );
    assert.equal(verdict.verdict, "allow", expression);
  }
});

test("a text that is too large, or has too many policies, is refused at once", () => {
  assert.match(told(`// ${"é".repeat(MAX_TEXT / 2)}\n${GOOD}`)[0]!, /larger than 256 KiB/);
  assert.match(
    told(`${ALLOW_ALL}`.repeat(MAX_POLICIES + 1))[0]!,
    /^1001:1 there are more than 1000 policies/,
  );
  assert.deepEqual(told(ALLOW_ALL.repeat(MAX_POLICIES)), []);
});

test("quotes and backslashes without end take no time", () => {
  for (const text of [`"${'\\"'.repeat(100_000)}\\`, `${'"\\'.repeat(100_000)}`, "\\".repeat(200_000)]) {
    const begun = performance.now();
    assert.ok(told(text).length > 0);
    assert.ok(performance.now() - begun < 20_000);
  }
});

test("an engine that fails on a text is a problem of the text, not a crash", () => {
  const failing: Cedar = {
    ...cedar,
    validate: () => {
      throw new WebAssembly.RuntimeError("unreachable");
    },
  };
  assert.match(checkPolicies(failing, GOOD)[0]!.message, /the policy engine failed/);
});

test("load tells every problem with its place", () => {
  assert.throws(
    () => PolicySet.load(cedar, `${READ} when { context.wher };\n@rowz("1") ${GOOD}`),
    (error) =>
      error instanceof SallyportError &&
      /^policies:1:73: .*`wher`.*\npolicies:2:1: .*@rowz/.test(error.message) &&
      /where/.test(error.hint ?? ""),
  );
});
