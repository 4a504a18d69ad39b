import type { EntityJson, PolicyJson, TypeAndId } from "@cedar-policy/cedar-wasm";
import type { Cedar } from "./cedar.ts";

/** One question to Cedar. */
export interface Question {
  principal: TypeAndId;
  action: TypeAndId;
  resource: TypeAndId;
  context: Record<string, unknown>;
  entities: EntityJson[];
}

export interface Answer {
  allowed: boolean;
  /** Ids of the policies that decided. */
  policies: string[];
  /** Policies that could not be evaluated, and why. */
  errors: { policy: string; message: string }[];
}

/** Parsed policies that an instance of Cedar holds at most; the one not asked for longest is parsed again when it is. */
export const SLOTS = 64;

/** Pools of one process; Cedar's cache is the instance's, and two pools on it must not meet. */
let pools = 0;
const POOLS = new WeakMap<Cedar, SlotPool>();

/**
 * Cedar's cache of parsed policies is a map by name that never forgets: names of our own for each set would fill
 * memory with every change of policies. So a fixed number of names is used again and again, and what each holds at
 * the moment is known here.
 */
class SlotPool {
  readonly #prefix = `sallyport-${++pools}-`;
  /** What each slot holds, the longest unused first. */
  readonly #slots = new Map<PolicyGroup, string>();

  /** The name under which Cedar holds this group now. */
  nameOf(cedar: Cedar, group: PolicyGroup): string {
    const held = this.#slots.get(group);
    if (held !== undefined) {
      this.#slots.delete(group);
      this.#slots.set(group, held);
      return held;
    }
    const name = this.#freeName();
    const parsed = cedar.preparsePolicySet(name, { staticPolicies: group.policies });
    if (parsed.type === "failure") throw new Error(parsed.errors[0]?.message ?? "the policies don't parse");
    this.#slots.set(group, name);
    return name;
  }

  #freeName(): string {
    if (this.#slots.size < SLOTS) {
      const used = new Set(this.#slots.values());
      for (let i = 0; ; i++) if (!used.has(`${this.#prefix}${i}`)) return `${this.#prefix}${i}`;
    }
    const [[group, name] = []] = this.#slots;
    // Forgotten before Cedar is called: if that fails, the slot keeps the old policies, and nobody may think otherwise.
    this.#slots.delete(group!);
    return name!;
  }
}

/** Policies that are asked together. */
export class PolicyGroup {
  readonly #cedar: Cedar;
  readonly policies: Record<string, PolicyJson | string>;

  /** `policies`: each by its id. They must have been validated. */
  constructor(cedar: Cedar, policies: Record<string, PolicyJson | string>) {
    this.#cedar = cedar;
    this.policies = policies;
  }

  /** Throws what Cedar throws, and where it refuses the question itself: whoever asks takes that for a refusal. */
  ask(question: Question): Answer {
    const pool = POOLS.get(this.#cedar) ?? new SlotPool();
    POOLS.set(this.#cedar, pool);
    const answer = this.#cedar.statefulIsAuthorized({
      ...question,
      context: question.context as Record<string, never>,
      preparsedPolicySetId: pool.nameOf(this.#cedar, this),
    });
    if (answer.type === "failure") throw new Error(answer.errors[0]?.message ?? "the question was refused");
    const { decision, diagnostics } = answer.response;
    return {
      allowed: decision === "allow",
      policies: diagnostics.reason,
      errors: diagnostics.errors.map(({ policyId, error }) => ({ policy: policyId, message: error.message })),
    };
  }
}
