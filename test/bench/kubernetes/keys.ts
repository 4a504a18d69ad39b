import { once } from "node:events";
import { Caller } from "../http/caller.ts";
import type { Path } from "../path.ts";
import { latencies, percentile, type Sample } from "../samples.ts";
import { type BenchCluster, POD } from "./cluster.ts";

const WARM_UP = 50;
const READY = "typed-from-here";
/** A message's first byte names its channel: standard input, standard output. */
const KEY = Buffer.from("\0k");
const OUTPUT = 1;

/** A key at a terminal of `kubectl exec -it`, there and back, for `seconds`: ms. */
export async function runKeys(to: BenchCluster, at: Path, seconds: number): Promise<Sample> {
  const caller = new Caller(to, at);
  const query = new URLSearchParams({ stdin: "true", stdout: "true", tty: "true" });
  // Without the terminal's own echo there is one answer for each key: that of the program.
  for (const word of ["sh", "-c", `stty raw -echo; printf ${READY}; exec cat`]) query.append("command", word);
  const path = `/api/v1/namespaces/default/pods/${POD}/exec?${query}`;
  const socket = await caller.webSocket(path, ["v5.channel.k8s.io"]);
  try {
    const answer = async (): Promise<string> => {
      for (;;) {
        const [data] = (await once(socket, "message")) as [Buffer];
        if (data[0] === OUTPUT && data.length > 1) return data.toString("utf8", 1);
      }
    };
    for (let said = ""; !said.endsWith(READY); ) said += await answer();
    const type = async () => {
      const start = performance.now();
      const answered = answer();
      socket.send(KEY);
      await answered;
      return (performance.now() - start) * 1_000;
    };
    for (let index = 0; index < WARM_UP; index++) await type();
    const times: number[] = [];
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) times.push(await type());
    return { value: percentile(times, 50) / 1_000, ...latencies(times) };
  } finally {
    socket.terminate();
    caller.stop();
  }
}
