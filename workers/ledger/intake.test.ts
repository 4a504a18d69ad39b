import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LedgerEntry } from "../../protocol/ledger/entry.ts";
import { leafHash } from "../../protocol/ledger/merkle.ts";
import { Frontier } from "../../protocol/witness/frontier.ts";
import { recordChange } from "../directory/changes.ts";
import type { Sql } from "../session/log.ts";
import { sessionStorage } from "../testing/session-storage.ts";
import { newDatabase, sqliteDirectory } from "../testing/sqlite-directory.ts";
import { type IntakeHost, takeRows } from "./intake.ts";
import { LEDGER_SCHEMA, LedgerLog } from "./log.ts";
import { countRows, waitingRows } from "./outbox.ts";

const ADMIN = { principal: "admin@example.com", time: 1_700 };

/** The ledger's object, whose process dies at any step, with what it had not yet on disk. */
class World {
  readonly database = newDatabase();
  readonly storage: Sql = sessionStorage();
  readonly alarms: string[] = [];
  readonly signed: number[] = [];
  /** Steps until it dies; Infinity for never. */
  life = Number.POSITIVE_INFINITY;
  #onDisk = 0;

  constructor() {
    for (const statement of LEDGER_SCHEMA) this.storage.exec(statement);
  }

  get db(): D1Database {
    return sqliteDirectory(undefined, this.database);
  }

  async change(count: number): Promise<void> {
    for (let at = 0; at < count; at++) {
      const change = { action: "token.create", subject: `ci-${at}`, before: null, after: { at } };
      await recordChange(this.db, ADMIN, change).run();
    }
  }

  /** Takes rows, with another's `meanwhile` at each step; false when the process died before it was done. */
  async take(meanwhile: () => Promise<void> = async () => {}): Promise<boolean> {
    const log = new LedgerLog(this.storage);
    const step = async () => {
      if (this.life-- <= 0) throw new Error("killed");
      await meanwhile();
    };
    const host: IntakeHost = {
      append(entry) {
        if ("conflict" in log.append(entry)) throw new Error("a conflict");
      },
      sign: async () => {
        await step();
        this.signed.push(log.size);
      },
      sync: async () => {
        await step();
        this.#onDisk = log.size;
      },
      alarm: (alarm) => this.alarms.push(alarm),
    };
    try {
      await takeRows(sqliteDirectory(step, this.database), host);
      return true;
    } catch (error) {
      assert.equal((error as Error).message, "killed");
      this.storage.exec("DELETE FROM leaves WHERE id >= ?", this.#onDisk);
      return false;
    }
  }

  get keys(): string[] {
    return new LedgerLog(this.storage)
      .leaves(0, 1_000)
      .map(({ entry }) => (JSON.parse(entry) as LedgerEntry).key);
  }
}

const changes = (count: number) => Array.from({ length: count }, (_, at) => `change/${at + 1}`);

describe("taking entries from the outbox", () => {
  test("takes all that waits, in order, more than one batch, and leaves nothing", async () => {
    const world = new World();
    await world.change(230);
    assert.equal(await world.take(), true);
    assert.deepEqual(world.keys, changes(230));
    assert.deepEqual(world.signed, [100, 200, 230], "one checkpoint for each batch");
    assert.deepEqual({ ...(await countRows(world.db)) }, { waiting: 0, oldest: null, faulty: 0 });
  });

  test("loses and doubles nothing, wherever its process dies", async () => {
    let steps = 0;
    for (let isWhole = false; !isWhole; steps++) {
      const world = new World();
      await world.change(7);
      world.life = steps;
      isWhole = await world.take();
      await world.change(2);
      world.life = Number.POSITIVE_INFINITY;
      assert.equal(await world.take(), true);
      assert.deepEqual(world.keys, changes(9), `killed at step ${steps}`);
      assert.deepEqual(await waitingRows(world.db), []);
      const tree = Frontier.empty();
      const log = new LedgerLog(world.storage);
      for (const { entry } of log.leaves(0, 10)) tree.append(leafHash(Buffer.from(entry)));
      assert.deepEqual(Buffer.from(log.root()), Buffer.from(tree.root()));
    }
    assert.ok(steps > 5, `${steps} places to die were tried`);
  });

  test("loses nothing that is written while it goes on", async () => {
    const world = new World();
    await world.change(3);
    let more = 5;
    const write = async () => {
      if (more-- > 0) await world.change(1);
    };
    while ((await waitingRows(world.db)).length > 0) await world.take(write);
    assert.deepEqual(world.keys, changes(8));
  });

  test("sets a row aside that is no entry, tells of it, and takes the others", async () => {
    const world = new World();
    await world.change(1);
    world.database.exec(`INSERT INTO ledger_outbox (type, key, time, nonce, row)
      VALUES ('policy', 'policy/1', 1, '00', '{}')`);
    await world.change(1);
    assert.equal(await world.take(), true);
    assert.deepEqual(world.keys, changes(2));
    assert.deepEqual(world.alarms, ["ledger_row_refused"]);
    assert.deepEqual({ ...(await countRows(world.db)) }, { waiting: 0, oldest: null, faulty: 1 });
  });

  test("sets a change aside that is in the directory no more: what it was can't be told", async () => {
    const world = new World();
    await world.change(2);
    world.database.exec("DELETE FROM changes WHERE id = 1");
    await world.take();
    assert.deepEqual(world.keys, ["change/2"]);
    assert.equal(world.alarms.length, 1);
  });
});
