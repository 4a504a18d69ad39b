import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import type { LeaseRecord, Page } from "../protocol/directory.ts";
import { browser, HTTPS, isSignIn, pageOf, seconds, startPageRig, view } from "./approval-page-rig.ts";
import { hidden } from "./browser.ts";

const { asked, atIssuer, bare, issuer, own, person, proxied, signIn, stop, withToken } = await startPageRig();
after(stop);

describe("the page behind an approval's link", { timeout: 300_000 }, () => {
  test("a person signs in at the issuer, reads, and approves with a reason; the asker has its lease", async () => {
    const approval = await asked(own, { sub: "agent-one", reason: "to look at ticket 7" });
    const one = browser(own);
    const first = await one.get(pageOf(approval));
    assert.ok(isSignIn(first));
    assert.match(first.text, /Sign in at corp/);
    assert.doesNotMatch(first.text, /Sign in at ci|agent-one|ticket 7/);

    issuer.claims.set("ada", { groups: ["dba"] });
    const page = await one.get(await atIssuer(one, approval, "ada"));
    assert.equal(page.status, 200, page.text);
    assert.equal(page.url.pathname, pageOf(approval));
    for (const words of [
      "Approval needed: orders",
      "corp/agent-one",
      "to look at ticket 7",
      "Nobody is &lt;alone&gt; with orders.",
      "0 of 1 agreed",
      "every connection to the target",
      " left)",
      "corp/ada",
    ]) {
      assert.ok(page.text.includes(words), `${words} is not in ${page.text}`);
    }

    const csrf = hidden(page.text, "csrf");
    const done = await one.post(pageOf(approval), { csrf, answer: "approve", reason: "fine, <b>go</b>" });
    assert.equal(done.status, 200);
    assert.deepEqual(
      done.way.map(({ pathname }) => pathname),
      [pageOf(approval)],
    );
    assert.match(done.text, /You approved this\./);
    assert.match(done.text, /fine, &lt;b&gt;go&lt;\/b&gt;/);
    assert.doesNotMatch(done.text, /name="answer"/);
    const after = await view(own, approval);
    assert.equal(after.status, "approved");
    const agent = await person("agent-one");
    const { items } = await own.api<Page<LeaseRecord>>("GET", "/v1/leases", undefined, agent);
    assert.deepEqual(
      items.map(({ id, target }) => [id, target]),
      [[approval.id, "orders"]],
    );
    const [vote] = after.votes;
    assert.deepEqual(
      [vote?.by, vote?.channel, vote?.reason, vote?.groups],
      ["corp/ada", "link", "fine, <b>go</b>", ["dba"]],
    );
  });

  test("denying ends it, says so with the reason, and leaves nothing to answer", async () => {
    const approval = await asked(own);
    const { one, page } = await signIn(own, approval, "ada", "dba");
    const csrf = hidden(page.text, "csrf");
    const done = await one.post(pageOf(approval), { csrf, answer: "deny", reason: "not today" });
    assert.match(done.text, /You denied this\./);
    assert.match(done.text, /not today/);
    const { status, decided } = await view(own, approval);
    assert.deepEqual([status, decided?.by, decided?.reason], ["denied", "corp/ada", "not today"]);
    const late = await one.post(pageOf(approval), { csrf, answer: "approve" });
    assert.equal(late.status, 409);
    assert.match(late.text, /role="alert"/);
    assert.equal((await view(own, approval)).status, "denied");
  });

  test("where two must agree, one sees that another is needed, and has no second word", async () => {
    const approval = await asked(own, { target: "pair" });
    const { one, page } = await signIn(own, approval, "ada", "dba");
    const form = { csrf: hidden(page.text, "csrf"), answer: "approve" };
    const done = await one.post(pageOf(approval), form);
    assert.match(done.text, /You approved this\. Others must agree, too\./);
    assert.match(done.text, /1 of 2 agreed/);
    assert.match((await one.post(pageOf(approval), form)).text, /1 of 2 agreed/);
    const { status, votes } = await view(own, approval);
    assert.deepEqual([status, votes.length], ["pending", 1]);
  });

  test("without a public URL a token signs in, and the page says what signing in at an issuer needs", async () => {
    const approval = await asked(bare);
    const one = browser(bare);
    const first = await one.get(pageOf(approval));
    assert.match(first.text, /needs the edge’s public URL/);
    assert.doesNotMatch(first.text, /sign-in\/corp/);
    assert.equal((await one.follow(`${pageOf(approval)}/sign-in/corp`)).url.pathname, pageOf(approval));
    const token = await bare.serviceToken("dba-1");
    const page = await one.post(`${pageOf(approval)}/sign-in`, { token: ` ${token}\t` });
    assert.equal(page.status, 400, "a control character is no part of a form");
    const again = await one.post(`${pageOf(approval)}/sign-in`, { token: ` ${token} ` });
    assert.equal(again.url.href, new URL(pageOf(approval), bare.edge.url).href);
    const csrf = hidden(again.text, "csrf");
    await one.post(pageOf(approval), { csrf, answer: "approve" });
    assert.equal((await view(bare, approval)).votes[0]?.by, "service/dba-1");
  });

  test("what is no token, and one that is not known, sign nobody in", async () => {
    const approval = await asked(bare);
    for (const token of ["syp_unknown", "two words", "a.b.c", ""]) {
      const one = browser(bare);
      const page = await one.post(`${pageOf(approval)}/sign-in`, { token });
      assert.equal(page.status, 401, token);
      assert.ok(isSignIn(page));
      assert.equal(one.cookies.size, 0);
    }
  });

  test("who signs in as an agent for a user is shown as that", async () => {
    const approval = await asked(bare);
    const token = await issuer.sign({
      sub: "ada",
      act: { sub: "helper" },
      groups: ["dba"],
      exp: seconds() + 60,
    });
    const one = await withToken(bare, approval, token);
    assert.match((await one.get(pageOf(approval))).text, /<p>corp\/helper for corp\/ada<\/p>/);
  });

  test("signing out ends the session in the browser", async () => {
    const approval = await asked(bare);
    const one = await withToken(bare, approval, await person("ada", "dba"));
    const page = await one.get(pageOf(approval));
    const out = await one.post(`${pageOf(approval)}/sign-out`, { csrf: hidden(page.text, "csrf") });
    assert.ok(isSignIn(out));
    assert.equal(one.cookies.size, 0);
  });
});

describe("what goes with a page", { timeout: 300_000 }, () => {
  test("nothing on it runs, is loaded, framed or kept; forms go to the edge alone", async () => {
    const approval = await asked(own);
    const { page } = await signIn(own, approval, "ada", "dba");
    const first = await browser(own).get(pageOf(approval));
    const missing = await browser(own).get("/approvals/nothing");
    assert.equal(missing.status, 404);
    for (const { headers, text } of [first, page, missing]) {
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(
        policy,
        /^default-src 'none'; style-src 'sha256-[\w+/]+=*'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
      );
      assert.equal(headers.get("x-frame-options"), "DENY");
      assert.equal(headers.get("cache-control"), "no-store");
      assert.equal(headers.get("referrer-policy"), "same-origin");
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.match(headers.get("content-type") ?? "", /^text\/html; charset=utf-8$/i);
      assert.doesNotMatch(text, /<script|<link|<img|src=| on\w+=| style="|https?:\/\//i);
    }
  });

  test("cookies: over TLS for this host alone, for no script, with no other site's form, and for an hour at most", async () => {
    const secure = await withToken(
      proxied,
      await asked(proxied),
      await issuer.sign({ sub: "ada", groups: ["dba"], exp: seconds() + 86_400 }),
      HTTPS,
    );
    const [[name, { attributes }] = ["", { attributes: "" }]] = secure.cookies;
    assert.equal(name, "__Host-sallyport-session-0");
    assert.deepEqual(attributes.split("; ").sort(), [
      "HttpOnly",
      "Max-Age=3600",
      "Path=/",
      "SameSite=Lax",
      "Secure",
    ]);
    const plain = await withToken(own, await asked(own), await person("ada", "dba"));
    const [[plainName, cookie] = ["", { attributes: "" }]] = plain.cookies;
    assert.equal(plainName, "sallyport-session-0");
    assert.match(cookie.attributes, /HttpOnly/);
    assert.match(cookie.attributes, /Max-Age=(59\d|600)\b/, "no longer than the token");
    assert.doesNotMatch(cookie.attributes, /Secure/);
  });

  test("behind a proxy with TLS one signs in at the issuer, and answers", async () => {
    const approval = await asked(proxied);
    issuer.claims.set("ada", { groups: ["dba"] });
    const one = browser(proxied, HTTPS);
    const back = await atIssuer(one, approval, "ada");
    assert.ok(back.startsWith(`${HTTPS}/approvals/callback?`));
    assert.match([...one.cookies.keys()].join(), /^__Host-sallyport-sign-in-0$/);
    const page = await one.get(back);
    await one.post(pageOf(approval), { csrf: hidden(page.text, "csrf"), answer: "approve" });
    assert.equal((await view(proxied, approval)).status, "approved");
  });

  test("a token is in no address, and no cookie can be read", async () => {
    const approval = await asked(own);
    const token = await person("ada", "dba");
    const one = browser(own);
    const { way } = await one.post(`${pageOf(approval)}/sign-in`, { token });
    assert.deepEqual(
      way.map(({ href }) => href),
      [new URL(pageOf(approval), own.edge.url).href],
    );
    const kept = JSON.stringify([...one.cookies]);
    const [header, payload] = token.split(".") as [string, string];
    assert.ok(!kept.includes(payload) && !kept.includes(header));
  });

  test("a token of many groups is kept in several cookies; one that browsers can't keep is refused", async () => {
    const approval = await asked(own);
    const groups = (count: number) => [
      "dba",
      ...Array.from({ length: count }, (_, n) => `group-${n}-${"x".repeat(40)}`),
    ];
    const one = await withToken(own, approval, await person("ada", ...groups(60)));
    assert.ok(one.cookies.size > 1);
    const page = await one.get(pageOf(approval));
    assert.match(page.text, /name="answer"/);
    const small = await one.post(`${pageOf(approval)}/sign-in`, { token: await person("ada", "dba") });
    assert.equal(small.status, 200);
    assert.equal(one.cookies.size, 1, "no piece of the larger one is left");
    const large = await browser(own).post(`${pageOf(approval)}/sign-in`, {
      token: await person("ada", ...groups(180)),
    });
    assert.equal(large.status, 403);
    assert.match(large.text, /too large for a browser/);
  });
});
