import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Address } from "../database.ts";
import type { Path } from "../path.ts";
import { startProgram } from "../programs.ts";
import { Stops } from "../stops.ts";

/** workerd with the Worker that only passes messages on. */
export interface PlainEdge {
  url: string;
  workerdPid: number;
  stop(): Promise<void>;
}

export async function startPlainEdge(): Promise<PlainEdge> {
  const state = await mkdtemp(join(tmpdir(), "sallyport-relay-"));
  const stops = new Stops();
  stops.add(() => rm(state, { recursive: true, force: true }));
  const edge = await startScript("./edge.ts", [state], (line) => JSON.parse(line) as PlainEdge);
  stops.add(edge.program.stop);
  return { ...edge.ready, stop: () => stops.run() };
}

/** The same hops as Sallyport's, each a process of its own, with nothing recorded, checked or held back. */
export async function startRelay(target: Address): Promise<Path> {
  const stops = new Stops();
  try {
    const edge = await startPlainEdge();
    stops.add(edge.stop);
    const connector = await startScript(
      "./connector.ts",
      [edge.url, target.host, String(target.port)],
      (line) => line === "ready" || undefined,
    );
    stops.add(connector.program.stop);
    const listener = await startScript(
      "./listener.ts",
      [edge.url],
      (line) => JSON.parse(line) as { port: number },
    );
    stops.add(listener.program.stop);
    return {
      host: "127.0.0.1",
      port: listener.ready.port,
      processes: {
        workerd: edge.workerdPid,
        connector: connector.program.pid,
        client: listener.program.pid,
      },
      stop: () => stops.run(),
    };
  } catch (error) {
    await stops.run();
    throw error;
  }
}

function startScript<T>(file: string, args: string[], ready: (line: string) => T | undefined) {
  return startProgram(process.execPath, [fileURLToPath(new URL(file, import.meta.url)), ...args], {}, ready);
}
