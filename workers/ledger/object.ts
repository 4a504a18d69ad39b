import { DurableObject } from "cloudflare:workers";
import { randomBytes } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import { parseCheckpoint, signCheckpoint } from "../../protocol/ledger/checkpoint.ts";
import type { IndexedEntry, LedgerEntry } from "../../protocol/ledger/entry.ts";
import type { Evidence } from "../../protocol/ledger/evidence.ts";
import { parseNote } from "../../protocol/ledger/note.ts";
import { encodeBundle, type TileRequest, tileWidth } from "../../protocol/ledger/tile.ts";
import type { RefusedSignIns } from "../../protocol/ocsf/sign-in.ts";
import { thumbprint } from "../../protocol/signatures.ts";
import type { WitnessStatus } from "../../protocol/witness/status.ts";
import { keepEdgeKey } from "../directory/edge-keys.ts";
import { type Env, edgeSigningKey } from "../environment.ts";
import { logLine } from "../log-line.ts";
import { AlarmClock } from "../session/alarm-clock.ts";
import { SiemOutbox } from "../siem/outbox.ts";
import { SIGN_INS, SignIns } from "../siem/sign-ins.ts";
import { LEDGER, ledgerSources, sourcesByName } from "../siem/sources.ts";
import { WitnessOutbox } from "../witness/outbox.ts";
import { alarmLine } from "./alarm-line.ts";
import { evidenceOf } from "./evidence.ts";
import { takeRows } from "./intake.ts";
import { LEDGER_SCHEMA, type Leaf, LedgerLog, type StoredCheckpoint } from "./log.ts";
import { originOf } from "./origin.ts";
import { countRows, type Waiting } from "./outbox.ts";

/** Entries of one call, and leaves of one answer. */
const MAX_BATCH = 200;
/** Rows wait so long for others, so that one checkpoint covers them all, ms. */
const GATHER_MS = 250;
/** How long rows wait that could not be taken, ms. */
const RETRY_MS = 5_000;

/** How the ledger is, as `sallyport ledger status` tells. */
export interface LedgerStatus extends Waiting {
  origin: string;
  size: number;
  /** Of the checkpoint that was signed last. */
  signed: { size: number; time: number } | null;
  /** False: its storage contradicts what was signed, and nothing is appended any more. */
  isWhole: boolean;
  witness: WitnessStatus;
}

/**
 * The append-only Merkle log: one object, named `ledger`. Takes entries by RPC and out of the directory's outbox, and
 * signs a checkpoint after each batch.
 */
export class Ledger extends DurableObject<Env> {
  readonly #log: LedgerLog;
  readonly #clock: AlarmClock;
  readonly #witness: WitnessOutbox;
  readonly #siem: SiemOutbox;
  readonly #signIns: SignIns;
  #draining: Promise<void> | undefined;
  #signing: Promise<void> = Promise.resolve();
  /** When the outbox is looked at next, ms since 1970. */
  #due = Number.POSITIVE_INFINITY;
  #isChecked = false;
  /** The thumbprint of the key that is noted, here and in the directory. */
  #notedKey: string | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    for (const statement of LEDGER_SCHEMA) sql.exec(statement);
    this.#log = new LedgerLog(sql);
    this.#clock = new AlarmClock((at) => void ctx.storage.setAlarm(at));
    this.#witness = new WitnessOutbox(env, sql, this.#log, (at) => this.#clock.wake(at));
    this.#clock.wake(this.#witness.deadline());
    this.#signIns = new SignIns(sql);
    const ledger = ledgerSources({
      // What no checkpoint covers may be gone again after a crash.
      size: () => this.#log.checkpoint()?.size ?? 0,
      entries: (from) => this.#indexed(from),
    });
    this.#siem = new SiemOutbox(env, sql, {
      id: ctx.id.toString(),
      kind: "ledger",
      sources: sourcesByName({ [LEDGER]: ledger, [SIGN_INS]: this.#signIns.sources() }),
      wake: (at) => this.#clock.wake(at),
    });
    this.#clock.wake(this.#siem.deadline());
    this.#clock.wake(this.#signIns.deadline(Date.now()));
  }

  /**
   * RPC. Appends entries, in order, all of them or none: where each stands. One that is there already, by its key, and
   * tells the same (nonce and time aside) keeps its place. Throws `conflict` for one that tells something else,
   * `invalid_request` for what is no entry.
   */
  async append(entries: LedgerEntry[]): Promise<{ key: string; index: number }[]> {
    if (entries.length > MAX_BATCH) throw new SallyportError("invalid_request", "too many entries at once");
    this.#checkWhole();
    // What came before in the directory comes before in the ledger: a session's start before its seal. A directory that
    // fails keeps no seal from it.
    await this.#drain().catch(() => this.#look(Date.now() + RETRY_MS));
    await this.#noteKey();
    const places = this.#log.all(this.ctx.storage, () => entries.map((entry) => this.#appendOne(entry)));
    await this.#sign();
    return places;
  }

  /** RPC. The directory's outbox has rows, or may have. */
  wake(): void {
    this.#look(Date.now() + GATHER_MS);
  }

  override async alarm(): Promise<void> {
    const now = Date.now();
    this.#clock.fired(now);
    if (this.#due <= now) {
      this.#due = Number.POSITIVE_INFINITY;
      await this.#drain().catch((error: unknown) => {
        logLine("warning", "the ledger's outbox waits", { error });
        // A broken ledger does not mend itself; the sweep looks again.
        if (this.#isChecked) this.#look(Date.now() + RETRY_MS);
      });
    }
    this.#closeSignIns(Date.now());
    this.#siem.start(Date.now());
    // Not waited for: a witness that is slow must not keep entries from the ledger.
    this.#witness.step(Date.now()).catch((error: unknown) => {
      logLine("warning", "the witness's outbox waits", { error });
    });
    this.#clock.wake(this.#due);
    this.#clock.wake(this.#witness.deadline());
    this.#clock.wake(this.#siem.deadline());
  }

  /** RPC. Counts refused sign-ins, which are no entries of the ledger, until they are told to a SIEM. */
  refusedSignIns(refused: RefusedSignIns[]): void {
    this.#signIns.add(refused);
    this.#clock.wake(this.#signIns.deadline(Date.now()));
  }

  #closeSignIns(now: number): void {
    if (this.#signIns.close(now, this.#siem.delivered(SIGN_INS))) this.#siem.grown(SIGN_INS, now);
    this.#clock.wake(this.#signIns.deadline(now));
  }

  /** RPC. Looks what is yet to be told to a SIEM: its alarm may have been lost. */
  deliverEvents(): void {
    this.#clock.wake(Math.max(this.#siem.deadline(), Date.now()));
  }

  /** RPC. The checkpoint that was signed last; the first one of a ledger has the edge's key as its one entry. */
  async checkpoint(): Promise<StoredCheckpoint> {
    if (this.#log.checkpoint() === null) await this.#sign();
    return this.#log.checkpoint()!;
  }

  /** RPC. The bytes of a tile or a bundle of entries; null for what the last checkpoint does not cover. */
  async tile(request: TileRequest): Promise<Uint8Array | null> {
    const { index, width } = request;
    const level = request.what === "entries" ? 0 : request.level;
    const size = this.#log.checkpoint()?.size ?? 0;
    if (tileWidth(level, index, size) < width) return null;
    if (request.what === "hashes") return this.#log.tile(request);
    const leaves = this.#log.leaves(index * 256, width);
    return encodeBundle(leaves.map(({ entry }) => Buffer.from(entry)));
  }

  /** RPC. Leaves from an index on, in order, at most `limit`. */
  async leaves(from: number, limit: number): Promise<Leaf[]> {
    return this.#log.leaves(from, Math.min(limit, MAX_BATCH));
  }

  /** RPC. The entry with this key; null where the last checkpoint covers none. */
  async find(key: string): Promise<LedgerEntry | null> {
    const index = this.#log.indexOf(key);
    if (index === null || index >= (this.#log.checkpoint()?.size ?? 0)) return null;
    return JSON.parse(this.#log.leaves(index, 1)[0]!.entry) as LedgerEntry;
  }

  /** RPC. What the ledger says of a session, proven to the last checkpoint. Takes what waits in the outbox first. */
  async evidence(session: string): Promise<Evidence> {
    await this.#drain();
    return evidenceOf(this.#log, session);
  }

  /** RPC. */
  async status(): Promise<LedgerStatus> {
    const { size, time } = await this.checkpoint();
    return {
      origin: originOf(this.#log, this.env),
      size: this.#log.size,
      signed: { size, time },
      isWhole: this.#isWhole(),
      ...(await countRows(this.env.DIRECTORY)),
      witness: this.#witness.status(Date.now()),
    };
  }

  #look(at: number): void {
    this.#due = Math.min(this.#due, at);
    this.#clock.wake(this.#due);
  }

  /** Takes all rows that wait. Two at once are one. */
  #drain(): Promise<void> {
    this.#draining ??= this.#takeAll().finally(() => {
      this.#draining = undefined;
    });
    return this.#draining;
  }

  async #takeAll(): Promise<void> {
    this.#checkWhole();
    await this.#noteKey();
    await takeRows(this.env.DIRECTORY, {
      append: (entry) => void this.#log.all(this.ctx.storage, () => this.#appendOne(entry)),
      sign: () => this.#sign(),
      sync: () => this.ctx.storage.sync(),
      alarm: alarmLine,
    });
    // A key that is new is told even when nothing else is.
    await this.#sign();
  }

  #appendOne(entry: LedgerEntry): { key: string; index: number } {
    const appended = this.#log.append(entry);
    if ("conflict" in appended) {
      alarmLine("ledger_conflict", { key: entry.key });
      throw new SallyportError("conflict", `the ledger has another entry with the key ${entry.key}`);
    }
    return { key: appended.key, index: appended.index };
  }

  /** Signs what there is, unless that was done. One after another: checkpoints only ever grow. */
  #sign(): Promise<void> {
    this.#signing = this.#signing.catch(() => {}).then(() => this.#signNow());
    return this.#signing;
  }

  async #signNow(): Promise<void> {
    this.#checkWhole();
    const key = edgeSigningKey(this.env);
    await this.#noteKey();
    const { size } = this.#log;
    if (size === this.#log.checkpoint()?.size) return;
    const origin = originOf(this.#log, this.env);
    const note = await signCheckpoint({ origin, size, root: this.#log.root() }, key);
    const now = Date.now();
    this.#log.keepCheckpoint({ size, note, time: now });
    this.#witness.noticed(now);
    this.#siem.grown(LEDGER, now);
  }

  /** What a SIEM is told of: entries that the last checkpoint covers. */
  *#indexed(from: number): Generator<IndexedEntry> {
    const size = this.#log.checkpoint()?.size ?? 0;
    for (let index = from; index < size; index += MAX_BATCH) {
      const leaves = this.#log.leaves(index, Math.min(MAX_BATCH, size - index));
      for (const [at, { entry }] of leaves.entries())
        yield { index: index + at, entry: JSON.parse(entry) as LedgerEntry };
    }
  }

  /** A key stands in the directory, for whoever verifies, and in the ledger, before it signs a checkpoint of it. */
  async #noteKey(): Promise<void> {
    const key = edgeSigningKey(this.env);
    const id = thumbprint(key);
    if (this.#notedKey === id) return;
    const time = Date.now();
    await keepEdgeKey(this.env.DIRECTORY, key, time);
    this.#appendOne({
      type: "edge_key",
      key: `edge_key/${id}`,
      nonce: randomBytes(16).toString("hex"),
      time,
      thumbprint: id,
      x: key.x,
    });
    this.#notedKey = id;
  }

  /** Once in an object's life: its storage is all that could have changed meanwhile. */
  #checkWhole(): void {
    if (this.#isChecked) return;
    if (!this.#isWhole()) {
      alarmLine("ledger_broken", { size: this.#log.size, signed: this.#log.checkpoint()?.size ?? 0 });
      throw new SallyportError(
        "storage_failed",
        "the ledger's storage contradicts what was signed before",
        "Nothing more is appended to it: see docs/ledger.md, A broken ledger.",
      );
    }
    this.#isChecked = true;
  }

  #isWhole(): boolean {
    const last = this.#log.checkpoint();
    return last === null || this.#log.agrees(parseCheckpoint(parseNote(last.note).text));
  }
}
