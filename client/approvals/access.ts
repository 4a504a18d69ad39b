import { setTimeout as sleep } from "node:timers/promises";
import type { Approval } from "../../protocol/approval/approval.ts";
import type { LeaseRecord } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { WhoAmI } from "../commands/account.ts";
import type { EdgeApi } from "../edge-api.ts";
import { getApproval, listLeases, requestAccess, sayOnApproval, WAIT_SECONDS } from "./api.ts";
import { isPassing, RETRY_MS } from "./passing.ts";

/** What one asks for: the right to open a target. */
export interface Wanted {
  target: string;
  reason: string;
  /** How long it shall last, ms; absent: as long as the policies say. */
  lastsMs?: number;
}

/** A right to open a target. */
export interface Access {
  /** The approval's id. */
  id: string;
  by: string[];
  /** Ms since 1970, by the edge's clock. */
  until: number;
  /** Ms that were left of it when the edge told. */
  leftMs: number;
}

/** What the wait for people needs of its surroundings. */
export interface Waiting {
  /** The request stands, or somebody has agreed; `leftMs`: until it expires. */
  standing(approval: Approval, leftMs: number): void;
  /** The edge is away (its words), or back (null). */
  away(why: string | null): void;
  /** Ms, of a clock that only runs forward. */
  now(): number;
  /** Ms since 1970. */
  wallClock(): number;
  pause(ms: number): Promise<void>;
}

/** How long past its end a request may go without an answer, ms: the edge may be away when it expires. */
const GRACE_MS = 60_000;
/** The least time from one question to the next, ms: an edge that doesn't wait is not asked without pause. */
const LEAST_MS = 1_000;
/** How long a request that was given up may take to be withdrawn, ms. */
const WITHDRAW_MS = 5_000;
const MAX_LEASES = 1_000;

/** The right to open a target that is there already, the longest; null when there is none. */
export async function accessTo(api: EdgeApi, target: string, now: number): Promise<Access | null> {
  const me = await api.get<WhoAmI>("/v1/whoami");
  const mine = (lease: LeaseRecord) =>
    lease.target === target &&
    lease.principal === me.principal &&
    lease.onBehalfOf === me.onBehalfOf &&
    lease.revoked === null &&
    lease.until > now;
  const leases = (await listLeases(api, MAX_LEASES)).filter(mine);
  const longest = leases.toSorted((one, other) => other.until - one.until)[0];
  if (!longest) return null;
  const { id, by, until } = longest;
  return { id, by, until, leftMs: until - now };
}

/** A request for access: what is asked, and the wait for people's answer. */
export class AccessRequest {
  readonly #api: EdgeApi;
  readonly #wanted: Wanted;
  #asked: Promise<Approval | null> | undefined;
  #over = false;

  constructor(api: EdgeApi, wanted: Wanted) {
    this.#api = api;
    this.#wanted = wanted;
  }

  /**
   * Asks and waits until people have answered; null where nobody need be asked. Goes on when the edge is being started
   * again. Throws `forbidden` when it is denied, `approval_required` when nobody answered in time or it was withdrawn,
   * and what the edge answers.
   */
  async granted(waiting: Waiting): Promise<Access | null> {
    this.#asked = requestAccess(this.#api, this.#wanted);
    const asked = await this.#asked;
    const approval = asked && (await this.#decided(asked, waiting));
    this.#over = true;
    // One that was there before has been running since: how long can be told by this machine's clock only.
    return approval && access(approval, asked.status === "pending" ? null : waiting.wallClock());
  }

  /** Gives the request up: it is withdrawn, if it stands. True when the edge has said so. */
  async withdraw(): Promise<boolean> {
    const timeout = new AbortController();
    const late = sleep(WITHDRAW_MS, false, { signal: timeout.signal }).catch(() => false);
    const withdrawn = Promise.resolve(this.#asked)
      .then(async (approval) => {
        if (!approval || this.#over) return false;
        await sayOnApproval(this.#api, approval.id, "withdraw", undefined);
        return true;
      })
      .catch(() => false);
    const done = await Promise.race([withdrawn, late]);
    timeout.abort();
    return done;
  }

  async #decided(asked: Approval, waiting: Waiting): Promise<Approval> {
    // The two clocks may differ; how long it stands does not.
    const end = waiting.now() + asked.expires - asked.asked;
    const tell = (approval: Approval) => waiting.standing(approval, Math.max(0, end - waiting.now()));
    let approval = asked;
    let failures = 0;
    tell(approval);
    while (approval.status === "pending") {
      const began = waiting.now();
      try {
        const { votes } = approval;
        approval = await getApproval(this.#api, approval.id, WAIT_SECONDS);
        if (failures > 0) waiting.away(null);
        failures = 0;
        if (approval.status !== "pending") break;
        if (approval.votes.length !== votes.length) tell(approval);
        const early = LEAST_MS - (waiting.now() - began);
        if (early > 0) await waiting.pause(early);
        if (waiting.now() > end + GRACE_MS) throw refusal({ ...approval, status: "expired" });
      } catch (error) {
        if (!isPassing(error) || waiting.now() > end + GRACE_MS) throw error;
        if (failures === 0) waiting.away((error as SallyportError).message);
        await waiting.pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)]!);
      }
    }
    return approval;
  }
}

/** What an approval that is decided gives. `now`: of one decided before, ms since 1970. Throws where it is a refusal. */
function access(approval: Approval, now: number | null): Access {
  const { id, status, votes, decided, until } = approval;
  if (status !== "approved" || until === null || !decided) throw refusal(approval);
  const leftMs = Math.max(0, Math.min(until - decided.at, until - (now ?? decided.at)));
  return { id, by: [...new Set(votes.map(({ by }) => by))], until, leftMs };
}

function refusal({ id, status, target, decided }: Approval): SallyportError {
  const why = decided?.reason ? `: ${decided.reason}` : "";
  switch (status) {
    case "denied":
      return new SallyportError(
        "forbidden",
        `${decided?.by ?? "Somebody"} denied access to ${target}${why}`,
        `\`sallyport approvals show ${id}\` tells all of it.`,
      );
    case "expired":
      return new SallyportError(
        "approval_required",
        `Nobody approved access to ${target} in time; the request has expired.`,
        "Ask again, and tell those who may approve: `sallyport approvals list` shows them what waits.",
      );
    default:
      return new SallyportError(
        "approval_required",
        `The request for access to ${target} is ${status}${why}`,
        "Ask again with --reason.",
      );
  }
}
