import { createHash } from "node:crypto";

/** What the ledger has said of a session. */
export const Said = { started: 1, sealed: 2, void: 4, deleted: 8 } as const;

/** The state of one session, as it is kept. */
export interface SessionState {
  /** Sum of `Said`. */
  said: number;
  /** When it was registered, and until when it may last; ms since 1970. */
  opened: number;
  until: number;
  /** Number of its connector's name, given by the reader. */
  connector: number;
  /** 64 bits of what its seal said of the archive and the recording's head, as a stub must repeat it. */
  stub: bigint;
}

const ID = 16;
const FIRST_SLOTS = 1024;
/** Slots that may be taken, of all. */
const LOAD = 0.75;

/**
 * What must be kept of each session of a ledger while it streams: 45 bytes, 60 to 120 with the room to grow.
 * Sessions are found by their id's 16 bytes, in one table with open addressing.
 */
export class SessionTable {
  #ids = Buffer.alloc(FIRST_SLOTS * ID);
  /** `opened` and `until` of each slot. */
  #times = new Float64Array(FIRST_SLOTS * 2);
  #stubs = new BigUint64Array(FIRST_SLOTS);
  #connectors = new Uint32Array(FIRST_SLOTS);
  #said = new Uint8Array(FIRST_SLOTS);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** `id`: 32 hex digits. */
  get(id: string): SessionState | undefined {
    const slot = this.#slot(Buffer.from(id, "hex"));
    return this.#said[slot] === 0 ? undefined : this.#at(slot);
  }

  set(id: string, state: SessionState): void {
    const key = Buffer.from(id, "hex");
    let slot = this.#slot(key);
    if (this.#said[slot] === 0 && ++this.#size > LOAD * this.#said.length) {
      this.#grow();
      slot = this.#slot(key);
    }
    this.#put(slot, key, state);
  }

  *entries(): Generator<[id: string, state: SessionState]> {
    for (let slot = 0; slot < this.#said.length; slot++) {
      if (this.#said[slot] !== 0)
        yield [this.#ids.toString("hex", slot * ID, slot * ID + ID), this.#at(slot)];
    }
  }

  #at(slot: number): SessionState {
    return {
      said: this.#said[slot]!,
      opened: this.#times[slot * 2]!,
      until: this.#times[slot * 2 + 1]!,
      stub: this.#stubs[slot]!,
      connector: this.#connectors[slot]!,
    };
  }

  #put(slot: number, key: Buffer, { said, opened, until, connector, stub }: SessionState): void {
    key.copy(this.#ids, slot * ID);
    this.#times.set([opened, until], slot * 2);
    this.#stubs[slot] = stub;
    this.#connectors[slot] = connector;
    this.#said[slot] = said;
  }

  /** The slot that has this key, or the free one where it belongs. */
  #slot(key: Buffer): number {
    const mask = this.#said.length - 1;
    for (let slot = placeOf(key) & mask; ; slot = (slot + 1) & mask) {
      if (this.#said[slot] === 0 || key.equals(this.#ids.subarray(slot * ID, slot * ID + ID))) return slot;
    }
  }

  #grow(): void {
    const old = new SessionTable();
    [old.#ids, old.#times, old.#stubs] = [this.#ids, this.#times, this.#stubs];
    [old.#connectors, old.#said] = [this.#connectors, this.#said];
    const slots = this.#said.length * 2;
    this.#ids = Buffer.alloc(slots * ID);
    this.#times = new Float64Array(slots * 2);
    this.#stubs = new BigUint64Array(slots);
    this.#connectors = new Uint32Array(slots);
    this.#said = new Uint8Array(slots);
    for (const [id, state] of old.entries()) {
      const key = Buffer.from(id, "hex");
      this.#put(this.#slot(key), key, state);
    }
  }
}

/** Where a key is looked for first: ids are chosen by the edge, so they are not trusted to be spread. */
function placeOf(key: Buffer): number {
  return createHash("sha256").update(key).digest().readUInt32LE();
}
