import type { Cedar } from "./cedar.ts";

/**
 * Cedar that outlives its own failures. What is thrown through WebAssembly leaves the instance's memory and stack as
 * they were in the middle of a call: after a trap every later call would throw, and after a stack overflow some. So
 * whatever throws costs the instance: that one call fails, which whoever asked takes for a refusal, and the next call
 * has a fresh instance. To that the policy sets that were parsed before are given again, each when it is asked.
 */
export class RecoveringCedar implements Cedar {
  readonly #make: () => Cedar;
  #cedar: Cedar | null = null;
  /** By name, what callers have parsed; as many as the names they use. */
  readonly #sets = new Map<string, Parameters<Cedar["preparsePolicySet"]>[1]>();
  /** Names that the instance of now holds. */
  readonly #held = new Set<string>();

  /** `make` makes an instance that shares nothing with those before. Where it throws, so does the call. */
  constructor(make: () => Cedar) {
    this.#make = make;
  }

  policySetTextToParts(...args: Parameters<Cedar["policySetTextToParts"]>) {
    return this.#call((cedar) => cedar.policySetTextToParts(...args));
  }

  policyToJson(...args: Parameters<Cedar["policyToJson"]>) {
    return this.#call((cedar) => cedar.policyToJson(...args));
  }

  validate(...args: Parameters<Cedar["validate"]>) {
    return this.#call((cedar) => cedar.validate(...args));
  }

  preparsePolicySet(...[name, policies]: Parameters<Cedar["preparsePolicySet"]>) {
    this.#sets.delete(name);
    const answer = this.#call((cedar) => cedar.preparsePolicySet(name, policies));
    if (answer.type === "success") {
      this.#sets.set(name, policies);
      this.#held.add(name);
    }
    return answer;
  }

  statefulIsAuthorized(...args: Parameters<Cedar["statefulIsAuthorized"]>) {
    const name = args[0].preparsedPolicySetId;
    const policies = this.#held.has(name) ? undefined : this.#sets.get(name);
    if (policies !== undefined) this.preparsePolicySet(name, policies);
    return this.#call((cedar) => cedar.statefulIsAuthorized(...args));
  }

  #call<T>(ask: (cedar: Cedar) => T): T {
    this.#cedar ??= this.#make();
    try {
      return ask(this.#cedar);
    } catch (error) {
      this.#cedar = null;
      this.#held.clear();
      const why = error instanceof Error ? error.message : String(error);
      throw new Error(`the policy engine failed and was begun anew: ${why}`, { cause: error });
    }
  }
}
