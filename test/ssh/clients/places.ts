import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Ran, run, type SshGateway } from "../gateway.ts";

/** What a client that reads no ssh_config needs to know of a way to the target. */
export interface ClientPlace {
  name: "direct" | "through";
  address: string;
  port: number;
  user: string;
  /** Path of a private key; none where the tunnel has told who it is. */
  key: string | null;
  /** `ssh-ed25519 AAAA…` */
  hostKey: string;
  /** Of the target's, where something that speaks SSH listens. */
  openPort: number;
  /** A folder that both ends see, empty at first. */
  folder: string;
  program(name: string, args: string[], options?: Parameters<typeof run>[3]): Promise<Ran>;
}

/** Both ways to the target. */
export async function clientPlaces(gateway: SshGateway, name: string): Promise<ClientPlace[]> {
  const { sshd } = gateway;
  const known = await readFile(`${gateway.config}_known`, "utf8");
  const [, ...key] = known
    .split("\n")
    .find((line) => line.startsWith("through "))!
    .split(" ");
  const ways = [
    { name: "direct", port: sshd.port, user: sshd.user, key: sshd.clientKey, hostKey: sshd.hostKeys[0]! },
    { name: "through", port: gateway.port, user: "sallyport", key: null, hostKey: key.join(" ") },
  ] as const;
  return ways.map((way) => {
    const folder = join(sshd.home, name, way.name === "direct" ? "d" : "t");
    mkdirSync(folder, { recursive: true });
    return {
      ...way,
      ...{ address: "127.0.0.1", folder, openPort: sshd.port },
      program: (program, args, options) => run(program, args, undefined, { cwd: folder, ...options }),
    };
  });
}

/** Does something in both places, at once; what it answers has to be the same. Answers it, too. */
export async function same<T>(
  gateway: SshGateway,
  name: string,
  scenario: (place: ClientPlace) => Promise<T>,
): Promise<T> {
  const places = await clientPlaces(gateway, name);
  const [direct, through] = await Promise.all(places.map(scenario));
  for (const { folder } of places) rmSync(folder, { recursive: true });
  assert.deepEqual(through, direct);
  return direct!;
}
