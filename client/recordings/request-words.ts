import type { HeldQuestion } from "../../protocol/approval/approval.ts";
import { heldRequestText } from "../../protocol/approval/text.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import type { LineFacts } from "../../protocol/shell/facts.ts";
import type { ForwardRequest } from "../../protocol/ssh/request.ts";

/** `db.internal:5432`, or a socket's path; empty where a forward has neither. */
export function destination({ direction, host, port }: ForwardRequest): string {
  if (direction === "agent" || direction === "x11") return "";
  return host.startsWith("/") ? host : `${host || "*"}:${port}`;
}

/** What people were asked about. */
export function questionText(question: HeldQuestion): string {
  return question.kind === "statement" ? question.statement : heldRequestText(question.request);
}

/** What the parser proved of a command line: a line for each command, what is there only. */
export function lineFactsText({ commands, opaque, fingerprint }: LineFacts): string {
  const lines = commands.map(({ program, argv, via, runAs, host, ...facts }) => {
    const words = argv.map((word) => word ?? "*").join(" ");
    const parts = [
      `${[...via, program === "" ? "*" : program].join(" > ")}: ${words}`,
      ...(runAs === null ? [] : [`as ${runAs}`]),
      ...(host === null ? [] : [`on ${host}`]),
      ...(["reads", "writes", "assignments", "effects", "opaque"] as const).flatMap((name) =>
        facts[name].length === 0 ? [] : [`${name} ${facts[name].join(", ")}`],
      ),
    ];
    return parts.join(" · ");
  });
  const unknown = opaque.length === 0 ? [] : [`opaque: ${opaque.join(", ")}`];
  return [...lines, ...unknown, `(${fingerprint.slice(0, 32)})`].join("\n");
}

/** `held: reason` or `blocked: reason`. */
export function refusalText({ verdict, reason }: Exclude<Decision, { verdict: "allow" }>): string {
  return `${verdict === "approve" ? "held" : "blocked"}: ${reason}`;
}
