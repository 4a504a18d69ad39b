import { html } from "hono/html";
import {
  type Approval,
  type ApprovalQuestion,
  type ApprovalVote,
  CHANNELS,
  MAX_APPROVAL_REASON,
  type RequestQuestion,
  type StatementQuestion,
} from "../../protocol/approval/approval.ts";
import {
  accountOf,
  heldRequestText,
  requestTitle,
  responseText,
  terminalText,
} from "../../protocol/approval/text.ts";
import { counted } from "../../protocol/approval/votes.ts";
import { heldBy, isOwnQuestion } from "../approval/rights.ts";
import { duration, HEADINGS, scopeText, utc } from "../approval/words.ts";
import type { Subject } from "../identity/identity.ts";
import { exactText } from "./exact-text.ts";
import type { Markup } from "./layout.ts";

/** Who reads the page. */
export interface Reader {
  identity: Subject;
  /** The policies let this person answer. */
  mayAnswer: boolean;
  csrf: string;
}

export function approvalTitle({ status, target }: Approval): string {
  return `${HEADINGS[status]}: ${target}`;
}

/**
 * One approval, whole: who asks for what and why it is held, how it stands, and the form to answer while it is
 * pending. `notice` stands above all. `now` in ms.
 */
export function approvalContent(
  approval: Approval,
  reader: Reader,
  notice: Markup | null,
  now: number,
): Markup {
  const { question, votes, status } = approval;
  return html`<h1>${exactText(approvalTitle(approval))}</h1>
${notice}
${ownWord(approval, reader.identity)}
${status === "pending" ? "" : outcome(approval, now)}
${facts(approval, now)}
${asked(question)}
<h2>Who must agree</h2>
<ul>${question.approvals.map((rule, index) => ruleItem(rule, counted(question.approvals, votes)[index] ?? []))}</ul>
<h2>Answers</h2>
${votes.length === 0 ? html`<p>Nobody has agreed${status === "pending" ? " yet" : ""}.</p>` : html`<ol>${votes.map(voteItem)}</ol>`}
${status === "pending" ? answerForm(approval, reader) : ""}`;
}

function facts(approval: Approval, now: number): Markup {
  const { id, principal, onBehalfOf, session, target, asked, expires, status, question } = approval;
  const rows: [name: string, value: Markup][] = [
    ["Asked by", exact(principal)],
    ...(onBehalfOf === null ? [] : ([["On behalf of", exact(onBehalfOf)]] as [string, Markup][])),
    ["Target", exact(target)],
  ];
  if (question.kind === "statement") {
    rows.push(["Database", exact(question.database)]);
  } else if (question.kind === "request") {
    const account = accountOf(question);
    if (account !== null) rows.push([account.what === "user" ? "User" : "Account", exact(account.name)]);
    const response = responseText(question);
    if (response !== null) rows.push(["Response that can’t be looked into", exact(response)]);
  }
  if (question.kind !== "connect") rows.push(["Actions", exact(question.actions.join(", "))]);
  rows.push(["Why it is held", exact(question.reason)], ["Policies", exact(question.policies.join(", "))]);
  if (question.kind === "statement") rows.push(["Planner’s estimate", html`${estimate(question)}`]);
  rows.push(["An approval covers", html`${scopeText(question)}`], ["Asked", time(asked)]);
  rows.push([
    "Answer until",
    html`${time(expires)}${status === "pending" ? html` <strong>(${duration(expires - now)} left)</strong>` : ""}`,
  ]);
  if (session !== null) rows.push(["Session", exact(session)]);
  rows.push(["Approval", exact(id)]);
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

/** Whole, never shortened nor scrolled away: nobody should approve what they have not seen. */
function asked(question: ApprovalQuestion): Markup {
  switch (question.kind) {
    case "connect":
      return purpose(question.purpose);
    case "statement":
      return statement(question);
    case "request":
      return request(question);
  }
}

function statement({ statement, parameters, sha256 }: StatementQuestion): Markup {
  return html`<h2>Statement</h2>
<p>${size(statement)}; SHA-256 with its values <code>${exactText(sha256)}</code></p>
<pre>${exactText(statement)}</pre>
${parameters.length === 0 ? "" : html`<h2>Parameters</h2><dl>${parameters.map(parameter)}</dl>`}`;
}

function request({ request, sha256 }: RequestQuestion): Markup {
  const text = heldRequestText(request);
  const terminal = terminalText(request);
  return html`<h2>${requestTitle(request)}</h2>
<p>${size(text)}; SHA-256 with its account <code>${exactText(sha256)}</code></p>
<pre>${exactText(text)}</pre>
${terminal === null ? "" : html`<p>With a terminal: ${terminal}</p>`}`;
}

function parameter(value: string | null, index: number): Markup {
  return html`<dt>$${index + 1}</dt><dd>${value === null ? html`<em>NULL</em>` : html`<pre>${exactText(value)}</pre>`}</dd>`;
}

function purpose(words: string): Markup {
  return html`<h2>Purpose, in the asker’s words</h2>
<pre>${exactText(words)}</pre>`;
}

function ruleItem(
  { approvers, quorum }: StatementQuestion["approvals"][number],
  people: readonly ApprovalVote[],
): Markup {
  const groups = approvers.length === 0 ? "those who may approve" : approvers.join(" or ");
  return html`<li>${quorum} of ${exact(groups)}: ${Math.min(people.length, quorum)} of ${quorum} agreed</li>`;
}

function voteItem({ by, onBehalfOf, at, channel, reason }: ApprovalVote): Markup {
  const user = onBehalfOf === undefined ? "" : html` for ${exact(onBehalfOf)}`;
  const words = reason === null ? "" : html`: “${exact(reason)}”`;
  const way = channel === "link" ? "this page" : CHANNELS[channel];
  return html`<li>${exact(by)}${user} agreed, by ${way}, ${time(at)}${words}</li>`;
}

function outcome(approval: Approval, now: number): Markup {
  const { status, decided } = approval;
  const good = status === "approved" || status === "used";
  const by = decided?.by ? html` by ${exact(decided.by)}` : "";
  const why = decided?.reason ? html`: “${exact(decided.reason)}”` : "";
  return html`<div class="notice ${good ? "good" : "bad"}" role="status">
<p><strong>${HEADINGS[status]}</strong>${by}${why}${decided ? html`, ${time(decided.at)}` : ""}</p>
<p>${outcomeText(approval, now)}</p>
</div>`;
}

/** What became of a question that is no longer pending. */
function outcomeText({ status, until }: Approval, now: number): string {
  switch (status) {
    case "pending":
      return "Nobody, or not enough people, have answered yet.";
    case "approved":
      return until === null
        ? "It may run now."
        : `It holds until ${utc(until)} (${duration(until - now)} more).`;
    case "used":
      return "It was approved, and has gone to the target.";
    case "lapsed":
      return "It was approved; the approval holds no longer.";
    case "denied":
      return "It was refused.";
    case "expired":
      return "Nobody, or not enough people, answered in time, which is a refusal.";
    case "withdrawn":
      return "Whoever asked is gone, or asks no more.";
  }
}

/** What the reader has said already. */
function ownWord({ votes, status, decided }: Approval, { principal }: Subject): Markup | null {
  const vote = votes.find(({ by }) => by === principal);
  const notice = (words: string) =>
    html`<div class="notice good" role="status"><p><strong>${words}</strong></p></div>`;
  if (status === "denied" && decided?.by === principal) return notice("You denied this.");
  if (vote === undefined) return null;
  return notice(status === "pending" ? "You approved this. Others must agree, too." : "You approved this.");
}

function answerForm(approval: Approval, { identity, mayAnswer, csrf }: Reader): Markup {
  if (isOwnQuestion(identity, heldBy(approval))) {
    return html`<p class="notice">You have a part in asking for this: another person must answer.</p>`;
  }
  if (!mayAnswer) return html`<p class="notice">The policies do not let you answer this.</p>`;
  // With Enter a browser presses the first button of a form: it must not be a word on anything.
  return html`<h2>Your answer</h2>
<form method="post" action="/approvals/${approval.id}">
<input type="hidden" name="csrf" value="${csrf}">
<label for="reason">Reason (who asked sees it)</label>
<input id="reason" name="reason" maxlength="${MAX_APPROVAL_REASON}" autocomplete="off">
<button hidden disabled aria-hidden="true"></button>
<div class="answers">
<button class="approve" name="answer" value="approve">Approve</button>
<button class="deny" name="answer" value="deny">Deny</button>
</div>
</form>`;
}

function estimate({ plan }: StatementQuestion): string {
  return plan === null ? "none" : `${count(plan.rows, "row")}, cost ${plan.cost}`;
}

function size(text: string): string {
  return `${count([...text].length, "character")}, ${count(text.split("\n").length, "line")}`;
}

function count(number: number, thing: string): string {
  return `${number} ${thing}${number === 1 ? "" : "s"}`;
}

function exact(text: string): Markup {
  return html`<samp>${exactText(text)}</samp>`;
}

function time(at: number): Markup {
  return html`<time datetime="${new Date(at).toISOString()}">${utc(at)}</time>`;
}
