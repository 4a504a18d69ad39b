import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Browser, hidden } from "../browser.ts";
import { type ApprovalRig, ended, startApprovalRig } from "./rig.ts";

describe("held statements on the page behind the link", { timeout: 300_000 }, () => {
  let rig: ApprovalRig;
  before(async () => {
    rig = await startApprovalRig();
  });
  after(() => rig?.stop());

  const signedIn = async (who: keyof ApprovalRig["tokens"], path: string) => {
    const { url } = rig.gateway.edge.edge;
    const browser = new Browser(url.origin, url);
    const page = await browser.post(`${path}/sign-in`, { token: rig.tokens[who] });
    return { browser, page };
  };

  test("what is held is shown whole, as text, and runs when it is approved there", async () => {
    const agent = await rig.client();
    const statement =
      "DELETE /* <script>alert(1)</script> \u202E */ FROM held\nWHERE id = $1 AND $2::text <> ''";
    const query = ended(agent.client.query(statement, [7, `"><b onclick=x>`]));
    const { id } = await rig.asked();
    const { browser, page } = await signedIn("ada", `/approvals/${id}`);
    assert.equal(page.status, 200, page.text);
    for (const words of [
      "<pre>DELETE /* &lt;script&gt;alert(1)&lt;/script&gt; <mark>U+202E</mark> */ FROM held\nWHERE id = $1",
      "<dt>$2</dt><dd><pre>&quot;&gt;&lt;b onclick=x&gt;</pre></dd>",
      "Rows of held are somebody&#39;s.",
      "postgres:delete",
      "exactly this, once",
    ]) {
      assert.ok(page.text.includes(words), `${words} is not in ${page.text}`);
    }
    assert.match(page.text, /estimate<\/dt>\s*<dd>1 row, cost \d+/);
    const done = await browser.post(`/approvals/${id}`, {
      csrf: hidden(page.text, "csrf"),
      answer: "approve",
      reason: "seen",
    });
    assert.match(done.text, /You approved this\./);
    assert.deepEqual(await query, { rows: 1 });
    await rig.becomes(id, "used");
    assert.match((await browser.get(`/approvals/${id}`)).text, /Approved and run/);
    await agent.end();
  });

  test("what is denied there fails at the agent, which hears who and why", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("DELETE FROM held"));
    const { id } = await rig.asked();
    const { browser, page } = await signedIn("grace", `/approvals/${id}`);
    const csrf = hidden(page.text, "csrf");
    await browser.post(`/approvals/${id}`, { csrf, answer: "deny", reason: "not on a Sunday" });
    const refused = await query;
    assert.ok("code" in refused && refused.code === "42501", JSON.stringify(refused));
    assert.match(JSON.stringify(refused), /service\/grace.*not on a Sunday/);
    await agent.end();
  });

  test("when the agent is gone the page says so, and takes no answer", async () => {
    const agent = await rig.client();
    const query = ended(agent.client.query("DELETE FROM held WHERE id = 9"));
    const { id } = await rig.asked();
    const { browser, page } = await signedIn("ada", `/approvals/${id}`);
    const csrf = hidden(page.text, "csrf");
    await agent.end();
    await query;
    await rig.becomes(id, "withdrawn");
    const late = await browser.post(`/approvals/${id}`, { csrf, answer: "approve" });
    assert.equal(late.status, 409);
    assert.match(late.text, /Withdrawn/);
    assert.doesNotMatch(late.text, /name="answer"/);
  });
});
