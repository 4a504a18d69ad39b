import { SallyportError } from "../errors.ts";
import { AttrFlag, MAX_EXTENDED, MAX_HANDLE } from "./numbers.ts";

const KNOWN_ATTRS =
  AttrFlag.SIZE + AttrFlag.UIDGID + AttrFlag.PERMISSIONS + AttrFlag.ACMODTIME + AttrFlag.EXTENDED;

/** Attributes of a file (draft-ietf-secsh-filexfer-02 section 5); what is undefined was not told. */
export interface Attributes {
  /** Bytes. */
  size?: bigint;
  uid?: number;
  gid?: number;
  /** As in `st_mode`. */
  permissions?: number;
  /** Seconds since 1970. */
  atime?: number;
  mtime?: number;
  extended?: { type: Buffer; data: Buffer }[];
}

/**
 * Reads the body of one packet and never past its end: whatever is missing, or left over, throws `protocol_violation`.
 * Counts and lengths are claims; nothing is allocated from one.
 */
export class PacketBody {
  readonly #body: Buffer;
  #at = 0;

  constructor(body: Buffer) {
    this.#body = body;
  }

  get remaining(): number {
    return this.#body.length - this.#at;
  }

  u32(): number {
    return this.#body.readUInt32BE(this.#advance(4));
  }

  u64(): bigint {
    return this.#body.readBigUInt64BE(this.#advance(8));
  }

  /** A view of a string's bytes. */
  string(): Buffer {
    const length = this.u32();
    const from = this.#advance(length);
    return this.#body.subarray(from, this.#at);
  }

  /** A handle's bytes, one character a byte, so that it can be a key. */
  handle(): string {
    const bytes = this.string();
    if (bytes.length > MAX_HANDLE) {
      throw violation(`a handle of ${bytes.length} bytes; the limit is ${MAX_HANDLE}`);
    }
    return bytes.toString("latin1");
  }

  /** Unknown flags make the length of what follows unknown, so they are refused. */
  attributes(): Attributes {
    const flags = this.u32();
    if ((flags & ~KNOWN_ATTRS) !== 0) throw violation("attributes with unknown flags");
    const attributes: Attributes = {};
    if (flags & AttrFlag.SIZE) attributes.size = this.u64();
    if (flags & AttrFlag.UIDGID) {
      attributes.uid = this.u32();
      attributes.gid = this.u32();
    }
    if (flags & AttrFlag.PERMISSIONS) attributes.permissions = this.u32();
    if (flags & AttrFlag.ACMODTIME) {
      attributes.atime = this.u32();
      attributes.mtime = this.u32();
    }
    if (flags & AttrFlag.EXTENDED) {
      const count = this.u32();
      if (count > MAX_EXTENDED) throw violation(`${count} extended attributes; the limit is ${MAX_EXTENDED}`);
      attributes.extended = [];
      for (let i = 0; i < count; i++) {
        attributes.extended.push({ type: this.string(), data: this.string() });
      }
    }
    return attributes;
  }

  /** Ends the reading of `result`: nothing may be left. */
  end<T>(result: T): T {
    if (this.remaining > 0) throw violation(`${this.remaining} bytes too many`);
    return result;
  }

  #advance(length: number): number {
    if (length > this.remaining) throw violation("less than it announces");
    const from = this.#at;
    this.#at += length;
    return from;
  }
}

function violation(what: string): SallyportError {
  return new SallyportError("protocol_violation", `an SFTP packet has ${what}`);
}
