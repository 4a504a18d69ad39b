import type { Fetch } from "../approval/post.ts";
import { assumeRole, type RoleKeys } from "./assume-role.ts";
import type { AwsKeys, WitnessSettings } from "./settings.ts";

/** A role's credentials are renewed when they last no longer than this, ms. */
const RENEW_BEFORE_MS = 5 * 60_000;

/** As whom the edge writes: the keys of its settings, or those of the role that they assume, in memory only. */
export class WitnessCredentials {
  readonly #settings: WitnessSettings;
  readonly #means: { fetcher: Fetch; clock(): number; limitMs: number };
  #role: RoleKeys | null = null;
  #asked: Promise<RoleKeys> | null = null;

  constructor(settings: WitnessSettings, means: { fetcher: Fetch; clock(): number; limitMs: number }) {
    this.#settings = settings;
    this.#means = means;
  }

  /** The keys to sign with now: the same object until they are renewed. Throws what `assumeRole` throws. */
  async current(): Promise<AwsKeys> {
    const { role, keys } = this.#settings;
    if (role === null) return keys;
    const now = this.#means.clock();
    if (this.#role !== null && this.#role.expires - now > RENEW_BEFORE_MS) return this.#role;
    this.#asked ??= this.#assume(role, now).finally(() => {
      this.#asked = null;
    });
    try {
      return await this.#asked;
    } catch (error) {
      // What is not over yet is still good, though STS is down.
      if (this.#role !== null && this.#role.expires > now) return this.#role;
      throw error;
    }
  }

  /** AWS took the role's keys for stale: others are fetched for the next call. */
  forget(): void {
    this.#role = null;
  }

  async #assume(role: NonNullable<WitnessSettings["role"]>, now: number): Promise<RoleKeys> {
    const { fetcher, limitMs } = this.#means;
    const { region, keys } = this.#settings;
    this.#role = await assumeRole(role, region, keys, { fetcher, now, limitMs });
    return this.#role;
  }
}
