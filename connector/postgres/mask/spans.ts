import type { ColumnRef, RangeTableSample, RangeVar } from "@pgsql/types";
import { type SourceText, type Span, Unspliceable } from "./source-text.ts";

/** Where a reference stands. */
export function referenceSpan(source: SourceText, { location, fields }: ColumnRef): Span {
  const first = source.at(location);
  const next = source.afterName(first, fields?.length ?? 1);
  return { start: source.start(first), end: source.end(next - 1) };
}

/** The last token of the GROUP BY before this one, which may stand in the middle of what is grouped by. */
export function groupByBefore(source: SourceText, from: number): number {
  let depth = 0;
  for (let at = from - 1; at > 0; at -= 1) {
    const word = source.word(at);
    if (word === ")") depth += 1;
    else if (word === "(") depth -= 1;
    else if (depth <= 0 && word === "BY" && source.word(at - 1) === "GROUP") {
      const next = source.word(at + 1);
      return next === "DISTINCT" || next === "ALL" ? at + 1 : at;
    }
  }
  throw new Unspliceable();
}

/** From ONLY, if it is there, to the end of the name and what belongs to it. `next`: the token behind. */
export function relationSpan(source: SourceText, range: RangeVar): Span & { next: number } {
  const parts = [range.catalogname, range.schemaname, range.relname].filter((part) => part !== undefined);
  const first = source.at(range.location);
  let begin = first;
  let next = source.afterName(first, parts.length);
  if (source.word(first - 1) === "(" && source.word(first - 2) === "ONLY" && source.word(next) === ")") {
    begin = first - 2;
    next += 1;
  } else if (source.word(first - 1) === "ONLY") begin = first - 1;
  if (source.word(next) === "*") next += 1;
  return { start: source.start(begin), end: source.end(next - 1), next };
}

/** Likewise with the alias and TABLESAMPLE, which goes into the subquery. */
export function sampledSpan(
  source: SourceText,
  range: RangeVar,
  sample: RangeTableSample,
): Span & { alias: string; tail: string } {
  const { start, end: nameEnd } = relationSpan(source, range);
  const method = source.at(sample.location);
  const begin = method - 1;
  if (source.word(begin) !== "TABLESAMPLE") throw new Unspliceable();
  let next = source.afterParenthesis(source.afterName(method, sample.method?.length ?? 1));
  if (source.word(next) === "REPEATABLE") next = source.afterParenthesis(next + 1);
  const end = source.end(next - 1);
  return {
    start,
    end,
    alias: source.slice(nameEnd, source.start(begin)),
    tail: ` ${source.slice(source.start(begin), end)}`,
  };
}

/** Where the word TABLE of `TABLE customers` begins; null for an ordinary entry of FROM. */
export function tableCommandStart(source: SourceText, start: number): number | null {
  const before = source.at(start) - 1;
  return source.word(before) === "TABLE" ? source.start(before) : null;
}
