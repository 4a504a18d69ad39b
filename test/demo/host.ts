// A process of its own: a stand-in for an SSH host, on a free port of loopback. It has a few files and programs in memory
// and runs nothing on this machine. It ends with the process that forked it.
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import ssh2, { type Connection, type ServerChannel } from "ssh2";
import { ed25519Pair } from "../ssh-keys.ts";

/** What the parent gets when it listens. */
export interface HostReady {
  port: number;
  /** `SHA256:…` of the host key. */
  fingerprint: string;
  /** The private key that may log in, as OpenSSH writes it. */
  key: string;
}

const FILES: Record<string, string> = {
  "/srv/shop/payments.log": `09:14:02 order 181 paid 59.20 by card 4111 1111 1111 1111
09:14:40 order 182 paid 12.95 by invoice
09:15:07 order 183 refused: the card 5555 5555 5555 4444 has expired
`,
  "/srv/shop/version": "2026.11\n",
};

const PROGRAMS: Record<string, (operands: string[]) => string | undefined> = {
  uptime: () => " 09:15:31 up 12 days,  3:02,  0 users,  load average: 0.08, 0.03, 0.01\n",
  ls: () => "payments.log  version\n",
  cat: ([file = ""]) => FILES[file],
  tail: (operands) => FILES[operands.at(-1) ?? ""]?.split("\n").slice(-3).join("\n"),
};

// Our end of the channel goes with our parent, whatever ended it.
process.on("disconnect", () => process.exit());
// A terminal's Ctrl-C reaches the whole group; the parent says when.
process.on("SIGINT", () => {});

const host = ed25519Pair();
const client = ed25519Pair();
const clientKey = publicBlob(client.public);

const server = new ssh2.Server({ hostKeys: [host.private] }, serve);
server.listen(0, "127.0.0.1", () => {
  const fingerprint = createHash("sha256")
    .update(publicBlob(host.public))
    .digest("base64")
    .replace(/=+$/, "");
  const ready: HostReady = {
    port: (server.address() as AddressInfo).port,
    fingerprint: `SHA256:${fingerprint}`,
    key: client.private,
  };
  process.send?.(ready);
});

function serve(connection: Connection): void {
  connection.on("error", () => {});
  connection.on("authentication", (context) => {
    if (context.method !== "publickey" || !context.key.data.equals(clientKey)) {
      context.reject(["publickey"]);
      return;
    }
    // The first question has no signature: only whether the key would do (RFC 4252 section 7).
    const { blob, signature, hashAlgo } = context;
    const key = ssh2.utils.parseKey(client.public);
    const isSigned = signature && blob && !(key instanceof Error) && key.verify(blob, signature, hashAlgo);
    if (signature === undefined || isSigned === true) context.accept();
    else context.reject();
  });
  connection.on("session", (accept) => {
    accept().on("exec", (acceptExec, _reject, { command }) => run(acceptExec(), command));
  });
}

function run(channel: ServerChannel, command: string): void {
  const [program = "", ...operands] = command.split(/\s+/);
  const output = Object.hasOwn(PROGRAMS, program) ? PROGRAMS[program]!(operands) : undefined;
  if (output === undefined) channel.stderr.write(`sh: ${program}: the demo's host can't do that\n`);
  else channel.write(output);
  channel.exit(output === undefined ? 127 : 0);
  channel.end();
}

function publicBlob(line: string): Buffer {
  return Buffer.from(line.split(" ")[1]!, "base64");
}
