import { SallyportError } from "../../protocol/errors.ts";
import { MAX_RESET } from "../../protocol/exchange-payload.ts";
import { FrameFlag, type FrameHeader, FrameType, MAX_PAYLOAD, WINDOW } from "../../protocol/frame.ts";
import { MAX_HEAD, MAX_STREAMS } from "../../protocol/http/head.ts";
import type { Side } from "./readers.ts";

/** A sender in good faith stays within the window, plus what it had already read. */
const AHEAD = 2 * WINDOW;
/** A first acknowledgement of unknown worth may have given as much as a window. */
const AHEAD_UNKNOWN = AHEAD + WINDOW;

/** What one side has sent on a stream. */
interface Direction {
  /** Payload bytes that were logged, as far as this object knows. */
  logged: number;
  /** What its receiver says that it has consumed, a total; null until it has said so. */
  acked: number | null;
  /** The acknowledgement that counts as nothing: of a stream that is older than this object, the first. */
  base: number;
  ended: boolean;
}

interface Stream extends Record<Side, Direction> {
  /** This object has seen its first frame, so that its counts are the truth. */
  known: boolean;
}

/**
 * The streams of a session that carries exchanges, and how far ahead of its receiver each sender is. An object that
 * has lost its memory can't know what went before on the streams that are open: for those it is lenient, as each
 * receiver knows its own window, and yet bounds what it would have to hold.
 */
export class StreamWindows {
  /** By number, oldest first; those that are older than this object apart. */
  readonly #known = new Map<number, Stream>();
  readonly #older = new Map<number, Stream>();
  /** The newest stream that was opened before this object was made; and the newest of all. */
  readonly #newestOlder: number;
  #newest: number;
  /** Bytes that may still come for streams that were reset: their sender had not heard of it. */
  #late = 0;

  /** `newest`: the newest stream that was opened before, 0 where nothing was. */
  constructor(newest: number) {
    this.#newestOlder = newest;
    this.#newest = newest;
  }

  /** The number of the newest stream. */
  get newest(): number {
    return this.#newest;
  }

  /** How many streams are open, as far as this object knows. */
  get open(): number {
    return this.#known.size + this.#older.size;
  }

  /**
   * Takes a data, end or reset frame that is to be logged. Throws `protocol_violation` for a stream that is not open,
   * a direction that has ended, or bytes on stream 0; `frame_too_large` for a head; `too_many`; `window_exceeded`.
   */
  take(side: Side, header: FrameHeader, bytes: number): void {
    const { type, flags, stream } = header;
    const limit =
      type === FrameType.reset ? MAX_RESET : (flags & FrameFlag.head) !== 0 ? MAX_HEAD : MAX_PAYLOAD;
    if (bytes > limit)
      throw new SallyportError("frame_too_large", `${bytes} bytes where a stream may have ${limit}`);
    if (stream === 0) {
      if (type !== FrameType.reset)
        throw new SallyportError("protocol_violation", "bytes on stream 0 of a session of exchanges");
      for (const [number, one] of this.#known) this.#reset(number, one);
      this.#older.clear();
      return;
    }
    const found = this.#known.get(stream) ?? this.#older.get(stream) ?? this.#meet(side, header);
    if (!found) this.#takeLate(stream, type, bytes);
    else if (type === FrameType.reset) this.#reset(stream, found);
    else this.#count(side, header, found, bytes);
  }

  /** The receiver `side` of a stream has consumed so many bytes of it; answers the credit of its sender, if that is new. */
  acknowledge(side: Side, stream: number, bytes: number): number | null {
    const found = this.#known.get(stream) ?? this.#older.get(stream) ?? this.#meetOlder(stream);
    if (!found) {
      if (stream > this.#newest)
        throw new SallyportError("protocol_violation", `an acknowledgement of stream ${stream}, not open`);
      return null;
    }
    const sent = found[side === "agent" ? "connector" : "agent"];
    if (found.known && bytes > sent.logged)
      throw new SallyportError("protocol_violation", "more bytes acknowledged than were sent");
    if (!found.known && sent.acked === null) sent.base = bytes;
    sent.acked = Math.max(sent.acked ?? 0, bytes);
    return sent.acked;
  }

  /** Of each open stream what the receiver of this side's bytes has said last. */
  *credits(side: Side): Iterable<[stream: number, bytes: number]> {
    for (const streams of [this.#older, this.#known])
      for (const [number, stream] of streams) {
        const { acked } = stream[side];
        if (acked) yield [number, acked];
      }
  }

  /** A stream that is not known: a new one, one that is older than this object, or null for one that is over. */
  #meet(side: Side, { type, flags, stream }: FrameHeader): Stream | null {
    const opens = side === "agent" && type === FrameType.data && (flags & FrameFlag.head) !== 0;
    if (!opens) return this.#meetOlder(stream);
    if (stream <= this.#newest)
      throw new SallyportError("protocol_violation", `stream ${stream} was open before`);
    if (this.#known.size >= MAX_STREAMS)
      throw new SallyportError("too_many", `more than ${MAX_STREAMS} streams of the session are open`);
    this.#newest = stream;
    const opened = newStream(true);
    this.#known.set(stream, opened);
    return opened;
  }

  #meetOlder(stream: number): Stream | null {
    if (stream === 0 || stream > this.#newestOlder) return null;
    const older = newStream(false);
    this.#older.set(stream, older);
    // That one is over, or else so many are open that a sender breaks the rules.
    if (this.#older.size > MAX_STREAMS) this.#older.delete(this.#older.keys().next().value!);
    return older;
  }

  #takeLate(stream: number, type: FrameType, bytes: number): void {
    if (stream > this.#newest)
      throw new SallyportError("protocol_violation", `a frame for stream ${stream}, which is not open`);
    if (type === FrameType.reset) return;
    this.#late -= bytes;
    if (this.#late < 0)
      throw new SallyportError("window_exceeded", `bytes for stream ${stream}, which is over`);
  }

  #count(side: Side, { type, stream }: FrameHeader, found: Stream, bytes: number): void {
    const direction = found[side];
    if (direction.ended)
      throw new SallyportError("protocol_violation", `a frame after the end of stream ${stream}`);
    direction.logged += bytes;
    const ahead = direction.logged - ((direction.acked ?? 0) - direction.base);
    if (ahead > (found.known ? AHEAD : AHEAD_UNKNOWN))
      throw new SallyportError("window_exceeded", `more than ${WINDOW} bytes sent ahead on stream ${stream}`);
    if (type === FrameType.end) direction.ended = true;
    if (found.agent.ended && found.connector.ended) this.#forget(stream);
  }

  /** What its senders may have under way comes late. */
  #reset(number: number, stream: Stream): void {
    for (const { ended } of [stream.agent, stream.connector]) if (!ended) this.#late += AHEAD;
    this.#forget(number);
  }

  #forget(stream: number): void {
    this.#known.delete(stream);
    this.#older.delete(stream);
  }
}

function newStream(known: boolean): Stream {
  const direction = (): Direction => ({ logged: 0, acked: known ? 0 : null, base: 0, ended: false });
  return { agent: direction(), connector: direction(), known };
}
