import { once } from "node:events";
import { type ErrorCode, SallyportError } from "../../../protocol/errors.ts";
import type { TransactionStatus } from "../../../protocol/postgres/backend.ts";
import type { Catalog, CatalogName, NameContext } from "../../../protocol/sql/catalog.ts";
import { classify } from "../../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import type { ParsedStatement } from "../../../protocol/sql/parser.ts";
import type { CatalogCache } from "../catalog/cache.ts";
import { OwnCatalog } from "../catalog/own-catalog.ts";
import { PROBE, readProbe, type SessionState } from "../catalog/session-state.ts";
import type { Conversation } from "../conversation.ts";
import { type OwnQueries, Skipping } from "./own-queries.ts";
import { Refusal } from "./refusal.ts";

/** What a classification lacks. */
export type Need = { need: "names" } | { need: "catalog"; names: CatalogName[] };

/** How long the shared cache may take before the session asks on its own connection, ms. */
const SHARED_MS = 500;
/** Errors of the cache's connection that say nothing of the session's own. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  "target_unreachable",
  "target_refused",
  "target_closed",
  "too_many",
  "conflict",
]);
/** Classifications that one session keeps. */
const MAX_KEPT = 1_000;

/**
 * What names mean in one session at this moment: its search_path and temporary schema, asked of the target after
 * anything that may have changed them, and the catalog as this session sees it. What others committed comes from a
 * cache that all sessions of the database share; while this session's transaction has changed the catalog, only its
 * own connection tells the truth.
 */
export class SessionCatalog {
  readonly #shared: CatalogCache;
  readonly #own: OwnQueries;
  readonly #talk: Conversation;
  readonly #trusted: ReadonlySet<string>;
  #names: (NameContext & SessionState) | null = null;
  /** Settings may have changed in this transaction: its end, or a failure, may change them back. */
  #touched = false;
  /** The transaction may have changed the catalog. */
  #dirty = false;
  /** The shared cache can't be asked now: until the transaction ends this session asks for itself. */
  #alone = false;
  #private: OwnCatalog | undefined;
  #kept = new Map<ParsedStatement[], ClassifiedStatement[]>();
  #version = -1;

  constructor(shared: CatalogCache, own: OwnQueries, talk: Conversation, trusted: ReadonlySet<string>) {
    this.#shared = shared;
    this.#own = own;
    this.#talk = talk;
    this.#trusted = trusted;
    shared.acquire();
  }

  /** `server_version_num`; 0 while it isn't known. */
  get serverVersion(): number {
    return this.#shared.serverVersion;
  }

  /** As whom statements that were just classified would run; null for those without names, which aren't asked for. */
  userOf(parsed: readonly ParsedStatement[]): string | null {
    return isNameless(parsed) ? null : (this.#names?.currentUser ?? null);
  }

  /** Time has passed: what names mean is asked again, and whether others have changed the catalog. */
  async doubt(): Promise<void> {
    this.#names = null;
    this.#private = undefined;
    this.#kept.clear();
    if (!this.#dirty && !this.#alone && !(await inTime(this.#shared.lookNow()))) this.#alone = true;
  }

  /** With what these statements, which were just classified, were looked at. */
  meaning(parsed: readonly ParsedStatement[]): { names: NameContext; catalog: Catalog } {
    if (isNameless(parsed) || this.#names === null) return { names: NO_NAMES, catalog: NO_CATALOG };
    return { names: this.#names, catalog: this.#catalog() };
  }

  /** The statements, or what must be found first. Throws `Refusal`. */
  classify(parsed: ParsedStatement[]): ClassifiedStatement[] | Need {
    if (isNameless(parsed)) return classify(parsed, NO_NAMES, NO_CATALOG).statements;
    this.#checkAborted();
    if (this.#names === null) return { need: "names" };
    // Not asked yet: nothing could be told from what a newer server reads otherwise.
    const catalog = this.#catalog();
    if (catalog.serverVersion === 0) return { need: "catalog", names: [] };
    const shared = catalog === this.#shared;
    if (shared && this.#version !== this.#shared.version) {
      this.#kept.clear();
      this.#version = this.#shared.version;
    }
    const known = shared ? this.#kept.get(parsed) : undefined;
    if (known !== undefined) return known;
    const { statements, missing } = classify(parsed, this.#names, catalog);
    if (missing.length > 0) return { need: "catalog", names: missing };
    if (shared) this.#keep(parsed, statements);
    return statements;
  }

  /** The classification of a text that is kept; undefined where none is, or what names mean may have changed since. */
  kept(parsed: ParsedStatement[]): ClassifiedStatement[] | undefined {
    if (this.#names === null || this.#isAborted || this.#catalog() !== this.#shared) return undefined;
    return this.#version === this.#shared.version ? this.#kept.get(parsed) : undefined;
  }

  /** Finds what was missing. Throws what the target or the catalog's connection throws. */
  async find(missing: Need): Promise<void> {
    if (missing.need === "catalog") {
      await this.#load(missing.names);
      return;
    }
    // What is still on its way may change the very settings that are asked for.
    await this.#own.quiet();
    if (this.#talk.skipping) throw new Skipping();
    this.#checkAborted();
    const rows = await this.#own.query(PROBE);
    this.#names = { ...readProbe(rows), trustedFunctions: this.#trusted };
    this.#kept.clear();
  }

  /**
   * A message that may change what names mean goes to the target. `rollback`: any that may end or undo the
   * transaction, be it by failing, for what follows at once is judged before the target has told.
   */
  sent(what: "settings" | "catalog" | "rollback" | "everything"): void {
    if (what === "settings" || what === "everything") this.#touched = true;
    if (what === "catalog" || what === "everything" || (what === "rollback" && this.#dirty)) this.#changed();
    if (this.#touched) this.#names = null;
  }

  /** An error came: what the transaction had set may be undone. */
  failed(): void {
    if (this.#touched) this.#names = null;
  }

  /** ReadyForQuery came. */
  ready(status: TransactionStatus): void {
    if (this.#touched) this.#names = null;
    if (status !== "I") return;
    this.#touched = false;
    this.#alone = false;
    this.#private = undefined;
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#shared.invalidate();
  }

  /** Inside a batch a rollback may have gone by that ReadyForQuery has not told yet: there the target answers. */
  get #isAborted(): boolean {
    return this.#talk.status === "E" && this.#talk.answered && !this.#talk.unsynced;
  }

  #checkAborted(): void {
    if (this.#isAborted) throw aborted();
  }

  async #load(names: CatalogName[]): Promise<void> {
    const catalog = this.#catalog();
    if (catalog !== this.#shared) return await catalog.load(names);
    try {
      if (!(await inTime(this.#shared.load(names)))) this.#alone = true;
    } catch (error) {
      // No connection to be had, or a lock, perhaps this session's own, that keeps the other from reading.
      if (!(error instanceof SallyportError) || !ELSEWHERE.has(error.code)) throw error;
      this.#alone = true;
    }
  }

  /** The session is over. */
  release(): void {
    if (this.#dirty) this.#shared.invalidate();
    this.#shared.release();
  }

  #changed(): void {
    this.#dirty = true;
    this.#private = undefined;
    this.#kept.clear();
  }

  #catalog(): Catalog & { load(names: CatalogName[]): Promise<void> } {
    if (!this.#dirty && !this.#alone) return this.#shared;
    this.#private ??= new OwnCatalog(this.#own, this.#shared.serverVersion, this.#trusted);
    return this.#private;
  }

  #keep(parsed: ParsedStatement[], statements: ClassifiedStatement[]): void {
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(parsed, statements);
  }
}

/** Whether the shared cache answers before the session asks for itself. Throws what the answer throws. */
async function inTime(answer: Promise<void>): Promise<boolean> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), SHARED_MS);
  try {
    await Promise.race([answer, once(late.signal, "abort")]);
  } finally {
    clearTimeout(timer);
  }
  return !late.signal.aborted;
}

/** Statements whose parse tree has no name of the catalog: they also run where the target can't be asked. */
const NAMELESS: ReadonlySet<string> = new Set([
  "TransactionStmt",
  "VariableSetStmt",
  "VariableShowStmt",
  "DiscardStmt",
  "DeallocateStmt",
  "ListenStmt",
  "UnlistenStmt",
  "NotifyStmt",
  "FetchStmt",
  "ClosePortalStmt",
]);

function isNameless(parsed: readonly ParsedStatement[]): boolean {
  return parsed.every(({ tree }) => NAMELESS.has(Object.keys(tree)[0]!));
}

/** Where there is no name, there is nothing to ask; nor has this grammar changed with PostgreSQL's versions. */
const NO_CATALOG: Catalog = {
  serverVersion: 180_000,
  relation: () => null,
  functions: () => [],
  userOperator: () => false,
  userType: () => false,
};

const NO_NAMES: NameContext = { searchPath: [], temporarySchema: null, trustedFunctions: new Set() };

function aborted(): Refusal {
  return Refusal.of(
    "25P02",
    "current transaction is aborted, commands ignored until end of transaction block",
  );
}
