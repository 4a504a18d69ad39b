import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { SEED } from "../../protocol/seeded.ts";
import { ensurePackages } from "../system-packages.ts";
import { converse, type Place } from "./conversation.ts";
import type { Case } from "./corpus/case.ts";
import { COPY } from "./corpus/copy.ts";
import { EXTENDED } from "./corpus/extended.ts";
import { FIXTURE } from "./corpus/fixture.ts";
import { SIMPLE } from "./corpus/simple.ts";
import { TRANSACTIONS } from "./corpus/transactions.ts";
import { VALUES } from "./corpus/types.ts";
import { leveled } from "./differences.ts";
import { type Places, startPlaces } from "./places.ts";

/** The same conversations with the server and through the gateway; every message compared with its twin. */

const CORPUS: Record<string, Case[]> = {
  "simple queries": SIMPLE,
  "extended queries": EXTENDED,
  transactions: TRANSACTIONS,
  "COPY and big values": COPY,
  types: VALUES,
};

describe("messages through the gateway are those of the server", { timeout: 340_000 }, () => {
  let places: Places;
  let observer: pg.Client;
  let direct: Place;
  let through: Place;

  before(async () => {
    ensurePackages(["postgresql"]);
    places = await startPlaces();
    observer = new pg.Client(places.direct);
    await observer.connect();
    await observer.query(FIXTURE);
    const target = places.gateway.target;
    direct = { ...places.direct, login: { target, password: places.direct.password } };
    through = { ...places.through, login: null };
  });

  after(async () => {
    await observer.end();
    await places.stop();
  });

  const elsewhere = async (sql: string) => void (await observer.query(sql));

  for (const [part, cases] of Object.entries(CORPUS)) {
    describe(part, () => {
      for (const one of cases) {
        test(one.name, async () => {
          const expected = leveled(await converse(one, direct, elsewhere));
          assert.deepEqual(leveled(await converse(one, through, elsewhere)), expected);
        });
      }
    });
  }

  test(`the same when the client's messages come in pieces (SEED=${SEED})`, async (t) => {
    t.diagnostic(`SEED=${SEED}`);
    const random = generator(SEED);
    for (const one of [...SIMPLE, ...EXTENDED]) {
      const expected = leveled(await converse(one, direct, elsewhere));
      assert.deepEqual(leveled(await converse(one, through, elsewhere, cutter(random))), expected, one.name);
    }
  });
});

/** Cuts bytes in up to five pieces anywhere. */
function cutter(random: () => number) {
  return (bytes: Buffer) => {
    const cuts = Array.from({ length: 4 }, () => Math.floor(random() * bytes.length)).sort((a, b) => a - b);
    return [0, ...cuts].map((from, index) => bytes.subarray(from, [...cuts, bytes.length][index]));
  };
}

/** Park and Miller's minimal standard generator. */
function generator(start: number): () => number {
  let state = (start % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
