import type { Hops } from "./hops.ts";
import type { PathName } from "./options.ts";
import type { Row } from "./samples.ts";

const STEPS: Record<keyof Hops, string> = {
  postgres: "PostgreSQL itself, asked directly",
  listener: "the client's listener",
  edge: "twice through workerd, over four WebSocket messages",
  recording: "recording both: frame, hash, append, commit",
  connector: "the connector",
  whole: "the whole round trip",
};

/** The rows as a table in Markdown: a line for each workload and path. */
export function markdown(rows: Row[]): string {
  const head = ["workload", "clients", "path", "ratio", "value", "p50", "p99"];
  const lines = rows.map((row) => [
    row.workload,
    String(row.clients),
    row.path,
    row.ratio === null ? "" : row.ratio.toFixed(2),
    `${figure(row.value)} ${row.unit}`,
    row.p50 === null ? "" : `${grouped(row.p50)} µs`,
    row.p99 === null ? "" : `${grouped(row.p99)} µs`,
  ]);
  return table(head, lines, 3);
}

/** Where the time of one small query goes, a column for each path. */
export function hopTable(hops: Map<PathName, Hops>): string {
  const lines = Object.entries(STEPS).map(([step, words]) => [
    words,
    ...Array.from(hops.values(), (times) => `${Math.round(times[step as keyof Hops])} µs`),
  ]);
  return table(["step of one small query", ...hops.keys()], lines, 1);
}

/** A table in Markdown, its columns aligned; those from `right` on to the right. */
export function table(head: string[], lines: string[][], right: number): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...lines.map((line) => line[column]!.length)),
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => (column < right ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    column < right ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(head), line(rule), ...lines.map(line)].join("\n");
}

function figure(value: number): string {
  if (value >= 100) return grouped(Math.round(value));
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

function grouped(value: number): string {
  return value.toLocaleString("en-US");
}
