import fc from "fast-check";
import type { Activity } from "../../protocol/activity/activity.ts";
import { STATUSES } from "../../protocol/approval/approval.ts";
import { TARGET_KINDS } from "../../protocol/control.ts";
import { HTTP_ACTIONS, KUBERNETES_ACTIONS } from "../../protocol/http/request.ts";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import type { SessionContext } from "../../protocol/ocsf/activity.ts";
import { type RefusedSignIns, SIGN_IN_REASONS, type SignInReason } from "../../protocol/ocsf/sign-in.ts";
import { STATEMENT_ACTIONS } from "../../protocol/sql/facts.ts";
import { SSH_ACTIONS } from "../../protocol/ssh/request.ts";

/** Any text: also one with lone surrogates, with controls, empty, very long. */
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
    .map((units) => String.fromCharCode(...units)),
  fc.integer({ min: 4_000, max: 9_000 }).map((length) => "é".repeat(length)),
  fc.constantFrom(
    "GET /api/v1/namespaces/shop/pods/web?x=1",
    "read /etc/passwd (sftp)",
    "BREW /pot",
    "DELETE /",
    "",
  ),
);
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(..."0123456789abcdef"), minLength: length, maxLength: length });
const session = hex(32);
const name = fc.oneof(
  fc.constantFrom("service/ci", "corp/alice@example.com", "orders"),
  text.filter((one) => one !== ""),
);
const time = fc.integer({ min: 0, max: 4e12 });
const nullable = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: null });

export const activities: fc.Arbitrary<Activity> = fc.record({
  seq: fc.integer({ min: 1, max: 1e9 }),
  item: fc.nat(50),
  time,
  kind: fc.constantFrom("statement", "command", "shell", "file", "forward", "request"),
  text,
  isCut: fc.boolean(),
  verdict: fc.constantFrom("allow", "approve", "block"),
  actions: fc.array(
    fc.oneof(
      fc.constantFrom(...STATEMENT_ACTIONS, ...SSH_ACTIONS, ...HTTP_ACTIONS, ...KUBERNETES_ACTIONS),
      text,
    ),
    { maxLength: 4 },
  ),
  policies: fc.array(text, { maxLength: 80 }),
  reason: nullable(text),
  approval: nullable(fc.nat(1000)),
  outcome: fc.constantFrom("ok", "error", "refused", "unknown"),
  status: nullable(fc.oneof(fc.constantFrom("200", "404", "42501", "1"), text)),
  durationMs: nullable(fc.double({ min: 0, max: 1e9, noNaN: true })),
  masked: fc.dictionary(text, fc.nat(1000), { maxKeys: 4 }),
} satisfies { [Key in keyof Activity]: fc.Arbitrary<Activity[Key]> });

export const refusedSignIns: fc.Arbitrary<RefusedSignIns> = fc.record({
  reason: fc.constantFrom(...(Object.keys(SIGN_IN_REASONS) as SignInReason[])),
  principal: nullable(name),
  issuer: nullable(text),
  address: nullable(fc.oneof(fc.constantFrom("203.0.113.7", "2001:db8::1%eth0", "unknown"), text)),
  count: fc.integer({ min: 1, max: 1e12 }),
  first: time,
  last: time,
});

export const contexts: fc.Arbitrary<SessionContext> = fc.record({
  session,
  principal: name,
  onBehalfOf: nullable(name),
  groups: fc.array(name, { maxLength: 80 }),
  target: name,
  kind: fc.constantFrom(...TARGET_KINDS),
  connector: name,
  address: fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.constantFrom("", "unknown", "fe80::1%eth0", "::ffff:10.0.0.1"),
    text,
  ),
  reached: nullable(
    fc.record({ host: fc.oneof(fc.ipV4(), fc.ipV6(), name), port: fc.integer({ min: -1, max: 70_000 }) }),
  ),
  database: nullable(text),
  policy: nullable(fc.record({ version: hex(64), revision: fc.nat() })),
  reporter: fc.constantFrom("edge", "connector"),
} satisfies { [Key in keyof SessionContext]: fc.Arbitrary<SessionContext[Key]> });

const noted = { key: text, nonce: fc.constant("feedface".repeat(4)), time };
const who = { session, target: name, principal: name };
const seal = { key: text, signature: text };
const heads = {
  agentFrames: fc.nat(),
  agentHead: hex(64),
  connectorFrames: fc.nat(),
  connectorHead: hex(64),
};

type Entries = { [Type in LedgerEntry["type"]]: fc.Arbitrary<Extract<LedgerEntry, { type: Type }>> };

/** Entries of the ledger by type. */
export const entries = {
  session_started: fc.record({
    ...noted,
    ...who,
    type: fc.constant("session_started"),
    kind: fc.constantFrom(...TARGET_KINDS),
    onBehalfOf: nullable(name),
    connector: name,
    address: fc.oneof(fc.ipV6(), text),
    until: time,
  }),
  session_sealed: fc.record({
    ...noted,
    ...who,
    type: fc.constant("session_sealed"),
    onBehalfOf: nullable(name),
    endCode: text,
    edgeSeal: fc.record({ ...seal, entries: fc.nat(), head: hex(64) }),
    connectorSeal: nullable(fc.record({ ...seal, ...heads })),
    agreement: fc.constantFrom("agreed", "differs", "absent"),
    edgeHeads: nullable(fc.record(heads)),
    parts: fc.nat(),
    bytes: fc.nat(),
    archive: hex(64),
  }),
  session_void: fc.record({
    ...noted,
    ...who,
    type: fc.constant("session_void"),
    endCode: text,
    reason: text,
  }),
  session_deleted: fc.record({
    ...noted,
    ...who,
    type: fc.constant("session_deleted"),
    reason: text,
    by: nullable(name),
    archive: hex(64),
    head: hex(64),
  }),
  approval: fc.record({
    ...noted,
    type: fc.constant("approval"),
    approval: text,
    approvalKind: fc.constantFrom("connect", "statement", "request"),
    session: nullable(session),
    principal: name,
    onBehalfOf: nullable(name),
    target: name,
    status: fc.constantFrom(...STATUSES),
    by: nullable(name),
    reason: nullable(text),
    until: nullable(time),
  }),
  policy: fc.record({
    ...noted,
    type: fc.constant("policy"),
    revision: fc.nat(),
    version: hex(64),
    principal: name,
  }),
  change: fc.record({
    ...noted,
    type: fc.constant("change"),
    change: fc.nat(),
    principal: name,
    action: text,
    subject: text,
    before: hex(64),
    after: hex(64),
  }),
  edge_key: fc.record({ ...noted, type: fc.constant("edge_key"), thumbprint: text, x: text }),
} satisfies Entries;
