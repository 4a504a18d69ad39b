import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { browser, isSignIn, pageOf, rejections, seconds, startPageRig, view } from "./approval-page-rig.ts";
import { Browser, hidden } from "./browser.ts";

const { asked, atIssuer, bare, issuer, own, person, signIn, stop, withToken } = await startPageRig();
after(stop);

describe("attacks on the page", { timeout: 300_000 }, () => {
  test("what others wrote is shown as text, and what hides in it is shown", async () => {
    const sub = `"><svg/onload=alert(1)>'<script>&amp;`;
    const reason = `</pre><script>alert(1)</script> "' onload=x &lt; \u202Edrop\u2066 \u200Bzero\u00A0wide \u{E0041}`;
    const approval = await asked(own, { sub, reason });
    const { one, page } = await signIn(own, approval, "ada", "dba");
    assert.doesNotMatch(page.text, /<script|<svg|<\/pre><|\u202E|\u2066|\u200B|\u00A0|\u{E0041}/u);
    for (const words of [
      "corp/&quot;&gt;&lt;svg/onload=alert(1)&gt;&#39;&lt;script&gt;&amp;amp;",
      "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &quot;&#39; onload=x &amp;lt; <mark>U+202E</mark>drop<mark>U+2066</mark>",
      "<mark>U+200B</mark>zero<mark>U+00A0</mark>wide <mark>U+E0041</mark>",
    ]) {
      assert.ok(page.text.includes(words), `${words} is not in ${page.text}`);
    }
    const csrf = hidden(page.text, "csrf");
    const done = await one.post(pageOf(approval), { csrf, answer: "deny", reason: `"><script>alert(2)` });
    assert.doesNotMatch(done.text, /<script/);
    assert.match(done.text, /&quot;&gt;&lt;script&gt;alert\(2\)/);
  });

  test("an answer that is not this browser's own signs nobody in: forged, from another's attempt, without any", async () => {
    const approval = await asked(own);
    const victim = browser(own);
    const attacker = browser(own);
    issuer.claims.set("mallory", { groups: [] });
    const theirs = await atIssuer(attacker, approval, "mallory");
    const login = await victim.get(theirs);
    assert.equal(login.status, 401);
    const mine = new URL(await atIssuer(victim, approval, "ada"));
    for (const state of ["forged", "", new URL(theirs).searchParams.get("state")!]) {
      const forged = new URL(mine);
      forged.searchParams.set("state", state);
      assert.equal((await victim.get(forged.href)).status, 401);
    }
    assert.deepEqual([...victim.cookies.keys()], ["sallyport-sign-in-0"], "the attempt itself goes on");
    assert.equal((await victim.get(mine.href)).status, 200);
  });

  test("an answer serves once, and never with another attempt's code", async () => {
    const approval = await asked(own);
    const one = browser(own);
    const back = await atIssuer(one, approval, "ada");
    const kept = one.cookies.get("sallyport-sign-in-0")!;
    assert.equal((await one.get(back)).status, 200);
    const again = browser(own);
    assert.equal((await again.get(back)).status, 401, "the attempt is over");
    again.cookies.set("sallyport-sign-in-0", kept);
    const replayed = await again.get(back);
    assert.equal(replayed.status, 401, "the issuer has given its token for this code");
    assert.equal(again.cookies.size, 0);

    const attacker = browser(own);
    const theirs = new URL(await atIssuer(attacker, approval, "mallory"));
    const injected = new URL(await atIssuer(one, approval, "ada"));
    injected.searchParams.set("code", theirs.searchParams.get("code")!);
    assert.equal((await one.get(injected.href)).status, 401, "PKCE ties a code to its attempt");
  });

  test("an answer of another issuer, a refusal, and none are told apart and sign nobody in", async () => {
    const approval = await asked(own);
    const cases: [change: (query: URLSearchParams) => void, words: RegExp][] = [
      [(query) => query.set("iss", "https://evil.example"), /the answer is not from it/],
      [(query) => query.delete("iss"), /the answer is not from it/],
      [(query) => query.set("error", "access_denied"), /it says &quot;access_denied&quot;/],
      [(query) => query.set("error", "<script>"), /it says &quot;&lt;script&gt;&quot;/],
      [(query) => query.delete("code"), /its answer has no code/],
    ];
    for (const [change, words] of cases) {
      const one = browser(own);
      const back = new URL(await atIssuer(one, approval, "ada"));
      change(back.searchParams);
      const page = await one.get(back.href);
      assert.equal(page.status, 401);
      assert.match(page.text, words);
      assert.equal(one.cookies.size, 0);
    }
  });

  test("another site can't begin a sign-in, nor sign somebody in by a form", async () => {
    const approval = await asked(own);
    const one = browser(own);
    const begun = await one.get(`${pageOf(approval)}/sign-in/corp`, { "sec-fetch-site": "cross-site" });
    assert.equal(begun.url.pathname, pageOf(approval));
    const token = await person("mallory");
    const foreign = { origin: "https://evil.example", "sec-fetch-site": "cross-site" };
    assert.equal((await one.post(`${pageOf(approval)}/sign-in`, { token }, foreign)).status, 403);
    assert.equal((await one.post(`${pageOf(approval)}/sign-in`, { token }, { origin: "" })).status, 403);
    assert.equal((await one.follow(`${pageOf(approval)}/sign-in/nobody`)).status, 404);
    assert.equal(one.cookies.size, 0);
  });

  test("a form of another site, of another session, or of none, counts for nothing", async () => {
    const approval = await asked(own);
    const { one, page } = await signIn(own, approval, "ada", "dba");
    const csrf = hidden(page.text, "csrf");
    const grace = await signIn(own, approval, "grace", "dba");
    const good = { csrf, answer: "approve" };
    const attempts: [form: Record<string, string>, headers: Record<string, string>, status: number][] = [
      [good, { origin: "https://evil.example", "sec-fetch-site": "cross-site" }, 403],
      [good, { origin: "https://evil.example", "sec-fetch-site": "" }, 403],
      [good, { origin: "null" }, 403],
      [good, { origin: "" }, 403],
      [good, { "sec-fetch-site": "same-site" }, 403],
      [{ ...good, csrf: hidden(grace.page.text, "csrf") }, {}, 403],
      [{ ...good, csrf: "" }, {}, 403],
      [{ answer: "approve" }, {}, 400],
      [{ ...good, answer: "APPROVE" }, {}, 400],
      [{ ...good, more: "1" }, {}, 400],
      [{ ...good, reason: "x".repeat(501) }, {}, 400],
      [{ ...good, reason: "a\nb" }, {}, 400],
    ];
    for (const [form, headers, status] of attempts) {
      const refused = await one.post(pageOf(approval), form, headers);
      assert.equal(refused.status, status, JSON.stringify([form, headers, refused.text]));
    }
    const twice = new URLSearchParams([...Object.entries(good), ["answer", "deny"]]);
    assert.equal((await one.post(pageOf(approval), twice)).status, 400);
    assert.equal((await one.post(pageOf(approval), good, { "content-type": "text/plain" })).status, 400);
    assert.equal((await browser(own).post(pageOf(approval), good)).status, 401);
    const { status, votes } = await view(own, approval);
    assert.deepEqual([status, votes.length], ["pending", 0]);
    assert.equal((await one.post(pageOf(approval), good)).status, 200);
  });

  test("reading a page, or opening any address, never answers", async () => {
    const approval = await asked(own);
    const { one, page } = await signIn(own, approval, "ada", "dba");
    await one.get(`${pageOf(approval)}?answer=approve&csrf=${hidden(page.text, "csrf")}`);
    assert.equal((await view(own, approval)).status, "pending");
  });

  test("what a person may not see is answered as what is not there", async () => {
    const approval = await asked(own);
    const one = await withToken(own, await asked(own, { sub: "mallory" }), await person("mallory"));
    const absent = approval.id.replace(/^.{8}/, "00000000");
    const [unseen, nothing] = [await one.get(pageOf(approval)), await one.get(`/approvals/${absent}`)];
    assert.deepEqual([unseen.status, nothing.status], [404, 404]);
    assert.equal(unseen.text.replaceAll(approval.id, "ID"), nothing.text.replaceAll(absent, "ID"));
    assert.match(unseen.text, /corp\/mallory<\/p>[\s\S]*Sign out/, "somebody else can sign in");
    const mine = (await asked(own, { sub: "mallory" })).id;
    const csrf = hidden((await one.get(`/approvals/${mine}`)).text, "csrf");
    const answers = [];
    for (const id of [approval.id, absent]) {
      const { status, text } = await one.post(`/approvals/${id}`, { csrf, answer: "approve" });
      answers.push([status, text.replaceAll(id, "ID")]);
    }
    assert.deepEqual(answers[0], answers[1]);
    assert.equal(answers[0]?.[0], 404);
    assert.equal((await rejections(own, approval)).length, 1);

    const [out, outside] = [
      await browser(own).get(pageOf(approval)),
      await browser(own).get(`/approvals/${absent}`),
    ];
    assert.equal(out.text.replaceAll(approval.id, "ID"), outside.text.replaceAll(absent, "ID"));
  });

  test("who asked sees it, is offered no answer, and is refused one; the refusal is recorded", async () => {
    const approval = await asked(own, { sub: "both" });
    const { one, page } = await signIn(own, approval, "both", "dba");
    assert.match(page.text, /You have a part in asking for this/);
    assert.doesNotMatch(page.text, /name="answer"/);
    const csrf = hidden(page.text, "csrf");
    const refused = await one.post(pageOf(approval), { csrf, answer: "approve" });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /nobody approves their own/);
    assert.equal((await view(own, approval)).status, "pending");
    const recorded = (await rejections(own, approval)).map(({ by, channel }) => [by, channel]);
    assert.deepEqual(recorded, [["corp/both", "link"]]);
  });

  test("who is disabled, or whose token is revoked, is out at the next request", async () => {
    const approval = await asked(own);
    const { one, page } = await signIn(own, approval, "leaver", "dba");
    const csrf = hidden(page.text, "csrf");
    const name = encodeURIComponent("corp/leaver");
    await own.api("POST", `/v1/principals/${name}/disable`, { reason: "left" });
    const refused = await one.post(pageOf(approval), { csrf, answer: "approve" });
    assert.equal(refused.status, 403);
    assert.match(refused.text, /corp\/leaver is disabled/);
    assert.equal(one.cookies.size, 0);

    const service = await withToken(own, approval, await own.serviceToken("dba-9"));
    const again = hidden((await service.get(pageOf(approval))).text, "csrf");
    await own.api("DELETE", "/v1/tokens/dba-9");
    const read = await new Browser(own.edge.url.origin, own.edge.url).get(pageOf(approval));
    assert.ok(isSignIn(read));
    const revoked = await service.post(pageOf(approval), { csrf: again, answer: "approve" });
    assert.equal(revoked.status, 401);
    assert.match(revoked.text, /was revoked/);
    assert.deepEqual([(await view(own, approval)).votes, service.cookies.size], [[], 0]);
  });

  test("a session ends with its token; a cookie kept longer is worth nothing", async () => {
    const approval = await asked(own);
    const token = await issuer.sign({ sub: "ada", groups: ["dba"], exp: seconds() + 5 });
    const one = await withToken(own, approval, token);
    const { csrf } = { csrf: hidden((await one.get(pageOf(approval))).text, "csrf") };
    const until = performance.now() + 60_000;
    while (!isSignIn(await one.get(pageOf(approval)))) assert.ok(performance.now() < until);
    assert.equal((await one.post(pageOf(approval), { csrf, answer: "approve" })).status, 401);
    assert.equal((await view(own, approval)).votes.length, 0);
  });

  test("a cookie of another edge, a changed one, and one for another purpose sign nobody in", async () => {
    const approval = await asked(own);
    const foreign = await withToken(bare, await asked(bare), await person("ada", "dba"));
    const { value, attributes } = foreign.cookies.get("sallyport-session-0")!;
    const mine = (await withToken(own, approval, await person("ada", "dba"))).cookies.get(
      "sallyport-session-0",
    )!;
    const beginner = browser(own);
    await beginner.follow(`${pageOf(approval)}/sign-in/corp`);
    const attempt = beginner.cookies.get("sallyport-sign-in-0")!.value;
    const at = mine.value.length - 30;
    const changed = mine.value.slice(0, at) + (mine.value[at] === "A" ? "B" : "A") + mine.value.slice(at + 1);
    for (const cookie of [
      value,
      changed,
      attempt,
      "x",
      mine.value.slice(0, -1),
      `${"a".repeat(100)}.b.c.d.e`,
    ]) {
      const one = browser(own);
      one.cookies.set("sallyport-session-0", { value: cookie, attributes });
      assert.ok(isSignIn(await one.get(pageOf(approval))), cookie);
    }
    const one = browser(own);
    one.cookies.set("sallyport-session-0", mine);
    assert.match((await one.get(pageOf(approval))).text, /name="answer"/, "as it was, it is good");
  });

  test("an address that is no approval's is not there, and leads nowhere", async () => {
    for (const path of [
      "/approvals/x",
      `/approvals/${"a".repeat(32)}-01`,
      "/approvals/..%2f..%2fevil",
      "/approvals/%0d%0a",
    ]) {
      const page = await browser(own).get(path);
      assert.equal(page.status, 404, path);
    }
    const one = browser(own);
    const token = await person("ada", "dba");
    for (const id of ["x", "//evil.example", "https:%2f%2fevil.example"]) {
      const { way, status } = await one.post(`/approvals/${id}/sign-in`, { token });
      assert.deepEqual([way, status], [[], 404], id);
    }
  });

  test("over plain HTTP, but on this machine, there is neither a form for a token nor a page", async () => {
    const { request } = await import("node:http");
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const { hostname, port } = bare.edge.url;
    const approval = await asked(bare);
    request({ hostname, port, path: pageOf(approval), headers: { host: "edge.example" } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
    assert.equal(await promise, 403);
  });
});
