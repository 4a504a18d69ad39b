import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ClientPlace } from "./places.ts";

/** What a client's library for Python told of its work: a scenario in this folder. */
export async function pythonScenario(
  python: string,
  library: "paramiko" | "asyncssh",
  { program, address, port, user, key, hostKey, folder, openPort }: ClientPlace,
): Promise<{ version: string; told: Record<string, unknown> }> {
  const script = fileURLToPath(new URL(`${library}_scenario.py`, import.meta.url));
  const args = [script, address, String(port), user, key ?? "", hostKey, folder, String(openPort)];
  const { status, stdout, stderr } = await program(python, args);
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout.toString()) as { version: string; told: Record<string, unknown> };
}
