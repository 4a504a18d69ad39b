import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { type CuttingProxy, startCuttingProxy } from "../cutting-proxy.ts";
import { sealedEvidence, startTap, type Tap } from "./evidence.ts";
import { psql, startPsql } from "./psql.ts";
import { chooseSeed, eventually, type Rig, seeded, startRig } from "./rig.ts";

const MB = 1_000_000;
/** A COPY in of the short tests, and of `npm run test:long`. */
const COPY_IN = process.env.LONG ? 200 * MB : 40 * MB;
const LINE = `${"0123456789abcdef".repeat(62)}\n`;

/** About so many bytes of rows. */
const rows = (bytes: number) =>
  `SELECT i, repeat(md5(i::text), 31) FROM generate_series(1, ${Math.ceil(bytes / 1_000)}) AS i`;

describe("the edge killed, and sockets cut, under real traffic", { timeout: 340_000 }, () => {
  const random = seeded(chooseSeed());
  const proxies: CuttingProxy[] = [];
  const taps: Tap[] = [];
  let rig: Rig;
  let tap: Tap;

  before(async () => {
    rig = await startRig();
    tap = await tapped();
  });

  after(async () => {
    for (const one of [...taps, ...proxies]) one.close();
    await rig?.stop();
  });

  const tapped = async (edge?: URL) => {
    const one = await startTap(await rig.listen(edge));
    taps.push(one);
    return one;
  };
  const proxied = async () => {
    const proxy = await startCuttingProxy(rig.edge.edge.url);
    proxies.push(proxy);
    return proxy;
  };
  const direct = () => ({ ...rig.postgres, user: rig.postgres.superuser });

  /** The session ended well, and its recording verifies and holds what passed the client's own socket, byte for byte. */
  const recordedAsSeen = async (session: string, through: Tap) => {
    assert.equal((await rig.ended(session)).endCode, "closed");
    const found = await sealedEvidence(rig.edge, session);
    assert.equal(found.verification.verdict, "verified", JSON.stringify(found.verification));
    assert.deepEqual(found.traffic, through.traffic());
    return found.events.map(({ event }) => event);
  };

  test("a 200 MB COPY out goes on after SIGKILL of workerd, to the same bytes as a direct run", async () => {
    const copy = `COPY (${rows(200 * MB)}) TO STDOUT`;
    const plain = await psql(direct(), "-c", copy);
    const run = startPsql(tap, "-c", copy);
    for (let kill = 0; kill < 3; kill++) {
      await run.has((kill + random()) * 60 * MB);
      await rig.edge.edge.restart();
    }
    const { status, stderr, bytes, sha256 } = await run.done;
    assert.deepEqual({ status, stderr, bytes, sha256 }, { ...pick(plain), status: 0, stderr: "" });
    const events = await recordedAsSeen((await rig.latest()).id, tap);
    assert.ok(events.includes("agent_resumed") && events.includes("connector_resumed"), `${events}`);
  });

  test(`a COPY in of ${COPY_IN / MB} MB goes on after SIGKILL of workerd, and every row arrives once`, async () => {
    await rig.direct.query("CREATE TABLE copied (line text)");
    const run = startPsql(tap, "-c", "COPY copied FROM STDIN");
    const lines = Math.ceil(COPY_IN / LINE.length);
    const block = Buffer.from(LINE.repeat(1_000));
    const hash = createHash("sha256");
    const feeding = (async () => {
      for (let left = lines; left > 0; left -= 1_000) {
        const part = block.subarray(0, Math.min(left, 1_000) * LINE.length);
        hash.update(part);
        if (!run.child.stdin.write(part)) await once(run.child.stdin, "drain");
      }
      run.child.stdin.end();
    })();
    for (let kill = 0; kill < 3; kill++) {
      const bytes = ((kill + random()) * COPY_IN) / 3.5;
      await eventually("the COPY to get on", 60_000, async () => tap.traffic().toTarget.bytes >= bytes);
      await rig.edge.edge.restart();
    }
    await feeding;
    const { status, stderr } = await run.done;
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
    const stored = await psql(direct(), "-c", "COPY copied TO STDOUT");
    assert.equal(stored.sha256, hash.digest("hex"));
    await recordedAsSeen((await rig.latest()).id, tap);
  });

  test("an open transaction commits after SIGKILL of workerd between, and within, its statements", async () => {
    await rig.direct.query("CREATE TABLE kept (n int)");
    const run = startPsql(tap, "-f", "-");
    const say = async (sql: string, answer: string) => {
      const seen = run.received;
      run.child.stdin.write(`${sql}\n`);
      await run.has(seen + answer.length + 1);
    };
    await say("BEGIN; INSERT INTO kept VALUES (1); SELECT 'one';", "one");
    await rig.edge.edge.restart();
    await say("INSERT INTO kept VALUES (2); SELECT 'two';", "two");
    // Killed while the statement runs: its answer comes when there is no edge.
    const answered = say("INSERT INTO kept SELECT 3 FROM pg_sleep(.3); SELECT 'three';", "three");
    await eventually("the statement to run", 60_000, async () => {
      const { rows } = await rig.direct.query(
        "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'INSERT%pg_sleep%' AND state = 'active'",
      );
      return rows.length === 1;
    });
    await rig.edge.edge.restart();
    await answered;
    run.child.stdin.end("COMMIT;\n");
    const { status, stdout, stderr } = await run.done;
    assert.deepEqual({ status, stdout, stderr }, { status: 0, stdout: "one\ntwo\nthree\n", stderr: "" });
    const { rows: kept } = await rig.direct.query("SELECT n FROM kept ORDER BY n");
    assert.deepEqual(kept, [{ n: 1 }, { n: 2 }, { n: 3 }]);
    await recordedAsSeen((await rig.latest()).id, tap);
  });

  test("sockets of both sides cut at random moments cost a pause, and no byte", async () => {
    const [near, far] = [await proxied(), await proxied()];
    await rig.connector.kill();
    await rig.startConnector(far.url);
    const through = await tapped(near.url);
    const copy = `COPY (${rows(60 * MB)}) TO STDOUT`;
    const script = `${copy};\nCREATE TEMP TABLE t (a int, b text);\nCOPY t FROM STDIN;\n${Array.from(
      { length: 20_000 },
      (_, i) => `${i}\t${"x".repeat(500)}`,
    ).join("\n")}\n\\.\nSELECT count(*), sum(a), sum(length(b)) FROM t;\n`;
    const plain = startPsql(direct(), "-f", "-");
    plain.child.stdin.end(script);
    const expected = await plain.done;

    const run = startPsql(through, "-f", "-");
    run.child.stdin.end(script);
    // A connector that is cut off is offline for a moment, and what opens just then is refused.
    await run.has(1);
    let over = false;
    void run.done.then(() => {
      over = true;
    });
    let cuts = 0;
    while (!over) {
      const moment = Math.floor(random() * 60);
      await new Promise((resolve) => setTimeout(resolve, moment));
      // A pause longer than it takes to resume, or it would never end.
      cuts += (random() < 0.5 ? near : far).cut();
      if (random() < 0.1) cuts += near.cut() + far.cut();
      const seen = run.received;
      await eventually("progress", 60_000, async () => over || run.received > seen || random() < 0.02);
    }
    const { status, stderr, bytes, sha256 } = await run.done;
    assert.deepEqual({ status, stderr, bytes, sha256 }, { ...pick(expected), status: 0, stderr: "" });
    assert.ok(cuts >= 20, `${cuts} connections were cut`);
    await recordedAsSeen((await rig.latest()).id, through);
  });
});

function pick({ bytes, sha256 }: { bytes: number; sha256: string }) {
  return { bytes, sha256 };
}
