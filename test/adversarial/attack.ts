/** One thing that an agent does, by itself or with another's help. */
export type Step =
  /** A simple query in the agent's session. */
  | string
  /** Messages of the protocol in the agent's session, with no Sync at their end. */
  | { send: Uint8Array[] }
  /** A simple query in a session of somebody who may see every label; `{email}` stands for the first customer's. */
  | { unmasked: string };

/**
 * How labelled values might be got. Steps run in a transaction that is rolled back; with `undo`, statements that the
 * administrator runs afterwards, they run without one.
 */
export type Attack = string | readonly Step[] | Script;

export interface Script {
  steps: readonly Step[];
  undo: string;
  /** Parameters of a session of its own. */
  startup?: Record<string, string>;
}

/** Attacks of one class. */
export type Attacks = readonly Attack[];

export function stepsOf(attack: Attack): readonly Step[] {
  if (typeof attack === "string") return [attack];
  return "steps" in attack ? attack.steps : attack;
}

export function undoOf(attack: Attack): string | null {
  return typeof attack === "object" && "undo" in attack ? attack.undo : null;
}

export function startupOf(attack: Attack): Record<string, string> | null {
  return typeof attack === "object" && "startup" in attack ? (attack.startup ?? null) : null;
}

/** Enough of it to know it by. */
export function titleOf(attack: Attack): string {
  return stepsOf(attack)
    .map((step) => {
      if (typeof step === "string") return step;
      return "unmasked" in step ? `[unmasked] ${step.unmasked}` : "[messages]";
    })
    .join(" ;; ");
}
