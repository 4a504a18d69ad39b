import type { Portal, Prepared } from "./prepared.ts";

/**
 * Bytes of requests that may wait for an answer. A tunnel's window and the buffers of two sockets hold a few MiB,
 * so no session comes near it.
 */
const MAX_WAITING = 64 * 1024 * 1024;
/** What a request costs besides what it holds, bytes. */
const OWN_COST = 100;

/** What a client has sent that the server will answer, each in its order. */
export type Request =
  | { kind: "query"; statement: number }
  | { kind: "parse"; prepared: Prepared }
  | { kind: "bind"; portal: Portal }
  | { kind: "describe"; of: "statement" | "portal"; name: string }
  | { kind: "execute"; statement: number; name: string; maxRows: number; shown: Shown }
  | { kind: "close"; of: "statement" | "portal"; name: string }
  | { kind: "function"; statement: number; format: number }
  | { kind: "sync" }
  /** What should have been one of the extended protocol's, and can't be read. */
  | { kind: "malformed" }
  /** CopyDone or CopyFail: no answer of its own. */
  | { kind: "copy-end" };

/** What a statement event told of an Execute before the server had answered. */
export interface Shown {
  portal: Portal | undefined;
  prepared: Prepared | undefined;
}

export type RequestKind = Request["kind"];
export type Waiting = Request & {
  /** When it was sent, ms. */
  sent: number;
  cost: number;
};

/**
 * The requests that wait for an answer, oldest first. Every operation costs constant time for each request that it
 * takes, and for none that it leaves: a client may send thousands that nobody answers.
 */
export class Pending {
  #requests: Waiting[] = [];
  /** Where the oldest stands; what is before it has been taken. */
  #start = 0;
  #cost = 0;
  readonly #counts = new Map<RequestKind, number>();
  #lost = false;

  /**
   * More has waited than a session can have. Nothing is matched from then on: an answer given to the wrong
   * statement would be worse than one given to none.
   */
  get lost(): boolean {
    return this.#lost;
  }

  /** Adds a request; false when it is the one too many. */
  add(request: Request, sent: number): boolean {
    if (this.#lost) return true;
    const cost = OWN_COST + costOf(request);
    this.#requests.push({ ...request, sent, cost });
    this.#cost += cost;
    this.#count(request.kind, 1);
    if (this.#cost <= MAX_WAITING) return true;
    this.#lost = true;
    this.#requests = [];
    this.#start = 0;
    this.#counts.clear();
    return false;
  }

  get first(): Waiting | undefined {
    return this.#requests[this.#start];
  }

  take(): Waiting | undefined {
    const request = this.first;
    if (!request) return undefined;
    this.#start++;
    this.#cost -= request.cost;
    this.#count(request.kind, -1);
    if (this.#start * 2 > this.#requests.length) {
      this.#requests = this.#requests.slice(this.#start);
      this.#start = 0;
    }
    return request;
  }

  /**
   * The request that an answer belongs to: the first of the kinds it can answer. Those before it had no answer
   * of their own and are given up. Undefined, with nothing given up, when none waits.
   */
  seek(...kinds: RequestKind[]): Waiting | undefined {
    if (!this.#has(kinds)) return undefined;
    while (!kinds.includes(this.first!.kind)) this.take();
    return this.first;
  }

  /** Takes what stands before the next Sync; the Sync stays. `reached`: whether there is one. */
  takeUntilSync(): { skipped: Waiting[]; reached: boolean } {
    const skipped: Waiting[] = [];
    while (this.first && this.first.kind !== "sync") skipped.push(this.take()!);
    return { skipped, reached: this.first !== undefined };
  }

  /** Takes all through the request that a ReadyForQuery answers. */
  takeThroughReady(): Waiting[] {
    const taken: Waiting[] = [];
    if (!this.#has(ENDED_BY_READY)) return taken;
    do taken.push(this.take()!);
    while (!ENDED_BY_READY.includes(taken.at(-1)!.kind));
    while (this.first?.kind === "copy-end") this.take();
    return taken;
  }

  /** Drops the Syncs that a server ignores because it reads COPY data: those before the end of the copy. */
  dropIgnoredSyncs(): void {
    if (!this.#has(["sync"])) return;
    const waiting = this.#requests.slice(this.#start);
    const end = waiting.findIndex(({ kind }) => kind === "copy-end");
    const ignored = end < 0 ? waiting : waiting.slice(0, end);
    this.#requests = [...ignored.filter(({ kind }) => kind !== "sync"), ...waiting.slice(ignored.length)];
    this.#start = 0;
    const dropped = waiting.length - this.#requests.length;
    this.#cost -= dropped * OWN_COST;
    this.#count("sync", -dropped);
  }

  /** Whether the client has ended a COPY that the server has not answered for. */
  get copyEnded(): boolean {
    return this.#has(["copy-end"]);
  }

  #has(kinds: RequestKind[]): boolean {
    return kinds.some((kind) => (this.#counts.get(kind) ?? 0) > 0);
  }

  #count(kind: RequestKind, change: number): void {
    this.#counts.set(kind, (this.#counts.get(kind) ?? 0) + change);
  }
}

const ENDED_BY_READY: RequestKind[] = ["query", "function", "sync"];

function costOf(request: Request): number {
  if (request.kind === "parse") return request.prepared.cost;
  return request.kind === "bind" ? request.portal.cost : 0;
}
