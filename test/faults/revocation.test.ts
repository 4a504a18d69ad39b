import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Page, Session } from "../../protocol/directory.ts";
import { PROTOCOL_3_0, startupMessage } from "../../protocol/postgres/frontend.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { A_SECOND_MS } from "../run/second.ts";
import { sealedEvidence } from "./evidence.ts";
import { type Psql, psql, startPsql } from "./psql.ts";
import { eventually, type Rig, startRig } from "./rig.ts";

describe("what is revoked ends at once", { timeout: 300_000 }, () => {
  let rig: Rig;

  before(async () => {
    rig = await startRig();
  });

  after(() => rig?.stop());

  /** A statement that runs for the holder of a token of its own. */
  const running = async (name: string): Promise<{ token: string; run: Psql; session: string }> => {
    const token = await rig.edge.serviceToken(name);
    const run = startPsql(await rig.listen(rig.edge.edge.url, "orders", token), "-c", "SELECT pg_sleep(600)");
    const session = await eventually("the statement to run", 60_000, async () => {
      const { rows } = await rig.direct.query<{ name: string }>(
        "SELECT application_name AS name FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'",
      );
      return rows.length === 1 && rows[0]!.name.split(" ")[1]!;
    });
    return { token, run, session };
  };

  for (const [what, revoke, reason, refusal] of [
    [
      "sessions kill",
      ({ session }: { session: string }) =>
        rig.edge.api("POST", `/v1/sessions/${session}/kill`, { reason: "enough of it" }),
      "enough of it",
      null,
    ],
    [
      "principals disable",
      () => rig.edge.api("POST", "/v1/principals/service%2Fprincipals-disable/disable", { reason: "left" }),
      "the principal service/principals-disable was disabled",
      /the principal service\/principals-disable is disabled/,
    ],
    [
      "tokens revoke",
      () => rig.edge.api("DELETE", "/v1/tokens/tokens-revoke"),
      "the token tokens-revoke was revoked",
      /the service token/,
    ],
    [
      "apply, which takes the target away from the principal",
      () =>
        rig.edge.apply({
          targets: [
            { name: "orders", kind: "postgres", connector: "main", description: "", allow: ["service/x"] },
          ],
        }),
      "the target orders no longer allows it",
      /(?:there is no target "orders" that|service\/apply may not open orders)/,
    ],
  ] as const) {
    test(`${what}: a running statement is cancelled, psql is told why, and new sessions are refused`, async () => {
      const name = what.split(",")[0]!.replace(" ", "-");
      const { token, run, session } = await running(name);
      const start = performance.now();
      await revoke({ session });
      const { status, stderr } = await run.done;
      assert.ok(performance.now() - start < A_SECOND_MS, `${performance.now() - start} ms until psql ended`);
      await eventually("the backend to go", A_SECOND_MS, async () => (await rig.backends(session)) === 0);
      assert.ok(performance.now() - start < A_SECOND_MS, `${performance.now() - start} ms on the target`);
      assert.equal(status, 2);
      assert.match(stderr, /FATAL: +57P01: /);
      assert.ok(stderr.includes(reason), stderr);
      const { endCode, endReason } = await rig.ended(session);
      assert.equal(endCode, "session_killed");
      assert.ok(endReason?.includes(reason));
      const { verification, events } = await sealedEvidence(rig.edge, session);
      assert.equal(verification.verdict, "verified", JSON.stringify(verification));
      assert.equal(events.at(-1)?.by, "bootstrap");
      if (refusal === null) return;
      const again = await psql(await rig.listen(rig.edge.edge.url, "orders", token), "-c", "SELECT 1");
      assert.equal(again.status, 2);
      assert.match(again.stderr, refusal);
    });
  }

  test("whatever opens while its principal is disabled is over when that is answered", async () => {
    await rig.edge.apply({
      targets: [
        { name: "orders", kind: "postgres", connector: "main", description: "", allow: ["service/*"] },
      ],
    });
    for (let round = 0; round < 5; round++) {
      const name = `racer-${round}`;
      const token = await rig.edge.serviceToken(name);
      let going = true;
      let opened = 0;
      let closed = 0;
      let refused = 0;
      const opening = Promise.all(
        Array.from({ length: 6 }, async () => {
          while (going) {
            try {
              const stream = await openTunnel({ edge: rig.edge.edge.url, target: "orders", token });
              opened++;
              stream.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose: () => void closed++ };
              stream.send([startupMessage(PROTOCOL_3_0, [["user", "racer"]])]);
            } catch (error) {
              assert.match(String((error as { code?: string }).code), /forbidden|session_|killed/);
              refused++;
              if (refused > 20) return;
            }
          }
        }),
      );
      await eventually("some sessions", 60_000, async () => opened >= 5 + round * 5);
      await rig.edge.api("POST", `/v1/principals/service%2F${name}/disable`, {});
      // What was on its way when it was answered is refused, or over before it can do anything.
      await eventually("refusals", 60_000, async () => refused > 0);
      going = false;
      await opening;
      await eventually(`the end of ${opened} sessions`, A_SECOND_MS, async () => closed === opened);
      const mine = `/v1/sessions?limit=200&principal=service%2F${name}`;
      await eventually("the directory to know it", A_SECOND_MS, async () => {
        return (await rig.edge.api<Page<Session>>("GET", `${mine}&state=open`)).items.length === 0;
      });
      const { items } = await rig.edge.api<Page<Session>>("GET", mine);
      assert.ok(items.length >= opened);
      await eventually("the backends to go", A_SECOND_MS, async () => (await rig.backends("")) === 0);
    }
  });
});
