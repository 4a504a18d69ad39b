import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { testTarget } from "../gateway.ts";
import { TARGET } from "../postgres-gateway.ts";
import { type ApprovalRig, ended, POLICIES, startApprovalRig } from "./rig.ts";

const NEVER = `
@id("never") @reason("Never again.")
forbid (principal, action in Action::"postgres:write", resource) when { context.writes.contains("public.held") };
`;

let rig: ApprovalRig;
before(async () => {
  rig = await startApprovalRig();
});
afterEach(() => rig.reset());
after(() => rig.stop());

test("what the policies forbid by the time that it is approved is refused", async () => {
  const agent = await rig.client();
  const query = ended(agent.client.query("UPDATE held SET n = n + 1 WHERE id = 31"));
  const approval = await rig.asked();
  await rig.gateway.edge.apply({ targets: [testTarget(TARGET)], policies: POLICIES + NEVER });
  await rig.answer("ada", approval.id, "approve");
  const refused = await query;
  assert.ok("code" in refused);
  assert.equal(refused.code, "42501");
  assert.match(refused.message, /Never again/);
  await rig.gateway.edge.apply({ targets: [testTarget(TARGET)], policies: POLICIES });
});

test("who loses the right to approve by a change of the policies loses it for open questions too", async () => {
  const agent = await rig.client();
  const query = ended(agent.client.query("UPDATE two SET n = n + 1 WHERE id = 32"));
  const approval = await rig.asked();
  await rig.answer("ada", approval.id, "approve");
  const without = POLICIES.replace('"service/ada", ', "");
  await rig.gateway.edge.apply({ targets: [testTarget(TARGET)], policies: without });
  await rig.answer("grace", approval.id, "approve");
  assert.equal((await rig.approval(approval.id)).status, "pending");
  await rig.answer("joan", approval.id, "approve");
  assert.deepEqual(await query, { rows: 1 });
});
