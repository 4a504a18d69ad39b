import { isDeepStrictEqual } from "node:util";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { type ParsedStatement, parseSql } from "../../../protocol/sql/parser.ts";
import type { TextShape } from "../../../protocol/sql/text-shape.ts";
import type { SessionCatalog } from "./session-catalog.ts";

/** Shapes that a session keeps. */
const MAX_SHAPES = 200;

interface Known {
  parsed: ParsedStatement[];
  statements: ClassifiedStatement[];
}

/**
 * Queries of one session that differ in nothing but what they compare columns with: the second of a shape is classified twice,
 * with its own constants and with others, and where both facts are the same, those that follow have them too. That
 * goes for a SELECT which does nothing but read rows: there such a constant chooses rows, as the value of a parameter
 * would, which is not looked at either.
 */
export class AlikeTexts {
  readonly #catalog: SessionCatalog;
  /** By shape; null for one that was met, or whose facts its constants change. */
  readonly #known = new Map<string, Known | null>();

  constructor(catalog: SessionCatalog) {
    this.#catalog = catalog;
  }

  /** What is known of a text's shape, as long as names mean what they meant then. */
  find({ shape }: TextShape): ClassifiedStatement[] | undefined {
    const known = this.#known.get(shape);
    if (!known || this.#catalog.kept(known.parsed) !== known.statements) return undefined;
    return known.statements;
  }

  /** A text passed as it came. */
  passed({ shape, twin }: TextShape, parsed: ParsedStatement[], statements: ClassifiedStatement[]): void {
    const isMet = this.#known.has(shape);
    if (!isMet && this.#known.size >= MAX_SHAPES) this.#known.delete(this.#known.keys().next().value!);
    const isSame = isMet && onlyReads(statements) && this.#isSame(statements, twin());
    this.#known.set(shape, isSame ? { parsed, statements } : null);
  }

  #isSame(statements: ClassifiedStatement[], twin: string): boolean {
    const others = this.#catalog.classify(parseSql(twin));
    return !("need" in others) && isDeepStrictEqual(others.map(factsOf), statements.map(factsOf));
  }
}

function factsOf({ text: _text, ...rest }: ClassifiedStatement): Omit<ClassifiedStatement, "text"> {
  return rest;
}

/** One SELECT, of which the parser can say all that it does: reading rows. */
function onlyReads([only, ...others]: ClassifiedStatement[]): boolean {
  if (only === undefined || others.length > 0) return false;
  const { facts, effects, pinViolations } = only;
  const { tag, actions, opaque, writes } = facts;
  return (
    tag === "SELECT" &&
    isDeepStrictEqual(actions, ["postgres:select"]) &&
    [opaque, writes, facts.effects, facts.settings, effects, pinViolations].every((list) => list.length === 0)
  );
}
