import type { Value } from "../../protocol/postgres/types.ts";
import { printable } from "../terminal.ts";

/** Rows that are looked at before a table's widths are fixed. */
const LOOKED_AT = 50;
/** Characters of a cell. */
const CELL = 60;

type Row = (Value | null)[];

/** Lays rows out as a table as they come; widths are those of the first rows. */
export class RowTable {
  readonly #limit: number;
  #columns: string[] | null = null;
  #waiting: Row[] = [];
  #widths: number[] | null = null;
  #count = 0;

  /** `limit`: rows of each result that are shown. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Begins a result; the lines are the rest of the one before. */
  begin(columns: string[] | null): string[] {
    const lines = this.end();
    this.#columns = columns;
    return lines;
  }

  add(row: Row): string[] {
    this.#count++;
    if (this.#count > this.#limit) return [];
    if (this.#widths) return [line(row.map(cell), this.#widths)];
    this.#waiting.push(row);
    return this.#waiting.length < LOOKED_AT ? [] : this.#layOut();
  }

  /** Ends a result. */
  end(): string[] {
    const lines = this.#layOut();
    const left = this.#count - this.#limit;
    if (left > 0) lines.push(`… ${left} more ${left === 1 ? "row" : "rows"}`);
    this.#columns = null;
    this.#widths = null;
    this.#count = 0;
    return lines;
  }

  #layOut(): string[] {
    if (this.#widths || (this.#waiting.length === 0 && !this.#columns)) return [];
    const cells = this.#waiting.map((row) => row.map(cell));
    this.#waiting = [];
    const titles = (this.#columns ?? cells[0]!.map((_, index) => `column ${index + 1}`)).map((title) =>
      cut(title),
    );
    const widths = titles.map((title, column) =>
      Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)),
    );
    this.#widths = widths;
    const rule = widths.map((width) => "─".repeat(width)).join("─┼─");
    return [line(titles, widths), rule, ...cells.map((row) => line(row, widths))];
  }
}

/** A value on one line, made printable and cut; what was cut says its length. */
export function valueText(value: Value | null, limit: number = CELL): string {
  if (value === null) return "NULL";
  const text = cut(value.text, limit);
  return value.cut || text.length < printable(value.text).length ? `${text} (${value.bytes} bytes)` : text;
}

function cell(value: Value | null): string {
  return valueText(value);
}

function cut(text: string, limit: number = CELL): string {
  // Cut first: making a long text printable is work for nothing.
  const start = printable(text.slice(0, limit + 1));
  return start.length > limit ? `${start.slice(0, limit - 1)}…` : start;
}

function line(cells: string[], widths: number[]): string {
  return cells
    .map((text, column) => text.padEnd(widths[column] ?? 0))
    .join(" │ ")
    .trimEnd();
}
