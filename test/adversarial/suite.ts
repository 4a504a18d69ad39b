import assert from "node:assert/strict";
import { after, before, describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Wire } from "../guard/wire.ts";
import type { Attack } from "./attack.ts";
import { attacks } from "./attacks.ts";
import { type Canary, WORLDS } from "./canaries.ts";
import { canariesIn } from "./decode.ts";
import { type Adversarial, startAdversarial } from "./rig.ts";
import { leakOf, type Outcome, plain, Theatre, type Trial, wasRefused } from "./trial.ts";

/**
 * How long the gateway may not know what others committed, ms: the administrators of the worlds undo what attacks did. A
 * difference that is not there afterwards was of the catalog, and not of a value.
 */
const UNNOTICED_MS = 5_000;

export interface Suite {
  name: string;
  /** As they stand in the target's settings. */
  masks: string;
  /** Which attacks of a class, by their number in it, are tried; all, if not given. */
  chosen?: (number: number) => boolean;
  /** The paths by which an attack is tried. */
  trialsOf: (attack: Attack) => Trial[];
  /** Whether the worlds' answers may differ, so that only values that come out count. */
  mayDiffer: (trial: Trial, title: string) => boolean;
}

/**
 * Tries every attack: on the server itself each must leak, else it proves nothing; through the gateway none may, that
 * is, no value comes out in any form, and both worlds give the same answer to the byte.
 */
export function describeAttacks({ name, masks, chosen = () => true, trialsOf, mayDiffer }: Suite): void {
  // The classes are known before there is a server; the object ids of functions only afterwards.
  const classes = Object.keys(attacks(() => 0));
  assert.ok(Object.values(attacks(() => 0)).flat().length >= 400, "too few attacks");

  describe(name, { timeout: 29 * 60_000 }, () => {
    let rig: Adversarial;
    let corpus: ReturnType<typeof attacks>;
    let theatre: Theatre;
    /** What leaks on the server itself, by class. */
    const proven = new Map<string, Trial[]>();

    before(async () => {
      rig = await startAdversarial(masks);
      corpus = attacks(rig.worlds.oid);
    });

    after(async () => {
      await theatre?.close();
      await rig?.stop();
    });

    describe("leak on the server itself", () => {
      before(() => {
        theatre = new Theatre(rig.direct, rig.worlds.lastOid);
      });

      for (const title of classes) {
        test(title, async (t) => {
          const harmless: string[] = [];
          const leaking: Trial[] = [];
          const tried = corpus[title]!.filter((_, number) => chosen(number));
          for (const attack of tried) {
            const trials = trialsOf(attack);
            const found: Trial[] = [];
            for (const trial of trials) if (await theatre.leak(trial)) found.push(trial);
            // Not every statement goes by every path; the simple query is there for those.
            if (found.length === 0 && (await theatre.leak(plain(attack)))) found.push(plain(attack));
            if (found.length === 0) harmless.push(plain(attack).title);
            leaking.push(...found);
          }
          proven.set(title, leaking);
          t.diagnostic(`${tried.length} of ${corpus[title]!.length} attacks leak by ${leaking.length} paths`);
          assert.deepEqual(harmless, []);
        });
      }

      after(async () => {
        await theatre.close();
        await rig.reset();
      });
    });

    describe("do not leak through the gateway", () => {
      before(() => {
        theatre = new Theatre(rig.through, rig.worlds.lastOid);
      });

      for (const title of classes) test(title, (t) => noneLeaks(t, title));
    });

    async function noneLeaks(t: TestContext, title: string): Promise<void> {
      const trials = proven.get(title) ?? [];
      const leaks: string[] = [];
      let refused = 0;
      for await (const { trial, outcome } of theatre.outcomes(trials)) {
        const leakIn = (found: Outcome) =>
          leakOf(trial, mayDiffer(trial, title) ? { ...found, difference: null } : found);
        let leak = leakIn(outcome);
        if (leak !== null && outcome.canaries.length === 0) {
          await sleep(UNNOTICED_MS);
          leak = leakIn(await theatre.outcome(trial));
        }
        if (leak !== null) leaks.push(leak);
        if (wasRefused(outcome)) refused++;
      }
      t.diagnostic(`${trials.length} trials, ${refused} refused, ${leaks.length} leaks`);
      assert.equal(leaks.length, 0, `\n${leaks.join("\n")}`);
    }

    test("who may see every label gets the stored values", async () => {
      for (const world of WORLDS) {
        const session = await Wire.open(rig.through[world].unmasked);
        const { rows } = await session.query("SELECT email, ssn FROM customers ORDER BY id");
        const stored = await rig.worlds.admins[world].query({
          text: "SELECT email, ssn FROM customers ORDER BY id",
          rowMode: "array",
        });
        assert.deepEqual(rows, stored.rows);
        await session.close();
      }
    });

    test("no recording holds a value", async (t) => {
      await theatre.close();
      const canaries: Canary[] = WORLDS.flatMap((world) => [...rig.through[world].canaries]);
      let bytes = 0;
      let sessions = 0;
      for await (const recording of rig.recordings()) {
        bytes += recording.bytes.length;
        sessions++;
        const found = canariesIn({ bytes: recording.bytes, rows: [] }, canaries);
        assert.deepEqual(found, [], `the recording of ${recording.session}`);
      }
      t.diagnostic(`${sessions} recorded directions, ${bytes} bytes`);
      assert.ok(bytes > 0);
    });
  });
}
