import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { before, describe, test } from "node:test";
import { generateIdentity } from "age-encryption";
import { Identities } from "../../../protocol/recording/encryption/identities.ts";
import { Crash, randomPacking, SealingWorld } from "../../testing/sealing-world.ts";
import { MAX_ATTEMPTS, REST_MS, TELL_MS } from "./machine.ts";
import { packingFor } from "./pack.ts";
import { archiveHash } from "./sealed-entry.ts";
import { SealingStore } from "./store.ts";

const ID = "a".repeat(32);
const SIZES = Array.from({ length: 30 }, (_, i) => 20 + ((i * 37) % 200));

/** Runs sealing to its end, with a new object after each crash. `crashed` is called after each. */
async function toTheEnd(world: SealingWorld, crashed: () => Promise<void> = async () => {}): Promise<void> {
  for (let starts = 0; starts < 200; starts++) {
    const sealer = world.sealer();
    world.now = Math.max(world.now, Math.min(sealer.deadline(), world.now + 3_600_000));
    if ((await world.run(sealer)) === "crash") await crashed();
    else if (sealer.deadline() === Number.POSITIVE_INFINITY) return;
  }
  assert.fail("sealing does not come to an end");
}

/** What holds when all is done. */
function done(world: SealingWorld, file: Buffer): void {
  assert.deepEqual(world.archived(ID), file);
  assert.equal(world.ledger.length, 1);
  const [entry] = world.ledger;
  assert.deepEqual(world.marked.get(ID)?.entry, entry);
  assert.equal(entry!.parts, world.objects.size);
  assert.equal(entry!.agreement, "agreed");
  assert.deepEqual(world.faults, []);
  assert.deepEqual([...world.sql.exec("SELECT id FROM log")], []);
  assert.equal(world.records.find(ID), undefined);
  assert.equal(new SealingStore(world.sql).next(), null);
}

describe("sealing a session", () => {
  test("its parts are the export file; then nothing of it is left but for a while its record", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    const file = world.file(record);
    const sealer = world.sealer();
    sealer.want(record);
    await sealer.start(world.now);
    assert.ok(world.objects.size > 3);
    assert.deepEqual([...world.objects.keys()][0], `recordings/${ID}/0001.gz`);
    assert.deepEqual(await world.read(record), file);
    assert.ok(world.records.find(ID), "who comes late must hear that it is over");
    assert.equal(sealer.deadline(), world.now + REST_MS);
    const parts = new SealingStore(world.sql).parts(record.number);
    assert.equal(world.ledger[0]!.archive, archiveHash(parts));
    world.now += REST_MS;
    await sealer.start(world.now);
    done(world, file);
    assert.equal(world.indexed[0]!.length, SIZES.length);
    assert.deepEqual(
      world.turns,
      parts.map(() => 1),
      "before each part whoever uses a session has a turn",
    );
  });

  for (const kind of ["the same bytes each time", "other bytes each time, as encryption does"]) {
    test(`a crash before and after each effect loses and doubles nothing; packed to ${kind}`, async () => {
      let effects = 0;
      for (let at = 0; at === 0 || at < effects; at++) {
        const world = new SealingWorld();
        let state = at;
        if (kind !== "the same bytes each time")
          world.packing = randomPacking(() => {
            state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
            return state / 2 ** 32;
          });
        const record = world.session(ID, SIZES);
        const file = world.file(record);
        let passed = 0;
        world.around = (what, when) => {
          if (passed++ !== at) return;
          // Some requests arrive though their sender is gone.
          if (what === "put" && when === "before") world.late.push(world.lastPut);
          throw new Crash();
        };
        world.sealer().want(record);
        await toTheEnd(world, async () => assert.deepEqual(await world.read(record), file, `crash ${at}`));
        done(world, file);
        effects = Math.max(effects, passed);
      }
      assert.ok(effects > 40, `${effects} places to crash at`);
    });
  }

  describe("encrypted to somebody's key", () => {
    let identities: Identities;
    let recipients: string[];

    before(async () => {
      const secret = await generateIdentity();
      identities = await Identities.parse(secret, "the identity");
      recipients = [...identities.recipients];
    });

    const worldOf = () => {
      const world = new SealingWorld();
      world.packing = packingFor(recipients);
      return world;
    };

    test("its parts are age files of their own, and nobody without the key reads them once rows are gone", async () => {
      const world = worldOf();
      const record = world.session(ID, SIZES);
      const file = world.file(record);
      world.sealer().want(record);
      await toTheEnd(world);
      assert.ok(world.objects.size > 3);
      for (const [key, bytes] of world.objects) {
        assert.match(key, /\d{4}\.gz\.age$/);
        assert.match(bytes.toString("latin1"), /^age-encryption\.org\/v1\n-> X25519 /);
      }
      await assert.rejects(world.read(record), { code: "recording_encrypted" });
      assert.deepEqual(await world.decrypted(record, identities), file);
      assert.equal(world.ledger[0]!.agreement, "agreed");
      assert.equal(world.indexed[0]!.length, SIZES.length);
    });

    test("a crash before and after each effect: at each moment it is whole, in rows or encrypted, and the ledger names what is there", async () => {
      let effects = 0;
      for (let at = 0; at === 0 || at < effects; at++) {
        const world = worldOf();
        const record = world.session(ID, SIZES);
        const file = world.file(record);
        let passed = 0;
        let polls = 0;
        world.isTold = () => polls++ > 1;
        world.around = (what, when) => {
          if (passed++ !== at) return;
          if (what === "put" && when === "before") world.late.push(world.lastPut);
          throw new Crash();
        };
        const holds = async () => {
          assert.deepEqual(await world.decrypted(record, identities), file, `crash ${at}`);
          const hash = createHash("sha256");
          for (const bytes of world.objectsOf(ID)) hash.update(createHash("sha256").update(bytes).digest());
          if (world.ledger.length > 0) assert.equal(world.ledger[0]!.archive, hash.digest("hex"));
        };
        world.sealer().want(record);
        await toTheEnd(world, holds);
        await holds();
        assert.equal(world.ledger.length, 1);
        assert.equal(world.ledger[0]!.parts, world.objects.size);
        assert.deepEqual(world.faults, []);
        assert.deepEqual([...world.sql.exec("SELECT id FROM log")], []);
        effects = Math.max(effects, passed);
      }
      assert.ok(effects > 40, `${effects} places to crash at`);
    });

    test("rows stay until everybody is told what is in them, a week at most, and until then it is not sealed", async () => {
      for (const isToldAt of [3 * 3_600_000, Number.POSITIVE_INFINITY]) {
        const world = worldOf();
        const record = world.session(ID, SIZES);
        const began = world.now;
        world.isTold = () => world.now >= began + isToldAt;
        world.sealer().want(record);
        const sealer = world.sealer();
        while (world.marked.size === 0) {
          await sealer.start(world.now);
          const rows = [...world.sql.exec("SELECT id FROM log")].length;
          if (world.marked.size === 0) assert.equal(rows, SIZES.length);
          assert.ok(sealer.deadline() <= world.now + 5 * 60_000 || world.marked.size > 0);
          world.now = Math.max(world.now, sealer.deadline());
        }
        const waited = world.now - began;
        const wanted = Math.min(isToldAt, TELL_MS);
        assert.ok(waited >= wanted && waited <= wanted + 15 * 60_000, `${waited}`);
      }
    });

    test("a live session stays in rows, however large its log", async () => {
      const world = worldOf();
      const record = world.session(ID, SIZES);
      record.state = "open";
      world.records.save(record);
      const sealer = world.sealer(1_000, 1);
      assert.equal(sealer.threshold(record), Number.POSITIVE_INFINITY);
      sealer.want(record);
      await sealer.start(world.now);
      assert.equal(world.objects.size, 0);
    });

    test("of attempts that the store refused a number is known, and the next one that arrives is right", async () => {
      const world = worldOf();
      const record = world.session(ID, SIZES);
      const file = world.file(record);
      world.around = (what, when) => {
        if (what === "put" && when === "before") throw new Error("no answer");
      };
      const sealer = world.sealer();
      sealer.want(record);
      for (let i = 0; i < 100; i++) {
        await sealer.start(world.now);
        world.now = sealer.deadline();
      }
      const { attempts } = new SealingStore(world.sql).find(record.number)!;
      assert.equal(attempts.length, MAX_ATTEMPTS);
      world.around = () => {};
      await toTheEnd(world);
      assert.deepEqual(await world.decrypted(record, identities), file);
    });
  });

  test("a store that fails is asked again, later each time, and nothing is removed before", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    const file = world.file(record);
    world.around = (what) => {
      if (what === "put") throw new Error("no answer");
    };
    const sealer = world.sealer();
    sealer.want(record);
    const waits: number[] = [];
    for (let i = 0; i < 12; i++) {
      await sealer.start(world.now);
      waits.push(sealer.deadline() - world.now);
      world.now = sealer.deadline();
    }
    assert.deepEqual(waits.slice(0, 4), [1_000, 2_000, 4_000, 8_000]);
    assert.equal(waits.at(-1), 300_000);
    assert.deepEqual(await world.read(record), file);
    world.around = () => {};
    await toTheEnd(world);
    done(world, file);
  });

  test("where the object's own storage fails it does not spin", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    const file = world.file(record);
    const sealer = world.sealer();
    sealer.want(record);
    const { exec } = world.sql;
    world.sql.exec = (query, ...bindings) => {
      if (query.startsWith("INSERT")) throw new Error("SQLITE_FULL");
      return exec(query, ...bindings);
    };
    await assert.rejects(sealer.start(world.now), /SQLITE_FULL/);
    assert.equal(sealer.deadline(), world.now + 60_000);
    world.sql.exec = exec;
    await toTheEnd(world);
    done(world, file);
  });

  test("where something else lies already it stands still, says so, and goes on once that is gone", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    const file = world.file(record);
    const key = `recordings/${ID}/0002.gz`;
    world.objects.set(key, Buffer.from("forged"));
    const sealer = world.sealer();
    sealer.want(record);
    await sealer.start(world.now);
    assert.match(world.faults[0]!, /where part 2 belongs in object storage lies something else/);
    assert.equal(world.objects.get(key)!.toString(), "forged");
    assert.deepEqual(world.ledger, []);
    assert.deepEqual(await world.read(record), file);
    world.objects.delete(key);
    world.faults.length = 0;
    await toTheEnd(world);
    done(world, file);
  });

  test("a row that is not what was logged is never sealed over", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    world.sql.exec("UPDATE log SET time = time + 1 WHERE id = (SELECT max(id) FROM log)");
    const sealer = world.sealer();
    sealer.want(record);
    await sealer.start(world.now);
    assert.match(world.faults[0]!, /entry 30 of the log is not what was logged/);
    assert.equal([...world.sql.exec("SELECT id FROM log")].length, SIZES.length);
  });

  test("rows that are missing are told, also at the end, where the edge's seal tells of them", async () => {
    for (const missing of [7, SIZES.length]) {
      const world = new SealingWorld();
      const record = world.session(ID, SIZES);
      world.sql.exec("DELETE FROM log WHERE id % 4294967296 = ?", missing);
      const sealer = world.sealer();
      sealer.want(record);
      await sealer.start(world.now);
      assert.match(
        world.faults[0]!,
        /entry 7 of the log is not what was logged|not what the edge has sealed/,
      );
      assert.deepEqual(world.ledger, []);
    }
  });

  test("the ledger having something else under the session's key is a fault", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    world.ledger.push({ key: `session_sealed/${ID}` } as never);
    const sealer = world.sealer();
    sealer.want(record);
    await sealer.start(world.now);
    assert.match(world.faults[0]!, /another entry has this key/);
    assert.equal(world.marked.size, 0);
  });

  test("double entry: agreed, also where the connector had less of the agent; differs; absent", async () => {
    for (const [seal, agreement] of [
      ["right", "agreed"],
      ["short", "agreed"],
      ["wrong", "differs"],
      ["none", "absent"],
    ] as const) {
      const world = new SealingWorld();
      const record = world.session(ID, SIZES, seal);
      world.sealer().want(record);
      await toTheEnd(world);
      assert.equal(world.ledger[0]!.agreement, agreement, seal);
      assert.equal(world.ledger[0]!.edgeHeads !== null, agreement === "differs");
      assert.equal(world.ledger[0]!.connectorSeal === null, seal === "none");
    }
    const world = new SealingWorld();
    world.isAuthentic = false;
    world.sealer().want(world.session(ID, SIZES));
    await toTheEnd(world);
    assert.equal(world.ledger[0]!.agreement, "differs", "a seal that nobody signed");
  });

  test("a recording that can't be indexed is in the ledger at once, and sealed in the end", async () => {
    const world = new SealingWorld();
    const record = world.session(ID, SIZES);
    const file = world.file(record);
    world.around = (what) => {
      if (what === "index") throw new Error("it can't be read");
    };
    const began = world.now;
    const sealer = world.sealer();
    sealer.want(record);
    await sealer.start(world.now);
    assert.equal(world.ledger.length, 1);
    assert.equal(world.marked.size, 0);
    for (let tries = 0; world.marked.size === 0 && tries < 1_000; tries++) {
      world.now = sealer.deadline();
      await sealer.start(world.now);
    }
    assert.ok(world.now - began > 20 * 3_600_000);
    await toTheEnd(world);
    done(world, file);
  });

  test("several sessions of an object take turns", async () => {
    const world = new SealingWorld();
    const ids = ["1", "2", "3"].map((one) => one.repeat(32));
    const files = ids.map((id) => world.file(world.session(id, SIZES)));
    for (const id of ids) world.sealer().want(world.records.find(id)!);
    const order: string[] = [];
    world.around = (what, when) => {
      if (what === "put" && when === "after") order.push([...world.objects.keys()].at(-1)!.slice(11, 12));
      world.now++;
    };
    await toTheEnd(world);
    for (const [i, id] of ids.entries()) assert.deepEqual(world.archived(id), files[i]);
    assert.equal(order.slice(0, 3).join(""), "123");
  });
});
