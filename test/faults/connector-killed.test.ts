import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { type CuttingProxy, startCuttingProxy } from "../cutting-proxy.ts";
import { evidence } from "./evidence.ts";
import { type Psql, startPsql } from "./psql.ts";
import { eventually, type Rig, startRig } from "./rig.ts";

/** The edge notices a dropped socket at once, and looks for the process after 2 s. */
const AT_ONCE_MS = 10_000;

/** What a session may be doing when a fault comes, and what psql then prints. */
const BUSY = {
  "an idle session": { sql: "SELECT 'begun';\n", told: /57P01/ },
  "a long statement": { sql: "SELECT 'begun';\nSELECT pg_sleep(600);\n", told: /57P01/ },
  "a COPY out": {
    sql: "SELECT 'begun';\nCOPY (SELECT repeat('x', 1000), generate_series(1, 1000000000)) TO STDOUT;\n",
    // Within a message of the target there is no place for an error: the connection ends.
    told: /57P01|server closed the connection unexpectedly/,
  },
  "a COPY in": { sql: "SELECT 'begun';\nCOPY arrivals FROM STDIN;\n1\n2\n", told: /57P01/ },
} as const;

describe("a connector killed, and an edge that stays away", { timeout: 340_000 }, () => {
  let rig: Rig;
  let near: CuttingProxy;
  let far: CuttingProxy;

  before(async () => {
    rig = await startRig();
    await rig.direct.query("CREATE TABLE arrivals (n int)");
    near = await startCuttingProxy(rig.edge.edge.url);
    far = await startCuttingProxy(rig.edge.edge.url);
  });

  beforeEach(async () => {
    near.down = false;
    far.down = false;
    await rig.connector.kill();
    await rig.startConnector(far.url);
  });

  after(async () => {
    near?.close();
    far?.close();
    await rig?.stop();
  });

  /** A psql that has begun with this, and the id of its session. */
  const busy = async (sql: string): Promise<{ run: Psql; session: string }> => {
    const run = startPsql(await rig.listen(near.url), "-v", "ON_ERROR_STOP=1", "-f", "-");
    run.child.stdin.write(sql);
    await run.has("begun\n".length);
    const session = (await rig.latest()).id;
    if (sql.includes("COPY (")) await run.has(5_000_000);
    else if (sql.split(";").length > 2) {
      await eventually("the statement to run", 60_000, async () => {
        const { rows } = await rig.direct.query(
          "SELECT 1 FROM pg_stat_activity WHERE application_name LIKE $1 AND state = 'active'",
          [`sallyport ${session}%`],
        );
        return rows.length === 1;
      });
    }
    assert.equal(await rig.backends(session), 1);
    return { run, session };
  };
  /** An idle psql reads what it was told only when it next asks. */
  const nudge = (run: Psql, sql: string) =>
    run.child.stdin.end(`${sql.includes("STDIN") ? "\\.\n" : ""}SELECT 'still here';\n`);

  for (const [what, { sql, told }] of Object.entries(BUSY)) {
    test(`the connector killed under ${what}: the client is told at once, the backend is gone`, async () => {
      const { run, session } = await busy(sql);
      const start = performance.now();
      await rig.connector.kill();
      const { endCode, endReason } = await rig.ended(session, AT_ONCE_MS);
      assert.deepEqual(
        { endCode, endReason },
        { endCode: "connector_lost", endReason: "connector main is gone" },
      );
      await eventually("the backend to go", AT_ONCE_MS, async () => (await rig.backends(session)) === 0);
      assert.ok(performance.now() - start < AT_ONCE_MS, `${performance.now() - start} ms`);
      nudge(run, sql);
      const { status, stderr } = await run.done;
      assert.notEqual(status, 0);
      assert.match(stderr, told);
      const found = await evidence(rig.edge, session);
      assert.equal(found.verification.verdict, "incomplete", "only the connector's seal is missing");
      assert.equal(found.verification.firstWrong, null);
      const last = found.events.at(-1)!;
      assert.deepEqual([last.event, last.code, last.reason], ["ended", endCode, endReason]);
    });
  }

  test("an edge that stays away longer than the time to resume: the target's work ends, and the clients are told", async () => {
    const sessions = [];
    for (const [what, { sql }] of Object.entries(BUSY)) sessions.push({ what, sql, ...(await busy(sql)) });
    near.down = true;
    far.down = true;
    const start = performance.now();
    near.cut();
    far.cut();
    for (const { what, session } of sessions) {
      await eventually(
        `the backend of ${what} to go`,
        60_000,
        async () => (await rig.backends(session)) === 0,
      );
    }
    // Not before: until then the sessions could have gone on.
    assert.ok(performance.now() - start > 14_000, `${performance.now() - start} ms`);
    for (const { what, sql, run, session } of sessions) {
      nudge(run, sql);
      const { status, stderr } = await run.done;
      assert.notEqual(status, 0);
      assert.match(stderr, BUSY[what as keyof typeof BUSY].told, what);
      const { endCode } = await rig.ended(session);
      assert.ok(endCode === "agent_gone" || endCode === "connector_lost", `${what}: ${endCode}`);
      const found = await evidence(rig.edge, session);
      assert.equal(found.verification.firstWrong, null, JSON.stringify(found.verification));
    }
  });
});
