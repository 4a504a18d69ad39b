import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import fc from "fast-check";
import { SEED } from "../../../protocol/seeded.ts";
import type { CatalogName } from "../../../protocol/sql/catalog.ts";
import { loadParser, parseSql } from "../../../protocol/sql/parser.ts";
import { changeStatement } from "./change-query.ts";
import { literal, loadStatements, withSchemas } from "./queries.ts";
import { PROBE } from "./session-state.ts";

console.log(`catalog queries fuzz: SEED=${SEED}`);

before(() => loadParser());

const KINDS: CatalogName["kind"][] = ["relation", "functions", "operator", "type"];
const ALL = KINDS.map((kind) => ({ kind, schema: "public", name: "x" }));

/** Calls `visit` with the type and body of every node of a tree. */
function walk(value: unknown, visit: (type: string, body: Record<string, unknown>) => void): void {
  if (typeof value !== "object" || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (typeof child === "object" && child !== null && !Array.isArray(child)) visit(key, child);
    walk(child, visit);
  }
}

const partsOf = (list: unknown) => (list as { String: { sval: string } }[]).map((part) => part.String.sval);

/** What in a statement is found by the search_path. */
function unqualified(sql: string): string[] {
  const [statement] = parseSql(sql);
  const found: string[] = [];
  const ctes = new Set<string>();
  walk(statement!.tree, (type, body) => {
    if (type === "CommonTableExpr") ctes.add(String(body.ctename));
  });
  const multiple = new Set<unknown>();
  walk(statement!.tree, (type, body) => {
    if (type === "RangeVar" && body.schemaname !== "pg_catalog" && !ctes.has(String(body.relname))) {
      found.push(`relation ${body.relname}`);
    }
    // The grammar's analysis makes pg_catalog.unnest of an unnest with several arguments.
    if (type === "FuncCall" && (body.args as unknown[] | undefined)?.length !== 1) multiple.add(body);
    if (type === "FuncCall" && partsOf(body.funcname)[0] !== "pg_catalog") {
      const name = partsOf(body.funcname).join(".");
      if (!(name === "unnest" && multiple.has(body))) found.push(`function ${name}`);
    }
    if (type === "A_Expr" && body.name !== undefined) {
      const name = partsOf(body.name);
      const byClass = ["AEXPR_DISTINCT", "AEXPR_NULLIF"].includes(String(body.kind));
      if (name[0] !== "pg_catalog" || byClass) found.push(`operator ${name.join(".")}`);
    }
    if (type === "SubLink" && Array.isArray(body.operName)) found.push("operator of a subquery");
    if (type === "CaseExpr" && body.arg !== undefined) found.push("operator of CASE");
    if (type === "typeName" || type === "TypeName") {
      if (partsOf(body.names)[0] !== "pg_catalog") found.push(`type ${partsOf(body.names).join(".")}`);
    }
    if (type === "JoinExpr" && (body.usingClause !== undefined || body.isNatural === true)) {
      found.push("operator of USING");
    }
  });
  return found;
}

describe("the statements", () => {
  const STATEMENTS: [name: string, sql: () => string][] = [
    ...ALL.map((name): [string, () => string] => [name.kind, () => loadStatements([name])[0]!]),
    ["changes", () => changeStatement("1:2:")],
    ["session state", () => PROBE],
  ];
  for (const [name, sql] of STATEMENTS) {
    test(`of ${name} leave nothing for the search_path to decide`, () => {
      assert.deepEqual(unqualified(sql()), []);
      assert.equal(parseSql(sql()).length, 1, "one statement, so that a batch can hold it");
    });
  }

  test("are only those that are needed", () => {
    assert.equal(loadStatements(ALL).length, 4);
    assert.equal(loadStatements(ALL.slice(1, 2)).length, 1);
    assert.deepEqual(loadStatements([]), []);
  });

  test("are told from what the search_path decides", () => {
    const evil =
      "SELECT f(x::t) FROM r WHERE a = b AND c IN (1) AND d LIKE 'x' AND CASE e WHEN 1 THEN true END";
    assert.deepEqual(unqualified(evil).sort(), [
      "function f",
      "operator =",
      "operator =",
      "operator of CASE",
      "operator ~~",
      "relation r",
      "type t",
    ]);
  });

  test("have operators qualified, but in constants", () => {
    assert.equal(
      withSchemas("a = 'b = c' || d"),
      "a OPERATOR(pg_catalog.=) 'b = c' OPERATOR(pg_catalog.||) d",
    );
  });
});

describe("a name in a statement", () => {
  test("is a constant, whatever is in it and whatever standard_conforming_strings is", () => {
    const nasty = fc.string({
      unit: fc.constantFrom("'", "\\", '"', "$", "E", ";", "-", "/*", "\n", "é", "$&", "x"),
    });
    fc.assert(
      fc.property(
        nasty,
        nasty,
        fc.constantFrom("functions" as const, "operator" as const),
        (schema, name, kind) => {
          const [sql] = loadStatements([{ kind, schema, name }]);
          const [statement, second] = parseSql(sql!);
          assert.equal(second, undefined);
          const constants: string[] = [];
          walk(statement!.tree, (type, body) => {
            if (type === "sval" && typeof body.sval === "string" && body.sval.startsWith("[{")) {
              constants.push(body.sval);
            }
          });
          assert.deepEqual(
            constants.map((one) => JSON.parse(one)),
            [[{ n: 0, schema, name }]],
          );
          assert.deepEqual(unqualified(sql!), []);
        },
      ),
      { seed: SEED, numRuns: 200 },
    );
  });

  test("is a literal with neither a lone quote nor a lone backslash", () => {
    assert.equal(literal("a'b\\c"), "E'a''b\\\\c'");
  });
});
