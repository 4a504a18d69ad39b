import type { Node, RangeVar } from "@pgsql/types";
import type { Relation } from "../../../protocol/sql/catalog.ts";
import type { ClassifiedStatement } from "../../../protocol/sql/facts.ts";
import { nameParts, qualifiedName } from "../../../protocol/sql/resolve/qualified-name.ts";
import type { KnownRelations, LabelledRelations } from "./constructs.ts";
import { hasStar, identifiersIn } from "./identifiers.ts";

/** A labelled relation that a statement touches. */
export interface LabelledRelation {
  name: string;
  /** Labels' names, by column. */
  columns: ReadonlyMap<string, string>;
  relation: Relation | null;
}

/** What labelled a statement touches. */
export class Touched {
  readonly relations: readonly LabelledRelation[];
  readonly #statement: ClassifiedStatement;
  readonly #known: KnownRelations;

  constructor(statement: ClassifiedStatement, labelled: LabelledRelations, known: KnownRelations) {
    const { reads, writes } = statement.facts;
    this.#statement = statement;
    this.#known = known;
    this.relations = [...new Set([...reads, ...writes])].flatMap((name) => {
      const columns = labelled(name);
      if (columns === null || columns.size === 0) return [];
      const labels = new Map([...columns].map(([column, { name: label }]) => [column, label]));
      return [{ name, columns: labels, relation: known.relation(name) ?? null }];
    });
  }

  /** Names of all labels of what is touched. */
  get labels(): string[] {
    return allLabels(this.relations);
  }

  /** Names of the labels of columns that are read, behind views too. */
  get readLabels(): string[] {
    const read = new Set(this.#statement.facts.readColumns);
    return sorted(
      this.relations.flatMap(({ name, columns }) =>
        [...columns].flatMap(([column, label]) =>
          read.has(`${name}.${qualifiedName(column)}`) ? [label] : [],
        ),
      ),
    );
  }

  /** The labelled relations that a name in the statement may mean. The search path isn't asked again. */
  of(range: RangeVar | undefined): LabelledRelation[] {
    return this.relations.filter(({ name }) => mayMean(range, name));
  }

  /** Whether a name in the statement may mean a view, plain or materialized, which has its labels from what it reads. */
  isView(range: RangeVar | undefined): boolean {
    return this.#statement.facts.writes.some((name) => {
      const kind = mayMean(range, name) ? this.#known.relation(name)?.kind : undefined;
      return kind === "view" || kind === "materialized-view";
    });
  }
}

function mayMean(range: RangeVar | undefined, name: string): boolean {
  const [schema, own] = nameParts(name);
  if (own !== range?.relname) return false;
  return range?.schemaname === undefined || range.schemaname === schema || schema === "pg_temp";
}

/** Names of the labels of those columns of the relations that a part of the statement may read. */
export function namedLabels(
  relations: readonly LabelledRelation[],
  part: Node | Node[] | undefined,
): string[] {
  const names = identifiersIn(part);
  const star = hasStar(part);
  return sorted(
    relations.flatMap(({ name, columns }) => {
      const whole = star || names.has(nameParts(name)[1] ?? "");
      return [...columns].flatMap(([column, label]) => (whole || names.has(column) ? [label] : []));
    }),
  );
}

export function allLabels(relations: readonly LabelledRelation[]): string[] {
  return sorted(relations.flatMap(({ columns }) => [...columns.values()]));
}

function sorted(names: string[]): string[] {
  return [...new Set(names)].sort();
}
