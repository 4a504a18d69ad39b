import type { EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm";
import { ACTIONS } from "./actions.ts";
import { Bands, type Counts } from "./bands.ts";
import type { Cedar } from "./cedar.ts";
import { type Answer, PolicyGroup } from "./evaluator.ts";
import { COUNTED, type Mentions } from "./expression.ts";
import type { Policy } from "./policy.ts";

/** Who asks. */
export interface Subject {
  principal: string;
  onBehalfOf?: string;
  groups: string[];
}

/** What is asked for. */
export interface PolicyTarget {
  name: string;
  kind: string;
  connector: string;
}

export interface ActionRequest {
  subject: Subject;
  action: string;
  target: PolicyTarget;
}

/**
 * The policies of a set that may apply to one action. Cedar's time goes into taking over values, far more than into
 * evaluating (6 us for each string of a set): so it is given only what these policies look at.
 */
export class CompiledAction {
  readonly mentions: Mentions;
  readonly bands: Bands;
  readonly #cedar: Cedar;
  readonly #policies: Policy[];
  readonly #all: PolicyGroup;
  #permits: PolicyGroup | undefined;

  constructor(cedar: Cedar, policies: Policy[]) {
    this.#cedar = cedar;
    this.#policies = policies;
    this.#all = group(cedar, policies);
    this.mentions = union(policies.map(({ mentions }) => mentions));
    this.bands = new Bands(this.mentions);
  }

  /** `PolicySet.key`. What Cedar isn't given can't decide: its name is in no policy, or none uses the whole context. */
  key(context: Record<string, unknown>, counts: Counts): string | null {
    const band = this.bands.of(counts);
    if (band === null || this.mentions.whole) return null;
    const looked: Record<string, unknown> = {};
    for (const name of this.mentions.attributes) {
      if (!COUNTED.has(name) && Object.hasOwn(context, name)) looked[name] = context[name];
    }
    return `${band} ${JSON.stringify(looked)}`;
  }

  /** Cedar's answer; ids are sorted. Throws what Cedar throws. */
  ask(request: ActionRequest, context: Record<string, unknown>): Answer {
    if (this.#policies.length === 0) return { allowed: false, policies: [], errors: [] };
    return this.#ask(this.#all, request, context);
  }

  /** The same, as if there were no forbids. */
  askPermits(request: ActionRequest, context: Record<string, unknown>): Answer {
    this.#permits ??= group(
      this.#cedar,
      this.#policies.filter(({ effect }) => effect === "permit"),
    );
    return this.#ask(this.#permits, request, context);
  }

  #ask(group: PolicyGroup, request: ActionRequest, context: Record<string, unknown>): Answer {
    const { subject, target } = request;
    const principal = { type: "Principal", id: subject.principal };
    const action = { type: "Action", id: request.action };
    const resource = { type: "Target", id: target.name };
    const { name, kind, connector } = target;
    const { onBehalfOf, groups } = subject;
    const entities: EntityJson[] = [
      {
        uid: principal,
        attrs: this.#looked({
          name: subject.principal,
          groups,
          ...(onBehalfOf !== undefined && { onBehalfOf }),
        }),
        // Groups that no policy names can't decide anything.
        parents: groups.filter((one) => this.mentions.groups.has(one)).map((id) => ({ type: "Group", id })),
      },
      { uid: resource, attrs: this.#looked({ name, kind, connector }), parents: [] },
      { uid: action, attrs: {}, parents: this.#actionGroups(request.action) },
    ];
    const answer = group.ask({
      principal,
      action,
      resource,
      context: this.mentions.whole ? context : this.#lookedContext(context),
      // An entity that is absent has no attributes and is in no group.
      entities: entities.filter(({ attrs, parents }) => parents.length > 0 || Object.keys(attrs).length > 0),
    });
    return { ...answer, policies: answer.policies.sort() };
  }

  #actionGroups(action: string): TypeAndId[] {
    const named = (ACTIONS.get(action) ?? []).filter((group) => this.mentions.actionGroups.has(group));
    return named.map((id) => ({ type: "Action", id }));
  }

  #looked(attributes: Record<string, string | string[]>): EntityJson["attrs"] {
    return Object.fromEntries(
      Object.entries(attributes).filter(([name]) => this.mentions.attributes.has(name)),
    );
  }

  #lookedContext(context: Record<string, unknown>): Record<string, unknown> {
    const seen: Record<string, unknown> = {};
    for (const [name, value] of Object.entries(context)) {
      if (!this.mentions.attributes.has(name)) continue;
      seen[name] =
        COUNTED.has(name) && typeof value === "object" && value !== null
          ? this.#looked(value as Record<string, string>)
          : value;
    }
    return seen;
  }
}

function group(cedar: Cedar, policies: Policy[]): PolicyGroup {
  return new PolicyGroup(cedar, Object.fromEntries(policies.map(({ id, applied }) => [id, applied])));
}

function union(all: Mentions[]): Mentions {
  const thresholds: Mentions["thresholds"] = new Map();
  for (const mentions of all) {
    for (const [path, constants] of mentions.thresholds) {
      thresholds.set(path, new Set([...(thresholds.get(path) ?? []), ...constants]));
    }
  }
  return {
    attributes: new Set(all.flatMap(({ attributes }) => [...attributes])),
    whole: all.some(({ whole }) => whole),
    groups: new Set(all.flatMap(({ groups }) => [...groups])),
    actionGroups: new Set(all.flatMap(({ actionGroups }) => [...actionGroups])),
    thresholds,
    unbounded: all.some(({ unbounded }) => unbounded),
  };
}
