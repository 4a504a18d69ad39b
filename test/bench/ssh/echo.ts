import { once } from "node:events";
import type { ClientChannel } from "ssh2";
import type { Address } from "../database.ts";
import { latencies, percentile, type Sample } from "../samples.ts";
import { type Host, openClient } from "./host.ts";

const WARM_UP = 100;
/** What the program says when the terminal is set: what comes from there on is what was typed. */
const READY = "typed-from-here";
const KEY = Buffer.from("k");

/** A key at a terminal, there and back, for `seconds`: what somebody who types waits for each letter, ms. */
export async function runEcho(host: Host, at: Address, seconds: number): Promise<Sample> {
  const client = await openClient(host, at);
  try {
    const terminal = await new Promise<ClientChannel>((resolve, reject) => {
      // Without the terminal's own echo there is one answer for each key: that of the program.
      const line = `stty raw -echo; printf ${READY}; exec cat`;
      client.exec(line, { pty: true }, (error, channel) => (error ? reject(error) : resolve(channel)));
    });
    for (let said = ""; !said.endsWith(READY); ) said += (await once(terminal, "data"))[0];
    const type = async () => {
      const start = performance.now();
      const answer = once(terminal, "data");
      terminal.write(KEY);
      await answer;
      return (performance.now() - start) * 1_000;
    };
    for (let index = 0; index < WARM_UP; index++) await type();
    const times: number[] = [];
    const until = performance.now() + seconds * 1_000;
    while (performance.now() < until) times.push(await type());
    return { value: percentile(times, 50) / 1_000, ...latencies(times) };
  } finally {
    client.destroy();
  }
}
