import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import type { Approval } from "../protocol/approval/approval.ts";
import { type Chromium, startChromium } from "./chromium.ts";
import { startTestEdge, type TestEdge } from "./gateway.ts";
import { issuerSettings, startIssuer, type TestIssuer } from "./oidc-provider.ts";
import { freePort } from "./postgres-server.ts";
import { unavailable } from "./system-packages.ts";

const POLICIES = `
@id("held") @reason("Nobody is alone with orders.") @approvers("dba")
forbid (principal, action == Action::"connect", resource) unless { context.approved };
@id("open") permit (principal, action == Action::"connect", resource);
@id("approvers") permit (principal, action == Action::"approve", resource);
`;

/** What only a real browser shows: its own Origin, its cookies between sites, its Content-Security-Policy. */
describe("the approval page in Chromium", {
  timeout: 300_000,
  skip: unavailable("chromium-headless-shell"),
}, () => {
  let issuer: TestIssuer;
  let edge: TestEdge;
  let chromium: Chromium;

  before(async () => {
    const port = await freePort();
    // By another name than the issuer's address: to a browser the two are different sites.
    const publicUrl = new URL(`http://localhost:${port}`);
    issuer = await startIssuer({
      clients: [
        {
          client_id: "browser",
          application_type: "native",
          token_endpoint_auth_method: "none",
          grant_types: ["authorization_code"],
          response_types: ["code"],
          redirect_uris: ["http://localhost/approvals/callback"],
        },
      ],
    });
    edge = await startTestEdge({ port, publicUrl });
    await edge.apply({
      targets: [{ name: "orders", kind: "postgres", connector: "main", description: "", allow: [] }],
      issuers: [issuerSettings(issuer.issuer, "browser")],
      policies: POLICIES,
    });
    chromium = await startChromium();
  });
  after(async () => {
    await chromium?.stop();
    await edge?.stop();
    await issuer?.stop();
  });

  const asked = async (sub: string) =>
    edge.api<Approval>(
      "POST",
      "/v1/access-requests",
      { target: "orders", reason: "to look at \u202Eticket 7" },
      await issuer.sign({ sub, exp: Math.floor(Date.now() / 1_000) + 600 }),
    );
  const link = ({ id }: Approval) =>
    new URL(`/approvals/${id}`, edge.edge.url).href.replace("127.0.0.1", "localhost");
  const text = () => chromium.read<string>("document.body.innerText");

  test("a person signs in at an issuer of another site, types a reason, and approves by a button", async () => {
    const approval = await asked("agent-one");
    await chromium.open(link(approval));
    assert.match(await text(), /Sign in at corp/);
    await chromium.click("a.button");
    assert.equal(await chromium.read("location.origin"), issuer.issuer);
    await chromium.type("[name=login]", "ada");
    await chromium.type("[name=password]", "x");
    await chromium.click("button[type=submit]");
    await chromium.click("button[type=submit]");
    assert.equal(await chromium.read("location.href"), link(approval));
    assert.match(await text(), /corp\/ada/);
    assert.match(await text(), /to look at U\+202Eticket 7/);

    for (const [width, dark] of [
      [1_000, false],
      [360, true],
    ] as const) {
      const png = await chromium.screenshot(width, dark);
      const folder = process.env.SCREENSHOTS;
      if (folder !== undefined) writeFileSync(`${folder}/approval-${width}.png`, png);
      const wide = await chromium.read<number>("document.documentElement.scrollWidth");
      assert.ok(wide <= width, `at ${width} px the page is ${wide} px wide`);
    }
    assert.notEqual(
      await chromium.read("getComputedStyle(document.querySelector('.approve')).backgroundColor"),
      "rgba(0, 0, 0, 0)",
    );

    await chromium.type("#reason", "fine\r");
    assert.equal((await edge.api<Approval>("GET", `/v1/approvals/${approval.id}`)).status, "pending");
    await chromium.click("button.approve");
    assert.match(await text(), /You approved this\./);
    const { status, votes } = await edge.api<Approval>("GET", `/v1/approvals/${approval.id}`);
    assert.deepEqual([status, votes[0]?.by, votes[0]?.reason], ["approved", "corp/ada", "fine"]);

    // The session's cookie comes along when a link of another site leads here.
    const next = await asked("agent-two");
    await chromium.open(issuer.issuer);
    await chromium.click(await linkTo(link(next)));
    assert.match(await text(), /Your answer/);
    await chromium.click("button.deny");
    assert.match(await text(), /You denied this\./);
    await chromium.click("header button");
    assert.match(await text(), /Sign in at corp/);
    assert.deepEqual(
      chromium.complaints.filter((words) => /security|policy/i.test(words)),
      [],
    );
  });

  test("another site's form does not answer, and its frame shows nothing", async () => {
    const approval = await asked("agent-three");
    await chromium.open(link(approval));
    await chromium.type("#token", await edge.serviceToken("dba-1"));
    await chromium.click("form button");
    assert.match(await text(), /Your answer/);
    await chromium.open(issuer.issuer);
    await chromium.read(
      `document.body.innerHTML = '<form method="post" action="${link(approval)}"><input name="answer" value="approve"><button id="go">x</button></form>'`,
    );
    await chromium.click("#go");
    assert.match(await text(), /did not come from a page of this edge/);
    const { status, votes } = await edge.api<Approval>("GET", `/v1/approvals/${approval.id}`);
    assert.deepEqual([status, votes.length], ["pending", 0]);

    await chromium.open(issuer.issuer);
    chromium.complaints.length = 0;
    await chromium.read(`new Promise((loaded) => {
      const frame = document.createElement("iframe");
      frame.onload = loaded;
      frame.src = ${JSON.stringify(link(approval))};
      document.body.append(frame);
    })`);
    assert.match(chromium.complaints.join("\n"), /frame-ancestors/);
  });

  /** Puts a link to this address on the page that is open. */
  async function linkTo(url: string): Promise<string> {
    await chromium.read(`document.body.innerHTML = '<a id="to" href="${url}">to the approval</a>'`);
    return "#to";
  }
});
