import { isAfter, type Outgoing, type Position } from "./destination.ts";
import type { SourceReader, Sources, Step } from "./sources.ts";

/** Bytes that are read before others have their turn. */
const TURN_BYTES = 256 * 1024;
/** Bytes of entries that are read at a time without an event among them. */
const PATIENCE_BYTES = 32 * 1024 * 1024;
const encoder = new TextEncoder();

/** A source's events that are yet to be delivered, read ahead no further than a batch. */
export class Feed {
  readonly source: string;
  readonly #sources: Sources;
  readonly #reader: SourceReader;
  readonly #after: Position;
  readonly #turn: () => Promise<void>;
  #buffer: Outgoing[] = [];
  #read = 0;
  /** A step that was begun on; kept, as what was read is not read again. */
  #steps: AsyncIterator<Step> | undefined;

  /** `after`: the last event that was delivered. `isEdges`: see `Sources.reader`. `turn`: lets others have theirs. */
  constructor(
    sources: Sources,
    source: string,
    after: Position,
    isEdges: boolean,
    turn: () => Promise<void>,
  ) {
    this.source = source;
    this.#sources = sources;
    this.#after = after;
    this.#turn = turn;
    this.#reader = sources.reader(source, after, isEdges);
  }

  /** The last entry that was read. */
  get read(): number {
    return this.#read;
  }

  /** Events that were read and not taken, in order. */
  get buffer(): readonly Outgoing[] {
    return this.#buffer;
  }

  /** Reads on until so many events or bytes wait, or there are no more now; false where there may be more. */
  async fill(events: number, bytes: number): Promise<boolean> {
    let waiting = this.#buffer.reduce((sum, one) => sum + one.bytes, 0);
    let quiet = 0;
    let turn = 0;
    while (this.#buffer.length < events && waiting < bytes) {
      if (quiet > PATIENCE_BYTES) return false;
      this.#steps ??= this.#reader.steps()[Symbol.asyncIterator]();
      const { done, value } = await this.#next(this.#steps);
      if (done) return true;
      quiet += value.bytes;
      turn += value.bytes;
      for (const one of this.#outgoing(value)) {
        this.#buffer.push(one);
        waiting += one.bytes;
      }
      if (turn > TURN_BYTES) {
        turn = 0;
        await this.#turn();
      }
    }
    return false;
  }

  /** Whether all that the source has now was read and taken; of one that is over, its end as well. */
  isDry(): boolean {
    if (this.#buffer.length > 0 || this.#steps !== undefined) return false;
    const extent = this.#sources.extent(this.source);
    return extent === null || this.#read >= extent.last + (extent.isOver ? 1 : 0);
  }

  /** Drops the first events: they are settled. */
  take(count: number): void {
    this.#buffer = this.#buffer.slice(count);
  }

  /** Ends what is under way; the feed is of no use after. */
  async close(): Promise<void> {
    await this.#steps?.return?.();
  }

  async #next(steps: AsyncIterator<Step>): Promise<IteratorResult<Step>> {
    try {
      const result = await steps.next();
      if (result.done) this.#steps = undefined;
      else this.#read = Math.max(this.#read, result.value.seq);
      return result;
    } catch (error) {
      this.#steps = undefined;
      throw error;
    }
  }

  *#outgoing({ seq, events }: Step): Generator<Outgoing> {
    for (const [item, event] of events.entries()) {
      const position = { seq, item };
      if (!isAfter(position, this.#after)) continue;
      const json = JSON.stringify(event);
      yield { event, json, bytes: encoder.encode(json).length, source: this.source, position };
    }
  }
}
