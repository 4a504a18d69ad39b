import { createHash } from "node:crypto";
import { ACTIONS, NEVER_HELD } from "./actions.ts";
import { SCOPES } from "./annotations.ts";
import type { Counts } from "./bands.ts";
import type { Cedar } from "./cedar.ts";
import { policyError, readValidPolicies } from "./check.ts";
import { CompiledAction, type PolicyTarget, type Subject } from "./compiled-action.ts";
import type { Allow, Approve, Block, Decision } from "./decision.ts";
import type { Policy } from "./policy.ts";
import { bounded, particulars } from "./reason.ts";

export type { Cedar } from "./cedar.ts";
export { checkPolicies, policyError } from "./check.ts";
export type { PolicyTarget, Subject } from "./compiled-action.ts";
export type { PolicyProblem } from "./policy-text.ts";

/** A valid policy text, ready to decide. Its policies never change; any number of sets may live at once. */
export class PolicySet {
  readonly text: string;
  /** SHA-256 of the text as UTF-8, lower-case hex. */
  readonly version: string;
  readonly #cedar: Cedar;
  readonly #policies: Map<string, Policy>;
  readonly #actions = new Map<string, CompiledAction>();

  private constructor(cedar: Cedar, text: string, policies: Policy[]) {
    this.#cedar = cedar;
    this.text = text;
    this.version = createHash("sha256").update(text).digest("hex");
    this.#policies = new Map(policies.map((policy) => [policy.id, policy]));
  }

  /** Throws `invalid_config` with every problem of the text, each with line and column. */
  static load(cedar: Cedar, text: string): PolicySet {
    const { policies, problems } = readValidPolicies(cedar, text);
    if (problems.length > 0) throw policyError(problems);
    return new PolicySet(cedar, text, policies);
  }

  /** The ids of its policies, in the order of the text, with the line where each begins. */
  get policies(): { id: string; line: number; effect: "permit" | "forbid" }[] {
    return [...this.#policies.values()].map(({ id, source, effect }) => ({ id, line: source.line, effect }));
  }

  /**
   * The verdict of one request. `context` is without `approved`, and as the schema has it: numbers are safe
   * integers. Never throws: whatever can't be evaluated is blocked.
   */
  decide(subject: Subject, action: string, target: PolicyTarget, context: Record<string, unknown>): Decision {
    if (!ACTIONS.has(action)) return block([], `There is no action ${action}: it can't be permitted.`);
    try {
      return this.#decide(this.#compiled(action), { subject, action, target, context });
    } catch (error) {
      // Its words may be about anything that the context holds; they are bounded and told, for whoever must repair it.
      const why = error instanceof Error ? error.message : String(error);
      return block([], `The policies could not be evaluated: ${bounded(why, 300)}`);
    }
  }

  /**
   * Which costly or changing parts of the context any policy for this action looks at: where false, they may be
   * left out, and a decision may be kept without regard to them.
   */
  uses(action: string): { plan: boolean; usage: boolean } {
    const looksAt = (name: string) => this.looksAt(action, name);
    return { plan: looksAt("plan"), usage: looksAt("session") || looksAt("principalUsage") };
  }

  /** Whether any policy for this action may look at this attribute of the context. */
  looksAt(action: string, attribute: string): boolean {
    const { mentions } = this.#compiled(action);
    return mentions.whole || mentions.attributes.has(attribute);
  }

  /**
   * A key for caches of decisions: two requests for this action that differ in nothing but these counts, and whose
   * keys are equal, get the same verdict from the same policies. It holds between which of the policies' constants
   * each count lies. Null where a policy does more with a count than compare it with a constant. Reasons name
   * counts: keep decisions that allow only.
   */
  band(action: string, counts: Counts): string | null {
    return this.#compiled(action).bands.of(counts);
  }

  /**
   * As `band`, for requests that differ in anything but subject and target: it holds all of the context that a policy
   * for this action looks at.
   */
  key(action: string, context: Record<string, unknown>, counts: Counts): string | null {
    return this.#compiled(action).key(context, counts);
  }

  #compiled(action: string): CompiledAction {
    let compiled = this.#actions.get(action);
    if (compiled === undefined) {
      const policies = [...this.#policies.values()].filter((policy) => policy.appliesTo(action));
      compiled = new CompiledAction(this.#cedar, policies);
      // Names of others than the schema's actions come from outside; they have no place in a map that only grows.
      if (ACTIONS.has(action)) this.#actions.set(action, compiled);
    }
    return compiled;
  }

  #decide(compiled: CompiledAction, request: Request): Decision {
    const { context } = request;
    const asksTwice = !NEVER_HELD.has(request.action);
    const first = compiled.ask(request, asksTwice ? { ...context, approved: false } : context);
    if (first.errors.length > 0) return failed(first.errors);
    if (first.allowed) return { verdict: "allow", policies: first.policies, ...this.#limits(first.policies) };
    const asked = this.#named(first.policies);
    if (!asksTwice || !compiled.mentions.attributes.has("approved")) return this.#blocked(asked, request);
    const second = compiled.ask(request, { ...context, approved: true });
    if (second.errors.length > 0) return failed(second.errors);
    if (!second.allowed) return this.#blocked(this.#named(second.policies), request, asked);
    const held = [...asked, ...this.#added(compiled, request, first.policies, second.policies)];
    return this.#held(held, request, second.policies);
  }

  /** Permits that approval adds, where nothing permits without it. */
  #added(compiled: CompiledAction, request: Request, before: string[], after: string[]): Policy[] {
    const permits = this.#named(after).filter(({ mentions }) => mentions.attributes.has("approved"));
    // Without a forbid nothing was permitted before; with one, Cedar told the forbids only.
    if (before.length === 0 || permits.length === 0) return permits;
    return compiled.askPermits(request, { ...request.context, approved: false }).allowed ? [] : permits;
  }

  #held(policies: Policy[], request: Request, permits: string[]): Decision {
    const approvals = new Map<string, Approve["approvals"][number]>();
    for (const { annotations } of policies) {
      const { approvers, quorum } = annotations;
      // check.ts demands them of every policy that looks at context.approved, and only such are here.
      if (approvers.length === 0) return block(ids(policies), "Nobody is named who could approve this.");
      approvals.set(JSON.stringify([approvers, quorum]), { approvers, quorum });
    }
    const notes = policies.map(({ annotations }) => annotations);
    const reasons = notes.map(({ reason }) => reason).filter((reason) => reason !== null);
    const own = `${request.action} on ${request.target.name} needs an approval of ${[...new Set(notes.flatMap(({ approvers }) => approvers))].join(", ")}.`;
    return {
      verdict: "approve",
      policies: ids(policies),
      reason: reasonOf(reasons.length > 0 ? reasons : [own], policies, request),
      approvals: [...approvals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, approval]) => approval),
      expiresMs: Math.min(...notes.map(({ expiresMs }) => expiresMs)),
      scope: SCOPES.find((scope) => notes.some((note) => note.scope === scope)) ?? "once",
      lastsMs: Math.min(...notes.map(({ lastsMs }) => lastsMs)),
      ...this.#limits(permits),
    };
  }

  /** `forbids` decided; without any, nothing is permitted. `asked`: forbids that an approval would have lifted. */
  #blocked(forbids: Policy[], request: Request, asked: Policy[] = []): Block {
    const reasons = forbids.map(({ annotations }) => annotations.reason).filter((reason) => reason !== null);
    if (reasons.length > 0) return block(ids(forbids), reasonOf(reasons, forbids, request));
    const { action, target } = request;
    if (forbids.length > 0) {
      const words = `A policy forbids ${action} on ${target.name}: ${ids(forbids).join(", ")}.`;
      return block(ids(forbids), reasonOf([words], forbids, request));
    }
    const words = [`No policy permits ${action} on ${target.name} for ${request.subject.principal}.`];
    const found = particulars(null, request.context);
    if (found !== "") words.push(found);
    words.push(
      "Whoever administers the policies can permit it; sallyport policy explain shows what they look at.",
    );
    return block(ids(asked), bounded(words.join(" ")));
  }

  #limits(permits: string[]): Pick<Allow, "rows" | "bytes" | "watched"> {
    const notes = this.#named(permits).map(({ annotations }) => annotations);
    return {
      rows: least(notes.map(({ rows }) => rows)),
      bytes: least(notes.map(({ bytes }) => bytes)),
      ...(notes.some(({ watched }) => watched) && { watched: true }),
    };
  }

  #named(policies: string[]): Policy[] {
    return policies.map((id) => this.#policies.get(id)).filter((policy) => policy !== undefined);
  }
}

/** One request, as `decide` has it. */
interface Request {
  subject: Subject;
  action: string;
  target: PolicyTarget;
  context: Record<string, unknown>;
}

function ids(policies: Policy[]): string[] {
  return [...new Set(policies.map(({ id }) => id))].sort();
}

function reasonOf(reasons: string[], policies: Policy[], request: Request): string {
  const mentioned = new Set(policies.flatMap(({ mentions }) => [...mentions.attributes]));
  const found = particulars(mentioned, request.context);
  const words = [...new Set(reasons)].join(" ");
  return bounded(found === "" ? words : `${bounded(words, 700)} ${found}`);
}

function block(policies: string[], reason: string): Block {
  return { verdict: "block", policies, reason: bounded(reason) };
}

/** A policy that can't be evaluated might have forbidden: Cedar skips it, this doesn't. */
function failed(errors: { policy: string; message: string }[]): Block {
  const named = [...new Set(errors.map(({ policy }) => policy))].sort();
  return block(
    named,
    `The policy ${named.slice(0, 5).join(", ")} can't be evaluated: ${bounded(errors[0]!.message, 300)}`,
  );
}

/** The least of those that are set. */
export function least(limits: (number | null)[]): number | null {
  const set = limits.filter((limit) => limit !== null);
  return set.length === 0 ? null : Math.min(...set);
}
