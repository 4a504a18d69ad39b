import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { MAX_APPROVAL_TEXT, type StatementQuestion } from "../../../protocol/approval/approval.ts";
import { agreed, isNotMuchMore } from "../../../protocol/approval/cover.ts";
import { statementDigest } from "../../../protocol/approval/digest.ts";
import type { PlanEstimate, SessionFacts } from "../../../protocol/control.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Approve } from "../../../protocol/policy/decision.ts";
import type { Bind } from "../../../protocol/postgres/frontend.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { checkAskable } from "../../guard/askable.ts";
import { Refusal } from "./refusal.ts";

/** A message that would run something, and all that it says. */
export interface HeldMessage {
  message: "query" | "bind" | "execute";
  /** The whole text, of the message or of what it binds. */
  sql: string;
  /** The statements of that text. */
  own: readonly ClassifiedStatement[];
  /** With those that they run in turn: prepared ones, cursors. */
  all: readonly ClassifiedStatement[];
  parameterTypes: readonly number[];
  /** Null where they are not all there any more, or yet. */
  values: Pick<Bind, "parameterFormats" | "parameters"> | null;
  /** It is known which statement a name stands for. */
  certain: boolean;
  /** As whom it would run, after SET ROLE and the like; null where it names nothing. */
  currentUser: string | null;
  plan: PlanEstimate | null;
}

/** What people are asked, and what must still be so when they have answered. */
export interface Asked {
  question: StatementQuestion;
  /** Everything that the parser and the catalog said of it then. */
  meaning: string;
}

/**
 * The question about a message. Throws `Refusal` for one that can't be shown whole: nobody shall approve what they did
 * not see.
 */
export function askAbout(facts: SessionFacts, database: string, held: HeldMessage, decision: Approve): Asked {
  const { policies, reason, approvals, expiresMs, lastsMs, scope } = decision;
  const { values } = held;
  if (!held.certain) throw cantBeHeld("its name may mean several statements", "Use another name.");
  if (values === null) throw tooLong("its parameters have too many bytes to be kept");
  const runs = textsBeside(held);
  const question: StatementQuestion = {
    policies,
    reason,
    approvals,
    expiresMs,
    lastsMs,
    scope,
    kind: "statement",
    database,
    actions: [...new Set(held.all.flatMap((one) => one.facts.actions))].sort(),
    statement: runs.length === 0 ? held.sql : `${held.sql}\n\n${RUNS}\n${runs.join(";\n")}`,
    parameters: shown(values),
    sha256: statementDigest({
      principal: facts.principal,
      onBehalfOf: facts.onBehalfOf,
      session: facts.session,
      target: facts.target,
      database,
      message: held.message,
      sql: held.sql,
      runs,
      parameterTypes: held.parameterTypes,
      parameterFormats: values.parameterFormats,
      parameters: values.parameters,
    }),
    fingerprint: held.all.map((one) => shapeOf(one, held.currentUser)).join(" "),
    plan: held.plan,
  };
  checkSize(question);
  return { question, meaning: JSON.stringify([held.currentUser, ...held.all.map((one) => one.facts)]) };
}

/**
 * Whether what was approved is what would run now: the same bytes, of the same meaning, held by no other rules, and
 * not much more of it than people were shown.
 */
export function isStill(approved: Asked, now: Asked): boolean {
  const [was, is] = [approved.question, now.question];
  return (
    was.sha256 === is.sha256 &&
    was.fingerprint === is.fingerprint &&
    approved.meaning === now.meaning &&
    (was.scope === "once" || is.scope !== "once") &&
    agreed(was, is) &&
    isNotMuchMore(was.plan, is.plan)
  );
}

/**
 * The statement's fingerprint with what its names mean, and as whom it runs: after `SET search_path` or `SET ROLE`, or
 * once a temporary table hides another, the same text is about something that nobody has seen. 32 hex digits.
 */
function shapeOf({ facts }: ClassifiedStatement, currentUser: string | null): string {
  // A LIMIT is a constant; what it lets happen is compared by the plan.
  const json = JSON.stringify([currentUser, { ...facts, limit: null }]);
  return createHash("sha256").update(json).digest("hex").slice(0, 32);
}

/** A text such as EXECUTE p says nothing to who must decide; what p is does. */
const RUNS = "/* It runs what was prepared, declared or bound before: */";

function textsBeside({ own, all }: HeldMessage): string[] {
  const mine = new Set(own.map(({ text }) => text));
  return [...new Set(all.map(({ text }) => text))].filter((text) => !mine.has(text));
}

/** Values as people read them: text as it is, `\x…` for binary ones, null for NULL. */
function shown({
  parameterFormats,
  parameters,
}: Pick<Bind, "parameterFormats" | "parameters">): (string | null)[] {
  const formats = parameterFormats;
  if (formats.length > 1 && formats.length !== parameters.length) {
    throw Refusal.of(
      "08P01",
      `bind message has ${formats.length} parameter formats but ${parameters.length} parameters`,
    );
  }
  let bytes = 0;
  for (const value of parameters) bytes += value?.length ?? 0;
  if (bytes > MAX_APPROVAL_TEXT) throw tooLong(`its parameters have ${bytes} bytes`);
  return parameters.map((value, index) => {
    if (value === null) return null;
    const format = formats[formats.length === 1 ? 0 : index] ?? 0;
    const text = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    if (format !== 0) return `\\x${text.toString("hex")}`;
    if (!isUtf8(text)) throw Refusal.of("22021", 'invalid byte sequence for encoding "UTF8"');
    return text.toString("utf8");
  });
}

function checkSize(question: StatementQuestion): void {
  let bytes = Buffer.byteLength(question.statement);
  for (const value of question.parameters) bytes += value === null ? 0 : Buffer.byteLength(value);
  if (bytes > MAX_APPROVAL_TEXT) {
    throw tooLong(`with its parameters, as people are shown them, it has ${bytes} bytes`);
  }
  try {
    checkAskable(question);
  } catch (error) {
    if (!(error instanceof SallyportError)) throw error;
    throw error.code === "limit_exceeded" ? tooLong(error.message) : cantBeHeld(error.message);
  }
}

function tooLong(what: string): Refusal {
  return Refusal.of(
    "54000",
    `needs an approval, but can't be held: ${what}; people can be shown ${MAX_APPROVAL_TEXT}`,
    "Split it, or write long values by a statement that needs no approval.",
  );
}

/** Of what needs an approval that can't be asked for. */
export function cantBeHeld(why: string, hint?: string): Refusal {
  return Refusal.of("42501", `needs an approval, but can't be held: ${why}`, hint);
}
