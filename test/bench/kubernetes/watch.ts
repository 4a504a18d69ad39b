import { setTimeout as sleep } from "node:timers/promises";
import { Caller } from "../http/caller.ts";
import type { Path } from "../path.ts";
import { latencies, percentile, type Sample } from "../samples.ts";
import { type BenchCluster, CHANGING } from "./cluster.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
/** From any version on: the newest one may not be in the server's cache yet. */
const WATCH = `${CONFIG_MAPS}?watch=1&resourceVersion=0&fieldSelector=metadata.name%3D${CHANGING}`;
/** Changes are made so far apart that one is over before the next, ms. */
const APART_MS = 20;

/**
 * From the request that changes an object, sent directly to the API server, to the event at the client, ms: a change is
 * made every 20 ms for `seconds`.
 */
export async function runWatch(to: BenchCluster, at: Path, seconds: number): Promise<Sample> {
  const caller = new Caller(to, at);
  const changer = new Caller(to, { host: to.host, port: to.port, processes: {}, async stop() {} });
  const response = await caller.open(WATCH);
  try {
    let seen = (_value: string) => {};
    const lines = new Lines((line) => {
      const { object } = JSON.parse(line) as { object: { data?: { at?: string } } };
      seen(object.data?.at ?? "");
    });
    response.on("data", (chunk: Buffer) => lines.push(chunk.toString()));
    response.on("error", () => {});
    const change = async (value: string) => {
      const arrived = new Promise<void>((resolve) => {
        seen = (found) => {
          if (found === value) resolve();
        };
      });
      const start = performance.now();
      const done = changer.change(`${CONFIG_MAPS}/${CHANGING}`, { data: { at: value } });
      await arrived;
      const time = (performance.now() - start) * 1_000;
      await done;
      return time;
    };
    const times: number[] = [];
    const begin = performance.now();
    for (let index = 0; performance.now() - begin < seconds * 1_000; index++) {
      const time = await change(`${begin}-${index}`);
      if (index > 0) times.push(time);
      await sleep(APART_MS);
    }
    return { value: percentile(times, 50) / 1_000, ...latencies(times) };
  } finally {
    response.destroy();
    caller.stop();
    changer.stop();
  }
}

/** Whole lines of a text that comes in pieces. */
export class Lines {
  readonly #take: (line: string) => void;
  #rest = "";

  constructor(take: (line: string) => void) {
    this.#take = take;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) if (line !== "") this.#take(line);
  }
}
