import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CommandProcess, type CommandResult } from "../../client/commands/testing.ts";
import { EXAMPLE } from "../../client/config/example.ts";
import { parseConfigFile } from "../../client/config/file.ts";
import { parseConnectorConfig } from "../../connector/config.ts";
import { unavailable } from "../system-packages.ts";
import { run, type SshGateway, startSshGateway, TARGET } from "./gateway.ts";

const skip = unavailable("openssh-server");

test("the other targets in the example are some, once their comment signs are gone", () => {
  const [before, commented] = EXAMPLE.split(/^(?=#\s+- name: web$)/m) as [string, string];
  const text = before + commented.replace(/^#/gm, "");
  assert.deepEqual(
    parseConfigFile(text, "/etc/s.yaml").settings.targets.map(({ name, kind }) => [name, kind]),
    [
      ["orders", "postgres"],
      ["web", "ssh"],
      ["shop", "http"],
      ["cluster", "kubernetes"],
    ],
  );
  const config = () =>
    parseConnectorConfig(text.replace("SHA256:…", `SHA256:${"A".repeat(43)}`), "/etc/s.yaml");
  const [, web] = config().targets;
  assert.ok(web?.kind === "ssh");
  assert.deepEqual(
    web.accounts.map(({ name }) => name),
    ["deploy", "admin"],
  );
});

describe("the client's commands for SSH targets", { skip, timeout: 340_000 }, () => {
  let gateway: SshGateway;
  let folder: string;
  let env: Record<string, string>;

  before(async () => {
    gateway = await startSshGateway();
    folder = gateway.edge.state;
    env = { SALLYPORT_EDGE: gateway.edge.edge.url.href, SALLYPORT_TOKEN: gateway.token };
  });
  after(() => gateway?.stop());

  function sallyport(args: string[], input?: string): Promise<CommandResult> {
    return new CommandProcess(args, { folder, env, ...(input !== undefined && { input }) }).end();
  }

  function shell(line: string) {
    return run("sh", ["-c", line], "", {
      cwd: folder,
      env: { PATH: process.env.PATH, HOME: folder, ...env },
    });
  }

  describe("one beside the other", { concurrency: 3 }, () => {
    test("`ssh` runs a command with its input, and passes its status on", async () => {
      const ran = await sallyport(
        ["ssh", TARGET, "cat", "-n;", "echo", "oops", ">&2;", "exit", "7"],
        "a\nb\n",
      );
      assert.deepEqual([ran.status, ran.stdout], [7, "     1\ta\n     2\tb\n"]);
      assert.match(ran.stderr, /^oops$/m);
    });

    test("`ssh` takes an account and ssh's own options, and tells who may not have it", async () => {
      const own = await sallyport(["ssh", "-q", `${gateway.sshd.user}@${TARGET}`, "id -un"]);
      assert.deepEqual([own.status, own.stdout.trim()], [0, gateway.sshd.user]);
      const other = await sallyport(["ssh", `nobody@${TARGET}`, "id"]);
      assert.equal(other.status, 255);
      assert.match(other.stderr, /sallyport: you may not have this account of target web1/);
    });

    test("what can't be reached, or be meant, is told before ssh runs", async () => {
      const absent = await sallyport(["ssh", "nowhere", "id"]);
      assert.deepEqual([absent.status, absent.stdout], [5, ""]);
      assert.match(absent.stderr, /There is no target nowhere that you may open\.\nThere is: web1\./);
      const proxy = await sallyport(["proxy", "nowhere"], "");
      assert.deepEqual([proxy.status, proxy.stdout], [255, ""]);
      assert.match(proxy.stderr, /^sallyport: there is no target "nowhere"/);
      const ran = await sallyport(["run", TARGET, "--", "true"]);
      assert.equal(ran.status, 2);
      assert.match(ran.stderr, /web1 is an SSH target.*\nRun a command there by sallyport ssh web1/);
    });

    test("`ssh-config` leads stock ssh, scp, rsync and a shared connection through", async (context) => {
      const { stdout } = await sallyport(["ssh-config"]);
      writeFileSync(join(folder, "config"), stdout + stdout);
      const content = randomBytes(3_000_000);
      writeFileSync(join(folder, "file"), content);
      const there = join(gateway.sshd.home, "file");
      const copied = await shell(`scp -q -F config file ${TARGET}:${there}`);
      assert.deepEqual([copied.status, copied.stderr], [0, ""]);
      assert.ok(readFileSync(there).equals(content));
      const master = "-F config -o ControlPath=master";
      const shared = await shell(
        `ssh ${master} -fNM -o ControlPersist=30 ${TARGET} && ssh ${master} ${TARGET} echo one && ssh ${master} ${TARGET} echo two; ssh ${master} -qO exit ${TARGET}`,
      );
      assert.equal(shared.stdout.toString(), "one\ntwo\n", shared.stderr);
      if (unavailable("rsync")) return context.diagnostic("without rsync");
      const synced = await shell(`rsync -e 'ssh -F config' ${TARGET}:${there} back`);
      assert.equal(synced.status, 0, synced.stderr);
      assert.ok(readFileSync(join(folder, "back")).equals(content));
    });

    test("`ssh-config --write` keeps a file to include", async () => {
      for (let i = 0; i < 2; i++) {
        const { status, stderr } = await sallyport(["ssh-config", "--write", TARGET]);
        assert.equal(status, 0, stderr);
        const [, file] = /^ {2}Include (.*)$/m.exec(stderr)!;
        writeFileSync(join(folder, "including"), `Include ${file}\n`);
        assert.equal(readFileSync(file!, "utf8").match(/^Host /gm)!.length, 1);
      }
      const ran = await shell(`ssh -F including ${TARGET} echo here`);
      assert.equal(ran.stdout.toString(), "here\n", ran.stderr);
    });
  });

  test("`connect` listens for SSH clients, and prints the command line", async () => {
    const connect = new CommandProcess(["connect", TARGET], { folder, env });
    const [, line] = await connect.says(/^ {2}(ssh -p .*)$/m);
    const ran = await shell(`${line} echo here`);
    assert.equal(ran.stdout.toString(), "here\n", ran.stderr);
    gateway.connector.stop();
    const refused = await shell(`${line} echo here`);
    assert.equal(refused.status, 255);
    assert.match(refused.stderr, /Received disconnect.*connector/);
    assert.equal((await connect.end("SIGTERM")).status, 0);
    const offline = await sallyport(["ssh", TARGET, "id"]);
    assert.equal(offline.status, 255);
    assert.match(offline.stderr, /^sallyport: .*connector/m);
  });
});
