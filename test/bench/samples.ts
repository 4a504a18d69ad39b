import type { PathName } from "./options.ts";

/** What one run measured. */
export interface Sample {
  /** In the workload's unit. */
  value: number;
  /** Latencies in microseconds, where the workload has any. */
  p50?: number;
  p99?: number;
}

/** One line of the result, as `--json` writes it. */
export interface Row {
  workload: string;
  /** `guard`, `net`: no way to PostgreSQL, but the connector's judging, and its detectors, alone. */
  path: PathName | "guard" | "net";
  /** Connections at a time. */
  clients: number;
  /** To the direct connection, which is 1; null where there is nothing to compare with. */
  ratio: number | null;
  p50: number | null;
  p99: number | null;
  value: number;
  unit: string;
  /** Whether more is better; for a time or for memory, less is. */
  better: "more" | "less";
  repetitions: number;
}

/** The same work on several paths, in rounds; a round has one run of each. */
export interface Compared {
  workload: string;
  clients: number;
  unit: string;
  better: "more" | "less";
  rounds: Map<PathName, Sample>[];
}

/**
 * Medians of the rounds. A ratio is the median of each round's own ratio, so that a machine that grows slower
 * from one round to the next does not show in it.
 */
export function rowsOf({ rounds, ...what }: Compared): Row[] {
  const paths = [...(rounds[0]?.keys() ?? [])];
  return paths.map((path) => {
    const samples = rounds.map((round) => round.get(path)!);
    const ratios = rounds.map((round) => round.get(path)!.value / round.get("direct")!.value);
    return {
      workload: what.workload,
      path,
      clients: what.clients,
      ratio: rounded(median(ratios), 3),
      p50: medianOf(samples.map(({ p50 }) => p50)),
      p99: medianOf(samples.map(({ p99 }) => p99)),
      value: rounded(median(samples.map(({ value }) => value)), 3),
      unit: what.unit,
      better: what.better,
      repetitions: rounds.length,
    };
  });
}

/** Times, µs, of work of the connector's own that needs no way to PostgreSQL, by rounds. */
export function guardRow(workload: string, rounds: readonly number[][]): Row {
  return {
    workload,
    path: "guard",
    clients: 1,
    ratio: null,
    p50: Math.round(median(rounds.map((one) => latencies(one).p50))),
    p99: Math.round(median(rounds.map((one) => latencies(one).p99))),
    value: rounded(median(rounds.map((one) => percentile(one, 50))), 1),
    unit: "µs",
    better: "less",
    repetitions: rounds.length,
  };
}

/** The middle of the values, or the mean of the two in the middle. NaN when there are none. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The least value that is not below `percent` of them (nearest rank). NaN when there are none. */
export function percentile(values: number[], percent: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Both percentiles of latencies in microseconds, whole. */
export function latencies(values: number[]): { p50: number; p99: number } {
  return { p50: Math.round(percentile(values, 50)), p99: Math.round(percentile(values, 99)) };
}

export function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

function medianOf(values: (number | undefined)[]): number | null {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? null : Math.round(median(known));
}
