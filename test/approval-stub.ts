import { after } from "node:test";
import type { Approval, ApprovalSummary } from "../protocol/approval/approval.ts";
import type { LeaseRecord, Page, TrailEntry } from "../protocol/directory.ts";
import { type Answer, done, startStubEdge } from "./stub-edge.ts";

const seconds = () => Math.floor(Date.now() / 1_000);

/** Who may open what, and who is asked. On purpose nothing here forbids anybody to approve their own. */
export const POLICIES = `
@id("listed")
permit (principal, action == Action::"connect", resource) when { context.listed };
@id("held") @reason("Nobody is alone with orders.") @approvers("dba") @lasts("1h")
forbid (principal, action == Action::"connect", resource == Target::"orders") unless { context.approved };
@id("twice") @reason("Two see to payroll.") @approvers("dba") @quorum("2")
forbid (principal, action == Action::"connect", resource == Target::"payroll") unless { context.approved };
@id("soon") @reason("Answer at once.") @approvers("dba") @expires("1s")
forbid (principal, action == Action::"connect", resource == Target::"brief") unless { context.approved };
@id("approvers")
permit (principal, action == Action::"approve", resource) when { context.approvers.containsAny(principal.groups) };
`;

/**
 * What a file of tests that imports this has: the edge's API with these policies in force, people and agents who have
 * tokens, and words for what they do.
 */
export const stub = await startStubEdge();
const target = (name: string, allow = ["corp/*"]) => ({
  name,
  kind: "postgres" as const,
  connector: "main",
  description: "",
  allow,
});
export const apply = (policies: string) =>
  done(
    stub.apply({
      ...stub.settings(),
      targets: [
        target("brief"),
        target("free"),
        target("hidden", ["group:nobody"]),
        target("orders"),
        target("payroll"),
      ],
      policies,
    }),
  );
/** A person's token; of groups, by default none. */
export const person = (sub: string, ...groups: string[]) =>
  stub.issuer.sign({ sub, groups, exp: seconds() + 600 });
export const agent = (sub: string, user: string, ...groups: string[]) =>
  stub.issuer.sign({ sub: user, act: { sub }, groups, exp: seconds() + 600 });
export const dba = (name: string) => person(name, "dba");

const post = (path: string, token: string, content: unknown = {}) => stub.call("POST", path, token, content);
export const ask = (token: string, target: string, more: object = {}) =>
  post("/v1/access-requests", token, { target, reason: "to look at ticket 7", ...more });
export const asked = async (token: string, target: string, more: object = {}) =>
  (await done(ask(token, target, more))) as unknown as Approval;
export const say = (token: string, id: string, answer: string, content: object = {}) =>
  post(`/v1/approvals/${id}/${answer}`, token, content);
export const said = async (token: string, id: string, answer: string, content: object = {}) =>
  (await done(say(token, id, answer, content))) as unknown as Approval;
export const view = async (token: string, id: string, query = "") =>
  (await done(stub.call("GET", `/v1/approvals/${id}${query}`, token))) as unknown as Approval;
export const trail = async (id: string) =>
  ((await done(stub.admin("GET", `/v1/approvals/${id}/trail`))) as unknown as Page<TrailEntry>).items.map(
    ({ event }) => event,
  );
export const rejections = async (id: string) =>
  (await trail(id)).flatMap((event) => (event.event === "approval_rejected" ? [event] : []));
export const list = async (token: string, query = "") =>
  ((await done(stub.call("GET", `/v1/approvals${query}`, token))) as unknown as Page<ApprovalSummary>).items;
export const leases = async (token: string, query = "") =>
  ((await done(stub.call("GET", `/v1/leases${query}`, token))) as unknown as Page<LeaseRecord>).items;
export const code = ({ status, body }: Answer) => (status < 300 ? "ok" : body.code);
export const opens = async (token: string, target: string) => code(await stub.register(token, target));
/** Changes the directory behind the edge's back. */
export const directory = (sql: string) => done(stub.call("POST", "/test/directory", undefined, { sql }));
export const disable = (name: string) =>
  done(stub.admin("POST", `/v1/principals/${encodeURIComponent(name)}/disable`, {}));

after(() => stub.stop());
await apply(POLICIES);
