import * as frontend from "../../../protocol/postgres/frontend.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { Held } from "./holding.ts";
import type { Portal } from "./session-names.ts";

/** What an Execute would run; where it isn't known which portal its name means, it can't be shown. */
export function heldPortals(
  portals: readonly Portal[],
  own: ClassifiedStatement[],
  all: ClassifiedStatement[],
): Omit<Held, "currentUser"> {
  const { sql, parameterTypes, bind } = portals[0]!.bound;
  return {
    sql,
    own,
    all,
    parameterTypes,
    values: bind === null ? null : frontend.parseBind(bind),
    certain: portals.length === 1,
  };
}

/** Whether a portal means the same now as when it was bound. */
export function isAlike(
  planned: readonly ClassifiedStatement[],
  now: readonly ClassifiedStatement[],
): boolean {
  if (planned.length === now.length && planned.every((one, index) => one === now[index])) return true;
  const [one, other] = [planned, now].map((all) => new Set(all.map(({ facts }) => JSON.stringify(facts))));
  return one!.size === other!.size && [...one!].every((facts) => other!.has(facts));
}
