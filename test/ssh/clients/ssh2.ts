import { once } from "node:events";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { Client, type ClientChannel, type ConnectConfig, type SFTPWrapper } from "ssh2";
import type { ClientPlace } from "./places.ts";

const STATUSES = [0, 1, 2, 63, 126, 127, 128, 137, 254, 255];

/** ssh2 as client: what OpenSSH's does not show of exits, windows, replies and channels. */
export async function ssh2(place: ClientPlace): Promise<unknown> {
  const { address, port, user, key, hostKey, folder, openPort } = place;
  const client = new Client();
  const config: ConnectConfig = {
    ...{ host: address, port, username: user, readyTimeout: 60_000 },
    hostVerifier: (found: Buffer) => found.equals(Buffer.from(hostKey.split(" ")[1]!, "base64")),
    ...(key === null ? { authHandler: ["none"] } : { privateKey: readFileSync(key) }),
  };
  client.connect(config);
  await once(client, "ready");
  const exec = (line: string, options: object = {}): Promise<ClientChannel> =>
    new Promise((resolve, reject) =>
      client.exec(line, options, (error, channel) => (error ? reject(error) : resolve(channel))),
    );
  // Listeners are set where the channel is told: what runs briefly is over in the same turn.
  const ended = (line: string, options: object = {}): Promise<unknown[]> =>
    new Promise((resolve, reject) =>
      client.exec(line, options, (error, channel) => {
        if (error) return reject(error);
        const told: unknown[] = [];
        channel.on("exit", (...how: unknown[]) => told.push(...how));
        channel.on("close", () => resolve(told));
        channel.resume();
        channel.stderr.resume();
      }),
    );
  const statuses: unknown[] = [];
  for (const status of STATUSES) statuses.push(await ended(`exit ${status}`));
  const signals: unknown[] = [];
  for (const name of ["HUP", "KILL", "TERM", "USR2", "BUS"]) {
    signals.push([name, await ended(`ulimit -c 0; kill -${name} $$`)]);
  }

  const terminal = await exec("stty -echo; echo ready; while read line; do stty size; done", {
    pty: { rows: 24, cols: 80, term: "xterm", modes: { ONLCR: 0, VINTR: 5 } },
  });
  const sizes = [await said(terminal)];
  for (const [rows, columns] of [
    [40, 120],
    [10_000, 10_000],
    [1, 1],
  ] as const) {
    terminal.setWindow(rows, columns, 0, 0);
    terminal.write("\n");
    sizes.push(await said(terminal));
  }
  terminal.end();

  const rejected = await new Promise((resolve) =>
    client.subsys("no-such-subsystem", (error) => resolve(error?.message ?? "taken")),
  );
  const forward = await promisify(client.forwardOut.bind(client))("127.0.0.1", 1, "127.0.0.1", openPort);
  const hello = (await said(forward as ClientChannel)).slice(0, 8);
  forward.destroy();
  const refused = await new Promise((resolve) =>
    client.forwardOut("127.0.0.1", 1, "127.0.0.1", 1, (error) =>
      resolve((error as (Error & { reason?: unknown }) | undefined)?.reason),
    ),
  );
  const files = await sftp(
    (await promisify(client.sftp.bind(client) as never as () => void)()) as never,
    folder,
  );
  client.end();
  return { statuses, signals, sizes, rejected, hello, refused, files };
}

async function said(stream: ClientChannel): Promise<string> {
  const [chunk] = (await once(stream, "data")) as [Buffer];
  return chunk.toString();
}

async function sftp(wrapper: SFTPWrapper, folder: string): Promise<unknown> {
  const ask = <T>(
    call: (done: (error: Error | null | undefined, value?: T) => void) => void,
  ): Promise<unknown> =>
    new Promise((resolve) =>
      call((error, value) =>
        resolve(error ? [(error as { code?: unknown }).code, error.message] : (value ?? "done")),
      ),
    );
  const path = (name: string) => `${folder}/${name}`;
  const told = [
    await ask((done) => wrapper.mkdir(path("made"), done)),
    await ask((done) => wrapper.mkdir(path("made"), done)),
    await ask((done) => wrapper.writeFile(path("made/a"), Buffer.alloc(700_000, "x"), done)),
    await ask((done) => wrapper.symlink("a", path("made/link"), done)),
    await ask((done) => wrapper.readlink(path("made/link"), done)),
    await ask((done) => wrapper.ext_openssh_hardlink(path("made/a"), path("made/hard"), done)),
    await ask((done) => wrapper.ext_openssh_rename(path("made/hard"), path("made/a"), done)),
    await ask((done) => wrapper.rename(path("made/a"), path("made/b"), done)),
    await ask((done) => wrapper.stat(path("made/link"), done)),
  ];
  const read = (await ask((done) => wrapper.readFile(path("made/b"), done))) as Buffer;
  const list = (await ask((done) => wrapper.readdir(path("made"), done))) as { filename: string }[];
  return { told, read: read.length, list: list.map(({ filename }) => filename).sort() };
}
