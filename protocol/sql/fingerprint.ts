import { hash } from "node:crypto";
import type { Node } from "@pgsql/types";
import { SallyportError } from "../errors.ts";
import { functionRow } from "./functions.ts";
import { isPlainFunction, isPlainType, PLAIN_OPERATORS } from "./plain-values.ts";
import { nameParts, nodeOf, type TreeObject } from "./tree.ts";

/** Levels of objects and lists in a statement's tree: about 1,000 terms of a sum, or 200 subqueries in each other. */
export const MAX_TREE_DEPTH = 2_000;
/** Of SHA-256, hex digits that are kept: 128 bits. */
const DIGITS = 32;

/** Where a node stands in the text. CREATE TABLESPACE has a `location`, too: a string. */
const PLACES: ReadonlySet<string> = new Set([
  "location",
  "name_location",
  "list_start",
  "list_end",
  "rexpr_list_start",
  "rexpr_list_end",
]);

/** Comparisons, of which a constant tells nothing but which rows. */
const COMPARISONS: ReadonlySet<unknown> = new Set([
  "AEXPR_OP",
  "AEXPR_OP_ANY",
  "AEXPR_OP_ALL",
  "AEXPR_DISTINCT",
  "AEXPR_NOT_DISTINCT",
  "AEXPR_IN",
  "AEXPR_LIKE",
  "AEXPR_ILIKE",
  "AEXPR_BETWEEN",
  "AEXPR_NOT_BETWEEN",
  "AEXPR_BETWEEN_SYM",
  "AEXPR_NOT_BETWEEN_SYM",
]);
const COMPARING: ReadonlySet<unknown> = new Set(
  "= <> < > <= >= ~~ !~~ ~~* !~~* ~ !~ ~* !~* BETWEEN"
    .split(" ")
    .concat(["NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"]),
);

/** Statements of which constants may not count. In all others they name, set or define something. */
const OF_ROWS: ReadonlySet<string> = new Set([
  "SelectStmt",
  "InsertStmt",
  "UpdateStmt",
  "DeleteStmt",
  "MergeStmt",
]);

/**
 * What binds an approval to statements of one shape: 128 bits of SHA-256 over an injective writing of the parse tree,
 * 32 hex digits. Equal are statements that differ only in blanks, comments, the case of keywords, and in constants
 * (numbers, strings, bit strings; each only with its like) or parameters that
 * - are compared with something that has a column in it; lists of them (IN, ANY) count as one,
 * - are a value of a row that INSERT, UPDATE or MERGE writes; rows of equal kinds, one after the other, count as one,
 * - are the LIMIT or OFFSET, or a whole column of the result, of the outermost SELECT.
 * All other constants count, and NULL, true and false always: they name things, hold code, or decide without a row.
 * Every constant counts where a value may have a power of its own: in utility statements, and in statements that name
 * a system catalog, or a function, operator or type that isn't known to do nothing but compute (a constant that isn't
 * its argument may still choose its argument). Throws `limit_exceeded` for a tree deeper than MAX_TREE_DEPTH.
 */
export function fingerprintOf(tree: Node): string {
  try {
    const shape = OF_ROWS.has(nodeOf(tree)[0]) ? new Writing(false).statement(tree) : null;
    const text = shape === null ? `exact ${new Writing(true).statement(tree)}` : `shape ${shape}`;
    return hash("sha256", text, "hex").slice(0, DIGITS);
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep();
    throw error;
  }
}

/** The refusal of a statement whose tree is deeper than MAX_TREE_DEPTH. */
export function tooDeep(): SallyportError {
  return new SallyportError(
    "limit_exceeded",
    `The statement nests deeper than ${MAX_TREE_DEPTH} levels of its parse tree.`,
    "Use IN lists or VALUES instead of long chains of operators.",
  );
}

/**
 * Writes a tree so that different ones give different texts: whatever is written tells its own end. Strings have their
 * length before them, names of fields (the grammar's own) end in `=`, and each kind of value begins with a mark.
 */
class Writing {
  readonly #exact: boolean;
  #out = "";
  /** Column references written so far. */
  #columns = 0;
  /** Something is called or written that may do more with a value than compute. */
  #powerful = false;

  constructor(exact: boolean) {
    this.#exact = exact;
  }

  /** Null where not exact and the statement turns out to be one whose constants all count. */
  statement(tree: Node): string | null {
    const [type, body] = nodeOf(tree);
    this.#out += `{${type}=`;
    if (this.#exact) this.#value(body, 2);
    else this.#rows(type, body, 2);
    this.#out += "}";
    return this.#powerful && !this.#exact ? null : this.#out;
  }

  #value(value: unknown, level: number): void {
    if (typeof value === "string") this.#out += `"${value.length}:${value}`;
    else if (typeof value === "object" && value !== null) {
      if (level > MAX_TREE_DEPTH) throw tooDeep();
      if (Array.isArray(value)) {
        this.#out += "[";
        for (const item of value) this.#value(item, level + 1);
        this.#out += "]";
      } else {
        this.#object(value as TreeObject, level);
      }
    } else this.#out += `#${value};`;
  }

  #object(object: TreeObject, level: number): void {
    this.#out += "{";
    for (const key in object) {
      const value = object[key];
      if (typeof value === "number" && PLACES.has(key)) continue;
      this.#out += `${key}=`;
      if (!this.#exact && typeof value === "object" && this.#special(key, value as TreeObject, level + 1)) {
        continue;
      }
      this.#value(value, level + 1);
    }
    this.#out += "}";
  }

  /** Looks at what stands under this name, a node's or a field's; true if it has written it as well. */
  #special(key: string, body: TreeObject, level: number): boolean {
    switch (key) {
      case "A_Expr":
        return this.#comparison(body, level);
      case "ColumnRef":
        return this.#column(body, level);
      case "FuncCall":
        if (!isPlainFunction(nameParts(body.funcname))) this.#powerful = true;
        break;
      case "A_Indirection":
        if (nameParts(body.indirection).some((name) => name !== "")) this.#powerful = true;
        break;
      case "typeName":
      case "TypeName":
        if (!isPlainType(nameParts(body.names))) this.#powerful = true;
        break;
      // ORDER BY … USING, and `x < ANY (SELECT …)`.
      case "useOp":
      case "operName":
        this.#operator(body);
        break;
      case "RangeVar":
      case "relation":
        if (isSystemRelation(body)) this.#powerful = true;
        break;
      case "RangeTableSample":
        this.#powerful = true;
    }
    return false;
  }

  /** Column references are what a tree has most of: their names are written at once. False for `*`. */
  #column(body: TreeObject, level: number): boolean {
    this.#columns += 1;
    const parts = nameParts(body.fields);
    let text = `@${parts.length}`;
    for (let index = 0; index < parts.length; index += 1) {
      const part = parts[index]!;
      // `x.f` is `f(x)` where x has no column f.
      if (index > 0 && isPowerfulName(part)) this.#powerful = true;
      text += `"${part.length}:${part}`;
    }
    if (parts.includes("")) return false;
    if (level + 3 > MAX_TREE_DEPTH) throw tooDeep();
    this.#out += text;
    return true;
  }

  /** Whether it's one whose constants may not count; it is written then. */
  #comparison(body: TreeObject, level: number): boolean {
    const operator = this.#operator(body.name);
    const { kind, lexpr, rexpr } = body;
    if (!COMPARISONS.has(kind) || !COMPARING.has(operator)) return false;
    if (lexpr === undefined || rexpr === undefined) return false;
    const [form, right] = operandsOf(rexpr as TreeObject);
    const operands = [lexpr as TreeObject, ...right];
    const levelOf = (index: number) => level + (index === 0 || form === "" ? 1 : 4);
    this.#out += `<${kind}=`;
    this.#value(operator, level);
    this.#out += form;
    const before = this.#columns;
    const kinds = operands.map(kindOf);
    operands.forEach((operand, index) => {
      if (kinds[index] !== null) return;
      this.#out += `${index}=`;
      this.#value(operand, levelOf(index));
    });
    const decidesRows = this.#columns > before;
    const [left, ...others] = kinds;
    const [first = null] = others;
    if (
      decidesRows &&
      left === null &&
      first !== null &&
      form !== "" &&
      isList(kind) &&
      others.every((one) => one === first)
    ) {
      this.#out += `*${first}>`;
      return true;
    }
    operands.forEach((operand, index) => {
      const constant = kinds[index] ?? null;
      if (constant === null) return;
      this.#out += `${index}=`;
      if (decidesRows) this.#constant(constant, levelOf(index));
      else this.#value(operand, levelOf(index));
    });
    this.#out += ">";
    return true;
  }

  /** The operator's name, if it is PostgreSQL's own for all that can be seen. */
  #operator(name: unknown): string {
    const parts = nameParts(name);
    const [operator = ""] = parts;
    if (parts.length !== 1 || !PLAIN_OPERATORS.has(operator)) this.#powerful = true;
    return operator;
  }

  /** The body of a statement, or of a clause, of which these fields hold the values of its rows. */
  #rows(type: string, body: TreeObject, level: number): void {
    if (level > MAX_TREE_DEPTH) throw tooDeep();
    this.#out += "{";
    for (const key in body) {
      const value = body[key];
      if (typeof value === "number" && PLACES.has(key)) continue;
      this.#out += `${key}=`;
      switch (key) {
        // SELECT INTO makes a table of them.
        case "targetList":
          if (body.intoClause === undefined) this.#targets(value, level + 1);
          else this.#value(value, level + 1);
          continue;
        case "valuesLists":
          this.#lists(value, level + 1);
          continue;
        case "values":
          this.#row(value, level + 1);
          continue;
        case "limitCount":
        case "limitOffset":
          this.#bound(type, value, level + 1);
          continue;
        case "selectStmt": {
          const select = (value as TreeObject).SelectStmt as TreeObject | undefined;
          if (select?.valuesLists === undefined) break;
          this.#rows("", select, level + 2);
          continue;
        }
        case "onConflictClause":
          this.#rows("", value as TreeObject, level + 1);
          continue;
        case "mergeWhenClauses":
          this.#out += "[";
          for (const clause of value as TreeObject[]) {
            this.#rows("", clause.MergeWhenClause as TreeObject, level + 3);
          }
          this.#out += "]";
          continue;
      }
      if (typeof value === "object" && this.#special(key, value as TreeObject, level + 1)) continue;
      this.#value(value, level + 1);
    }
    this.#out += "}";
  }

  #bound(type: string, value: unknown, level: number): void {
    const kind = kindOf(value as TreeObject);
    if (type === "SelectStmt" && (kind === "n" || kind === "p")) this.#constant(kind, level);
    else this.#value(value, level);
  }

  /** `a = 1, b = c` of UPDATE, or the columns of a result. */
  #targets(value: unknown, level: number): void {
    this.#out += "[";
    for (const target of value as TreeObject[]) {
      const body = target.ResTarget as TreeObject | undefined;
      const kind = body?.val === undefined ? null : kindOf(body.val as TreeObject);
      if (kind === null) {
        this.#value(target, level + 1);
        continue;
      }
      this.#constant(kind, level + 3);
      this.#object({ ...body, val: null }, level + 2);
    }
    this.#out += "]";
  }

  #lists(value: unknown, level: number): void {
    this.#out += "[";
    let last = "";
    for (const list of value as TreeObject[]) {
      const items = ((list.List as TreeObject | undefined)?.items ?? []) as TreeObject[];
      let kinds = "";
      for (const item of items) {
        const kind = kindOf(item);
        if (kind === null) {
          kinds = "";
          break;
        }
        kinds += kind;
      }
      if (kinds !== "" && kinds === last) continue;
      last = kinds;
      this.#row(items, level + 3);
    }
    this.#out += "]";
  }

  #row(value: unknown, level: number): void {
    this.#out += "(";
    for (const item of value as TreeObject[]) {
      const kind = kindOf(item);
      if (kind === null) this.#value(item, level + 1);
      else this.#constant(kind, level + 1);
    }
    this.#out += ")";
  }

  #constant(kind: string, level: number): void {
    if (level + 2 > MAX_TREE_DEPTH) throw tooDeep();
    this.#out += `?${kind}`;
  }
}

/** Of a number, a string, bits or a parameter; null for all else, and for NULL, true and false. */
function kindOf(node: TreeObject): "n" | "s" | "b" | "p" | null {
  const constant = node.A_Const as TreeObject | undefined;
  if (constant === undefined) return node.ParamRef === undefined ? null : "p";
  if (constant.ival !== undefined || constant.fval !== undefined) return "n";
  if (constant.sval !== undefined) return "s";
  return constant.bsval === undefined ? null : "b";
}

/** What stands to the right of a comparison, one by one, and the mark of how it is written. */
function operandsOf(right: TreeObject): ["" | "l" | "a", TreeObject[]] {
  const list = (right.List as TreeObject | undefined)?.items;
  if (Array.isArray(list)) return ["l", list];
  const elements = (right.A_ArrayExpr as TreeObject | undefined)?.elements;
  if (Array.isArray(elements)) return ["a", elements];
  return ["", [right]];
}

/** Whether it compares with any or all of a list, however long. */
function isList(kind: unknown): boolean {
  return kind === "AEXPR_IN" || kind === "AEXPR_OP_ANY" || kind === "AEXPR_OP_ALL";
}

function isPowerfulName(name: string): boolean {
  return /^(?:pg|lo|ts)_/.test(name) || functionRow(name) !== null;
}

/** Schemas whose rows are names and code: the system's own, and those of extensions that run what a row holds. */
const POWERFUL_SCHEMAS: ReadonlySet<unknown> = new Set([
  ...["pg_catalog", "information_schema"],
  ...["cron", "pgagent", "partman", "net", "timescaledb_information", "_timescaledb_config"],
]);

/** Writing pg_settings is SET. */
function isSystemRelation({ schemaname, relname }: TreeObject): boolean {
  return POWERFUL_SCHEMAS.has(schemaname) || (typeof relname === "string" && relname.startsWith("pg_"));
}
