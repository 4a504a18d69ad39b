import { ERRORS, SallyportError } from "../../../protocol/errors.ts";
import type { Decision } from "../../../protocol/policy/decision.ts";
import { errorFields } from "../../../protocol/postgres/backend.ts";
import { BACKEND } from "../../../protocol/postgres/message-types.ts";
import { message } from "../../../protocol/postgres/wire.ts";
import type { Absent, ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { SqlSyntaxError } from "../../../protocol/sql/parser.ts";

const SEVERITY: [string, string][] = [
  ["S", "ERROR"],
  ["V", "ERROR"],
];
/** Bytes that the fields of a passed on error may have. */
const MAX_BODY = 64 * 1024;

const ABSENCE_HINTS: Record<Absent["sqlstate"], string> = {
  "3F000": "Check the schema's name.",
  "42P01": "Check the name, its schema and the search_path.",
  "42703": "Check the column's name and the table that it is taken from.",
  "42704": "Check the name, its schema and the search_path.",
  "42883": "Check the function's name, its schema and the search_path.",
};

/** Why a message did not reach the target, as the agent is told: a whole ErrorResponse. */
export class Refusal extends Error {
  readonly bytes: Buffer;

  private constructor(bytes: Buffer) {
    super("the message was refused");
    this.bytes = bytes;
  }

  /** The verdict of policies. */
  static byPolicy(decision: Exclude<Decision, { verdict: "allow" }>): Refusal {
    const { verdict, reason, policies } = decision;
    const which = policies.length === 0 ? "No policy permits it" : `Decided by ${policies.join(", ")}`;
    const hint = `${which}; \`sallyport policy explain\` tells what was found in the statement.`;
    if (verdict === "block") return Refusal.of("42501", `blocked by policy: ${reason}`, hint);
    return Refusal.of("42501", `needs an approval, which can't be asked for here: ${reason}`, hint);
  }

  static byError(error: unknown): Refusal {
    if (error instanceof Refusal) return error;
    if (error instanceof SqlSyntaxError) {
      const position: [string, string][] = error.position > 0 ? [["P", String(error.position)]] : [];
      return new Refusal(
        errorFields("ErrorResponse", [...SEVERITY, ["C", "42601"], ["M", error.message], ...position]),
      );
    }
    const known =
      error instanceof SallyportError ? error : new SallyportError("internal", "the guard failed");
    return Refusal.of(ERRORS[known.code].sqlstate, known.message, known.hint);
  }

  /** For what does not exist in the target: the error that PostgreSQL would give, and who gives it. */
  static byAbsence({ sqlstate, message }: Absent): Refusal {
    return new Refusal(
      errorFields("ErrorResponse", [
        ...SEVERITY,
        ["C", sqlstate],
        ["M", message],
        ["D", "Sallyport looked it up in the target's catalog and did not send the statement."],
        ["H", ABSENCE_HINTS[sqlstate]],
      ]),
    );
  }

  static of(sqlstate: string, message: string, hint?: string): Refusal {
    const hints: [string, string][] = hint === undefined ? [] : [["H", hint]];
    return new Refusal(
      errorFields("ErrorResponse", [...SEVERITY, ["C", sqlstate], ["M", message], ...hints]),
    );
  }

  /** The target's own words about the connector's own question: the agent's statement would have met the same. */
  static byTarget(body: Uint8Array): Refusal {
    if (body.length === 0 || body.length > MAX_BODY) {
      return Refusal.of("XX000", "the target refused to plan the statement");
    }
    return new Refusal(message(BACKEND.ErrorResponse, body));
  }
}

/**
 * PostgreSQL's own error for the first thing that does not exist, where statements that are not allowed are unclear for
 * no other reason; undefined where that isn't so. An ordinary client reads such an error: it is what a typing mistake
 * gives. Whether something exists is no secret: PostgreSQL itself tells it to a role without rights.
 */
export function refusalOfAbsent(
  statements: readonly Pick<ClassifiedStatement, "facts" | "absent">[],
): Refusal | undefined {
  const unclear = statements.filter(({ facts }) => facts.opaque.length > 0);
  const [first] = unclear[0]?.absent ?? [];
  if (first === undefined || unclear.some(({ absent }) => absent === undefined)) return undefined;
  return Refusal.byAbsence(first);
}
