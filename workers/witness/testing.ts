import { signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { ApprovalNoted, LedgerEntry, SessionStarted } from "../../protocol/ledger/entry.ts";
import { leafHash } from "../../protocol/ledger/merkle.ts";
import { generateKey, type PrivateKey } from "../../protocol/signatures.ts";
import { Frontier } from "../../protocol/witness/frontier.ts";
import { type Item, numberOf, textOf } from "../../protocol/witness/item.ts";
import type { SignedSize, WitnessedLedger } from "./outbox.ts";
import type { WitnessEnv } from "./settings.ts";
import type { WitnessTable } from "./table.ts";

/** For tests of the witness: a ledger, a table in memory that fails as it is told to, entries. */

export const ORIGIN = "sallyport.example.com/ledger";
export const START = Date.UTC(2026, 10, 22, 12);

export const WITNESS_ENV: WitnessEnv = {
  WITNESS_TABLE: "sallyport-witness",
  WITNESS_REGION: "eu-central-1",
  AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
  AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};

export function sessionId(index: number): string {
  return index.toString(16).padStart(32, "0");
}

export function started(index: number, change: Partial<SessionStarted> = {}): SessionStarted {
  const session = change.session ?? sessionId(index);
  return {
    type: "session_started",
    key: `session_started/${session}`,
    nonce: "00".repeat(16),
    time: START + index * 1_000,
    session,
    target: "orders",
    kind: "postgres",
    principal: "service/ci",
    onBehalfOf: null,
    connector: "main",
    address: "192.0.2.7",
    until: START + 3_600_000,
    ...change,
  };
}

export function approval(index: number, status: ApprovalNoted["status"]): ApprovalNoted {
  return {
    type: "approval",
    key: `approval/${index}/${status}`,
    nonce: "01".repeat(16),
    time: START + index * 1_000,
    approval: String(index),
    approvalKind: "statement",
    session: sessionId(index),
    principal: "service/ci",
    onBehalfOf: null,
    target: "orders",
    status,
    by: "corp/alice",
    reason: null,
    until: null,
  };
}

/** A ledger whose checkpoints are signed; `entries` may be changed, as by somebody who rewrites the edge's own copy. */
export class TestLedger implements WitnessedLedger {
  readonly entries: string[] = [];
  readonly key: PrivateKey;
  readonly origin: string;
  #newest: SignedSize | null = null;

  private constructor(key: PrivateKey, origin: string) {
    this.key = key;
    this.origin = origin;
  }

  static async create(key?: PrivateKey, origin = ORIGIN): Promise<TestLedger> {
    return new TestLedger(key ?? (await generateKey()), origin);
  }

  get size(): number {
    return this.entries.length;
  }

  async append(...entries: LedgerEntry[]): Promise<void> {
    this.entries.push(...entries.map((entry) => JSON.stringify(entry)));
    await this.sign();
  }

  async sign(): Promise<void> {
    const frontier = Frontier.empty();
    for (const entry of this.entries) frontier.append(leafHash(Buffer.from(entry)));
    const checkpoint = { origin: this.origin, size: this.size, root: frontier.root() };
    this.#newest = { size: this.size, note: await signCheckpoint(checkpoint, this.key) };
  }

  leaves(from: number, limit: number): Iterable<{ entry: string }> {
    return this.entries.slice(from, from + limit).map((entry) => ({ entry }));
  }

  checkpoint(): SignedSize | null {
    return this.#newest;
  }
}

/** What becomes of a call: it fails before or after it took effect. */
export type Fault = { name: string; status?: number; took?: boolean };

/** A table in memory. `faults` are taken one for each call, null for none. */
export class TestTable implements WitnessTable {
  readonly items = new Map<string, Item>();
  readonly faults: (Fault | null)[] = [];
  /** Every call, as `add KEY` or `read KEY`. */
  readonly calls: string[] = [];

  async add(item: Item): Promise<void> {
    const key = this.#call("add", item);
    const fault = this.faults.shift();
    if (fault && !fault.took) throw errorOf(fault);
    if (this.items.has(key)) throw errorOf({ name: "ConditionalCheckFailedException", status: 400 });
    this.items.set(key, item);
    if (fault) throw errorOf(fault);
  }

  async read(item: Item): Promise<Record<string, unknown> | null> {
    const key = this.#call("read", item);
    const fault = this.faults.shift();
    if (fault) throw errorOf(fault);
    return this.items.get(key) ?? null;
  }

  /** What stands under `leaves` or `checkpoints`, by number. */
  numbers(part: "leaves" | "checkpoints"): number[] {
    return [...this.items.values()]
      .filter(({ pk }) => textOf(pk) === `${ORIGIN} ${part}`)
      .map(({ n }) => numberOf(n)!)
      .sort((one, other) => one - other);
  }

  #call(what: string, { pk, n }: Item): string {
    const key = `${textOf(pk)} ${numberOf(n)}`;
    this.calls.push(`${what} ${key}`);
    return key;
  }
}

export function errorOf({ name, status }: Fault): Error {
  const error = new Error("this text must not be told to anybody: AKIAIOSFODNN7EXAMPLE");
  error.name = name;
  return Object.assign(error, status === undefined ? {} : { $metadata: { httpStatusCode: status } });
}
