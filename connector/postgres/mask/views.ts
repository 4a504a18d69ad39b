import type { TypeName } from "@pgsql/types";
import type { Relation } from "../../../protocol/sql/catalog.ts";
import { identifiers } from "../../../protocol/sql/resolve/tree.ts";
import { walk } from "../../../protocol/sql/tree.ts";
import { insideView, isDeclared, type MaskContext } from "./effective-labels.ts";
import type { MaskKeys } from "./expression.ts";
import { shown } from "./quoted.ts";
import { rewriteStatement } from "./rewrite.ts";
import { LazySource } from "./source-text.ts";
import { Unmasked } from "./unmasked.ts";
import { checkedText } from "./verify.ts";

/**
 * A view's own query with what it reads masked, and the labels of that; null where it reads nothing that is masked, or
 * where the settings say what each of its columns is. Throws Unmasked.
 */
export function inlinedView(
  context: MaskContext,
  view: Relation,
  keys: MaskKeys,
): { sql: string; labels: ReadonlySet<string> } | null {
  if (isDeclared(context, view)) return null;
  const { context: inside, text, tree, resolved } = insideView(context, view);
  const source = new LazySource(text);
  const rewriting = rewriteStatement(inside, source, tree, resolved, keys);
  if (rewriting.edits.length === 0) return null;
  const { sql } = checkedText(inside, source.text, [{ tree, resolved, rewriting }]);
  checkMeaning(context, view, tree, rewriting.labels);
  const query = withoutSemicolon(sql);
  const fenced = view.barrier === true ? `SELECT * FROM (${query}) AS barrier OFFSET 0` : query;
  return { sql: fenced, labels: rewriting.labels };
}

/** The view's text names what is PostgreSQL's own without its schema: in the agent's session it must mean the same. */
function checkMeaning(context: MaskContext, view: Relation, tree: object, labels: ReadonlySet<string>): void {
  const { searchPath, temporarySchema } = context.names;
  const name = shown(view);
  const [first] = searchPath.filter((schema) => schema !== temporarySchema);
  if (first !== "pg_catalog") {
    throw new Unmasked(
      `the view ${name} under a search_path in which pg_catalog isn't first`,
      labels,
      "Take pg_catalog out of search_path: it comes first by itself.",
    );
  }
  if (temporarySchema === null) return;
  walk(tree, (type, body) => {
    const names = type === "RangeVar" && body.schemaname === undefined ? [String(body.relname)] : [];
    const typeNames = identifiers((body.typeName as TypeName | undefined)?.names);
    if (typeNames.length === 1) names.push(typeNames[0]!);
    for (const one of names) {
      const { catalog } = context;
      const relation = catalog.relation(temporarySchema, one);
      const isType = catalog.typeExists?.(temporarySchema, one);
      if (relation === undefined)
        context.missing.push({ kind: "relation", schema: temporarySchema, name: one });
      if (isType === undefined) context.missing.push({ kind: "type", schema: temporarySchema, name: one });
      if (relation || isType === true) {
        throw new Unmasked(
          `the view ${name} beside a temporary object named ${one}`,
          labels,
          "Give the temporary object another name.",
        );
      }
    }
  });
}

function withoutSemicolon(sql: string): string {
  const trimmed = sql.trimEnd();
  return trimmed.endsWith(";") ? trimmed.slice(0, -1) : trimmed;
}
