import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import type { Session } from "../../protocol/directory.ts";
import { verifyEvidence } from "../../protocol/evidence/verify.ts";
import { parseKeys } from "../../protocol/recording/keys.ts";
import { type ApprovalRig, ended, startApprovalRig } from "../approvals/rig.ts";

/** What becomes of questions stands in the ledger as it stands in the recording, whatever becomes of them. */
describe("approvals in the ledger", { timeout: 120_000 }, () => {
  let rig: ApprovalRig;

  before(async () => {
    rig = await startApprovalRig();
  });
  after(() => rig?.stop());

  const bytes = async (path: string) => {
    const { edge } = rig.gateway.edge;
    const response = await fetch(new URL(path, edge.url), {
      headers: { authorization: `Bearer ${edge.adminToken}` },
    });
    return Buffer.from(await response.arrayBuffer());
  };

  test("used, denied, lapsed after it covered others, and asked by an agent that went away", async () => {
    const agent = await rig.client();
    const ask = async (sql: string, answer: "approve" | "deny" | null) => {
      const query = ended(agent.client.query(sql));
      const approval = await rig.asked();
      if (answer !== null) {
        await rig.answer("ada", approval.id, answer);
        await query;
      }
      return approval;
    };
    const { session } = await ask("UPDATE held SET n = 1 WHERE id = 1", "approve");
    await ask("UPDATE held SET n = 1 WHERE id = 2", "deny");
    await ask("UPDATE shape SET n = 1 WHERE id = 1", "approve");
    await ended(agent.client.query("UPDATE shape SET n = 1 WHERE id = 2"));
    await ask("UPDATE held SET n = 1 WHERE id = 3", null);
    await rig.reset();
    while ((await rig.gateway.edge.api<Session>("GET", `/v1/sessions/${session}`)).sealed === null)
      await setTimeout(50);

    const recording = await bytes(`/v1/sessions/${session}/recording`);
    const keys = parseKeys(await rig.gateway.edge.api("GET", "/v1/keys"));
    const source = (name: string, file: Buffer) => ({
      name,
      open: async function* () {
        yield file;
      },
      archive: () => null,
    });
    for (;;) {
      const evidence = await bytes(`/v1/sessions/${session}/evidence`);
      const report = await verifyEvidence(
        {
          recordings: [source("recording", recording)],
          evidence: [source("evidence", evidence)],
          ...{ ledger: null, witness: null, at: null, hasAll: false },
        },
        keys,
      );
      const { state, sentence } = report.recordings[0]!.checks.find(
        ({ name }) => name === "ledger-approvals",
      )!;
      assert.notEqual(state, "failed", sentence);
      if (state === "ok") {
        assert.match(sentence, /what became of 4 approvals is entered as it was recorded/);
        assert.equal(report.verdict, "verified", JSON.stringify(report, null, 2));
        return;
      }
      // The directory's list of approvals follows what happened.
      await setTimeout(100);
    }
  });
});
