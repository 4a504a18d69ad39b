import type { SessionSealed } from "../../../protocol/ledger/entry.ts";
import { alarmLine } from "../../ledger/alarm-line.ts";
import { logLine } from "../../log-line.ts";
import { lineAbout } from "../../telemetry/session-span.ts";
import type { SessionEntries } from "../entries.ts";
import type { LoggedEntry, SessionLog } from "../log.ts";
import type { SessionRecord } from "../record.ts";
import type { Archive } from "./archive.ts";
import * as machine from "./machine.ts";
import { BrokenLog, type Packing, packSlice } from "./pack.ts";
import { sealedEntry, sealMembers } from "./sealed-entry.ts";
import type { SealingStore } from "./store.ts";
import { Counting, judgeSeal, type Tallies, talliesAtStart } from "./tallies.ts";

/** What sealing needs of the rest of the edge; each may be done twice. */
export interface SealingMeans {
  archive: Archive;
  /** How a session's parts are packed: the same for all of them. */
  packing(record: SessionRecord): Packing;
  /** Bytes of the export file in a part; bytes of a live session's rows from which on parts are made. */
  partBytes: number;
  liveBytes: number;
  /** Whether the connector's seal is signed with the key with which it joined. */
  isAuthentic(record: SessionRecord): Promise<boolean>;
  /** Makes a whole recording searchable. */
  index(record: SessionRecord, entries: AsyncIterable<LoggedEntry>): Promise<void>;
  /** Appends to the ledger. Throws `conflict` where it has something else under the key. */
  note(entry: SessionSealed): Promise<void>;
  /** Tells the directory where the recording is. */
  mark(record: SessionRecord, sealed: { entry: SessionSealed; parts: machine.Attempt[] }): Promise<void>;
  /** Tells the directory why it stands still. */
  fault(record: SessionRecord, fault: string): Promise<void>;
  clock(): number;
  /** 16 random bytes, hex. */
  nonce(): string;
}

/** What sealing asks of its object. */
export interface SealingHost {
  wake(at: number): void;
  /** By the session's number. */
  record(no: number): SessionRecord | undefined;
  log(record: SessionRecord): SessionLog;
  entries(record: SessionRecord): SessionEntries;
  /** Resolves when a part of a session that is over may be made: live ones go before it, the less the more wait to be sealed. */
  turn(waiting: number): Promise<void>;
  /** Whether nobody is yet to be told what is in the recording. */
  isTold(record: SessionRecord): boolean;
  /** Removes the rows of a live session that a part has, but for those that a side may still need. */
  trim(record: SessionRecord, first: number, last: number): Promise<void>;
  /** Removes the rows of a session that is sealed. */
  free(record: SessionRecord, parts: readonly machine.Attempt[]): Promise<void>;
  /** Nobody comes late any more: the record goes, with all that is known of its sealing. */
  bury(record: SessionRecord): Promise<void>;
}

/** How long after sealing began its object looks again, ms: what was under way may be lost with the object's memory. */
const LOOK_AGAIN_MS = 60_000;

/**
 * Seals an object's sessions, one step of one session at a time, from its alarm; what comes when stands in `machine.ts`. The
 * host calls `wake(deadline())` when it starts, and does not wait for what `start` begins.
 */
export class Sealer {
  readonly #store: SealingStore;
  readonly #means: SealingMeans;
  readonly #host: SealingHost;
  #running: Promise<void> | null = null;
  /** After a fault of the object's own storage: nothing is begun before, ms since 1970. */
  #notBefore = 0;

  constructor(store: SealingStore, means: SealingMeans, host: SealingHost) {
    this.#store = store;
    this.#means = means;
    this.#host = host;
  }

  /** The session is settled, or lives and has many rows. */
  want(record: SessionRecord): void {
    const now = this.#means.clock();
    const start = talliesAtStart(record.id);
    const found = this.#store.find(record.number);
    const fresh = record.facts ? machine.begun(start, now) : machine.nothingToSeal(start, now);
    const state = found ? machine.wanted(found, now) : fresh;
    if (state !== found) this.#store.save(record.number, state);
    this.#host.wake(state.due);
  }

  /** At how many logged bytes of a live session `want` is called, when so many of them are in parts. */
  threshold(record: SessionRecord): number {
    if (this.#means.packing(record).isEncrypted) return Number.POSITIVE_INFINITY;
    return (this.#store.find(record.number)?.tallies.bytes ?? 0) + this.#means.liveBytes;
  }

  /** When `start` is wanted, ms since 1970; Infinity when nothing is to be done. */
  deadline(): number {
    if (this.#running) return this.#means.clock() + LOOK_AGAIN_MS;
    return Math.max(this.#store.next()?.due ?? Number.POSITIVE_INFINITY, this.#notBefore);
  }

  /** Begins with what is due; resolves when nothing is. Rejects where the object's storage fails: it is tried again later. */
  start(now: number): Promise<void> {
    if (this.#running) return this.#running;
    if (this.deadline() > now) return Promise.resolve();
    this.#running = this.#run()
      .catch((error: unknown) => {
        this.#notBefore = this.#means.clock() + LOOK_AGAIN_MS;
        throw error;
      })
      .finally(() => {
        this.#running = null;
        this.#host.wake(this.deadline());
      });
    this.#host.wake(this.deadline());
    return this.#running;
  }

  async #run(): Promise<void> {
    for (;;) {
      const next = this.#store.next();
      if (!next || next.due > this.#means.clock()) return;
      const record = this.#host.record(next.no);
      // One that lives must not outgrow its object.
      if (record?.state === "ended" && this.#store.find(next.no)!.step === "pack")
        await this.#host.turn(this.#store.waiting(this.#means.clock()));
      const state = this.#store.find(next.no);
      if (!state) continue;
      if (record) await this.#step(record, state);
      else this.#store.remove(next.no);
    }
  }

  async #step(record: SessionRecord, state: machine.Sealing): Promise<void> {
    try {
      await this.#act(record, state);
    } catch (error) {
      const now = this.#means.clock();
      const words = error instanceof Error ? error.message : "unknown";
      const isFault = error instanceof BrokenLog || (error as { code?: unknown }).code === "conflict";
      // The step may have got on before it failed.
      const current = this.#store.find(record.number) ?? state;
      if (isFault) return this.#fault(record, machine.faulted(current, words, now));
      logLine("warning", "a session is not sealed yet", { ...lineAbout(record), error: words });
      this.#store.save(record.number, machine.failed(current, now));
    }
  }

  async #act(record: SessionRecord, state: machine.Sealing): Promise<void> {
    const { clock, nonce } = this.#means;
    const save = (next: machine.Sealing) => this.#store.save(record.number, next);
    switch (state.step) {
      case "pack":
        return this.#pack(record, state);
      case "look":
        return this.#look(record, state);
      case "trim":
        if (record.state !== "ended") {
          const [made] = this.#store.parts(record.number).slice(-1);
          await this.#host.trim(record, made!.first, made!.last);
          this.#host.log(record).sealAt = state.tallies.bytes + this.#means.liveBytes;
        }
        return save(machine.trimmed(state, clock()));
      case "judge": {
        const judged = await this.#judge(record, state.tallies);
        return save(machine.judged(state, judged, { nonce: nonce(), time: clock() }));
      }
      case "note":
        await this.#means.note(this.#entry(record, state));
        return save(machine.noted(state));
      case "index":
        if (state.failures >= machine.INDEX_TRIES) alarmLine("recording_not_indexed", { session: record.id });
        else await this.#means.index(record, this.#host.entries(record).entries(1));
        return save(machine.indexed(state, this.#means.packing(record).isEncrypted));
      case "tell":
        if (this.#host.isTold(record)) return save(machine.told(state));
        if (clock() < record.end!.at + machine.TELL_MS) return save(machine.telling(state, clock()));
        alarmLine("events_not_delivered", { session: record.id });
        return save(machine.told(state));
      case "mark":
        await this.#means.mark(record, {
          entry: this.#entry(record, state),
          parts: this.#store.parts(record.number),
        });
        return save(machine.marked(state));
      case "free":
        await this.#host.free(record, this.#store.parts(record.number));
        return save(machine.freed(state, clock()));
      case "rest":
        return this.#host.bury(record);
    }
  }

  async #pack(record: SessionRecord, state: machine.Sealing): Promise<void> {
    const { archive, partBytes, liveBytes } = this.#means;
    const packing = this.#means.packing(record);
    const log = this.#host.log(record);
    const isOver = record.state === "ended";
    const fixed = state.attempts[0];
    // Nobody here reads an encrypted part, and a live session's entries may be asked for: they stay rows.
    if (!isOver && packing.isEncrypted) return this.#store.save(record.number, machine.waiting(state));
    if (!isOver && !fixed && log.bytes - state.tallies.bytes < liveBytes) {
      log.sealAt = state.tallies.bytes + liveBytes;
      return this.#store.save(record.number, machine.waiting(state));
    }
    const seal = record.connectorSeal && sealMembers(record.connectorSeal);
    const trailer = {
      ...(record.edgeSeal && { edgeSeal: record.edgeSeal }),
      ...(seal && { connectorSeal: seal }),
    };
    const slice = {
      session: record.id,
      from: state.tallies,
      isFirst: state.part === 1,
      last: fixed ? fixed.last : null,
      bytes: partBytes,
      // What an earlier attempt left without a trailer stays without.
      end: isOver && fixed?.isFinal !== false ? { trailer, seal } : null,
    };
    const made = await packSlice(log, slice, packing);
    if (!made) return this.#store.save(record.number, machine.waiting(state));
    const { bytes, ...rest } = made;
    if (made.isFinal && !sealCovers(record, made.tallies))
      throw new BrokenLog("the log is not what the edge has sealed");
    this.#store.save(
      record.number,
      machine.packed(state, { ...rest, part: state.part, bytes: bytes.length }),
    );
    // Whether it was put or something was there already: looking tells.
    await archive.put(record.id, state.part, packing.isEncrypted, bytes, made.sha256);
  }

  async #look(record: SessionRecord, state: machine.Sealing): Promise<void> {
    const { archive, packing, clock } = this.#means;
    const found = await archive.look(record.id, state.part, packing(record).isEncrypted);
    const { state: next, part } = machine.looked(state, found, clock());
    if (next.fault !== null) return this.#fault(record, next);
    if (part) this.#store.addPart(record.number, part);
    this.#store.save(record.number, next);
  }

  async #judge(record: SessionRecord, whole: Tallies): Promise<machine.Judged> {
    const seal = record.connectorSeal;
    const isAuthentic = seal !== null && (await this.#means.isAuthentic(record));
    const sealedAgentHead = whole.sealedAgentHead ?? (await this.#sealedHead(record, whole));
    const judged = judgeSeal({ ...whole, sealedAgentHead }, seal, isAuthentic);
    if (judged.agreement === "differs")
      alarmLine("recording_differs", { session: record.id, connector: record.connector?.name ?? "none" });
    return judged;
  }

  /** The agent's chain where the connector's seal ends, where that is in a part that was made before there was a seal. */
  async #sealedHead(record: SessionRecord, whole: Tallies): Promise<string | null> {
    const seal = record.connectorSeal;
    if (!seal || seal.agentFrames < 0 || seal.agentFrames > whole.agentFrames) return null;
    const before = this.#store
      .parts(record.number)
      .filter(({ tallies }) => tallies.agentFrames < seal.agentFrames);
    const counting = new Counting(before.at(-1)?.tallies ?? talliesAtStart(record.id), seal);
    for await (const entry of this.#host.entries(record).entries(counting.tallies.entries + 1)) {
      if (counting.tallies.sealedAgentHead !== null) break;
      counting.add(entry);
    }
    return counting.tallies.sealedAgentHead;
  }

  #entry(record: SessionRecord, state: machine.Sealing): SessionSealed {
    return sealedEntry(record, this.#store.parts(record.number), state.judged!, state.note!);
  }

  async #fault(record: SessionRecord, state: machine.Sealing): Promise<void> {
    this.#store.save(record.number, state);
    alarmLine("recording_not_sealed", { session: record.id, step: state.step, fault: state.fault! });
    await this.#means.fault(record, state.fault!).catch(() => undefined);
  }
}

function sealCovers({ edgeSeal }: SessionRecord, { entries, head }: Tallies): boolean {
  return edgeSeal !== null && edgeSeal.entries === entries && edgeSeal.head === head;
}
