import { createHash } from "node:crypto";
import type { StatementFacts } from "../sql/facts.ts";
import { MAX_TEXT } from "./activity.ts";
import type { Draft } from "./draft.ts";

/** Shapes of statements of which the actions are remembered, and fingerprints of which the shape is. */
const MAX_KNOWN = 2_000;

/** Texts in which something else than quotation marks may begin or end a literal: they are like no other text. */
const INTRICATE = /[\\$"]|--|\/\*/;
const LITERAL = /'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b/g;

/** Command tags that tell one action; what a statement does beside it they do not tell. */
const TAGS: readonly [tag: RegExp, action: string][] = [
  [/^SELECT\b|^FETCH\b|^DECLARE CURSOR$|^MOVE\b|^TABLE$/, "postgres:select"],
  [/^INSERT\b/, "postgres:insert"],
  [/^UPDATE\b/, "postgres:update"],
  [/^DELETE\b/, "postgres:delete"],
  [/^TRUNCATE\b/, "postgres:truncate"],
  [/^CREATE\b/, "postgres:create"],
  [/^ALTER\b/, "postgres:alter"],
  [/^DROP\b/, "postgres:drop"],
  [/^(?:GRANT|REVOKE)\b/, "postgres:grant"],
  [/^CALL$/, "postgres:call"],
  [/^DO$/, "postgres:do"],
  [/^EXPLAIN$/, "postgres:explain"],
  [/^SHOW$/, "postgres:show"],
  [/^(?:SET|RESET)$/, "postgres:set"],
  [/^(?:BEGIN|START TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)$/, "postgres:transaction"],
  [/^LOCK TABLE$/, "postgres:lock"],
  [/^(?:LISTEN|UNLISTEN|NOTIFY)$/, "postgres:notify"],
];

/** The actions that a command tag tells of; none where it tells none for sure. */
export function actionsOfTag(tag: string): string[] {
  return TAGS.flatMap(([pattern, action]) => (pattern.test(tag) ? [action] : []));
}

/**
 * Finds which statement an event speaks of that has a fingerprint and no number. Facts are told once for each fingerprint
 * and different facts, before the end of the statement that had them first: of later ones that are the same but for
 * literals they are remembered. Memory is bounded; what is forgotten is matched to nothing.
 */
export class StatementActions {
  readonly #actions = new Map<string, readonly string[]>();
  readonly #fingerprints = new Map<string, string>();

  /** Facts of statements that are open, in the order in which they were judged. */
  told(open: readonly Draft[], statements: readonly { facts: StatementFacts }[]): void {
    const own = new Map<Draft, string[]>();
    for (const { facts } of statements) {
      const draft = open.length === 1 ? open[0] : open.find((one) => !own.has(one) && fits(one, facts));
      if (!draft) continue;
      own.set(draft, [...(own.get(draft) ?? []), ...facts.actions]);
      const shape = shapeOf(draft);
      if (shape !== null) remember(this.#fingerprints, facts.fingerprint, shape);
    }
    for (const [draft, actions] of own) {
      draft.acts(actions);
      const shape = shapeOf(draft);
      if (shape !== null) remember(this.#actions, shape, draft.actions);
    }
  }

  /** The open statement that has this fingerprint; where that is not known, the first. */
  find(open: readonly Draft[], fingerprint: string): Draft | undefined {
    if (open.length <= 1) return open[0];
    const shape = this.#fingerprints.get(fingerprint);
    return (shape !== undefined && open.find((one) => shapeOf(one) === shape)) || open[0];
  }

  /** What was told of a text like this one, or else what its tags tell. */
  known(draft: Draft, tags: Iterable<string>): Iterable<string> {
    const shape = shapeOf(draft);
    return (shape !== null && this.#actions.get(shape)) || [...tags].flatMap(actionsOfTag);
  }
}

/** Whether a text may be what facts speak of: it has the first word of their tag. */
function fits({ text }: Draft, { tag }: StatementFacts): boolean {
  const word = tag.split(" ", 1)[0]!;
  return text.toUpperCase().includes(word.toUpperCase());
}

/** Equal for texts that differ in plain literals alone; null for one of which not all is known. */
function shapeOf({ text }: Draft): string | null {
  if (text.length >= MAX_TEXT) return null;
  const shape = INTRICATE.test(text) ? text : text.replace(LITERAL, "?");
  return createHash("sha256").update(shape).digest("base64");
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > MAX_KNOWN) map.delete(map.keys().next().value!);
}
