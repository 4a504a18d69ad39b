import type { EndCode } from "../../protocol/close-reason.ts";
import type { ApprovalDesk } from "../approval/desk.ts";
import { TICKET_MS } from "../hub/ticket.ts";
import type { Effects } from "./effects.ts";
import type { SessionLog } from "./log.ts";
import type { Readers, Side } from "./readers.ts";
import type { SessionRecord } from "./record.ts";
import type { Watchers } from "./watchers.ts";

/** How long a connector has to join after the agent did, ms; it is asked again while that lasts. */
export const JOIN_MS = 10_000;
export const REDIAL_MS = 2_500;
/**
 * How long after a connector's socket dropped its process is looked for, ms. After a restart of the edge it is not:
 * with a thousand sessions to resume a living connector's control socket may be late.
 */
export const CHECK_CONNECTOR_MS = 2_000;
/** How long the connector has for its seal, ms. */
export const SEAL_MS = 3_000;

/** What is waited for, and what it takes to see whether it has come. */
interface Waiting {
  record: SessionRecord;
  log: SessionLog;
  readers: Readers;
  approvals: ApprovalDesk;
  watchers: Watchers;
  effects: Effects;
  end(code: EndCode, reason: string, now: number): void;
}

interface Wait {
  at: number;
  act(now: number): void;
}

/** What a session waits for: its sides, its limits, people's answers; and what happens when nothing comes. */
export class Waits {
  readonly #session: Waiting;
  /** Since when a side is away, ms; 0 while it is there. */
  readonly #away: Record<Side, number>;
  #checkConnectorAt = 0;
  #redialAt: number;

  /** `now`: when the object was made, or woke; until a side comes it counts as away since then. */
  constructor(session: Waiting, now: number) {
    this.#session = session;
    this.#away = { agent: now, connector: now };
    this.#redialAt = now + REDIAL_MS;
  }

  came(side: Side): void {
    this.#away[side] = 0;
    if (side === "connector") this.#checkConnectorAt = 0;
  }

  left(side: Side, now: number): void {
    this.#away[side] = now;
    if (side === "connector") this.#checkConnectorAt = now + CHECK_CONNECTOR_MS;
  }

  /** A connector was asked for just now. */
  dialled(now: number): void {
    this.#redialAt = now + REDIAL_MS;
  }

  /** When `expire` must be called next, ms since 1970; Infinity when nothing is due. */
  next(): number {
    return Math.min(Number.POSITIVE_INFINITY, ...this.#all().map(({ at }) => at));
  }

  /** Does what is due. */
  expire(now: number): void {
    const { record } = this.#session;
    const { state } = record;
    for (const { at, act } of this.#all()) if (now >= at && record.state === state) act(now);
  }

  /** What happens when nothing else does, and when, ms since 1970. */
  #all(): Wait[] {
    const { record, log, readers, approvals, watchers, effects } = this.#session;
    const { state, created, facts, limits, end } = record;
    if (state === "ending") return [{ at: end!.at + SEAL_MS, act: () => effects.settle(record) }];
    // A parked session keeps its record while its ticket is valid, so that the ticket works once.
    if (state === "parked" && !readers.connector)
      return [{ at: created + TICKET_MS, act: () => effects.discard(record) }];
    if (state !== "open") return [];
    const { maxMs, idleMs } = limits!;
    const waits: Wait[] = [
      this.#ends(facts!.until, "lease_expired", "the right to use this target has run out"),
      this.#ends(facts!.opened + maxMs, "limit_exceeded", `a session lasts ${maxMs / 1000} s at most`),
      { at: approvals.deadline(), act: (now) => approvals.expire(now) },
      { at: readers.pollAt, act: (now) => readers.poll(now) },
      { at: watchers.deadline(), act: (now) => watchers.expire(now) },
    ];
    // One that waits for people is not idle.
    if (!approvals.pending)
      waits.push(this.#ends(log.time + idleMs, "idle", `nothing was sent for ${idleMs / 1000} s`));
    if (!readers.agent) {
      const reason = `the agent did not come back within ${this.#agentPatience() / 1000} s`;
      waits.push(this.#ends(this.#away.agent + this.#agentPatience(), "agent_gone", reason));
    }
    return readers.connector ? waits : [...waits, ...this.#waitsForConnector()];
  }

  #waitsForConnector(): Wait[] {
    const { record, effects } = this.#session;
    const { facts, limits, connector } = record;
    if (!connector) {
      const reason = `connector ${facts!.connector} did not answer within ${JOIN_MS / 1000} s`;
      return [
        this.#ends(facts!.opened + JOIN_MS, "connector_offline", reason),
        {
          at: this.#redialAt,
          act: (now) => {
            this.#redialAt = now + REDIAL_MS;
            effects.dial(record);
          },
        },
      ];
    }
    const reason = `connector ${connector.name} did not come back within ${limits!.resumeMs / 1000} s`;
    const waits = [this.#ends(this.#away.connector + limits!.resumeMs, "connector_lost", reason)];
    if (this.#checkConnectorAt === 0) return waits;
    const check = () => {
      this.#checkConnectorAt = 0;
      effects.checkConnector(record);
    };
    return [...waits, { at: this.#checkConnectorAt, act: check }];
  }

  #ends(at: number, code: EndCode, reason: string): Wait {
    return { at, act: (now) => this.#session.end(code, reason, now) };
  }

  /** How long an agent may stay away, ms; a raw one can't come back. */
  #agentPatience(): number {
    const { facts, limits } = this.#session.record;
    return facts!.mode === "raw" ? 0 : limits!.resumeMs;
  }
}
