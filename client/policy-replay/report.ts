import type { Approve, Decision } from "../../protocol/policy/decision.ts";
import { approvalWords } from "../recordings/approval-words.ts";
import { printable } from "../terminal.ts";
import type { Basis, Judgement } from "./session-judge.ts";
import type { SessionOf } from "./steps.ts";
import { UNKNOWN_FACTS } from "./without-catalog.ts";

/** Characters of a statement on a line for people. */
const LINE = 160;
/** Characters of a statement in JSON. */
const TEXT = 8 * 1024;

/** Whether a policy set decides differently from what was decided, or would ask others. */
export function differs({ then, now }: Judgement): boolean {
  return now !== null && (now.verdict !== then.verdict || asksOthers(then, now));
}

/** Whether two approvals need other people, or another number of them. */
function asksOthers(then: Decision, now: Decision): boolean {
  if (then.verdict !== "approve" || now.verdict !== "approve") return false;
  return rulesOf(then).join() !== rulesOf(now).join();
}

function rulesOf({ approvals }: Approve): string[] {
  return approvals.map(({ approvers, quorum }) => JSON.stringify([quorum, approvers.toSorted()])).toSorted();
}

/** What a replay counts. */
export interface Totals {
  sessions: number;
  /** Recordings that could not be read. */
  unread: number;
  statements: number;
  /** `allow -> block` and the like, each with how often. */
  differences: Record<string, number>;
  /** Statements of which nothing can be said: their text is not in the recording. */
  unknown: number;
  /** Those judged by their text alone, without what the target's catalog adds. */
  byText: number;
  /** Those of whose shape several different facts were recorded; the worst verdict counts. */
  ambiguous: number;
}

export function noTotals(): Totals {
  return { sessions: 0, unread: 0, statements: 0, differences: {}, unknown: 0, byText: 0, ambiguous: 0 };
}

export function count(totals: Totals, judgement: Judgement): void {
  totals.statements++;
  if (judgement.basis === "unknown") totals.unknown++;
  if (judgement.basis === "text") totals.byText++;
  if (judgement.basis === "ambiguous") totals.ambiguous++;
  if (!differs(judgement)) return;
  const way = wayOf(judgement);
  totals.differences[way] = (totals.differences[way] ?? 0) + 1;
}

/** How many differences there were. */
export function differencesOf({ differences }: Totals): number {
  return Object.values(differences).reduce((sum, number) => sum + number, 0);
}

/** For programs: one object a statement. */
export function judgementJson(judgement: Judgement, { facts }: SessionOf): object {
  const { run, then, now, basis, statement } = judgement;
  return {
    type: now === null ? "unknown" : differs(judgement) ? "difference" : "same",
    session: facts.session,
    entry: run.seq,
    time: new Date(run.time).toISOString(),
    principal: facts.principal,
    ...(facts.onBehalfOf !== undefined && { onBehalfOf: facts.onBehalfOf }),
    target: facts.target,
    statement: statement?.slice(0, TEXT) ?? null,
    then,
    now,
    basis,
  };
}

const BASIS: Record<Basis, string | null> = {
  recorded: null,
  ambiguous: "several different facts were recorded of statements of this shape; the worst verdict counts",
  text: null,
  guard: null,
  unknown: "its text is not in the recording: it can't be judged",
};

/** For people: a few lines, all that was recorded made printable. */
export function judgementLines(judgement: Judgement, { facts }: SessionOf): string[] {
  const { run, now, basis, statement } = judgement;
  const time = new Date(run.time).toISOString().replace(/\.\d+/, "");
  const who = facts.onBehalfOf === undefined ? facts.principal : `${facts.principal} for ${facts.onBehalfOf}`;
  const head = `${time} ${facts.session} entry ${run.seq} ${who} on ${facts.target}: ${wayOf(judgement)}`;
  const why = (now && decisionWords(now)) ?? decisionWords(judgement.then);
  const from = basis === "text" ? byTextWords(judgement) : BASIS[basis];
  return [
    printable(head),
    `    ${oneLine(statement ?? "(its text is not in this recording)")}`,
    ...(why === null ? [] : [`    ${now && decisionWords(now) ? "" : "then: "}${printable(why)}`]),
    ...(from === null ? [] : [`    (${from})`]),
  ];
}

/** Without the target's catalog some facts are missing; to a policy they look as if it did nothing of the kind. */
function byTextWords({ then, now }: Judgement): string {
  const missing =
    now?.verdict === "block" && then.verdict !== "block" ? " It may be blocked for that alone." : "";
  return `the recording has no facts of it, so it was judged by its text alone. Not known are ${UNKNOWN_FACTS}; context.complete is false.${missing}`;
}

/** `allow -> block`; the same twice is told once, if it asks the same people. */
function wayOf({ then, now }: Judgement): string {
  if (now && asksOthers(then, now)) return "approve -> approve by others";
  const after = now?.verdict ?? "not known";
  return after === then.verdict ? after : `${then.verdict} -> ${after}`;
}

function decisionWords(decision: Decision): string | null {
  const by = decision.policies.length === 0 ? "" : ` · by ${decision.policies.join(", ")}`;
  if (decision.verdict === "allow") return by === "" ? null : `allowed${by}`;
  const needs = decision.verdict === "approve" ? ` · ${approvalWords(decision)}` : "";
  return `${decision.reason.replace(/\s+/g, " ")}${by}${needs}`;
}

/** The end of a replay, for people. */
export function totalLines(totals: Totals): string[] {
  const { sessions, unread, statements, differences, unknown, byText, ambiguous } = totals;
  const ways = Object.entries(differences).map(([way, number]) => `${number} ${way}`);
  const found = differencesOf(totals);
  const notes: [number, string][] = [
    [
      byText,
      `judged by text alone, as the recording has no facts of them; not known are ${UNKNOWN_FACTS}, and context.complete is false`,
    ],
    [ambiguous, "had several recorded facts of their shape: the worst verdict counts"],
    [unknown, "could not be judged: their text is not in the recording"],
  ];
  return [
    `${plural(found, "difference")} in ${plural(statements, "statement")} of ${plural(sessions, "session")}${
      ways.length === 0 ? "" : `: ${ways.join(", ")}`
    }`,
    ...notes
      .filter(([number]) => number > 0)
      .map(([number, words]) => `${plural(number, "statement")} ${words}`),
    ...(unread > 0 ? [`${plural(unread, "recording")} could not be read`] : []),
  ];
}

function oneLine(text: string): string {
  const flat = text
    .slice(0, 4 * LINE)
    .replace(/\s+/g, " ")
    .trim();
  const cut = flat.length > LINE || text.length > 4 * LINE ? `${flat.slice(0, LINE - 1)}…` : flat;
  return printable(cut);
}

function plural(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? "" : "s"}`;
}
