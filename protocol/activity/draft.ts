import type { Entry } from "../entry.ts";
import type { Approve, Block } from "../policy/decision.ts";
import { type Activity, MAX_TEXT } from "./activity.ts";

/** Policies or actions that are named, and characters of each; a recording may hold any. */
const MAX_NAMES = 100;
const MAX_NAME = 200;
/** Characters of a reason. */
const MAX_REASON = 1_000;
/** Labels that are counted one by one. */
const MAX_LABELS = 100;
/** Under which values of other labels are counted together. */
export const OTHER_LABELS = "others";

/**
 * Where what was asked for stands: `asked`: people are asked; `released`: they let it pass; `refused`: policies or people
 * did not; `withdrawn`: it is not asked any more, and may be judged anew.
 */
export type State = "allowed" | "asked" | "released" | "refused" | "withdrawn";

/** What people were asked, and why. */
export interface Asked {
  approval: number;
  policies: readonly string[];
  reason: string;
  actions: readonly string[];
}

/** What is known so far of an activity. */
export class Draft {
  state: State = "allowed";
  outcome: Activity["outcome"] = "unknown";
  status: string | null = null;
  durationMs: number | null = null;
  /** It is told that the target got it, whatever was refused then. */
  isSent = false;
  approval: number | null = null;
  readonly seq: number;
  readonly item: number;
  readonly time: number;
  readonly kind: Activity["kind"];
  #text = "";
  #isCut = false;
  #policies: string[] = [];
  #reason: string | null = null;
  #actions: string[] = [];
  readonly #masked = new Map<string, number>();

  constructor(
    { seq, time }: Pick<Entry, "seq" | "time">,
    item: number,
    kind: Activity["kind"],
    text: string,
    isCut = false,
  ) {
    this.seq = seq;
    this.item = item;
    this.time = time;
    this.kind = kind;
    this.say(text, isCut);
  }

  /** Characters that are kept of its text. */
  get length(): number {
    return this.#text.length;
  }

  get text(): string {
    return this.#text;
  }

  get actions(): readonly string[] {
    return this.#actions;
  }

  /** Its text; `isCut`: it is the beginning only. */
  say(text: string, isCut = false): void {
    this.#isCut = isCut || text.length > MAX_TEXT;
    this.#text = cut(text, MAX_TEXT);
  }

  acts(actions: Iterable<string>): void {
    this.#actions = names([...this.#actions, ...actions]);
  }

  /** People are asked. */
  ask(asked: Asked): void {
    this.approval = asked.approval;
    this.state = "asked";
    this.#decided(asked);
    this.acts(asked.actions);
  }

  /** Policies or people refuse it. */
  refuse(decision: Approve | Block): void {
    this.state = "refused";
    this.#decided(decision);
  }

  /** Nothing tells that it failed; what was not let pass did not succeed. */
  succeed(): void {
    if (this.outcome === "unknown" && (this.state === "allowed" || this.state === "released"))
      this.outcome = "ok";
  }

  mask(values: Iterable<[label: string, count: number]>): void {
    addMasked(this.#masked, values);
  }

  /** The activity, with what is known of it now. */
  get activity(): Activity {
    const { seq, item, time, kind, approval, durationMs } = this;
    const isRefused = this.state === "refused" || this.state === "withdrawn";
    return {
      seq,
      item,
      time,
      kind,
      text: this.#text,
      isCut: this.#isCut,
      verdict: isRefused ? "block" : this.state === "allowed" ? "allow" : "approve",
      actions: [...this.#actions],
      policies: this.#policies,
      reason: this.#reason,
      approval,
      outcome: isRefused && !this.isSent && this.outcome === "unknown" ? "refused" : this.outcome,
      status: this.status,
      durationMs: isRefused ? null : durationMs,
      masked: Object.fromEntries(this.#masked),
    };
  }

  #decided({ policies, reason }: Pick<Asked, "policies" | "reason">): void {
    this.#policies = names(policies);
    this.#reason = cut(reason, MAX_REASON);
  }
}

/** Adds counts to sums by label; beyond a bound of labels, under one name. */
export function addMasked(sums: Map<string, number>, values: Iterable<[label: string, count: number]>): void {
  for (const [label, count] of values) {
    if (count === 0) continue;
    const short = cut(label, MAX_NAME);
    const name = sums.has(short) || sums.size < MAX_LABELS ? short : OTHER_LABELS;
    sums.set(name, (sums.get(name) ?? 0) + count);
  }
}

/** Counts of masked values from an event's; what detectors only report is none. */
export function maskedBy(found: Readonly<Record<string, { masked: number }>>): [string, number][] {
  return Object.entries(found).map(([detector, { masked }]) => [detector, masked]);
}

function names(given: readonly string[]): string[] {
  const short = given.slice(0, MAX_NAMES * 2).map((name) => cut(name, MAX_NAME));
  return [...new Set(short)].sort().slice(0, MAX_NAMES);
}

/** The beginning of a text, without half of a character; characters that UTF-8 does not have are replaced. */
function cut(text: string, most: number): string {
  return text
    .slice(0, most)
    .toWellFormed()
    .replace(/\ufffd$/, text.length > most ? "" : "\ufffd");
}
