import type { Path } from "../path.ts";
import { latencies, percentile, type Sample } from "../samples.ts";
import { Caller, pieces } from "./caller.ts";
import type { Origin, Service } from "./host.ts";

/** Lists that are asked for in one run, after one that isn't measured. */
const LISTS = 3;
const MB = 1_000_000;
const PIECE = Buffer.alloc(MB / 4, "fedcba9876543210");

/** A list of some MB, ms from its request to its end. */
export async function runList(to: Origin, at: Path, path: string): Promise<Sample> {
  return await withCaller(to, at, async (caller) => {
    const times: number[] = [];
    for (let index = 0; index <= LISTS; index++) {
      const start = performance.now();
      const bytes = await caller.count(path);
      if (bytes < 4 * MB) throw new Error(`the list had ${bytes} bytes`);
      if (index > 0) times.push((performance.now() - start) * 1_000);
    }
    return { value: percentile(times, 50) / 1_000, ...latencies(times) };
  });
}

/** MB a second. Throws when not all has arrived. */
export async function runDownload(to: Service, at: Path): Promise<Sample> {
  return await speed(to, at, (caller) => caller.count("/file"));
}

export async function runUpload(to: Service, at: Path): Promise<Sample> {
  const count = (to.megabytes * MB) / PIECE.length;
  return await speed(to, at, async (caller) => {
    const answer = await caller.ask("PUT", "/file", pieces(count, PIECE));
    return (JSON.parse(answer.toString()) as { bytes: number }).bytes;
  });
}

async function speed(to: Service, at: Path, move: (caller: Caller) => Promise<number>): Promise<Sample> {
  return await withCaller(to, at, async (caller) => {
    // The session is there by then.
    await caller.count("/item");
    const start = performance.now();
    const bytes = await move(caller);
    const seconds = (performance.now() - start) / 1_000;
    if (bytes !== to.megabytes * MB) throw new Error(`of ${to.megabytes} MB ${bytes} bytes have arrived`);
    return { value: bytes / MB / seconds };
  });
}

async function withCaller(to: Origin, at: Path, run: (caller: Caller) => Promise<Sample>): Promise<Sample> {
  const caller = new Caller(to, at);
  try {
    return await run(caller);
  } finally {
    caller.stop();
  }
}
