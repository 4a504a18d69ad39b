import { SallyportError } from "../../protocol/errors.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import { judgeExchange, judgeUnreadable } from "../../protocol/policy/exchange.ts";
import { judgeStatement, wantsPlan, worst } from "../../protocol/policy/judge.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import { judgeSsh } from "../../protocol/policy/ssh.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { classify } from "../../protocol/sql/classify.ts";
import { parseSql, SqlSyntaxError } from "../../protocol/sql/parser.ts";
import { caseCatalog, type DescribedCatalog } from "./case-catalog.ts";
import type { PolicyCase } from "./case-file.ts";

/** How a case did. */
export interface CaseResult {
  place: string;
  name: string;
  expected: Decision["verdict"];
  verdict: Decision["verdict"];
  policies: string[];
  reason: string | null;
  /** What is not as expected; null where all is. */
  failure: string | null;
}

/** Judges each case as the connector and the edge would. `loadParser` must have run. */
export function runCases(set: PolicySet, described: DescribedCatalog, cases: PolicyCase[]): CaseResult[] {
  const { catalog, names } = caseCatalog(described);
  return cases.map((one) => {
    const decision = decide(one);
    const { verdict, policies } = decision;
    const reason = decision.verdict === "allow" ? null : decision.reason;
    const { place, name, expect: expected } = one;
    return { place, name, expected, verdict, policies, reason, failure: failureOf(one, decision) };
  });

  function decide({ subject, target, request, ...one }: PolicyCase): Decision {
    if ("connect" in request) {
      return set.decide(subject, "connect", target, { listed: request.connect === "listed", mode: "framed" });
    }
    if ("unmask" in request) {
      return set.decide(subject, "unmask", target, { label: request.unmask, database: one.database });
    }
    if ("watch" in request) {
      return set.decide(subject, "watch", target, { of: request.watch, kind: target.kind });
    }
    if ("ssh" in request) {
      const { ssh } = request;
      const facts = ssh.type === "exec" ? lineFacts(ssh.command) : null;
      return judgeSsh(set, subject, target, ssh, facts, one);
    }
    if ("http" in request || "kubernetes" in request) {
      const exchange = "http" in request ? request.http : request.kubernetes;
      return exchange.response === null
        ? judgeExchange(set, subject, target, exchange.request, exchange.facts, one)
        : judgeUnreadable(set, subject, target, exchange.request, exchange.facts, exchange.response, one);
    }
    const { statements } = classify(parse(request.sql, one.place), names, catalog);
    return worst(
      statements.map(({ facts, explainable, pinViolations }) => {
        const [pinned] = pinViolations;
        if (pinned !== undefined) return { verdict: "block", policies: [], reason: pinned };
        const asked = explainable && wantsPlan(set, facts);
        const cheap = asked ? { rows: 1, cost: 1 } : null;
        return judgeStatement(set, subject, target, facts, {
          ...one,
          plan: one.plan === "none" ? null : one.plan === "cheap" ? cheap : one.plan,
        });
      }),
    );
  }
}

function parse(sql: string, place: string) {
  try {
    const statements = parseSql(sql);
    if (statements.length > 0) return statements;
    throw new SallyportError("invalid_config", `${place}: the SQL holds no statement`, "Write one.");
  } catch (error) {
    if (!(error instanceof SqlSyntaxError)) throw error;
    throw new SallyportError(
      "invalid_config",
      `${place}: the SQL is not PostgreSQL's: ${error.message} at character ${error.position}`,
      "Correct it: a server would refuse it, whatever the policies say.",
    );
  }
}

function failureOf({ expect, reason, policy, watched }: PolicyCase, decision: Decision): string | null {
  if (decision.verdict !== expect) return `it is ${decision.verdict}, not ${expect}`;
  if (policy !== null && !decision.policies.includes(policy)) {
    return `the policy ${policy} did not decide`;
  }
  const isWatched = decision.verdict !== "block" && decision.watched === true;
  if (watched !== null && watched !== isWatched) {
    return watched ? "nobody needs to watch it" : "somebody must watch it";
  }
  if (reason !== null && (decision.verdict === "allow" || !decision.reason.includes(reason))) {
    return `the reason doesn't hold "${reason}"`;
  }
  return null;
}
