import assert from "node:assert/strict";
import { before, test } from "node:test";
import type { RequestQuestion } from "../../protocol/approval/approval.ts";
import { requestDigest } from "../../protocol/approval/digest.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import { Composer } from "../../protocol/recording/testing.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import { RecordKind } from "../../protocol/ssh/record.ts";
import type { SshRequest } from "../../protocol/ssh/request.ts";
import { differs, judgementLines } from "./report.ts";
import type { Judgement } from "./session-judge.ts";
import { SshExtractor } from "./ssh-extract.ts";
import { BLOCKED, HELD, replayed } from "./testing.ts";

const DECIDED = { event: "approval_decided", reason: null, until: null, under: null } as const;

let key: PrivateKey;
before(async () => {
  key = await generateKey();
});

/** Composes the recording of an SSH session. */
class SshScene {
  readonly composer: Composer;
  #approvals = 0;

  constructor(account = "deploy", session = "5f0c9d3e8a7b46f1a2d4c6e8f0a1b2c3") {
    this.composer = new Composer(session, key, key).kind("ssh");
    this.composer.opened().joined().connector({
      event: "ssh_connected",
      host: "10.0.0.7",
      port: 22,
      user: account,
      hostKey: "SHA256:Gag1rB4TfFOLHzJVjxZDZbcj6qbGFbQNFDMYKaSvdJw",
      software: "SSH-2.0-OpenSSH_9.6",
    });
  }

  asked(request: SshRequest, channel = 1): this {
    this.composer.connector({ event: "requested", channel, request });
    return this;
  }

  refused(request: SshRequest, channel = 1, decision = BLOCKED as typeof BLOCKED | typeof HELD): this {
    const facts = request.type === "exec" ? lineFacts(request.command) : null;
    this.composer.connector({ event: "request_judged", channel, request, decision, facts });
    return this;
  }

  held(request: SshRequest): this {
    const approval = ++this.#approvals;
    this.composer.ask({ event: "approval_asked", approval, question: questionOf(request) });
    return this;
  }

  approved(): this {
    const approval = this.#approvals;
    this.composer.edge({ ...DECIDED, approval, status: "approved", by: ["corp/dana"] });
    this.composer.ask({ event: "approval_used", approval });
    return this;
  }

  output(text: string, channel = 1): this {
    this.composer.record(RecordKind.output, channel, text);
    return this;
  }
}

function questionOf(request: SshRequest): RequestQuestion {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = HELD;
  return {
    kind: "request",
    ...{ policies, reason, approvals, expiresMs, lastsMs, scope },
    account: "deploy",
    actions: ["ssh:exec"],
    request,
    sha256: requestDigest("deploy", request),
    fingerprint: "ab".repeat(32),
  };
}

const exec = (command: string): SshRequest => ({ type: "exec", command, terminal: false });
const read = (path: string): SshRequest => ({ type: "file", protocol: "sftp", operation: "read", path });

const ways = (judgements: Judgement[]) =>
  judgements.map(({ then, now, statement }) => `${statement}: ${then.verdict} -> ${now?.verdict}`);

const NO_REMOVAL = `${ALLOW_ALL} @id("no-removal") @reason("Nothing is removed.")
forbid(principal, action == Action::"ssh:exec", resource) when { context.effects.contains("delete") };`;

test("command lines are parsed anew, and differ where the set decides otherwise", async () => {
  const scene = new SshScene().asked(exec("uptime")).asked(exec("uptime; sudo rm -r /srv/old"), 2);
  const judgements = await replayed(NO_REMOVAL, scene);
  assert.deepEqual(ways(judgements), [
    "uptime: allow -> allow",
    "uptime; sudo rm -r /srv/old: allow -> block",
  ]);
  const [same, other] = judgements as [Judgement, Judgement];
  assert.deepEqual([differs(same), differs(other), other.basis], [false, true, "recorded"]);
  const lines = judgementLines(other, { facts: scene.composer.facts, database: "" });
  assert.match(
    lines.join("\n"),
    /entry 5 .*allow -> block\n.*uptime; sudo rm -r \/srv\/old\n.*Nothing is removed\./,
  );
});

test("what was refused then, by policy or by people, is told as what it was", async () => {
  const scene = new SshScene()
    .asked(exec("uptime"))
    .refused(exec("uptime"))
    .asked(read("/etc/hosts"), 2)
    .refused(read("/etc/hosts"), 2, HELD)
    .asked({ type: "shell", terminal: true }, 3)
    .asked({ type: "forward", direction: "local", host: "db", port: 5432 }, 0);
  assert.deepEqual(ways(await replayed(ALLOW_ALL, scene)), [
    "uptime: block -> allow",
    "read /etc/hosts (sftp): approve -> allow",
    "shell with a terminal: allow -> allow",
    "forward to db:5432: allow -> allow",
  ]);
});

test("what people approved was held then, and it ran", async () => {
  const scene = new SshScene().asked(exec("uptime")).held(exec("uptime")).approved().asked(exec("df"));
  const judgements = await replayed(ALLOW_ALL, scene);
  assert.deepEqual(ways(judgements), ["uptime: approve -> allow", "df: allow -> allow"]);
  assert.deepEqual(
    judgements.map(({ run }) => run.outcome),
    ["done", "done"],
  );
  const [unanswered] = await replayed(ALLOW_ALL, new SshScene().asked(exec("uptime")).held(exec("uptime")));
  assert.equal(unanswered?.run.outcome, "refused");
});

test("a verdict belongs to the latest such request of its channel, and one without a request is its own", async () => {
  const scene = new SshScene()
    .asked(exec("uptime"), 1)
    .asked(exec("uptime"), 2)
    .refused(exec("uptime"), 1)
    .refused(exec("df"), 3);
  assert.deepEqual(ways(await replayed(ALLOW_ALL, scene)), [
    "uptime: block -> allow",
    "uptime: allow -> allow",
    "df: block -> allow",
  ]);
});

test("the account, what was counted, and what was delivered bear on the verdict", async () => {
  const policies = `${ALLOW_ALL}
    @id("root") forbid(principal, action == Action::"ssh:exec", resource) when { context.account == "root" };
    @id("much") forbid(principal, action == Action::"ssh:exec", resource) when { context.session.bytes > 9 };
    @id("loop") forbid(principal, action == Action::"ssh:exec", resource)
    when { context.principalUsage.repeatedLastMinute > 1 };`;
  const asRoot = await replayed(policies, new SshScene("root").asked(exec("df")));
  assert.deepEqual(asRoot[0]?.now?.policies, ["root"]);
  const much = await replayed(
    policies,
    new SshScene().asked(exec("df")).output("0123456789").asked(exec("ls")),
  );
  assert.deepEqual(ways(much), ["df: allow -> allow", "ls: allow -> block"]);
  const loop = new SshScene().asked(exec("df")).asked(exec("df ")).asked(exec("df"));
  assert.deepEqual(ways(await replayed(policies, loop)).at(-1), "df: allow -> block");
  const refused = new SshScene().asked(exec("df")).refused(exec("df")).asked(exec("df")).asked(exec("df"));
  assert.deepEqual(ways(await replayed(policies, refused)).at(-1), "df: allow -> allow");
});

test("a session that asks without end takes bounded memory, and loses no request", () => {
  const extractor = new SshExtractor();
  const opening = new SshScene().composer.entries;
  for (const entry of opening) extractor.push(entry);
  const template = new SshScene().asked(exec("x".repeat(4_000))).composer.entries.at(-1)!;
  let told = 0;
  let most = 0;
  for (let i = 0; i < 25_000; i++) {
    const steps = extractor.push(template).length;
    told += steps;
    most = Math.max(most, i + 1 - told);
  }
  assert.ok(most <= 10_000, String(most));
  assert.equal(told + extractor.end().length, 25_000);
});
