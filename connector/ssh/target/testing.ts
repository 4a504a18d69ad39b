import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { TestContext } from "node:test";
import type { SshServer } from "../../../test/ssh-server.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import type { SshCredentials, SshTargetConfig } from "./config.ts";

/** The credentials of a key file without passphrase. */
export function keyFile(path: string, certificate: string | null = null): SshCredentials {
  return { key: { secret: { file: path }, passphrase: null, certificate }, password: null };
}

/** A target at a real sshd, whose host key is known. */
export function targetAt(
  server: SshServer,
  change: Partial<SshTargetConfig> & { credentials?: SshCredentials } = {},
): SshTargetConfig {
  const { credentials = keyFile(server.clientKey), ...rest } = change;
  return {
    name: "web",
    kind: "ssh",
    host: server.host,
    port: server.port,
    accounts: [{ name: server.user, allow: ["*"], credentials }],
    hostKeys: { knownHosts: server.knownHosts, fingerprints: [] },
    environment: [],
    algorithms: "modern",
    detectors: DEFAULT_DETECTORS,
    ...rest,
  };
}

/** Listens on loopback until the test ends; answers the port. */
export async function listenOnce(
  context: TestContext,
  serve: (socket: Socket) => void,
): Promise<{ host: string; port: number }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { host: "127.0.0.1", port: (server.address() as AddressInfo).port };
}
