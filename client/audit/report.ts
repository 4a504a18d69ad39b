import { counted } from "../../protocol/evidence/words.ts";
import { CONTROLS, type Finding } from "./controls.ts";
import { type ControlResult, MAX_FINDINGS } from "./results.ts";

/** What an audit was of, for the head of its report. */
export interface AuditScope {
  /** When it was done, ms since 1970. */
  at: number;
  /** Where recordings and policies are from: the edge's address, or files. */
  from: string;
  /** Of what was asked when, ms since 1970; infinite where that was not said. */
  since: number;
  until: number;
  target: string | null;
  principal: string | null;
  sessions: number;
  /** The version of the policies that were given in place of those in force; null where none were. */
  insteadOf: string | null;
}

export type AuditVerdict = "conforms" | "deviates" | "incomplete";

/** `incomplete`: nothing deviates, but not every control could be tested whole. */
export function verdictOf(results: readonly ControlResult[]): AuditVerdict {
  if (results.some(({ state }) => state === "deviations")) return "deviates";
  return results.every(({ state }) => state === "met") ? "conforms" : "incomplete";
}

/** For programs: one object. */
export function reportJson(scope: AuditScope, results: readonly ControlResult[]): object {
  const { at, since, until, ...rest } = scope;
  return {
    format: "sallyport audit 1",
    verdict: verdictOf(results),
    at: isoText(at),
    since: isoText(since),
    until: isoText(until),
    ...rest,
    controls: results.map(({ control, ...result }) => {
      const { title, criteria, tests } = CONTROLS[control];
      return { control, title, criteria, tests, ...result };
    }),
  };
}

const STATES = {
  met: "no exceptions",
  deviations: "**EXCEPTIONS**",
  untested: "not fully tested",
} as const satisfies Record<ControlResult["state"], string>;

const VERDICTS = {
  conforms: "Every control was tested, without an exception.",
  deviates: "There are exceptions.",
  incomplete: "There is no exception; not every control could be tested whole.",
} as const satisfies Record<AuditVerdict, string>;

/** For people: a Markdown document. All that was recorded stands in code spans, so that none of it is markup. */
export function reportMarkdown(scope: AuditScope, results: readonly ControlResult[]): string {
  return `${[...head(scope, results), ...overview(results), ...results.flatMap(section), ...meaning()].join("\n")}\n`;
}

function head(scope: AuditScope, results: readonly ControlResult[]): string[] {
  const { at, from, since, until, target, principal, sessions, insteadOf } = scope;
  const filters = [
    ...(target === null ? [] : [`target ${code(target)}`]),
    ...(principal === null ? [] : [`principal ${code(principal)}`]),
  ];
  return [
    "# Access audit",
    "",
    `**${VERDICTS[verdictOf(results)]}**`,
    "",
    `- Done: ${isoText(at)}`,
    `- Period: ${isoText(since) ?? "the beginning"} to ${isoText(until) ?? "the time of the audit"}`,
    `- Sessions: ${sessions}${filters.length === 0 ? "" : ` (${filters.join(", ")})`}, from ${code(from)}`,
    `- Judged by: ${insteadOf === null ? "the policies in force at each moment" : `the policies ${code(insteadOf)} in place of those in force`}`,
    "",
  ];
}

function overview(results: readonly ControlResult[]): string[] {
  return [
    "| control | criteria | tested | exceptions | not tested | result |",
    "|---|---|---:|---:|---:|---|",
    ...results.map(({ control, state, items, deviations, untested }) => {
      const { title, criteria } = CONTROLS[control];
      return `| ${title} | ${criteria.join(", ")} | ${items} | ${deviations} | ${untested} | ${STATES[state]} |`;
    }),
    "",
  ];
}

function section({
  control,
  state,
  items,
  findings,
  deviations,
  untested,
  sessions,
}: ControlResult): string[] {
  const { title, criteria, tests, items: words } = CONTROLS[control];
  const [one, several] = words;
  const left = deviations + untested - findings.length;
  return [
    `## ${title}`,
    "",
    `Criteria: ${criteria.join(", ")}. ${tests}`,
    "",
    `Result: ${STATES[state]}. Population: ${counted(items, one, several)} in ${counted(sessions.length, "session")}.`,
    "",
    ...(findings.length === 0
      ? []
      : ["| | session | entry | |", "|---|---|---:|---|", ...findings.map(findingLine), ""]),
    ...(left > 0
      ? [`${left} more ${left === 1 ? "is" : "are"} counted; ${MAX_FINDINGS} are listed.`, ""]
      : []),
    ...(sessions.length === 0
      ? []
      : [
          "<details><summary>Sessions tested</summary>",
          "",
          sessions.map(code).join(" "),
          "",
          "</details>",
          "",
        ]),
  ];
}

function findingLine({ kind, session, entry, sentence }: Finding): string {
  const mark = kind === "deviation" ? "exception" : "not tested";
  return `| ${mark} | ${code(session)} | ${entry ?? ""} | ${code(sentence)} |`;
}

function meaning(): string[] {
  return [
    "## What this says, and what not",
    "",
    "Each result can be had again from the recordings named here, the public keys and the policy texts. Recordings tell what",
    "passed the gate: access by any other way is not in them. That no recording is missing is for the ledger and its witness",
    "to prove (`sallyport verify --ledger --witness`). Whether the controls meet the criteria is for the auditor to say.",
  ];
}

/** A code span that nothing in it can end, in one cell of a table. */
function code(text: string): string {
  const flat = text
    .replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, " ")
    .replaceAll("|", "¦")
    .slice(0, 500);
  const longest = Math.max(0, ...(flat.match(/`+/g) ?? []).map(({ length }) => length));
  const fence = "`".repeat(longest + 1);
  return longest === 0 ? `${fence}${flat}${fence}` : `${fence} ${flat} ${fence}`;
}

/** A time, ms since 1970, as ISO 8601 in UTC; null for one that is infinite. */
function isoText(time: number): string | null {
  return Number.isFinite(time) ? new Date(time).toISOString() : null;
}
