import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ssh2, { type Client } from "ssh2";
import { joinWrites } from "../../../connector/ssh/target/joined-writes.ts";
import { type SshServer, startSshServer } from "../../ssh-server.ts";
import type { Address } from "../database.ts";
import type { Destination } from "../path.ts";
import { MEMORY } from "../sallyport.ts";

/** The host that all paths lead to: a real OpenSSH server. */
export interface Host extends Destination {
  user: string;
  privateKey: string;
  /** A text file that is copied, and its size. */
  file: string;
  bytes: number;
  /** Where copies of it go, in memory where there is such a place. */
  copy: string;
  /** An ssh_config for stock clients; `Host bench` needs but `-o Port=`. */
  config: string;
  stop(): Promise<void>;
}

export const NAME = "bench";

/** Starts an sshd, and makes a file of so many MB. */
export async function startHost(megabytes: number): Promise<Host> {
  const sshd = await startSshServer();
  const scratch = await mkdtemp(join(existsSync(MEMORY) ? MEMORY : tmpdir(), "sallyport-bench-ssh-"));
  const stop = async () => {
    await sshd.stop();
    await rm(scratch, { recursive: true, force: true });
  };
  try {
    const file = join(scratch, "log.txt");
    const bytes = megabytes * 1_000_000;
    await writeFile(file, logLines(bytes));
    const config = join(scratch, "ssh_config");
    await writeFile(config, configText(sshd));
    const { host, port, user, clientKey, knownHosts } = sshd;
    return {
      ...{ host, port, user, file, bytes, config, stop },
      copy: join(scratch, "copy.txt"),
      privateKey: await readFile(clientKey, "utf8"),
      target: {
        kind: "ssh",
        connection: {
          ...{ host, port },
          accounts: [{ name: user, allow: ["*"] }],
          credentials: { key: { file: clientKey } },
          hostKeys: { knownHosts },
        },
      },
      secrets: {},
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * A client of ssh2's with one connection, which sends each packet at once and whole, as OpenSSH's does: a packet in two
 * pieces may be two frames. On Sallyport's paths the key is not asked for.
 */
export async function openClient({ user, privateKey }: Host, at: Address): Promise<Client> {
  const sock = connect({ host: at.host, port: at.port, noDelay: true });
  joinWrites(sock);
  const client = new ssh2.Client();
  return await new Promise((resolve, reject) => {
    client.once("ready", () => resolve(client)).once("error", reject);
    client.connect({ sock, username: user, privateKey, hostVerifier: () => true });
  });
}

/** Who speaks is known on every path by the tunnel or the key; the host keys change from run to run. */
function configText({ user, clientKey }: SshServer): string {
  return `Host ${NAME}
  HostName 127.0.0.1
  User ${user}
  IdentityFile ${clientKey}
  IdentitiesOnly yes
  StrictHostKeyChecking no
  UserKnownHostsFile /dev/null
  GlobalKnownHostsFile none
  BatchMode yes
  LogLevel ERROR
  ControlPath none
`;
}

/** Lines of a web server's log, all different, with nothing in them that a detector would find. */
function logLines(bytes: number): Buffer {
  const text = Buffer.alloc(bytes);
  for (let at = 0, line = 0; at < bytes; line++) {
    const status = line % 17 === 0 ? 404 : 200;
    at += text.write(
      `host-${line % 97} - - [22/Nov/2026:12:${line % 60}] "GET /shop/items?page=${line} HTTP/1.1" ${status} ${line % 5000}\n`,
      at,
    );
  }
  return text;
}
