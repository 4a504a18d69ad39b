/** For how long nobody must have said anything in an object for it to count as quiet, and the longest wait for that, ms. */
export const QUIET_MS = 100;
export const TURN_MS = 1_000;
/** So many sessions that wait to be sealed halve the longest wait. */
const MANY = 4;

/** What the turn is found with. */
export interface TurnMeans {
  clock(): number;
  /** When a message of any session came last, ms since 1970. */
  heard(): number;
  sleep(ms: number): Promise<unknown>;
}

/**
 * Resolves when a part may be made: whoever uses a session goes before the sealing of others, but not for long, and the less the
 * more of them are `waiting`, so that they are sealed as fast as they end.
 */
export async function turn({ clock, heard, sleep }: TurnMeans, waiting: number): Promise<void> {
  const latest = clock() + TURN_MS / (1 + waiting / MANY);
  for (let now = clock(); now < latest && now < heard() + QUIET_MS; now = clock())
    await sleep(Math.ceil(Math.min(latest, heard() + QUIET_MS) - now));
}
