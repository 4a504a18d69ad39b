import { fitsColumn } from "../../protocol/column-pattern.ts";
import type { PolicySet } from "../../protocol/policy/policy-set.ts";
import type { StatementFacts } from "../../protocol/sql/facts.ts";
import { parseSql } from "../../protocol/sql/parser.ts";
import type { Run, SessionOf } from "../policy-replay/steps.ts";
import type { Audited } from "./controls.ts";
import type { TargetLabels } from "./labels.ts";

/** Shapes of statements of one session that are kept. */
const MAX_SHAPES = 100_000;

/**
 * Tests of one session with a database whether what read labelled columns went to the target with masks. It looks at
 * statements that came to their end, one in its text: of others the recording does not tell what the target got.
 */
export class MaskingAudit {
  readonly #labels: TargetLabels;
  /** By fingerprint: labels that it read. */
  readonly #read = new Map<string, Set<string>>();
  readonly #masked = new Set<string>();
  readonly #done = new Map<string, number>();

  constructor(labels: TargetLabels) {
    this.#labels = labels;
  }

  /** A statement of which the recording tells that it went to the target. */
  facts({ fingerprint, readColumns }: StatementFacts): void {
    const labels = readColumns.flatMap((column) => [...this.#labelsOf(column)]);
    if (labels.length === 0 || this.#read.size >= MAX_SHAPES) return;
    const known = this.#read.get(fingerprint) ?? new Set();
    for (const label of labels) known.add(label);
    this.#read.set(fingerprint, known);
  }

  /** The recording tells that the target got it with masks. */
  masked(fingerprint: string): void {
    if (this.#masked.size < MAX_SHAPES) this.#masked.add(fingerprint);
  }

  /** Something came to its end. */
  ran({ text, cut, outcome, judged, protocol, seq }: Run): void {
    if (this.#read.size === 0 || outcome !== "done" || judged || text === null || cut) return;
    if (protocol === "function") return;
    const shape = onlyShape(text);
    if (shape !== null && this.#read.has(shape) && !this.#done.has(shape)) this.#done.set(shape, seq);
  }

  /** After all: who had the session, and what was in force when it began. */
  finish({ facts, database }: SessionOf, policies: PolicySet | null, audited: Audited): void {
    const { session, principal, groups, onBehalfOf, target, kind, connector } = facts;
    const subject = { principal, groups, ...(onBehalfOf !== undefined && { onBehalfOf }) };
    const place = { name: target, kind, connector };
    const hidden = new Map<string, boolean>();
    const isHidden = (label: string) => {
      const known =
        hidden.get(label) ??
        policies?.decide(subject, "unmask", place, { label, database }).verdict !== "allow";
      hidden.set(label, known);
      return known;
    };
    for (const [shape, seq] of this.#done) {
      const labels = [...this.#read.get(shape)!].filter(isHidden);
      if (labels.length === 0) continue;
      audited.tested("masking", session);
      if (this.#masked.has(shape)) continue;
      audited.found({
        control: "masking",
        kind: policies === null ? "untested" : "deviation",
        session,
        entry: seq,
        sentence: `what reads ${labels.sort().join(", ")} went to the target, and nothing tells of masks`,
      });
    }
  }

  /** Names in facts are joined by dots, which a name may have itself: every way to read it counts. */
  *#labelsOf(column: string): Generator<string> {
    const parts = column.split(".");
    for (let first = 1; first < parts.length - 1; first++) {
      for (let second = first + 1; second < parts.length; second++) {
        const schema = parts.slice(0, first).join(".");
        const relation = parts.slice(first, second).join(".");
        const name = parts.slice(second).join(".");
        const whole = this.#labels.find((line) => fitsColumn(line, schema, relation, name));
        if (whole !== undefined && whole.label !== null) yield whole.label;
      }
    }
  }
}

function onlyShape(text: string): string | null {
  try {
    const [only, ...others] = parseSql(text);
    return only === undefined || others.length > 0 ? null : only.fingerprint;
  } catch {
    // What the parser does not take never reached the target.
    return null;
  }
}
