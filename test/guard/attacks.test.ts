import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import * as wire from "../../protocol/postgres/messages.ts";
import { unnamed } from "../compatibility/corpus/case.ts";
import { BYTES } from "./attacks/bytes.ts";
import { FIXTURE, POLICIES, RESTORE, SECRET } from "./attacks/fixture.ts";
import { NAMES } from "./attacks/names.ts";
import { PREPARED } from "./attacks/prepared.ts";
import { SETTINGS } from "./attacks/settings.ts";
import { HARMLESS, STATEMENTS } from "./attacks/statements.ts";
import { type Attack, stateOf, Tools } from "./attacks/tools.ts";
import { type Guarded, startGuarded } from "./rig.ts";
import type { Answer } from "./wire.ts";

/**
 * Attacks by somebody who has read the code, on a connector that logs in as a superuser. After each the guarded tables
 * are as they were, and no byte of what is secret came out.
 */

const ATTACKS: Record<string, Record<string, Attack>> = {
  "what a name means": NAMES,
  "prepared statements and portals": PREPARED,
  "the bytes of a text": BYTES,
  "settings of the session": SETTINGS,
};

/** Refused by the guard, or no SQL at all to PostgreSQL's own parser. */
const REFUSALS = new Set(["42501", "42601"]);

describe("attacks", { timeout: 340_000 }, () => {
  let guarded: Guarded;
  let state: string;

  before(async () => {
    guarded = await startGuarded({ fixture: FIXTURE, policies: POLICIES });
    state = await stateOf(guarded);
  });

  after(() => guarded.stop());

  for (const [abuse, statements] of Object.entries(STATEMENTS)) {
    describe(abuse, () => {
      test("refused as simple queries", () => eachRefused(statements, (sql) => [wire.query(sql)]));
      test("refused by the extended protocol", () =>
        eachRefused(
          statements.filter((sql) => !sql.includes(";")),
          (sql) => unnamed({ sql }),
        ));
    });
  }

  /** Sends each in one session and tells all that were not refused, that showed the secret or changed what is guarded. */
  async function eachRefused(statements: string[], messages: (sql: string) => Uint8Array[]): Promise<void> {
    const tools = new Tools(guarded);
    let session = await tools.open();
    const problems: string[] = [];
    for (const sql of statements) {
      if (session.over) session = await tools.open();
      const answer = await session.settle(messages(sql));
      const problem =
        problemOf(answer) ?? ((await stateOf(guarded)) === state ? null : "the state has changed");
      await session.query("ROLLBACK");
      if (problem === null) continue;
      problems.push(`${sql.slice(0, 200)}: ${problem}`);
      await guarded.admin.query(RESTORE);
    }
    assert.deepEqual(problems, []);
    assert.equal(await stateOf(guarded), state, "the state has changed");
    await tools.end();
  }

  test("what only looks dangerous is allowed", async () => {
    const problems: string[] = [];
    await guarded.session(async (session) => {
      for (const sql of HARMLESS) {
        const { errors } = await session.query(sql);
        if (errors[0]) problems.push(`${sql}: ${errors[0].sqlstate} ${errors[0].message}`);
      }
    });
    assert.deepEqual(problems, []);
  });

  for (const [where, attacks] of Object.entries(ATTACKS)) {
    describe(where, () => {
      for (const [name, attack] of Object.entries(attacks)) {
        test(name, async () => {
          const tools = new Tools(guarded);
          try {
            await attack(tools);
            await tools.end();
            assert.equal(await stateOf(guarded), state, "the state has changed");
          } finally {
            await guarded.admin.query(RESTORE);
          }
        });
      }
    });
  }
});

function problemOf({ errors, heard, tags }: Answer): string | null {
  if (heard.some(({ body }) => body.includes(SECRET))) return "the secret came out";
  const [error] = errors;
  if (!error) return `not refused: ${tags}`;
  return REFUSALS.has(error.sqlstate) ? null : `refused with ${error.sqlstate}: ${error.message}`;
}
