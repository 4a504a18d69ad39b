import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type SshGateway, startSshGateway } from "./gateway.ts";

/** Whom a target lists may open it and run what it likes; forwards go to one place alone. */
const POLICIES = (port: number) => `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
@id("one-place") @reason("Forwards go to one place alone.")
forbid (principal, action == Action::"ssh:forward", resource)
unless { context.direction == "local" && context.host == "127.0.0.1" && context.port == ${port} };
`;

describe("where forwards are permitted", () => {
  let gateway: SshGateway;

  before(async () => {
    gateway = await startSshGateway();
  });

  after(() => gateway.stop());

  test("a connection through the target carries bytes both ways (-W)", async () => {
    const ran = await gateway.run("ssh", ["-W", `127.0.0.1:${gateway.sshd.port}`, "through"], {
      input: "SSH-2.0-x\r\n",
    });
    assert.match(ran.stdout.toString("latin1"), /^SSH-2\.0-OpenSSH/);
  });

  test("the target listens for the agent (-R)", async () => {
    const server = createServer((socket) => socket.end("hello from the agent's side"));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const args = [
      "-F",
      gateway.config,
      "-v",
      "-o",
      "LogLevel=INFO",
      "-N",
      "-R",
      `0:127.0.0.1:${port}`,
      "through",
    ];
    const client = spawn("ssh", args, { stdio: ["ignore", "ignore", "pipe"] });
    const [, chosen] = await said(client.stderr, /Allocated port (\d+) for remote forward/);
    const socket = connect(Number(chosen), "127.0.0.1");
    const [chunk] = (await once(socket, "data")) as [Buffer];
    assert.equal(chunk.toString(), "hello from the agent's side");
    client.kill();
    await once(client, "close");
    server.close();
  });

  test("the agent's ssh-agent answers on the target (-A)", async () => {
    const socket = join(gateway.edge.state, "agent.sock");
    const told = execFileSync("ssh-agent", ["-s", "-a", socket], { encoding: "utf8" });
    const agent = Number(/SSH_AGENT_PID=(\d+)/.exec(told)?.[1]);
    const env = { ...process.env, SSH_AUTH_SOCK: socket };
    execFileSync("ssh-add", ["-q", gateway.sshd.clientKey], { env, stdio: "ignore" });
    const ran = await gateway.run("ssh", ["-A", "through", "ssh-add -l"], { env });
    process.kill(agent);
    assert.deepEqual([ran.status, ran.stderr], [0, ""]);
    assert.match(ran.stdout.toString(), /^256 SHA256:/);
  });
});

describe("where the policies name one place", () => {
  let gateway: SshGateway;

  before(async () => {
    gateway = await startSshGateway();
    await gateway.edge.apply({
      targets: [{ name: "web1", kind: "ssh", connector: "main", description: "", allow: ["service/*"] }],
      policies: POLICIES(gateway.sshd.port),
    });
  });

  after(() => gateway.stop());

  test("that place is reached, others are not, and the reason is told", async () => {
    const there = await gateway.run("ssh", ["-W", `127.0.0.1:${gateway.sshd.port}`, "through"], {
      input: "x\r\n",
    });
    assert.match(there.stdout.toString("latin1"), /^SSH-2\.0-OpenSSH/);
    const other = await gateway.run("ssh", ["-o", "LogLevel=INFO", "-W", "127.0.0.1:1", "through"]);
    assert.notEqual(other.status, 0);
    assert.match(
      other.stderr,
      /administratively prohibited: refused by policy: Forwards go to one place alone\./,
    );
  });

  test("no agent and no listener is forwarded; the command runs without, and is told so", async () => {
    const args = ["-o", "ForwardAgent=yes", "-o", "LogLevel=INFO", "-R", "0:127.0.0.1:1", "through"];
    const env = { ...process.env, SSH_AUTH_SOCK: join(gateway.edge.state, "no-agent") };
    const ran = await gateway.run("ssh", [...args, "echo ran; echo agent=$SSH_AUTH_SOCK"], { env });
    assert.equal(ran.stdout.toString(), "ran\nagent=\n");
    assert.match(ran.stderr, /remote port forwarding failed|Warning/i);
  });
});

async function said(stream: NodeJS.ReadableStream, pattern: RegExp): Promise<RegExpExecArray> {
  let text = "";
  for await (const chunk of stream) {
    text += String(chunk);
    const found = pattern.exec(text);
    if (found) return found;
  }
  throw new Error(`it did not say ${pattern}: ${text}`);
}
