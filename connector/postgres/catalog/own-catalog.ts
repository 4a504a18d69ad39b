import type { Catalog, CatalogName } from "../../../protocol/sql/catalog.ts";
import { KnownCatalog, KnownNames } from "./known-names.ts";
import { loadNames } from "./load.ts";
import type { SqlSource } from "./source.ts";

/** How long an answer counts, ms: others may change what this session hasn't, as under `CatalogCache`. */
const LIFETIME_MS = 1_000;

const VERSION = "SELECT pg_catalog.current_setting('server_version_num')";

/**
 * The catalog as one session sees it: with what its transaction has not committed yet, and its temporary objects. To
 * be thrown away when the session changes the catalog again, and when the transaction ends.
 */
export class OwnCatalog extends KnownCatalog implements Catalog {
  readonly #source: SqlSource;
  readonly #trusted: ReadonlySet<string>;
  readonly #now: () => number;
  readonly #known = new KnownNames();
  #serverVersion: number;
  #until = Number.POSITIVE_INFINITY;

  /**
   * `source` asks on the session's own connection. `serverVersion`: 0 where it isn't known, until the first load.
   * `trusted`: the target's `trustedFunctions`.
   */
  constructor(
    source: SqlSource,
    serverVersion: number,
    trusted: ReadonlySet<string> = new Set(),
    now: () => number = () => performance.now(),
  ) {
    super();
    this.#source = source;
    this.#serverVersion = serverVersion;
    this.#trusted = trusted;
    this.#now = now;
  }

  get serverVersion(): number {
    return this.#serverVersion;
  }

  /**
   * Asks the target for these names. Throws what the source throws, and `protocol_violation` or `limit_exceeded` for
   * what a target should not answer. An error of the target's has aborted the transaction, as any error does.
   */
  async load(missing: readonly CatalogName[]): Promise<void> {
    if (this.#serverVersion === 0) {
      const [row] = await this.#source.query(VERSION);
      this.#serverVersion = Number(/^[0-9]{5,7}$/.exec(row?.[0] ?? "")?.[0] ?? 0);
    }
    const began = this.#now();
    const found = await loadNames(this.#source, missing, this.#trusted, false);
    this.#forgetOld();
    if (this.#known.count === 0) this.#until = began + LIFETIME_MS;
    for (const { name, loaded, size } of found) this.#known.put(name, loaded, size);
  }

  protected override fresh(): KnownNames {
    this.#forgetOld();
    return this.#known;
  }

  #forgetOld(): void {
    if (this.#now() >= this.#until) {
      this.#known.clear();
      this.#until = Number.POSITIVE_INFINITY;
    }
  }
}
