import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, test } from "node:test";
import type { Approval } from "../protocol/approval.ts";
import type { Issuer, Page, TrailEntry } from "../protocol/directory.ts";
import { Browser, hidden, type Visit } from "./browser.ts";
import { startTestEdge, type TestEdge } from "./gateway.ts";
import { AUDIENCE, startIssuer, type TestIssuer } from "./oidc-provider.ts";
import { freePort } from "./postgres-server.ts";

/** Who may open what, and who is asked. On purpose nothing here forbids anybody to approve their own. */
const POLICIES = `
@id("open") permit (principal, action == Action::"connect", resource);
@id("held") @reason("Nobody is <alone> with orders.") @approvers("dba")
forbid (principal, action == Action::"connect", resource) when { resource != Target::"pair" } unless { context.approved };
@id("pair") @reason("Two of you.") @approvers("dba") @quorum("2")
forbid (principal, action == Action::"connect", resource == Target::"pair") unless { context.approved };
@id("approvers")
permit (principal, action == Action::"approve", resource)
when { context.approvers.containsAny(principal.groups) || principal.name like "service/dba-*" };
`;
const HTTPS = "https://sallyport.example";
const BROWSER_CLIENT = "sallyport-browser";
const seconds = () => Math.floor(Date.now() / 1_000);

let issuer: TestIssuer;
/** It knows its public URL, which is its own; another has one with TLS, and the third none. */
let own: TestEdge;
let proxied: TestEdge;
let bare: TestEdge;

before(async () => {
  issuer = await startIssuer({
    clients: [
      {
        client_id: BROWSER_CLIENT,
        application_type: "native",
        token_endpoint_auth_method: "none",
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: ["http://127.0.0.1/approvals/callback", `${HTTPS}/approvals/callback`],
      },
    ],
  });
  const port = await freePort();
  const corp: Issuer = {
    name: "corp",
    issuer: issuer.issuer,
    audience: AUDIENCE,
    algorithms: ["RS256"],
    principalClaim: "sub",
    groupsClaim: "groups",
    requiredClaims: {},
    skewSeconds: 0,
    clientId: BROWSER_CLIENT,
  };
  const { clientId: _, ...workloads } = { ...corp, name: "ci", issuer: "https://ci.example" };
  const target = (name: string) => ({
    name,
    kind: "postgres" as const,
    connector: "main",
    description: "",
    allow: [],
  });
  [own, proxied, bare] = await Promise.all([
    startTestEdge({ port, publicUrl: new URL(`http://127.0.0.1:${port}`) }),
    startTestEdge({ publicUrl: new URL(HTTPS) }),
    startTestEdge(),
  ]);
  for (const edge of [own, proxied, bare]) {
    const targets = [target("orders"), target("pair")];
    await edge.apply({ targets, issuers: [corp, workloads], policies: POLICIES });
  }
});
after(async () => {
  await Promise.all([own?.stop(), proxied?.stop(), bare?.stop()]);
  await issuer?.stop();
});

/** A token of the issuer, as an agent or the command line has it. */
const person = (sub: string, ...groups: string[]) => issuer.sign({ sub, groups, exp: seconds() + 600 });

/** Asks for access as somebody whom no test asked as before. */
async function asked(
  edge: TestEdge,
  options: { target?: string; sub?: string; reason?: string } = {},
): Promise<Approval> {
  const { target = "orders", sub = `agent-${randomBytes(6).toString("hex")}`, reason = "ticket 7" } = options;
  return edge.api<Approval>("POST", "/v1/access-requests", { target, reason }, await person(sub));
}

const view = (edge: TestEdge, { id }: Approval) => edge.api<Approval>("GET", `/v1/approvals/${id}`);
const pageOf = ({ id }: Approval) => `/approvals/${id}`;
const rejections = async (edge: TestEdge, { id }: Approval) =>
  (await edge.api<Page<TrailEntry>>("GET", `/v1/approvals/${id}/trail`)).items.flatMap(({ event }) =>
    event.event === "approval_rejected" ? [event] : [],
  );

const browser = (edge: TestEdge, origin = edge.edge.url.origin) => new Browser(origin, edge.edge.url);

/** Opens an approval's page, begins to sign in, and comes back from the issuer: the address at which one arrives. */
async function atIssuer(one: Browser, approval: Approval, account: string): Promise<string> {
  const begun = await one.follow(`${pageOf(approval)}/sign-in/corp`);
  assert.equal(begun.url.origin, issuer.issuer);
  const back = await issuer.browse(begun.url.href, account);
  assert.ok(back, "the issuer does not lead back");
  return back.href;
}

async function signIn(
  edge: TestEdge,
  approval: Approval,
  account: string,
  ...groups: string[]
): Promise<{ one: Browser; page: Visit }> {
  issuer.claims.set(account, { groups });
  const one = browser(edge);
  const page = await one.get(await atIssuer(one, approval, account));
  return { one, page };
}

async function withToken(
  edge: TestEdge,
  approval: Approval,
  token: string,
  origin?: string,
): Promise<Browser> {
  const one = browser(edge, origin);
  const page = await one.post(`${pageOf(approval)}/sign-in`, { token });
  assert.equal(page.status, 200, page.text);
  return one;
}

const isSignIn = ({ text }: Visit) => text.includes("<h1>Sign in</h1>");

describe("the page behind an approval's link", { timeout: 240_000 }, () => {
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

describe("what goes with a page", { timeout: 240_000 }, () => {
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

describe("attacks on the page", { timeout: 240_000 }, () => {
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
    const token = await issuer.sign({ sub: "ada", groups: ["dba"], exp: seconds() + 2 });
    const one = await withToken(own, approval, token);
    const { csrf } = { csrf: hidden((await one.get(pageOf(approval))).text, "csrf") };
    const until = performance.now() + 10_000;
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
