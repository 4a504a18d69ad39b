import { type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EdgeOptions } from "../../client/local-edge/host.ts";
import { relay } from "../../client/relay.ts";
import type { ConnectorConfig } from "../../connector/config.ts";
import { loadIdentity, sshHostKey } from "../../connector/identity.ts";
import { startConnector, type Told } from "../../connector/main.ts";
import { DEFAULT_DETECTORS } from "../../connector/mask/detectors/modes.ts";
import type { SshTargetConfig } from "../../connector/ssh/target/config.ts";
import type { Uplink } from "../../connector/uplink.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { openTunnel } from "../../protocol/tunnel/join.ts";
import { startTestEdge, type TestEdge, testTarget } from "../gateway.ts";
import { type SshServer, startSshServer } from "../ssh-server.ts";

export const TARGET = "web1";
/** How long the edge may take to end the sessions of clients that are gone, ms. */
const GOODBYE_MS = 1_000;

/** How a command ended. */
export interface Ran {
  status: number | null;
  stdout: Buffer;
  stderr: string;
}

/** The whole path but for the client's command: OpenSSH's client, edge, connector, OpenSSH's server. */
export interface SshGateway {
  sshd: SshServer;
  edge: TestEdge;
  connector: Uplink;
  token: string;
  /** Path of an ssh_config with two hosts: `through`, and `direct`. */
  config: string;
  /** Where the way through listens. */
  port: number;
  /** Runs a client of OpenSSH's (`ssh`, `scp`, `sftp`, …) with that configuration. */
  run(program: string, args: string[], options?: { input?: string | Buffer } & SpawnOptions): Promise<Ran>;
  /** The sessions that the edge knows, the latest first. */
  sessions(): Promise<{ id: string; endCode: string | null }[]>;
  /** The entries of a session's recording, the latest session's by default. */
  recording(session?: string): Promise<RecordedEntry[]>;
  restartConnector(): Promise<void>;
  stop(): Promise<void>;
}

export interface SshGatewayOptions {
  edge?: Partial<EdgeOptions>;
  target?: Partial<SshTargetConfig>;
  /** In force at the start; else everything passes. */
  policies?: string;
  log?: (message: string) => void;
  /** Whom the connector tells what sessions do. */
  told?: Told;
  sshd?: SshServer;
}

export async function startSshGateway(options: SshGatewayOptions = {}): Promise<SshGateway> {
  const sshd = options.sshd ?? (await startSshServer());
  const edge = await startTestEdge(options.edge);
  await edge.apply({
    targets: [{ ...testTarget(TARGET), kind: "ssh" }],
    ...(options.policies !== undefined && { policies: options.policies }),
  });
  await edge.enroll("main");
  const state = join(edge.state, "connector-main");
  const config: ConnectorConfig = {
    name: "main",
    edge: edge.edge.url,
    state,
    targets: [
      {
        name: TARGET,
        kind: "ssh",
        host: sshd.host,
        port: sshd.port,
        accounts: [
          {
            name: sshd.user,
            allow: ["*"],
            credentials: {
              key: { secret: { file: sshd.clientKey }, passphrase: null, certificate: null },
              password: null,
            },
          },
        ],
        hostKeys: { knownHosts: sshd.knownHosts, fingerprints: [] },
        environment: ["LANG", "LC_*"],
        algorithms: "modern",
        detectors: DEFAULT_DETECTORS,
        ...options.target,
      },
    ],
  };
  const log = options.log ?? (process.env.CONNECTOR_LOG ? (line: string) => console.error(line) : () => {});
  const token = await edge.serviceToken("agent");
  const tunnels = await listenForSsh(() => openTunnel({ edge: edge.edge.url, target: TARGET, token }));
  const { port } = tunnels;
  const file = join(edge.state, "ssh_config");
  await writeFile(
    `${file}_known`,
    `through ${sshHostKey(loadIdentity(state)).line}\n${(await readFile(sshd.knownHosts, "utf8")).trim()}\n`,
  );
  await writeFile(file, configText(port, sshd, `${file}_known`));
  const gateway: SshGateway = {
    sshd,
    edge,
    connector: startConnector(config, edge.edge.url, log, options.told),
    token,
    config: file,
    port,
    run: (program, args, { input, ...rest } = {}) => run(program, ["-F", file, ...args], input, rest),
    sessions: () => edge.sessions(),
    recording: (session) => edge.recording(session),
    async restartConnector() {
      gateway.connector.stop();
      gateway.connector = startConnector(config, edge.edge.url, log, options.told);
      await gateway.connector.online;
    },
    async stop() {
      await tunnels.close();
      gateway.connector.stop();
      await edge.stop();
      if (!options.sshd) await sshd.stop();
    },
  };
  await gateway.connector.online;
  return gateway;
}

/** Runs a program to its end, with all that it says. */
export async function run(
  program: string,
  args: string[],
  input: string | Buffer | undefined,
  options: SpawnOptions = {},
): Promise<Ran> {
  const child = spawn(program, args, { ...options, stdio: ["pipe", "pipe", "pipe"] });
  const [out, err]: Buffer[][] = [[], []];
  child.stdout!.on("data", (chunk: Buffer) => out!.push(chunk));
  child.stderr!.on("data", (chunk: Buffer) => err!.push(chunk));
  child.stdin!.on("error", () => {});
  child.stdin!.end(input ?? "");
  const [status] = (await once(child, "close")) as [number | null];
  return { status, stdout: Buffer.concat(out!), stderr: Buffer.concat(err!).toString() };
}

/** The way in for clients; closing it ends their sessions while there is an edge that can. */
async function listenForSsh(open: () => ReturnType<typeof openTunnel>) {
  const sockets = new Set<Socket>();
  const relays = new Set<Promise<unknown>>();
  const server = createServer({ allowHalfOpen: true, noDelay: true, pauseOnConnect: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    const served = open().then(
      (stream) => relay(socket, stream, () => new Uint8Array(0)),
      () => socket.destroy(),
    );
    relays.add(served);
    void served.finally(() => relays.delete(served));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await Promise.race([Promise.all(relays), sleep(GOODBYE_MS)]);
    },
  };
}

function configText(port: number, sshd: SshServer, knownHosts: string): string {
  return `
Host *
  UserKnownHostsFile ${knownHosts}
  GlobalKnownHostsFile none
  StrictHostKeyChecking yes
  BatchMode yes
  LogLevel ERROR
  ControlPath none
Host through
  HostName 127.0.0.1
  Port ${port}
  HostKeyAlias through
  User sallyport
Host direct
  HostName ${sshd.host}
  Port ${sshd.port}
  User ${sshd.user}
  IdentityFile ${sshd.clientKey}
  IdentitiesOnly yes
`;
}
