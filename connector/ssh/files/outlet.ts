import type { Writable } from "node:stream";

/** Writes packets to a stream; those that stand one behind the other in one chunk go out as one span of it. */
export class Outlet {
  readonly #stream: Writable;
  #data: Buffer | null = null;
  #start = 0;
  #end = 0;

  constructor(stream: Writable) {
    this.#stream = stream;
  }

  /** Whether whoever writes should wait for `drain`. */
  get isFull(): boolean {
    return this.#stream.writableNeedDrain;
  }

  /** Passes `data[start, end)` on. The bytes must not change any more. */
  pass(data: Buffer, start: number, end: number): void {
    if (data === this.#data && start === this.#end) {
      this.#end = end;
      return;
    }
    this.flush();
    this.#data = data;
    this.#start = start;
    this.#end = end;
  }

  send(packet: Buffer): void {
    this.flush();
    if (this.#stream.writable) this.#stream.write(packet);
  }

  /** To be called at the end of each turn in which `pass` was. */
  flush(): void {
    const data = this.#data;
    if (data === null) return;
    this.#data = null;
    if (this.#stream.writable) this.#stream.write(data.subarray(this.#start, this.#end));
  }
}
