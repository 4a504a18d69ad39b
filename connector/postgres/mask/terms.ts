import { literal } from "../catalog/queries.ts";
import { Unmaskable } from "./unmaskable.ts";

/**
 * Parts of SQL expressions that mean the same under any search_path and whatever a temporary schema holds: every
 * function, operator and type has its schema. Each gives what may stand as an operand of another.
 */

/** A call of a function of PostgreSQL's own. */
export const call = (name: string, ...operands: string[]) => `pg_catalog.${name}(${operands.join(", ")})`;

/** An operator of PostgreSQL's own. */
export const infix = (left: string, operator: string, right: string) =>
  `(${left} OPERATOR(pg_catalog.${operator}) ${right})`;

/** Several operands, from the left. */
export const joined = (first: string, operator: string, ...others: string[]) =>
  others.reduce((left, right) => infix(left, operator, right), first);

/** A cast to a type of PostgreSQL's own. */
export const cast = (value: string, type: string) => `(${value})::pg_catalog.${type}`;

/** A constant; its text is read as the type's. Throws Unmaskable for what no text of SQL can hold. */
export function constant(value: string, type: string): string {
  if (value.includes("\0") || !value.isWellFormed()) {
    throw new Unmaskable("a value with characters that PostgreSQL's texts can't hold");
  }
  return `${literal(value)}::${type}`;
}

export const textConstant = (value: string) => constant(value, "pg_catalog.text");
export const numberConstant = (value: number | string, type: string) =>
  constant(String(value), `pg_catalog.${type}`);

/** The first whose condition is true. */
export const cases = (arms: readonly (readonly [condition: string, then: string])[], otherwise: string) =>
  `(CASE ${arms.map(([condition, then]) => `WHEN ${condition} THEN ${then} `).join("")}ELSE ${otherwise} END)`;
