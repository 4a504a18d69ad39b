import type { Decision } from "../../protocol/policy/decision.ts";
import { type Circumstances, judgeStatement, verdictKey, worst } from "../../protocol/policy/judge.ts";
import type { PolicySet, PolicyTarget, Subject } from "../../protocol/policy/policy-set.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";

const NOTHING: Decision = { verdict: "allow", policies: [], rows: null, bytes: null };

/** Verdicts that are kept for one statement's facts. */
const MAX_KEPT = 16;
/** Verdicts that are kept for a session's other statements, and characters of what they depend on. */
const MAX_ALIKE = 200;
const MAX_KEY = 2_000;

/**
 * Judges statements for one session and keeps what can't have changed: a verdict depends on the policy set, who asks,
 * which target, the facts, and the circumstances; of these only those count that a policy for the action looks at. So a new statement, too, may have been judged: as
 * another in which the policies see the same.
 */
export class Verdicts {
  readonly #subject: Subject;
  readonly #target: PolicyTarget;
  #set: PolicySet | undefined;
  #kept = new WeakMap<StatementFacts, Map<string, Decision>>();
  readonly #alike = new Map<string, Decision>();

  constructor(subject: Subject, target: PolicyTarget) {
    this.#subject = subject;
    this.#target = target;
  }

  /** The worst verdict over all statements; each with its own circumstances. */
  judge(
    set: PolicySet,
    all: readonly StatementFacts[],
    of: (facts: StatementFacts) => Circumstances,
  ): Decision {
    if (this.#set !== set) {
      this.#set = set;
      this.#kept = new WeakMap();
      this.#alike.clear();
    }
    // An empty query, which clients send to see whether the connection lives, does nothing that could be forbidden.
    if (all.length === 0) return NOTHING;
    return worst(all.map((facts) => this.#one(set, facts, of(facts))));
  }

  /** Verdicts that are kept for other statements. */
  get kept(): number {
    return this.#alike.size;
  }

  #one(set: PolicySet, facts: StatementFacts, circumstances: Circumstances): Decision {
    const key = keyOf(set, facts, circumstances);
    let kept = this.#kept.get(facts);
    const known = key === null ? undefined : kept?.get(key);
    if (known !== undefined) return known;
    const decision = this.#new(set, facts, circumstances);
    // Reasons of the others tell counts, which change within a band.
    if (key === null || decision.verdict !== "allow") return decision;
    if (kept === undefined || kept.size >= MAX_KEPT) {
      kept = new Map();
      this.#kept.set(facts, kept);
    }
    kept.set(key, decision);
    return decision;
  }

  #new(set: PolicySet, facts: StatementFacts, circumstances: Circumstances): Decision {
    const key = verdictKey(set, facts, circumstances);
    const known = key === null ? undefined : this.#alike.get(key);
    if (known !== undefined) return known;
    const decision = judgeStatement(set, this.#subject, this.#target, facts, circumstances);
    if (key === null || key.length > MAX_KEY || decision.verdict !== "allow") return decision;
    if (this.#alike.size >= MAX_ALIKE) this.#alike.delete(this.#alike.keys().next().value!);
    this.#alike.set(key, decision);
    return decision;
  }
}

/** Equal keys, equal verdicts; null where a policy does more with a count than compare it with a constant. */
function keyOf(set: PolicySet, { actions }: StatementFacts, circumstances: Circumstances): string | null {
  let key = `${circumstances.inTransaction} ${circumstances.database}`;
  for (const action of actions) {
    const band = set.band(action, circumstances);
    if (band === null) return null;
    key += `|${band}`;
  }
  return key;
}
