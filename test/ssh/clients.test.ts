import { after, before, describe, test } from "node:test";
import { type SystemPackage, unavailable } from "../system-packages.ts";
import { type ClientPlace, same } from "./clients/places.ts";
import { curl } from "./clients/programs.ts";
import { pythonScenario } from "./clients/python.ts";
import { ssh2 } from "./clients/ssh2.ts";
import { type SshGateway, startSshGateway } from "./gateway.ts";

const CLIENTS: [SystemPackage, (place: ClientPlace) => Promise<unknown>][] = [
  ["python3-paramiko", (place) => pythonScenario("/usr/bin/python3", "paramiko", place)],
  ["python3-asyncssh", (place) => pythonScenario("/usr/bin/python3", "asyncssh", place)],
  ["curl", curl],
];

/** Clients that share no code with OpenSSH's, nor with each other: what they see direct they see through the gateway. */
describe("independent clients", { concurrency: 2, timeout: 340_000 }, () => {
  let gateway: SshGateway;

  before(async () => {
    gateway = await startSshGateway();
  });

  after(() => gateway.stop());

  test("ssh2", async () => {
    await same(gateway, "ssh2", ssh2);
  });

  for (const [name, run] of CLIENTS) {
    test(name, async (t) => {
      const reason = unavailable(name);
      if (reason !== false) return t.skip(reason);
      await same(gateway, name, run);
    });
  }
});
