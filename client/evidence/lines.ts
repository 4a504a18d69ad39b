import { EVIDENCE_WORDS } from "../../protocol/evidence/findings.ts";
import type { Judged, LogReport, RecordingReport, Report } from "../../protocol/evidence/report.ts";
import type { SessionList } from "../../protocol/evidence/review.ts";
import { counted } from "../../protocol/evidence/words.ts";
import type { Verdict } from "../../protocol/recording/findings.ts";
import { printable, styled } from "../terminal.ts";

const VERDICTS = {
  verified: styled("green", "verified"),
  failed: styled("red", "NOT VERIFIED"),
  incomplete: styled("yellow", "incomplete"),
} as const satisfies Record<Verdict, string>;

const MARKS = { ok: styled("green", "✓"), failed: styled("red", "✗"), absent: styled("yellow", "-") };

const WIDTH = Math.max(...Object.values(EVIDENCE_WORDS).map((words) => words.length));
/** Sessions of one kind that are listed; `--json` has more. */
const MAX_LISTED = 20;

/** The report for people. `keys`: where the keys are from. Of several recordings those that verify have one line. */
export function reportLines(report: Report, keys: string): string[] {
  const { recordings, evidence, ledger, witness, history } = report;
  const isOnly = recordings.length === 1;
  const blocks = [
    ...recordings.map((one) => recordingLines(one, isOnly)),
    ...evidence.map((one) =>
      block(
        `evidence of ${one.session === null ? "no session" : `session ${one.session}`} (${one.name})`,
        one,
      ),
    ),
    ...(ledger ? [logLines("ledger", ledger)] : []),
    ...(witness ? [logLines("witness", witness)] : []),
    ...(history ? [block("all files together", history)] : []),
  ];
  const lines = [...blocks.flat(), `  keys: ${printable(keys)}`];
  return blocks.length > 1 ? [...lines, summary(report)] : lines;
}

function recordingLines(report: RecordingReport, isOnly: boolean): string[] {
  const { session, entries, firstWrong, verdict, name } = report;
  const wrong = firstWrong === null ? "" : `; first wrong entry: ${firstWrong}`;
  const file = isOnly ? "" : ` (${name})`;
  const title = `${session === null ? "no session" : `session ${session}`}, ${counted(entries, "entry", "entries")}${wrong}${file}`;
  return isOnly || verdict !== "verified" ? block(title, report) : [headline(title, verdict)];
}

function logLines(what: "ledger" | "witness", report: LogReport): string[] {
  const origin = report.origin === null ? "" : ` of ${report.origin}`;
  const { sessions } = report;
  return [
    ...block(`${what}${origin}, ${counted(report.size, "entry", "entries")}`, report),
    ...(sessions
      ? [
          ...listed("open", sessions.open),
          ...listed("overdue", sessions.overdue),
          ...listed("edge and connector differ", sessions.differing),
          ...listed("not given", sessions.missing),
        ]
      : []),
  ];
}

function listed(what: string, list: SessionList | null): string[] {
  if (list === null || list.count === 0) return [];
  const shown = list.sessions.slice(0, MAX_LISTED);
  const more = list.count > shown.length ? [`    … and ${list.count - shown.length} more`] : [];
  return [`  ${what}:`, ...shown.map((session) => `    ${printable(session)}`), ...more];
}

function block(title: string, { verdict, checks, notes }: Judged): string[] {
  return [
    headline(title, verdict),
    ...checks.map(
      ({ name, state, sentence }) =>
        `  ${MARKS[state]} ${EVIDENCE_WORDS[name].padEnd(WIDTH)}  ${printable(sentence)}`,
    ),
    ...notes.map((note) => `  note: ${printable(note)}`),
  ];
}

function headline(title: string, verdict: Verdict): string {
  return `${VERDICTS[verdict]}: ${printable(title)}`;
}

function summary({ verdict, recordings, evidence, ledger, witness }: Report): string {
  const parts = [
    ...(recordings.length > 0 ? [counted(recordings.length, "recording")] : []),
    ...(evidence.length > 0 ? [counted(evidence.length, "evidence file")] : []),
    ...(ledger ? ["the ledger"] : []),
    ...(witness ? ["the witness"] : []),
  ];
  const failed = recordings.filter((one) => one.verdict !== "verified").length;
  return `${headline(parts.join(", "), verdict)}${failed > 0 && recordings.length > 1 ? `; not verified: ${counted(failed, "recording")}` : ""}`;
}
