import { once } from "node:events";
import type { Client } from "ssh2";
import type { Address } from "../database.ts";
import { runProgram } from "../programs.ts";
import { latencies, percentile, type Sample } from "../samples.ts";
import { type Host, NAME, openClient } from "./host.ts";

const COMMAND = "true";
const WARM_UP = 3;

/** `ssh HOST true`, one after the other for `seconds`: connection, login and command, ms. */
export async function runNewConnections(host: Host, at: Address, seconds: number): Promise<Sample> {
  const args = ["-F", host.config, "-o", `Port=${at.port}`, NAME, COMMAND];
  return await repeated(seconds, async () => void (await runProgram("ssh", args, {})));
}

/** The same command, one after the other on one connection, ms. */
export async function runOnOneConnection(host: Host, at: Address, seconds: number): Promise<Sample> {
  const client = await openClient(host, at);
  try {
    return await repeated(seconds, () => run(client));
  } finally {
    client.destroy();
  }
}

async function run(client: Client): Promise<void> {
  const closed = new Promise<void>((resolve, reject) => {
    client.exec(COMMAND, async (error, channel) => {
      if (error) {
        reject(error);
        return;
      }
      channel.resume();
      const exit = once(channel, "exit");
      await once(channel, "close");
      const [status] = await exit;
      if (status === 0) resolve();
      else reject(new Error(`${COMMAND} ended with ${status}`));
    });
  });
  await closed;
}

async function repeated(seconds: number, step: () => Promise<void>): Promise<Sample> {
  const times: number[] = [];
  for (let index = 0; index < WARM_UP; index++) await step();
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const start = performance.now();
    await step();
    times.push((performance.now() - start) * 1_000);
  }
  return { value: percentile(times, 50) / 1_000, ...latencies(times) };
}
