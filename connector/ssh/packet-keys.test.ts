import assert from "node:assert/strict";
import { KeyObject } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { describe, test } from "node:test";
import ssh2, { type CipherAlgorithm, type Client, type Connection } from "ssh2";
import { ed25519Pair } from "../../test/ssh-keys.ts";
import { keepPacketKeys } from "./packet-keys.ts";
import { protocolOf } from "./target/insides.ts";

const { private: hostKey } = ed25519Pair();

/** The names of an end's keys that are objects. */
function keysOf(end: Client | Connection): string[] {
  const { _cipher, _decipher } = protocolOf(end);
  const named = [...Object.entries(_cipher), ...Object.entries(_decipher)];
  return named.flatMap(([name, value]) => (value instanceof KeyObject ? [name] : [])).sort();
}

describe("both ends understand each other with keys that are kept", () => {
  const names: [CipherAlgorithm, string[]][] = [
    ["aes128-gcm@openssh.com", ["_decipherKey", "_encKey"]],
    ["aes128-ctr", ["_macKey", "_macKey"]],
  ];
  for (const [cipher, keys] of names) {
    test(`by ${cipher}, also after a new key exchange`, async () => {
      let agent!: Connection;
      const server = new ssh2.Server({ hostKeys: [hostKey] }, (one) => {
        agent = one;
        keepPacketKeys(one);
        one.on("authentication", (context) => context.accept());
        one.on("session", (accept) =>
          accept().on("exec", (accepted) => {
            const channel = accepted();
            channel.pipe(channel);
          }),
        );
      });
      const listener = createServer((socket) => server.injectSocket(socket)).listen(0, "127.0.0.1");
      await once(listener, "listening");
      const { port } = listener.address() as { port: number };
      const client = new ssh2.Client();
      keepPacketKeys(client);
      client.connect({
        sock: connect(port, "127.0.0.1"),
        username: "one",
        algorithms: { cipher: [cipher] },
        hostVerifier: () => true,
      });
      await once(client, "ready");
      for (let round = 0; round < 2; round++) {
        assert.deepEqual([keysOf(client), keysOf(agent)], [keys, keys]);
        const echo = await new Promise<string>((resolve, reject) => {
          client.exec("cat", (error, channel) => {
            if (error) reject(error);
            else channel.once("data", (chunk: Buffer) => resolve(chunk.toString())).write("said");
          });
        });
        assert.equal(echo, "said");
        const isRenewed = once(client, "handshake");
        agent.rekey();
        await isRenewed;
      }
      client.end();
      await once(client, "close");
      listener.close();
    });
  }
});
