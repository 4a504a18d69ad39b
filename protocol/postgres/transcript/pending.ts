import type { Portal, Prepared } from "./prepared.ts";

/** Messages and bytes of them that may wait for the server's answer; more is forgotten, oldest first. */
const MAX_WAITING = 20_000;
const MAX_WAITING_COST = 16 * 1024 * 1024;

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

/** The requests that wait for an answer, oldest first. */
export class Pending {
  #requests: Waiting[] = [];
  #cost = 0;

  add(request: Request, sent: number): void {
    const cost =
      100 +
      (request.kind === "parse" ? request.prepared.cost : request.kind === "bind" ? request.portal.cost : 0);
    this.#requests.push({ ...request, sent, cost });
    this.#cost += cost;
    while (this.#requests.length > MAX_WAITING || this.#cost > MAX_WAITING_COST) this.take();
  }

  get first(): Waiting | undefined {
    return this.#requests[0];
  }

  take(): Waiting | undefined {
    const request = this.#requests.shift();
    if (request) this.#cost -= request.cost;
    return request;
  }

  /**
   * The request that an answer belongs to: the first of the kinds it can answer. Those before it had no answer
   * of their own and are given up. Undefined, with nothing given up, when none waits.
   */
  seek(...kinds: RequestKind[]): Waiting | undefined {
    const index = this.#requests.findIndex(({ kind }) => kinds.includes(kind));
    if (index < 0) return undefined;
    for (let count = index; count > 0; count--) this.take();
    return this.first;
  }

  /** Takes what stands before the next Sync; the Sync stays. `reached`: whether there is one. */
  takeUntilSync(): { skipped: Waiting[]; reached: boolean } {
    const index = this.#requests.findIndex(({ kind }) => kind === "sync");
    const count = index < 0 ? this.#requests.length : index;
    const skipped = this.#requests.splice(0, count);
    for (const { cost } of skipped) this.#cost -= cost;
    return { skipped, reached: index >= 0 };
  }

  /** Takes all through the request that a ReadyForQuery answers. */
  takeThroughReady(): Waiting[] {
    const index = this.#requests.findIndex(({ kind }) => ENDED_BY_READY.includes(kind));
    const taken = this.#requests.splice(0, index + 1);
    for (const { cost } of taken) this.#cost -= cost;
    while (this.first?.kind === "copy-end") this.take();
    return taken;
  }

  /** Drops the Syncs that a server ignores because it reads COPY data: those before the end of the copy. */
  dropIgnoredSyncs(): void {
    const end = this.#requests.findIndex(({ kind }) => kind === "copy-end");
    this.#requests = this.#requests.filter(({ kind }, index) => kind !== "sync" || (end >= 0 && index > end));
    this.#cost = this.#requests.reduce((sum, { cost }) => sum + cost, 0);
  }

  /** Whether the client has ended a COPY that the server has not answered for. */
  get copyEnded(): boolean {
    return this.#requests.some(({ kind }) => kind === "copy-end");
  }
}

const ENDED_BY_READY: RequestKind[] = ["query", "function", "sync"];
