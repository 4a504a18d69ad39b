import { close, openSync, write } from "node:fs";
import { SallyportError } from "../../protocol/errors.ts";
import type { Log } from "../log.ts";
import type { EventSettings } from "./settings.ts";

/** Bytes that wait to be written, at most: more are dropped, and counted. */
export const MAX_WAITING = 8 * 1024 * 1024;
/** Bytes that are written at once. */
const CHUNK = 256 * 1024;
/** How long a failed write waits for the next try, ms. */
const RETRY_MS = 1_000;
/** How long the end waits for what is not written yet, ms. */
const CLOSE_MS = 2_000;
const STDOUT = 1;
/** Events name people and what they ask: nobody else on the machine needs to read them. */
const MODE = 0o600;

/** What a test replaces. */
export interface JournalMeans {
  open(file: string): number;
  write(fd: number, bytes: Uint8Array): Promise<number>;
  close(fd: number): void;
  /** Calls after so many ms; answers how to call it off. */
  after(ms: number, call: () => void): () => void;
}

const MEANS: JournalMeans = {
  open: (file) => openSync(file, "a", MODE),
  write: (fd, bytes) =>
    new Promise((resolve, reject) => {
      write(fd, bytes, 0, bytes.length, null, (error, written) => (error ? reject(error) : resolve(written)));
    }),
  close: (fd) => close(fd, () => {}),
  after: (ms, call) => {
    const timer = setTimeout(call, ms).unref();
    return () => clearTimeout(timer);
  },
};

/**
 * Lines that are appended to a file, or to standard output, without keeping anybody waiting: what a full disk or a slow
 * reader leaves no room for is dropped and counted. What fails is tried again.
 */
export class Journal {
  readonly #file: string | null;
  readonly #log: Log;
  readonly #means: JournalMeans;
  #fd: number;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #isWriting = false;
  /** A line was written in part: what follows begins on a line of its own. */
  #isTorn = false;
  #isFailing = false;
  #dropped = 0;
  #untold = 0;
  #reopen = false;
  #isClosed = false;
  #drained: (() => void) | undefined;

  /** Throws `invalid_config` for a file that can't be opened for appending. */
  constructor({ file }: EventSettings, log: Log, means: JournalMeans = MEANS) {
    this.#file = file;
    this.#log = log;
    this.#means = means;
    try {
      this.#fd = file === null ? STDOUT : means.open(file);
    } catch (error) {
      throw new SallyportError(
        "invalid_config",
        `the events can't be written to ${file} (${codeOf(error)})`,
        "Name a file in a folder that this process may write to: connector.events.file.",
      );
    }
  }

  /** Lines that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Adds a line, which has no line feed in it. */
  add(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    if (this.#isClosed || this.#bytes + bytes.length > MAX_WAITING) {
      this.#drop();
      return;
    }
    this.#waiting.push(bytes);
    this.#bytes += bytes.length;
    if (!this.#isWriting && !this.#isFailing) void this.#write();
  }

  /** Opens the file anew before the next line, as it may have been moved away (logrotate). */
  reopen(): void {
    this.#reopen = this.#file !== null;
    if (!this.#isWriting && !this.#isFailing) void this.#write();
  }

  /** Writes what waits, for two seconds at most, and closes the file. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    const drained = new Promise<void>((resolve) => {
      this.#drained = resolve;
    });
    const stop = this.#means.after(CLOSE_MS, () => this.#drained?.());
    if (!this.#isWriting) void this.#write();
    await drained;
    stop();
    this.#isClosed = true;
    for (const _line of this.#waiting) this.#drop();
    if (this.#untold > 0) this.#tellDropped();
    if (this.#file !== null) this.#means.close(this.#fd);
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#waiting.length > 0 || this.#reopen) {
        if (this.#isClosed) return;
        this.#openAnew();
        const chunk = this.#chunk();
        if (chunk.length > 0) await this.#append(chunk);
      }
      this.#well();
      this.#drained?.();
    } catch (error) {
      this.#failed(error);
    } finally {
      this.#isWriting = false;
    }
  }

  #openAnew(): void {
    if (!this.#reopen || this.#file === null) return;
    const fd = this.#means.open(this.#file);
    this.#means.close(this.#fd);
    this.#fd = fd;
    this.#reopen = false;
    this.#isTorn = false;
  }

  /** The lines that are written next; they stay until they are. */
  #chunk(): Buffer[] {
    const lines: Buffer[] = [];
    let bytes = 0;
    for (const line of this.#waiting) {
      if (lines.length > 0 && bytes + line.length > CHUNK) break;
      lines.push(line);
      bytes += line.length;
    }
    return lines;
  }

  async #append(lines: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(this.#isTorn ? [Buffer.from("\n"), ...lines] : lines);
    let at = 0;
    try {
      while (at < bytes.length) at += await this.#means.write(this.#fd, bytes.subarray(at));
    } finally {
      const lead = this.#isTorn ? 1 : 0;
      this.#written(lines, at - lead);
    }
  }

  /** Forgets whole lines that were written; of a line that was begun, the rest is written again whole. */
  #written(lines: readonly Buffer[], bytes: number): void {
    if (bytes < 0) return;
    let rest = bytes;
    let count = 0;
    for (const { length } of lines) {
      if (rest < length) break;
      rest -= length;
      count++;
    }
    this.#bytes -= bytes - rest;
    this.#waiting = this.#waiting.slice(count);
    this.#isTorn = rest > 0;
  }

  #well(): void {
    if (this.#isFailing) this.#log("events are written again");
    this.#isFailing = false;
    if (this.#untold > 0) this.#tellDropped();
  }

  #failed(error: unknown): void {
    if (!this.#isFailing)
      this.#log(`events can't be written (${codeOf(error)}); they wait, and are dropped beyond 8 MiB`);
    this.#isFailing = true;
    this.#means.after(RETRY_MS, () => void this.#write());
  }

  #drop(): void {
    if (this.#untold === 0 && !this.#isClosed)
      this.#log("events are dropped: there is no room for more that wait");
    this.#dropped++;
    this.#untold++;
  }

  #tellDropped(): void {
    this.#log(`${this.#untold} events were dropped, ${this.#dropped} since the start`);
    this.#untold = 0;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown error";
}
