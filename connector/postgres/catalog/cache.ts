import { SallyportError } from "../../../protocol/errors.ts";
import type { Catalog, CatalogName } from "../../../protocol/sql/catalog.ts";
import type { PostgresTargetConfig } from "../../config.ts";
import { changeStatement } from "./change-query.ts";
import { KnownCatalog, KnownNames, nameKey } from "./known-names.ts";
import { type Found, loadNames } from "./load.ts";
import { SideConnection } from "./side-connection.ts";
import type { SqlSource } from "./source.ts";

/** Where a cache asks, and how it hears that it can't trust what it heard. */
export interface CatalogSource extends SqlSource {
  onLost: () => void;
  end(): void;
}

export interface CatalogCacheOptions {
  source?: CatalogSource;
  /** How often changes by others are looked for while a session uses the cache, ms. */
  pollMs?: number;
  /** After which everything is asked anew, whatever was noticed, ms. */
  lifetimeMs?: number;
  now?: () => number;
}

const POLL_MS = 1_000;
const LIFETIME_MS = 60_000;
/** Looking for changes takes this part of a connection's time at most: 50 ms in a database of 4,000 tables. */
const POLL_SHARE = 20;
/** Without a look for so long behind its time nothing that is cached counts. */
const LATE_MS = 5_000;
/** Loads of the same names in which the catalog changed meanwhile. */
const MAX_ATTEMPTS = 5;

/**
 * The catalog of one database as others have committed it, for all sessions of this process: bounded, filled by a
 * connection of its own, and forgotten as a whole with each change. Changes by sessions of this process are told by
 * `invalidate`, others are noticed within about a second; without the connection nothing is known, and `load` fails.
 */
export class CatalogCache extends KnownCatalog implements Catalog {
  readonly #source: CatalogSource;
  readonly #trusted: ReadonlySet<string>;
  readonly #log: (message: string) => void;
  readonly #pollMs: number;
  readonly #lifetimeMs: number;
  readonly #now: () => number;
  readonly #known = new KnownNames();
  /** Loads on their way, of the present version. */
  readonly #loading = new Map<string, Promise<Found[]>>();
  #version = 1;
  #serverVersion = 0;
  #users = 0;
  #stopped = false;
  /** What was last seen of the catalog; null when nothing that is cached could be compared with it. */
  #seen: { snapshot: string; sums: string } | null = null;
  #looking: Promise<void> | null = null;
  #timer: NodeJS.Timeout | undefined;
  /** When everything cached ceases to count. */
  #until = Number.NEGATIVE_INFINITY;
  #since = 0;
  /** Names in temporary schemas are cached, whose changes aren't looked for: they count until the next look. */
  #temporary = false;
  #failing = false;

  constructor(
    target: PostgresTargetConfig,
    database: string,
    log: (message: string) => void,
    options: CatalogCacheOptions = {},
  ) {
    super();
    this.#trusted = new Set(target.trustedFunctions);
    this.#log = (message) => log(`catalog of target ${target.name}, database ${database}: ${message}`);
    this.#source = options.source ?? new SideConnection(target, database);
    this.#source.onLost = () => this.#lost();
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#lifetimeMs = options.lifetimeMs ?? LIFETIME_MS;
    this.#now = options.now ?? (() => performance.now());
  }

  /** 0 until the target was asked for the first time; `version` changes when it becomes known. */
  get serverVersion(): number {
    return this.#serverVersion;
  }

  /** Grows with each change: what was concluded from the catalog of another version doesn't count. */
  get version(): number {
    this.#forgetOld();
    return this.#version;
  }

  /** A session uses the cache, and pays for keeping it right. */
  acquire(): void {
    this.#users++;
    if (this.#users > 1) return;
    // Nobody has looked since the last user went.
    this.invalidate();
    this.#seen = null;
    void this.#poll();
  }

  release(): void {
    this.#users--;
    // The server drops its temporary objects, and may give their schema to the next session.
    if (this.#temporary) this.invalidate();
    if (this.#users > 0) return;
    clearTimeout(this.#timer);
    this.invalidate();
    this.#seen = null;
  }

  /**
   * Forgets everything: for a session that changed the catalog, when its statement has run and again when its
   * transaction has ended. What is being loaded now will not be believed.
   */
  invalidate(): void {
    this.#version++;
    this.#known.clear();
    this.#temporary = false;
    this.#loading.clear();
    this.#since = this.#now();
  }

  /**
   * Asks the target for these names, whether they are known or not; a question for the same name that is already on
   * its way, and was put since the last change, will do. Resolves when all are known. Throws `target_unreachable`
   * and what else a `SideConnection` throws; `TargetSqlError`; `conflict` when the catalog changes all the time;
   * `limit_exceeded`, `protocol_violation` for what a target should not answer.
   */
  async load(missing: readonly CatalogName[]): Promise<void> {
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      await this.#look(false);
      // The connection was lost while it looked.
      if (this.#seen === null) continue;
      const version = this.#version;
      const found = await this.#loadOnce(missing);
      if (version !== this.#version) continue;
      for (const { name, loaded, size } of found) {
        this.#temporary ||= TEMPORARY.test(name.schema);
        this.#known.put(name, loaded, size);
      }
      return;
    }
    throw new SallyportError(
      "conflict",
      "the target's catalog changes faster than it can be read",
      "Try again when whatever creates or alters objects there has ended.",
    );
  }

  /** Runs a text on the cache's connection, which is read-only; for questions that no session is there for. */
  async query(sql: string): Promise<(string | null)[][]> {
    return await this.#source.query(sql);
  }

  /** Looks at once for changes by others, as the timer does. Never rejects. */
  async lookNow(): Promise<void> {
    try {
      await this.#look(true);
      this.#failing = false;
    } catch (error) {
      this.#lost();
      // The connection tries again by itself; the operator need not hear of each attempt.
      if (!this.#failing) this.#log(error instanceof Error ? error.message : "unknown failure");
      this.#failing = true;
    }
  }

  /** Ends its connection for good. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#source.end();
    this.invalidate();
  }

  protected override fresh(): KnownNames {
    this.#forgetOld();
    return this.#known;
  }

  /** Joins questions that are on their way, and asks for the others. */
  async #loadOnce(missing: readonly CatalogName[]): Promise<Found[]> {
    const joined = new Set<Promise<Found[]>>();
    const others: CatalogName[] = [];
    for (const name of missing) {
      const loading = this.#loading.get(nameKey(name.kind, name.schema, name.name));
      if (loading === undefined) others.push(name);
      else joined.add(loading);
    }
    if (others.length > 0) joined.add(this.#ask(others));
    return (await Promise.all(joined)).flat();
  }

  #ask(names: readonly CatalogName[]): Promise<Found[]> {
    const keys = names.map(({ kind, schema, name }) => nameKey(kind, schema, name));
    const answer = loadNames(this.#source, names, this.#trusted, true).finally(() => {
      for (const key of keys) if (this.#loading.get(key) === answer) this.#loading.delete(key);
    });
    for (const key of keys) this.#loading.set(key, answer);
    return answer;
  }

  /**
   * Looks whether the catalog changed. Before anything is cached there must have been a look, and none is begun
   * twice; `again` asks for a new one.
   */
  #look(again: boolean): Promise<void> {
    if (this.#seen !== null && !again && this.#now() < this.#until) return Promise.resolve();
    if (this.#looking !== null) return this.#looking;
    const looking = this.#compare().finally(() => {
      if (this.#looking === looking) this.#looking = null;
    });
    this.#looking = looking;
    return looking;
  }

  async #compare(): Promise<void> {
    const began = this.#now();
    const before = this.#seen;
    const [row, ...more] = await this.#source.query(changeStatement(before?.snapshot ?? ""));
    const [snapshot, version, sums] = row ?? [];
    const serverVersion = /^[0-9]{5,7}$/.test(version ?? "") ? Number(version) : 0;
    if (more.length > 0 || !snapshot || snapshot.length > MAX_TEXT || serverVersion === 0) throw malformed();
    if (sums === undefined || (sums !== null && sums.length > MAX_TEXT)) throw malformed();
    if (sums === null && before?.snapshot !== snapshot) throw malformed();
    // The connection was lost, or the last user left, meanwhile: this look is of before that.
    if (this.#seen !== before) return;
    const seen = { snapshot, sums: sums ?? before?.sums ?? "" };
    const now = this.#now();
    if (seen.sums !== before?.sums || serverVersion !== this.#serverVersion) this.invalidate();
    if (now - this.#since >= this.#lifetimeMs || this.#temporary) this.invalidate();
    this.#seen = seen;
    this.#serverVersion = serverVersion;
    this.#until = now + this.#pause(now - began) + LATE_MS;
  }

  #pause(took: number): number {
    return Math.max(this.#pollMs, POLL_SHARE * took);
  }

  async #poll(): Promise<void> {
    const began = this.#now();
    await this.lookNow();
    if (this.#users <= 0 || this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#poll(), this.#pause(this.#now() - began));
    this.#timer.unref();
  }

  /** Changes can have gone by unseen. */
  #lost(): void {
    this.#seen = null;
    this.invalidate();
  }

  #forgetOld(): void {
    if (this.#known.count > 0 && this.#now() >= this.#until) this.#lost();
  }
}

const TEMPORARY = /^pg_(?:toast_)?temp_/;

/** Characters of a snapshot, which names each transaction in progress, and of the sums. */
const MAX_TEXT = 1024 * 1024;

function malformed(): SallyportError {
  return new SallyportError("protocol_violation", "the target's answer about its catalog is none");
}
