import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync, gzipSync } from "node:zlib";
import { edgeSealText } from "../../protocol/control.ts";
import { type EntryKind, EntryKind as Kind } from "../../protocol/entry.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { encodeFrame, FrameType } from "../../protocol/frame.ts";
import type { SessionSealed } from "../../protocol/ledger/entry.ts";
import { decrypted } from "../../protocol/recording/encryption/decrypt.ts";
import type { Identities } from "../../protocol/recording/encryption/identities.ts";
import type { SealedPart } from "../../protocol/recording/sealed.ts";
import { recordingEntry, recordingHeader, recordingTrailer } from "../../protocol/recording.ts";
import { SessionEntries } from "../session/entries.ts";
import { SessionLog } from "../session/log.ts";
import { type SessionRecord, SessionRecords } from "../session/record.ts";
import { sealedPart } from "../session/sealed-recording.ts";
import { Archive, type Bucket } from "../session/sealing/archive.ts";
import { type Packing, PLAIN } from "../session/sealing/pack.ts";
import { sealMembers } from "../session/sealing/sealed-entry.ts";
import { Sealer } from "../session/sealing/sealer.ts";
import { SealingStore } from "../session/sealing/store.ts";
import { Counting, talliesAtStart } from "../session/sealing/tallies.ts";
import { sessionStorage } from "./session-storage.ts";

interface PutOptions {
  sha256: string;
  onlyIf?: { etagDoesNotMatch?: string };
}

/** The object's process is gone, in the middle of something. */
export class Crash extends Error {}

/** What is outside the object and survives it; `before` and `after` are called around each effect. */
export class SealingWorld {
  readonly objects = new Map<string, Buffer>();
  readonly ledger: SessionSealed[] = [];
  readonly marked = new Map<string, { entry: SessionSealed; parts: SealedPart[] }>();
  readonly indexed: string[][] = [];
  readonly faults: string[] = [];
  /** Of each part that was to be made: how many sessions waited. */
  readonly turns: number[] = [];
  readonly sql = sessionStorage();
  now = 1_000_000;
  packing: Packing = PLAIN;
  isAuthentic = true;
  /** Whether nobody is yet to be told what is in the recording. */
  isTold: () => boolean = () => true;
  /** Called around each effect; throws what becomes of it. */
  around: (what: string, when: "before" | "after") => void = () => {};
  /** Puts whose sender is gone, and that arrive later. */
  readonly late: (() => void)[] = [];
  #nonce = 0;
  #crashed = Promise.withResolvers<"crash">();

  /** Runs an object until it has nothing to do, or crashes. */
  async run(sealer: Sealer): Promise<"crash" | "idle"> {
    this.#crashed = Promise.withResolvers();
    return Promise.race([sealer.start(this.now).then(() => "idle" as const), this.#crashed.promise]);
  }

  get records(): SessionRecords {
    return new SessionRecords(this.sql);
  }

  /** An ended session with entries of these sizes, sealed by the edge and, as told, by the connector. */
  session(
    id: string,
    sizes: readonly number[],
    seal: "right" | "wrong" | "short" | "none" = "right",
  ): SessionRecord {
    const record = this.records.create(id, "open", this.now);
    const log = new SessionLog(this.sql, id, record.number);
    const kinds = [Kind.agent, Kind.target, Kind.target, Kind.connector];
    sizes.forEach((size, index) => {
      const kind = kinds[index % kinds.length] as EntryKind;
      const type = kind === Kind.connector ? FrameType.event : FrameType.data;
      log.append(kind, this.now + index, encodeFrame(type, 0, 0, Buffer.alloc(size, 97 + (index % 26))));
    });
    record.facts = { session: id, target: "orders", principal: "service/agent" } as SessionRecord["facts"];
    record.connector = { name: "main", instance: "1", key: "connector-key" };
    record.state = "ended";
    record.end = { code: "closed", reason: "done", at: this.now };
    const counting = new Counting(talliesAtStart(id), null);
    let agentHead = counting.tallies.agentHead;
    let agentFrames = 0;
    for (const entry of log.read(1, sizes.length)) {
      const before = counting.tallies;
      counting.add(entry);
      if (seal === "short" && entry.kind === Kind.agent) {
        agentHead = before.agentHead;
        agentFrames = before.agentFrames;
      }
    }
    const { tallies } = counting;
    if (seal !== "short") ({ agentHead, agentFrames } = tallies);
    if (seal !== "none")
      record.connectorSeal = {
        type: "seal",
        key: "connector-key",
        agentFrames,
        agentHead,
        connectorFrames: tallies.connectorFrames,
        connectorHead: seal === "wrong" ? "0".repeat(64) : tallies.connectorHead,
        signature: "connector-signature",
      };
    const edge = { key: "edge-key", entries: tallies.entries, head: tallies.head };
    record.edgeSeal = {
      ...edge,
      signature: createHash("sha256").update(edgeSealText(id, edge)).digest("hex"),
    };
    this.records.save(record);
    return record;
  }

  /** The export file as it was before anything was sealed. */
  file(record: SessionRecord): Buffer {
    const log = new SessionLog(this.sql, record.id, record.number);
    const entries = Array.from(log.read(1, 1_000_000), (entry) => recordingEntry(entry, entry.hash));
    const trailer = {
      edgeSeal: record.edgeSeal!,
      ...(record.connectorSeal && { connectorSeal: sealMembers(record.connectorSeal) }),
    };
    return Buffer.concat([recordingHeader(record.id), ...entries, recordingTrailer(trailer)]);
  }

  /** The object, as it is after a start. */
  sealer(partBytes = 1_000, liveBytes = Number.POSITIVE_INFINITY): Sealer {
    const effect = async <T>(what: string, act: () => T): Promise<T> => {
      try {
        this.around(what, "before");
        const result = act();
        this.around(what, "after");
        await sleep(0);
        return result;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        // Whoever waits for the answer is gone.
        this.#crashed.resolve("crash");
        return new Promise<never>(() => {});
      }
    };
    return new Sealer(
      new SealingStore(this.sql),
      {
        archive: new Archive(this.bucket(effect)),
        packing: () => this.packing,
        partBytes,
        liveBytes,
        isAuthentic: async () => this.isAuthentic,
        index: async (_record, entries) => {
          const hashes: string[] = [];
          for await (const { hash } of entries) hashes.push(Buffer.from(hash).toString("hex"));
          await effect("index", () => this.indexed.push(hashes));
        },
        note: (entry) => effect("note", () => this.#append(entry)),
        mark: (record, { entry, parts }) =>
          effect("mark", () => void this.marked.set(record.id, { entry, parts })),
        fault: async (_record, fault) => void this.faults.push(fault),
        clock: () => this.now,
        nonce: () => String(this.#nonce++).padStart(32, "0"),
      },
      {
        wake: () => {},
        record: (no) => this.records.at(no),
        log: (record) => new SessionLog(this.sql, record.id, record.number),
        entries: (record) => this.entries(record),
        turn: async (waiting) => void this.turns.push(waiting),
        isTold: () => this.isTold(),
        trim: async () => {},
        free: async (record, parts) => {
          const log = new SessionLog(this.sql, record.id, record.number);
          for (const { first, last } of parts) await effect("free", () => log.remove(first, last));
        },
        bury: (record) =>
          effect("bury", () => {
            new SealingStore(this.sql).remove(record.number);
            this.records.remove(record);
          }),
      },
    );
  }

  entries(record: SessionRecord): SessionEntries {
    const store = new SealingStore(this.sql);
    return new SessionEntries({
      session: record.id,
      archive: new Archive(this.bucket(async (_what, act) => act())),
      part: (seq) => {
        const marked = this.marked.get(record.id);
        const { isEncrypted } = this.packing;
        if (store.find(record.number) || !marked) return store.part(record.number, seq, isEncrypted);
        return sealedPart({ parts: marked.parts, isEncrypted }, seq);
      },
      rows: new SessionLog(this.sql, record.id, record.number),
      trailer: () => ({
        edgeSeal: record.edgeSeal!,
        ...(record.connectorSeal && { connectorSeal: sealMembers(record.connectorSeal) }),
      }),
    });
  }

  /** The export file as it reads now. */
  async read(record: SessionRecord): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.entries(record).file()) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** The same by who has the key of an encrypted session: from rows, or once these may be gone from its archive. */
  async decrypted(record: SessionRecord, identities: Identities): Promise<Buffer> {
    try {
      return await this.read(record);
    } catch (error) {
      if (!(error instanceof SallyportError && error.code === "recording_encrypted")) throw error;
      const parts = this.objectsOf(record.id).map(async (bytes) =>
        gunzipSync(await opened(bytes, identities)),
      );
      return Buffer.concat(await Promise.all(parts));
    }
  }

  /** A session's objects in order. */
  objectsOf(session: string): Buffer[] {
    const names = [...this.objects.keys()].filter((key) => key.startsWith(`recordings/${session}/`)).sort();
    return names.map((name) => this.objects.get(name)!);
  }

  /** What the objects of a session hold, one after another. */
  archived(session: string): Buffer {
    return Buffer.concat(this.objectsOf(session).map((bytes) => gunzipSync(bytes)));
  }

  bucket(effect: <T>(what: string, act: () => T) => Promise<T>): Bucket {
    const put = (key: string, bytes: Uint8Array, { sha256, onlyIf }: PutOptions) => {
      if (onlyIf?.etagDoesNotMatch === "*" && this.objects.has(key)) return null;
      if (hashOf(bytes) !== sha256) throw new Error("the checksum is wrong");
      this.objects.set(key, Buffer.from(bytes));
      return {};
    };
    return {
      put: (key: string, bytes: Uint8Array, options: PutOptions) => {
        const kept = Buffer.from(bytes);
        this.#last = () => void put(key, kept, options);
        return effect("put", () => {
          for (const arrive of this.late.splice(0)) arrive();
          return put(key, kept, options);
        });
      },
      head: (key: string) =>
        effect("head", () => {
          const bytes = this.objects.get(key);
          return bytes && { size: bytes.length, checksums: { sha256: Buffer.from(hashOf(bytes), "hex") } };
        }).then((found) => found ?? null),
      get: async (key: string) => {
        const bytes = this.objects.get(key);
        return bytes ? { size: bytes.length, body: new Blob([new Uint8Array(bytes)]).stream() } : null;
      },
    } as unknown as Bucket;
  }

  /** The put that was begun last, as a thing that happens later. */
  get lastPut(): () => void {
    return this.#last;
  }
  #last: () => void = () => {};

  #append(entry: SessionSealed): void {
    const known = this.ledger.find(({ key }) => key === entry.key);
    if (known && JSON.stringify(known) !== JSON.stringify(entry))
      throw Object.assign(new Error("another entry has this key"), { code: "conflict" });
    if (!known) this.ledger.push(entry);
  }
}

/** Packs the same bytes differently each time, as encryption does. */
export function randomPacking(random: () => number): Packing {
  return {
    isEncrypted: false,
    pack: async (gzip) => {
      const plain = gunzipSync(gzip);
      const packed = gzipSync(plain, { level: 1 + Math.floor(random() * 9) });
      // The header's time is anything.
      packed.writeUInt32LE(Math.floor(random() * 2 ** 32), 4);
      return packed;
    },
  };
}

async function opened(bytes: Uint8Array, identities: Identities): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of decrypted(chunksOf(bytes), identities)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function hashOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
