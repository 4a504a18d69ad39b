import type { Path } from "../path.ts";
import { latencies, type Sample } from "../samples.ts";
import { Caller } from "./caller.ts";
import type { Origin } from "./host.ts";

const WARM_UP = 200;

/** The same small request again and again on kept connections, one for each client: requests a second of all. */
export async function runRequests(
  to: Origin,
  at: Path,
  { path, clients, seconds }: { path: string; clients: number; seconds: number },
): Promise<Sample> {
  const callers = Array.from({ length: clients }, () => new Caller(to, at));
  try {
    const each = Math.ceil(WARM_UP / clients);
    await Promise.all(callers.map((caller) => repeated(each, () => caller.count(path))));
    const times: number[] = [];
    const start = performance.now();
    const until = start + seconds * 1_000;
    await Promise.all(
      callers.map(async (caller) => {
        while (performance.now() < until) {
          const before = performance.now();
          await caller.count(path);
          times.push((performance.now() - before) * 1_000);
        }
      }),
    );
    return { value: times.length / ((performance.now() - start) / 1_000), ...latencies(times) };
  } finally {
    for (const caller of callers) caller.stop();
  }
}

async function repeated(count: number, step: () => Promise<unknown>): Promise<void> {
  for (let done = 0; done < count; done++) await step();
}
