import type { Node } from "@pgsql/types";
import type { Label, Labels } from "../../connector/mask/labels.ts";
import { Masking, type MaskOutcome } from "../../connector/postgres/mask/masking.ts";
import type { Catalog, NameContext, Relation, Routine } from "../../protocol/sql/catalog.ts";
import { classify } from "../../protocol/sql/classify.ts";
import { parseSql } from "../../protocol/sql/parser.ts";
import { type TreeObject, walk } from "../../protocol/sql/tree.ts";

const NAMES: NameContext = {
  searchPath: ["pg_catalog", "public"],
  temporarySchema: null,
  trustedFunctions: new Set(),
};

/** What a masked session would make of a text, in a database that has whatever the text names. */
export type Rewriting = { opaque: string } | { outcome: Exclude<MaskOutcome, { need: "catalog" }> };

/** `everything`: all columns of all tables are labelled; `nothing`: only those of a table that no text names. */
export class AnyTable {
  readonly #masking: Masking;
  readonly #columns: readonly string[];

  /** `columns`: those that every table has beside what is guessed. */
  constructor(labelled: "everything" | "nothing", columns: readonly string[] = ["some_column"]) {
    this.#columns = columns;
    const label: Label = { name: "pii.any", mask: { kind: "partial", as: "text" }, lookup: null };
    const labels: Labels = {
      rules: [
        {
          schema: labelled === "everything" ? "*" : "elsewhere",
          relation: "*",
          column: "*",
          path: null,
          label,
        },
      ],
      labels: new Map([[label.name, label]]),
    };
    this.#masking = new Masking({
      labels,
      masked: [label],
      keys: { session: "0".repeat(64), target: "1".repeat(64) },
    });
  }

  /** Throws what the parser and the masking throw. */
  rewrite(sql: string): Rewriting {
    const parsed = parseSql(sql);
    const catalog = new Guessed(
      parsed.map(({ tree }) => tree),
      this.#columns,
    );
    const { statements, missing } = classify(parsed, NAMES, catalog);
    if (missing.length > 0) throw new Error(`not all is known: ${JSON.stringify(missing)}`);
    const opaque = statements.flatMap(({ facts }) => facts.opaque);
    if (opaque.length > 0) return { opaque: opaque[0]! };
    const outcome = this.#masking.mask(sql, parsed, statements, NAMES, catalog);
    if ("need" in outcome) throw new Error(`not all is known: ${JSON.stringify(outcome.names)}`);
    return { outcome };
  }
}

/** A catalog in which every table exists, with the columns that the statements name of it, all of text. */
class Guessed implements Catalog {
  readonly serverVersion = 150_000;
  readonly #columns = new Map<string, Set<string>>();
  readonly #relations = new Map<string, Relation>();

  readonly #everywhere: readonly string[];

  constructor(trees: Node[], everywhere: readonly string[]) {
    this.#everywhere = everywhere;
    for (const tree of trees) this.#guess(tree);
  }

  #guess(tree: Node): void {
    const tables: string[] = [];
    const aliases = new Map<string, string>();
    const withs = new Set<string>();
    walk(tree, (_, body) => {
      if (typeof body.ctename === "string") withs.add(body.ctename);
      if (typeof body.relname === "string" && !withs.has(body.relname)) {
        tables.push(body.relname);
        const alias = (body.alias as { aliasname?: string } | undefined)?.aliasname;
        aliases.set(alias ?? body.relname, body.relname);
        this.#of(body.relname);
      }
    });
    const [first] = tables;
    if (first === undefined) return;
    const kind = Object.keys(tree)[0] ?? "";
    // A name alone may be any table's; beside a written one, it is that one's.
    const bare = /^(?:Update|Delete|Insert|Merge)Stmt$/.test(kind) ? [first] : tables;
    walk(tree, (type, body) => {
      if (type === "ColumnRef") {
        const fields = ((body.fields ?? []) as StringNode[]).map((field) => field.String?.sval);
        const column = fields.at(-1);
        const table = fields.length > 1 ? aliases.get(fields.at(-2) ?? "") : undefined;
        if (column === undefined || aliases.has(column)) return;
        for (const one of fields.length > 1 ? [table] : bare)
          if (one !== undefined) this.#of(one).add(column);
      }
      const target = (body.relation as { relname?: string } | undefined)?.relname ?? first;
      const named = [body.cols, target && body.targetList, (body.onConflictClause as TreeObject)?.targetList];
      for (const node of named.flat() as { ResTarget?: { name?: string } }[]) {
        if (type === "SelectStmt") break;
        if (node?.ResTarget?.name !== undefined) this.#of(target).add(node.ResTarget.name);
      }
      for (const node of (body.attlist ?? []) as StringNode[]) this.#of(target).add(node.String?.sval ?? "");
      for (const node of (body.usingClause ?? []) as StringNode[]) {
        for (const table of tables) this.#of(table).add(node.String?.sval ?? "");
      }
    });
  }

  #of(table: string): Set<string> {
    const columns = this.#columns.get(table) ?? new Set(this.#everywhere);
    this.#columns.set(table, columns);
    return columns;
  }

  relation(schema: string, name: string): Relation | null {
    if (schema === "pg_catalog" || schema === "information_schema") return null;
    const columns = this.#columns.get(name);
    if (columns === undefined) return null;
    const key = `${schema}\0${name}`;
    const known = this.#relations.get(key);
    if (known) return known;
    const list = [...columns].filter((column) => column !== "" && !SYSTEM.has(column));
    const relation: Relation = {
      oid: 20_000 + this.#relations.size,
      schema,
      name,
      kind: "table",
      temporary: false,
      columns: list,
      keys: [],
      view: null,
      children: [],
      parents: [],
      writeSideEffects: [],
      readSideEffects: [],
      details: list.map(() => ({
        type: "pg_catalog.text",
        base: "text",
        category: "S",
        collation: null,
        generatedFrom: [],
      })),
    };
    this.#relations.set(key, relation);
    return relation;
  }

  functions(schema: string, name: string): readonly Routine[] {
    if (schema !== "pg_catalog") return [];
    return [
      {
        schema,
        name,
        kind: "function",
        builtin: true,
        volatility: "immutable",
        securityDefiner: false,
        language: "internal",
      },
    ];
  }

  userOperator(): boolean {
    return false;
  }

  userType(): boolean {
    return false;
  }

  typeExists(): boolean {
    return true;
  }

  schemaExists(): boolean {
    return true;
  }
}

interface StringNode {
  String?: { sval?: string };
}

const SYSTEM: ReadonlySet<string> = new Set(["ctid", "tableoid", "xmin", "xmax", "cmin", "cmax", "oid"]);
