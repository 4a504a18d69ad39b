import {
  type Approval,
  type ApprovalQuestion,
  type ApprovalRule,
  type ApprovalSummary,
  type ApprovalVote,
  CHANNELS,
  type HeldQuestion,
} from "../../protocol/approval/approval.ts";
import {
  accountOf,
  heldRequestText,
  questionText,
  requestTitle,
  responseText,
  terminalText,
} from "../../protocol/approval/text.ts";
import { counted } from "../../protocol/evidence/words.ts";
import { codePointName, HIDDEN } from "../../protocol/hidden-characters.ts";
import type { Approve } from "../../protocol/policy/decision.ts";
import { printable, styled, timeText } from "../terminal.ts";
import { durationText } from "../units.ts";

/** Characters of what is asked for on one line. */
const LINE = 60;
/** Characters of a summary that is made of a question. */
const SUMMARY = 200;
/** Before each line of what others wrote, so that none can pass for one of ours. */
const QUOTE = "  │ ";
const NAME = 11;

/**
 * Text that somebody may approve, on one line, with every hidden character, and what would break the line, as
 * `⟨U+202E⟩`.
 */
export function exactText(text: string): string {
  const mark = (character: string) => `⟨${codePointName(character)}⟩`;
  return text.replace(HIDDEN, mark).replace(/[\n\t]/g, mark);
}

/** `2 of dba or leads and 1 of security`. */
export function needsText(approvals: Approve["approvals"]): string {
  return approvals.map(({ approvers, quorum }) => `${quorum} of ${groupsText(approvers)}`).join(" and ");
}

/** How many of each rule's approvers still have to agree: `1 more of dba`; empty when nobody has to. */
export function missingText({ question, votes }: Pick<Approval, "question" | "votes">): string {
  return question.approvals
    .map(({ approvers, quorum }, index) => {
      const missing = quorum - agreed(votes, index).length;
      return missing > 0 ? `${missing} more of ${groupsText(approvers)}` : "";
    })
    .filter((words) => words !== "")
    .join(" and ");
}

/** `agent/7 for corp/alice`. */
export function whoText({ principal, onBehalfOf }: { principal: string; onBehalfOf: string | null }): string {
  return onBehalfOf === null ? principal : `${principal} for ${onBehalfOf}`;
}

/** The row of a listing that an approval would be. */
export function summaryOf(approval: Approval): ApprovalSummary {
  const { question, votes: _, ...rest } = approval;
  const { reason, approvals } = question;
  return { ...rest, summary: questionText(question).slice(0, SUMMARY), reason, approvals };
}

/** What is asked for, on one line and made printable. */
export function askedText({ kind, summary }: Pick<ApprovalSummary, "kind" | "summary">): string {
  return kind === "connect" ? `to connect: ${oneLine(summary)}` : oneLine(summary);
}

/** Where it stands, for a column: what is pending tells how long it still is. */
export function standText({ status, expires, until }: ApprovalSummary, now: number): string {
  if (status === "pending") return `${leftText(expires, now)} left`;
  if (status === "approved" && until !== null) return `holds ${leftText(until, now)}`;
  return "-";
}

/** A line of `--watch`. */
export function watchLine(summary: ApprovalSummary, now: number): string {
  const { id, status, decided, target, expires, approvals } = summary;
  const by = status !== "pending" && decided?.by ? ` by ${decided.by}` : "";
  const why = status !== "pending" && decided?.reason ? ` (${decided.reason})` : "";
  const needs =
    status === "pending" ? ` · needs ${needsText(approvals)} within ${leftText(expires, now)}` : "";
  const time = new Date(now).toISOString().slice(11, 19);
  const head = `${time} ${status.padEnd(9)} ${id} ${whoText(summary)} on ${target}${by}${why}${needs}`;
  return `${printable(head)}: ${askedText(summary)}`;
}

/** The whole of an approval for people: who asks for what, why it is asked, and who has said what. */
export function approvalLines(approval: Approval, now: number): string[] {
  const { id, kind, session, target, status, asked, expires, question, votes, decided, until } = approval;
  const open = status === "pending" ? `, ${leftText(expires, now)} left` : "";
  const fields: [name: string, value: string][] = [
    ["approval", id],
    ["status", `${status}${open}`],
    ["asked by", whoText(approval)],
    ["target", placeText(target, question)],
  ];
  if (session !== null) fields.push(["session", session]);
  fields.push(["asked", `${timeText(asked)}, until ${timeText(expires)}`]);
  fields.push(["reason", question.reason], ["policies", question.policies.join(", ")]);
  question.approvals.forEach((rule, index) => {
    fields.push([index === 0 ? "needs" : "and", ruleText(rule, agreed(votes, index))]);
  });
  fields.push(["covers", coversText(question, kind)]);
  if (until !== null) fields.push(["until", timeText(until)]);
  if (decided) fields.push(["decided", decidedText(decided)]);
  if (question.kind !== "connect") fields.push(...heldFields(question));
  return [
    ...fields.map(([name, value]) => `${styled("bold", name.padEnd(NAME))} ${exactText(value)}`),
    ...askedLines(question),
    ...votes.map((vote) => `${styled("bold", "vote".padEnd(NAME))} ${exactText(voteText(vote))}`),
  ];
}

function placeText(target: string, question: ApprovalQuestion): string {
  switch (question.kind) {
    case "connect":
      return target;
    case "statement":
      return `${target}, database ${question.database}`;
    case "request": {
      const account = accountOf(question);
      return account === null ? target : `${target}, ${account.what} ${account.name}`;
    }
  }
}

function heldFields(question: HeldQuestion): [string, string][] {
  const fields: [string, string][] = [["actions", question.actions.join(", ")]];
  if (question.kind === "statement") {
    const { plan } = question;
    fields.push([
      "planner",
      plan === null ? "no estimate" : `about ${counted(plan.rows, "row")}, cost ${plan.cost}`,
    ]);
  } else {
    const terminal = terminalText(question.request);
    if (terminal !== null) fields.push(["terminal", terminal]);
    const response = responseText(question);
    if (response !== null) fields.push(["response", `${response}, which can't be looked into`]);
  }
  return [...fields, ["sha-256", question.sha256]];
}

/** The whole statement with its values, the whole request, or the asker's words. */
function askedLines(question: ApprovalQuestion): string[] {
  if (question.kind === "connect") return [styled("bold", "purpose"), ...quote(question.purpose)];
  if (question.kind === "request") {
    const { request } = question;
    return headed(requestTitle(request).toLowerCase(), heldRequestText(request));
  }
  const values = question.parameters.map((value, index) =>
    value === null ? `  $${index + 1} = NULL` : `  $${index + 1} = ${exactText(JSON.stringify(value))}`,
  );
  return [...headed("statement", question.statement), ...values];
}

function headed(title: string, text: string): string[] {
  const quoted = quote(text);
  const lines = quoted.length === 1 ? "" : ` (${quoted.length} lines)`;
  return [styled("bold", title + lines), ...quoted];
}

function ruleText({ approvers, quorum }: Approve["approvals"][number], voters: string[]): string {
  const have = voters.length === 0 ? "nobody has agreed yet" : `agreed: ${voters.join(", ")}`;
  return `${quorum} of ${groupsText(approvers)} (${voters.length} of ${quorum}; ${have})`;
}

/** The different people who agreed for a rule. */
function agreed(votes: ApprovalVote[], rule: number): string[] {
  return [...new Set(votes.filter((vote) => vote.for.includes(rule)).map(({ by }) => by))];
}

function coversText({ scope, lastsMs }: ApprovalRule, kind: Approval["kind"]): string {
  const lasts = durationText(lastsMs);
  if (kind === "connect") return `every connection to the target, for ${lasts} from the last word`;
  switch (scope) {
    case "once":
      return `this ${kind}, once`;
    case "fingerprint":
      return `${kind}s of this shape in this session, for ${lasts} from the last word`;
    case "session":
      return `what the same approvers may approve in this session, for ${lasts} from the last word`;
  }
}

function decidedText({ at, by, reason }: NonNullable<Approval["decided"]>): string {
  return `${timeText(at)}${by === null ? "" : ` by ${by}`}${reason === null ? "" : `: ${reason}`}`;
}

function voteText({ by, onBehalfOf, channel, reason, at }: ApprovalVote): string {
  const words = reason === null ? "" : `: "${reason}"`;
  return `${timeText(at)} ${whoText({ principal: by, onBehalfOf: onBehalfOf ?? null })} by ${CHANNELS[channel]}${words}`;
}

function groupsText(approvers: string[]): string {
  return approvers.length === 0 ? "those who may approve" : approvers.join(" or ");
}

function leftText(until: number, now: number): string {
  return durationText(Math.max(0, until - now));
}

function quote(text: string): string[] {
  return text.split("\n").map((line) => QUOTE + exactText(line.replaceAll("\t", "    ")));
}

function oneLine(text: string): string {
  const flat = text.replace(/\s+/g, " ").trim();
  return exactText(flat.length > LINE ? `${flat.slice(0, LINE - 1)}…` : flat);
}
