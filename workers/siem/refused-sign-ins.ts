import type { RefusedSignIns } from "../../protocol/ocsf/sign-in.ts";

/** Different refusals that are told apart; those beyond are one for each reason. */
export const MAX_APART = 100;

/** Whether two are told as one. */
export function refusalKey({ reason, principal, issuer, address }: RefusedSignIns): string {
  return JSON.stringify([reason, principal, issuer, address]);
}

/** Those that are not told apart any more. */
export function folded(refused: RefusedSignIns): RefusedSignIns {
  return { ...refused, principal: null, issuer: null, address: null };
}

/** Counts refused sign-ins in memory that stays bounded, whatever comes. */
export class RefusalCounts {
  #counts = new Map<string, RefusedSignIns>();

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }

  add(refused: RefusedSignIns): void {
    const known = this.#counts.get(refusalKey(refused));
    if (known === undefined && this.#counts.size >= MAX_APART && refused.address !== null) {
      this.add(folded(refused));
    } else if (known === undefined) this.#counts.set(refusalKey(refused), { ...refused });
    else {
      known.count += refused.count;
      known.first = Math.min(known.first, refused.first);
      known.last = Math.max(known.last, refused.last);
    }
  }

  /** All that was counted since the last call. */
  take(): RefusedSignIns[] {
    const all = [...this.#counts.values()];
    this.#counts = new Map();
    return all;
  }
}
