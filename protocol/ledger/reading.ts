import { STATUSES } from "../approval/approval.ts";
import { TARGET_KINDS } from "../control.ts";
import { SallyportError } from "../errors.ts";
import { count, hasExactly, isObject, misfit, oneOf, type Shape, type Test, text } from "../json-shape.ts";
import { type LedgerEntry, MAX_ENTRY } from "./entry.ts";

/** Characters of names and of words: more than the edge itself lets through. */
const MAX_NAME = 1_024;
export const MAX_WORDS = 4_096;

const name = text(0, MAX_NAME);
const words = text(0, MAX_WORDS);
const whole = count(0, Number.MAX_SAFE_INTEGER);
const sessionId = pattern(/^[0-9a-f]{32}$/);
const sha256 = pattern(/^[0-9a-f]{64}$/);
/** An RFC 7638 thumbprint, or an Ed25519 public key: 32 bytes. */
const thirtyTwo = base64url(32);
const signature = base64url(64);

type Entries = { [Type in LedgerEntry["type"]]: Extract<LedgerEntry, { type: Type }> };
type Facts<Type extends LedgerEntry["type"]> = Shape<Omit<Entries[Type], "type" | "key" | "nonce" | "time">>;

const EDGE_SEAL = { key: thirtyTwo, entries: whole, head: sha256, signature };
const HEADS = { agentFrames: whole, agentHead: sha256, connectorFrames: whole, connectorHead: sha256 };
const CONNECTOR_SEAL = { key: thirtyTwo, ...HEADS, signature };

/** What of objects inside entries is in which order. */
const INNER: Readonly<Record<string, Shape<object>>> = {
  edgeSeal: EDGE_SEAL,
  connectorSeal: CONNECTOR_SEAL,
  edgeHeads: HEADS,
};

/** Of each type what its key is made of, and its members, in the order in which they are written. */
const TYPES: {
  [Type in LedgerEntry["type"]]: { key: (entry: Entries[Type]) => string; facts: Facts<Type> };
} = {
  session_started: {
    key: ({ session }) => `session_started/${session}`,
    facts: {
      session: sessionId,
      target: name,
      kind: oneOf(TARGET_KINDS),
      principal: name,
      onBehalfOf: orNull(name),
      connector: name,
      address: name,
      until: whole,
    },
  },
  session_sealed: {
    key: ({ session }) => `session_sealed/${session}`,
    facts: {
      session: sessionId,
      target: name,
      principal: name,
      onBehalfOf: orNull(name),
      endCode: name,
      edgeSeal: inner(EDGE_SEAL),
      connectorSeal: orNull(inner(CONNECTOR_SEAL)),
      agreement: oneOf(["agreed", "differs", "absent"]),
      edgeHeads: orNull(inner(HEADS)),
      parts: whole,
      bytes: whole,
      archive: sha256,
    },
  },
  session_void: {
    key: ({ session }) => `session_void/${session}`,
    facts: { session: sessionId, target: name, principal: name, endCode: name, reason: words },
  },
  session_deleted: {
    key: ({ session }) => `session_deleted/${session}`,
    facts: {
      session: sessionId,
      target: name,
      principal: name,
      reason: words,
      by: orNull(name),
      archive: sha256,
      head: sha256,
    },
  },
  approval: {
    key: ({ approval, status }) => `approval/${approval}/${status}`,
    facts: {
      approval: name,
      approvalKind: name,
      session: orNull(sessionId),
      principal: name,
      onBehalfOf: orNull(name),
      target: name,
      status: oneOf(STATUSES),
      by: orNull(words),
      reason: orNull(words),
      until: orNull(whole),
    },
  },
  policy: {
    key: ({ revision }) => `policy/${revision}`,
    facts: { revision: whole, version: sha256, principal: name },
  },
  change: {
    key: ({ change }) => `change/${change}`,
    facts: {
      change: whole,
      principal: name,
      action: name,
      subject: words,
      before: sha256,
      after: sha256,
    },
  },
  edge_key: {
    key: ({ thumbprint }) => `edge_key/${thumbprint}`,
    facts: { thumbprint: thirtyTwo, x: thirtyTwo },
  },
};

const NOTED: Shape<Pick<LedgerEntry, "type" | "key" | "nonce" | "time">> = {
  type: (value) => typeof value === "string" && Object.hasOwn(TYPES, value),
  key: words,
  nonce: pattern(/^[0-9a-f]{32}$/),
  time: whole,
};

/**
 * An entry as it stands in the ledger: its members checked, and in one order, so that the same entry has the same
 * bytes. Throws `invalid_request`, naming the member that is wrong and never what it holds.
 */
export function entryText(entry: LedgerEntry): string {
  const { facts } = check(entry);
  const members = [...Object.keys(NOTED), ...Object.keys(facts)].map((member) => [
    member,
    inOrder(member, entry[member as keyof LedgerEntry]),
  ]);
  const json = JSON.stringify(Object.fromEntries(members));
  if (Buffer.byteLength(json) > MAX_ENTRY) throw wrong(`over ${MAX_ENTRY} bytes`);
  return json;
}

/**
 * Reads an entry of the ledger, bytes or text. Strict: exactly the text that `entryText` writes, so that no two texts
 * stand for one entry. Throws `invalid_request`.
 */
export function readLedgerEntry(source: Uint8Array | string): LedgerEntry {
  if (source.length > MAX_ENTRY) throw wrong(`over ${MAX_ENTRY} bytes`);
  let json: string;
  let value: unknown;
  try {
    json = typeof source === "string" ? source : new TextDecoder("utf-8", STRICT).decode(source);
    value = JSON.parse(json);
  } catch {
    throw wrong("no JSON in UTF-8");
  }
  const entry = value as LedgerEntry;
  if (entryText(entry) !== json) throw wrong("written in another way than the ledger writes");
  return entry;
}

/** A byte order mark is no JSON either. */
const STRICT = { fatal: true, ignoreBOM: true };

function check(entry: unknown): { facts: Shape<object> } {
  if (!isObject(entry)) throw wrong("no object");
  const type = entry.type as LedgerEntry["type"];
  if (typeof type !== "string" || !Object.hasOwn(TYPES, type)) throw wrong("of no type that is known");
  const { key, facts } = TYPES[type];
  const bad = misfit(entry, { ...NOTED, ...facts });
  if (bad !== null) throw wrong(bad === "" ? "with a member that is not known" : `with a wrong "${bad}"`);
  if (entry.key !== (key as (entry: unknown) => string)(entry)) throw wrong('with a wrong "key"');
  return { facts };
}

function inOrder(member: string, value: unknown): unknown {
  const shape = INNER[member];
  if (!shape || !isObject(value)) return value;
  return Object.fromEntries(Object.keys(shape).map((name) => [name, value[name]]));
}

function inner(shape: Shape<object>): Test {
  return (value) => hasExactly(value, shape);
}

function orNull(test: Test): Test {
  return (value) => value === null || test(value);
}

function pattern(expression: RegExp): Test {
  return (value) => typeof value === "string" && expression.test(value);
}

function base64url(length: number): Test {
  return (value) => {
    if (typeof value !== "string") return false;
    const bytes = Buffer.from(value, "base64url");
    return bytes.length === length && bytes.toString("base64url") === value;
  };
}

function wrong(what: string): SallyportError {
  return new SallyportError(
    "invalid_request",
    `an entry of the ledger is ${what}`,
    "docs/ledger.md says what entries are.",
  );
}
