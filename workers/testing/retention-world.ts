import type { SessionDeleted, SessionSealed } from "../../protocol/ledger/entry.ts";
import type { RetentionSettings } from "../../protocol/retention.ts";
import { markSealed } from "../directory/recordings.ts";
import type { DeletionMeans } from "../retention/carry-out.ts";
import { saveDeletion } from "../retention/deletions.ts";
import { type Emptied, type ReadSealed, removeObjects } from "../retention/means.ts";
import { sweepDirectory } from "../retention/sweep.ts";
import { forgetSession } from "../search/index-session.ts";
import { newDatabase, sqliteDirectory } from "./sqlite-directory.ts";

/** The Worker's request is gone, in the middle of something. */
export class Crash extends Error {}

const DAY = 86_400_000;

/** A directory, a ledger, a bucket; `around` is called around each effect and before each statement of the directory. */
export class RetentionWorld {
  readonly database = newDatabase();
  readonly objects = new Map<string, string>();
  readonly ledger: SessionDeleted[] = [];
  readonly sealed = new Map<string, SessionSealed>();
  now = 1_800_000_000_000;
  around: (what: string, when: "before" | "after") => void | Promise<void> = () => {};

  #crashed = Promise.withResolvers<"crash">();

  get db(): D1Database {
    return sqliteDirectory(() => this.#pass("directory", "before"), this.database);
  }

  /** The directory as others see it, meanwhile. */
  get others(): D1Database {
    return sqliteDirectory(undefined, this.database);
  }

  async #pass(what: string, when: "before" | "after"): Promise<void> {
    try {
      await this.around(what, when);
    } catch (error) {
      if (!(error instanceof Crash)) throw error;
      // Whoever waits for the answer is gone.
      this.#crashed.resolve("crash");
      await new Promise<never>(() => {});
    }
  }

  /** A session that ended so long ago, sealed in two parts, and in the search index. */
  async session(
    id: string,
    more: {
      target?: string;
      principal?: string;
      onBehalfOf?: string;
      age?: number;
      /** Null for one that is not sealed. */
      labels?: Record<string, number>;
      indexed?: "whole" | "partial" | "no";
      isSealed?: boolean;
    } = {},
  ): Promise<string> {
    const { target = "orders", principal = "service/agent", onBehalfOf = null, age = 100 * DAY } = more;
    const { labels = {}, indexed = "whole", isSealed = true } = more;
    const session = id.repeat(32).slice(0, 32);
    const ended = this.now - age;
    const db = this.others;
    await db
      .prepare(
        `INSERT INTO sessions (id, target, kind, principal, on_behalf_of, groups, connector, instance, address, opened, until, ended)
         VALUES (?1, ?2, 'postgres', ?3, ?4, '["staff"]', 'main', 'i', '', ?5, ?5, ?5)`,
      )
      .bind(session, target, principal, onBehalfOf, ended)
      .run();
    if (!isSealed) return session;
    const entry = {
      type: "session_sealed",
      session,
      target,
      principal,
      onBehalfOf,
      edgeSeal: { key: "k", entries: 3, head: "ab".repeat(32), signature: "s" },
      connectorSeal: null,
      agreement: "agreed",
      archive: "cd".repeat(32),
      bytes: 7,
    } as unknown as SessionSealed;
    this.sealed.set(session, entry);
    await markSealed(db, entry, [], false, ended);
    for (const name of ["0001.gz", "0002.gz", "0001.gz.age"])
      this.objects.set(`recordings/${session}/${name}`, "x");
    const masked = Object.values(labels).reduce((sum, count) => sum + count, 0);
    if (indexed !== "no")
      await db
        .prepare(`INSERT INTO session_tallies VALUES (?1, 0, 0, 0, 0, ?2, ?3, '[]')`)
        .bind(session, masked, indexed)
        .run();
    if (masked > 0)
      await db
        .prepare("INSERT INTO session_labels VALUES (?1, ?2)")
        .bind(session, JSON.stringify(labels))
        .run();
    return session;
  }

  async settings(settings: RetentionSettings): Promise<void> {
    this.database
      .prepare("INSERT OR REPLACE INTO settings (name, value) VALUES ('retention', ?)")
      .run(JSON.stringify(settings));
  }

  readonly readSealed: ReadSealed = async (session) =>
    this.sealed.get(session) ?? { fault: "the ledger does not tell that it was sealed" };

  get means(): DeletionMeans {
    const effect = async <T>(what: string, act: () => Promise<T>): Promise<T> => {
      await this.#pass(what, "before");
      const result = await act();
      await this.#pass(what, "after");
      return result;
    };
    const bucket: Emptied = {
      list: async ({ prefix }: R2ListOptions) => {
        const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix!));
        return { objects: keys.slice(0, 2).map((key) => ({ key })) };
      },
      delete: async (keys: string[]) =>
        effect("delete", async () => {
          for (const key of keys) this.objects.delete(key);
        }),
    } as unknown as Emptied;
    return {
      note: (entry) =>
        effect("note", async () => {
          const at = this.ledger.findIndex(({ key }) => key === entry.key);
          if (at < 0) return this.ledger.push(entry) - 1;
          if (JSON.stringify(this.ledger[at]) === JSON.stringify(entry)) return at;
          throw Object.assign(new Error("the ledger has another entry"), { code: "conflict" });
        }),
      remove: (session) => removeObjects(bucket, session),
      forget: (session) => effect("forget", () => forgetSession({ DIRECTORY: this.db }, session)),
      save: (session, from, state) => saveDeletion(this.db, session, from, state),
      clock: () => this.now,
    };
  }

  /** One run of the sweep, to its end or until it crashes. */
  async sweep(): Promise<"crash" | "done"> {
    this.#crashed = Promise.withResolvers();
    const run = sweepDirectory(this.db, this.means, this.readSealed, this.now).then(() => "done" as const);
    return Promise.race([run, this.#crashed.promise]);
  }

  /** Names of the objects of a session that are left. */
  left(session: string): string[] {
    return [...this.objects.keys()].filter((key) => key.includes(session));
  }

  rows(query: string, ...values: (string | number)[]): Record<string, unknown>[] {
    return this.database
      .prepare(query)
      .all(...values)
      .map((row) => ({ ...row }));
  }
}
