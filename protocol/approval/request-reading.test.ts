import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { actionsOf } from "../policy/ssh.ts";
import { SEED } from "../seeded.ts";
import type { SshRequest } from "../ssh/request.ts";
import { type ApprovalAsk, MAX_APPROVAL_TEXT, type RequestQuestion } from "./approval.ts";
import { requestDigest } from "./digest.ts";
import { isApprovalAsk, readApprovalAsk } from "./reading.ts";

const SECRET = "hunter2";
const EXEC: SshRequest = { type: "exec", command: `mysql -p${SECRET}`, terminal: false };

function question(request: SshRequest = EXEC, part: Partial<RequestQuestion> = {}): RequestQuestion {
  return {
    kind: "request",
    policies: ["no-passwords"],
    reason: "a password on the command line",
    approvals: [{ approvers: ["ops"], quorum: 1 }],
    expiresMs: 900_000,
    lastsMs: 3_600_000,
    scope: "fingerprint",
    account: "deploy",
    actions: actionsOf(request),
    request,
    sha256: requestDigest("deploy", request),
    fingerprint: "0f".repeat(32),
    ...part,
  };
}

const ask = (one: object): ApprovalAsk =>
  ({ event: "approval_asked", approval: 1, question: one }) as ApprovalAsk;

/** Every refusal is the one error, and tells nothing of what was sent. */
function refuses(value: unknown): void {
  assert.throws(
    () => readApprovalAsk(value),
    (error) =>
      error instanceof SallyportError &&
      error.code === "protocol_violation" &&
      !error.message.includes(SECRET) &&
      error.message.length < 300,
  );
}

describe("a question about an SSH request", () => {
  const sftp = { type: "file", protocol: "sftp" } as const;
  const good: [what: string, question: RequestQuestion][] = [
    ["a command", question()],
    ["one like no other", question(EXEC, { fingerprint: "" })],
    ["a shell", question({ type: "shell", terminal: true })],
    [
      "a file",
      question(
        { ...sftp, operation: "copy", path: "/a", other: "/b" },
        {
          actions: ["ssh:sftp:read", "ssh:sftp:write"],
        },
      ),
    ],
    ["a forwarding", question({ type: "forward", direction: "local", host: "db", port: 5432 })],
    [
      "hidden characters, escapes and lines",
      question({ type: "exec", command: "\u001b[2K\u202erm\r\n\u200b\t\u0000 -rf", terminal: true }),
    ],
  ];
  for (const [what, one] of good) {
    test(`reads back as it was written: ${what}`, () => {
      assert.deepEqual(readApprovalAsk(ask(structuredClone(one))), ask(one));
      assert.equal(
        JSON.stringify(readApprovalAsk(Buffer.from(JSON.stringify(ask(one))))),
        JSON.stringify(ask(one)),
      );
      assert.ok(isApprovalAsk(ask(one)));
    });
  }

  const attacks: [what: string, question: object][] = [
    ["of another account than the digest's", question(EXEC, { account: "root" })],
    ["of another command than the digest's", { ...question(), request: { ...EXEC, command: "rm -rf /" } }],
    ["with a terminal, which the digest has not", { ...question(), request: { ...EXEC, terminal: true } }],
    ["with the digest of a statement", question(EXEC, { sha256: "ab".repeat(32) })],
    ["with a digest in capitals", question(EXEC, { sha256: question().sha256.toUpperCase() })],
    ["without an account", question(EXEC, { account: "", sha256: requestDigest("", EXEC) })],
    [
      "with an account of 256 characters",
      question(EXEC, { account: "a".repeat(256), sha256: requestDigest("a".repeat(256), EXEC) }),
    ],
    ["held for another request's action", question(EXEC, { actions: ["ssh:sftp:read"] })],
    ["held for a further action", question(EXEC, { actions: ["ssh:exec", "ssh:shell"] })],
    ["held for a statement's action", question(EXEC, { actions: ["postgres:delete"] })],
    ["held for the right to approve", question(EXEC, { actions: ["approve"] })],
    ["held for nothing", question(EXEC, { actions: [] })],
    ["held for an action twice", question(EXEC, { actions: ["ssh:exec", "ssh:exec"] })],
    [
      "to copy a file that is only held for reading",
      question({ ...sftp, operation: "copy", path: "/a", other: "/b" }, { actions: ["ssh:sftp:read"] }),
    ],
    ["with a statement's fingerprint", question(EXEC, { fingerprint: "0f".repeat(16) })],
    ["with a member that people would not be shown", { ...question(), stdin: "y" }],
    ["with a request that has one", { ...question(), request: { ...EXEC, cwd: "/" } }],
    ["with a request of a type that is not known", { ...question(), request: { type: "subsystem" } }],
    ["with a statement beside it", { ...question(), statement: "SELECT 1" }],
    ["that calls itself a statement", { ...question(), kind: "statement" }],
    ["that calls itself a connection", { ...question(), kind: "connect" }],
    ["of a kind that is not known", { ...question(), kind: "constructor" }],
    ["asked of nobody", question(EXEC, { approvals: [] })],
    ["that never expires", question(EXEC, { expiresMs: Number.MAX_SAFE_INTEGER })],
  ];
  for (const [what, one] of attacks) test(`${what} is refused`, () => refuses(ask(one)));

  test("without any one of its members is refused, and no entry of a recording", () => {
    for (const name of Object.keys(question())) {
      const { [name as "kind"]: _, ...rest } = question();
      refuses(ask(rest));
      assert.ok(!isApprovalAsk(ask(rest)), name);
    }
  });

  test("has so many bytes of UTF-8, and not one more", () => {
    const exec = (command: string) => question({ ...EXEC, command } as SshRequest);
    assert.ok(readApprovalAsk(ask(exec("é".repeat(MAX_APPROVAL_TEXT / 2)))));
    refuses(ask(exec(`${"é".repeat(MAX_APPROVAL_TEXT / 2)}x`)));
    refuses(ask(exec("x".repeat(MAX_APPROVAL_TEXT + 1))));
    const half = MAX_APPROVAL_TEXT / 2;
    const rename = (path: string, other: string) => question({ ...sftp, operation: "rename", path, other });
    assert.ok(readApprovalAsk(ask(rename("p".repeat(half), "o".repeat(half)))));
    refuses(ask(rename("p".repeat(half), "o".repeat(half + 1))));
  });

  test("whatever replaces a member, the answer is a question or the one error", (t) => {
    t.diagnostic(`SEED=${SEED}`);
    fc.assert(
      fc.property(
        fc.constantFrom(...good),
        fc.constantFrom(...Object.keys(question()), ...Object.keys(EXEC), "path", "other", "x"),
        fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" })),
        fc.boolean(),
        ([, one], member, value, inside) => {
          const changed = ask(
            inside ? { ...one, request: { ...one.request, [member]: value } } : { ...one, [member]: value },
          );
          let read: ApprovalAsk;
          try {
            read = readApprovalAsk(changed);
          } catch {
            refuses(changed);
            return;
          }
          assert.deepEqual(read, changed);
          assert.ok(isApprovalAsk(JSON.parse(JSON.stringify(read))));
        },
      ),
      { numRuns: 3_000, seed: SEED },
    );
  });
});
