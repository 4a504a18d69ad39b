import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import { type ApprovalRig, ended, startApprovalRig } from "../approvals/rig.ts";
import { eventually } from "../faults/rig.ts";

describe("what people were asked in a session", { timeout: 120_000 }, () => {
  let rig: ApprovalRig;
  before(async () => {
    rig = await startApprovalRig();
  });
  after(() => rig?.stop());

  test("goes with its recording; that they were asked, and who said what, stays", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = $1", [1]));
    const approval = await rig.asked();
    await rig.answer("ada", approval.id, "approve", "ok");
    await query;
    await agent.end();
    const session = approval.session!;
    const { api } = rig.gateway.edge;
    await eventually("the recording to be sealed", 20_000, async () => {
      const { sealed } = await api<Session>("GET", `/v1/sessions/${session}`);
      return sealed !== null;
    });
    assert.match(JSON.stringify(await api("GET", `/v1/approvals/${approval.id}`)), /UPDATE held/);
    await api("POST", `/v1/sessions/${session}/delete`, { reason: "asked for" });
    await assert.rejects(api("GET", `/v1/approvals/${approval.id}`), /404/);
    const listed = await api<Page<ApprovalSummary>>("GET", "/v1/approvals");
    assert.doesNotMatch(JSON.stringify(listed), /UPDATE held/);
    const evidence = JSON.stringify(await api("GET", `/v1/sessions/${session}/evidence`));
    assert.match(evidence, /approval\/[0-9a-f]{32}-1\/approved/);
    assert.match(evidence, /service\/ada/);
  });
});
