import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { Approval } from "../protocol/approval/approval.ts";
import type { Page, TrailEntry } from "../protocol/directory.ts";
import { Browser, type Visit } from "./browser.ts";
import { startTestEdge, type TestEdge } from "./gateway.ts";
import { issuerSettings, startIssuer, type TestIssuer } from "./oidc-provider.ts";
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
/** What people have in their address bar, where a proxy ends TLS. */
export const HTTPS = "https://sallyport.example";
const BROWSER_CLIENT = "sallyport-browser";
export const seconds = () => Math.floor(Date.now() / 1_000);

/** Edges with a real issuer, and people at browsers. */
export interface PageRig {
  issuer: TestIssuer;
  /** Knows its public URL, which is its own. */
  own: TestEdge;
  /** Its public URL is `HTTPS`. */
  proxied: TestEdge;
  /** Knows no public URL. */
  bare: TestEdge;
  /** A token of the issuer, as an agent or the command line has it. */
  person(sub: string, ...groups: string[]): Promise<string>;
  /** Asks for access, by default as somebody who has not asked before. */
  asked(edge: TestEdge, options?: { target?: string; sub?: string; reason?: string }): Promise<Approval>;
  /** Begins to sign in, and comes back from the issuer: the address at which the browser arrives. */
  atIssuer(browser: Browser, approval: Approval, account: string): Promise<string>;
  /** Signs a person in at the issuer; answers the approval's page. */
  signIn(
    edge: TestEdge,
    approval: Approval,
    account: string,
    ...groups: string[]
  ): Promise<{ one: Browser; page: Visit }>;
  /** Signs a person in with a token. */
  withToken(edge: TestEdge, approval: Approval, token: string, origin?: string): Promise<Browser>;
  stop(): Promise<void>;
}

export async function startPageRig(): Promise<PageRig> {
  const issuer = await startIssuer({
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
  const corp = issuerSettings(issuer.issuer, BROWSER_CLIENT);
  const { clientId: _, ...workloads } = { ...corp, name: "ci", issuer: "https://ci.example" };
  const target = (name: string) => ({
    name,
    kind: "postgres" as const,
    connector: "main",
    description: "",
    allow: [],
  });
  const [own, proxied, bare] = await Promise.all([
    startTestEdge({ port, publicUrl: new URL(`http://127.0.0.1:${port}`) }),
    startTestEdge({ publicUrl: new URL(HTTPS) }),
    startTestEdge(),
  ]);
  for (const edge of [own, proxied, bare]) {
    const targets = [target("orders"), target("pair")];
    await edge.apply({ targets, issuers: [corp, workloads], policies: POLICIES });
  }

  const rig: PageRig = {
    issuer,
    own,
    proxied,
    bare,
    person: (sub, ...groups) => issuer.sign({ sub, groups, exp: seconds() + 600 }),
    async asked(edge, options = {}) {
      const {
        target = "orders",
        sub = `agent-${randomBytes(6).toString("hex")}`,
        reason = "ticket 7",
      } = options;
      return edge.api<Approval>("POST", "/v1/access-requests", { target, reason }, await rig.person(sub));
    },
    async atIssuer(one, approval, account) {
      const begun = await one.follow(`${pageOf(approval)}/sign-in/corp`);
      assert.equal(begun.url.origin, issuer.issuer);
      const back = await issuer.browse(begun.url.href, account);
      assert.ok(back, "the issuer does not lead back");
      return back.href;
    },
    async signIn(edge, approval, account, ...groups) {
      issuer.claims.set(account, { groups });
      const one = browser(edge);
      const page = await one.get(await rig.atIssuer(one, approval, account));
      return { one, page };
    },
    async withToken(edge, approval, token, origin) {
      const one = browser(edge, origin);
      const page = await one.post(`${pageOf(approval)}/sign-in`, { token });
      assert.equal(page.status, 200, page.text);
      return one;
    },
    async stop() {
      await Promise.all([own.stop(), proxied.stop(), bare.stop()]);
      await issuer.stop();
    },
  };
  return rig;
}

export function view(edge: TestEdge, { id }: Approval): Promise<Approval> {
  return edge.api<Approval>("GET", `/v1/approvals/${id}`);
}

export function pageOf({ id }: Approval): string {
  return `/approvals/${id}`;
}

/** The answers that were refused, as the approval's trail has them. */
export async function rejections(
  edge: TestEdge,
  { id }: Approval,
): Promise<{ by: string; channel: string }[]> {
  const { items } = await edge.api<Page<TrailEntry>>("GET", `/v1/approvals/${id}/trail`);
  return items.flatMap(({ event }) => (event.event === "approval_rejected" ? [event] : []));
}

export function browser(edge: TestEdge, origin = edge.edge.url.origin): Browser {
  return new Browser(origin, edge.edge.url);
}

export function isSignIn({ text }: Visit): boolean {
  return text.includes("<h1>Sign in</h1>");
}
