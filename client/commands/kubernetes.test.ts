import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join as joinPath } from "node:path";
import { type TestContext, test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { Header, Path, type TargetKind } from "../../protocol/control.ts";
import { join } from "../../protocol/tunnel/join.ts";
import { ModelEdge } from "../../protocol/tunnel/testing.ts";
import { Served } from "../http/testing.ts";
import { CommandProcess, type CommandResult } from "./testing.ts";

/** An edge with one target, whose requests are answered with what was asked. */
async function edgeOf(context: TestContext, kind: TargetKind) {
  const folder = mkdtempSync(joinPath(tmpdir(), "sallyport-kubernetes-"));
  const edge = new ModelEdge({ session: "s1", kind });
  const target = { name: "prod", kind, connector: "main", description: "", allow: ["*"], online: true };
  edge.server.on("request", (request, response) => {
    const answers =
      request.url?.startsWith("/v1/targets") && request.headers.authorization === "Bearer syp_t";
    response.writeHead(answers ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify({ items: [{ ...target, hostKey: null, access: "allow" }], next: null }));
  });
  const url = await edge.start();
  const connector = await join({
    edge: url,
    path: Path.dial("s1"),
    headers: { [Header.ticket]: "t" },
    onMessage() {},
  });
  connector.carryExchanges((stream) => {
    const served = new Served(stream);
    void served.begun.promise.then(() => served.answer(200, `${served.head.method} ${served.head.target}`));
  });
  connector.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
  context.after(() => {
    connector.abandon();
    edge.stop();
    rmSync(folder, { recursive: true });
  });
  const env = { SALLYPORT_EDGE: url.origin, SALLYPORT_TOKEN: "syp_t" };
  const start = (...args: string[]) => new CommandProcess(args, { folder, env });
  const run = (...args: string[]): Promise<CommandResult> => start(...args).end();
  return { edge, url, folder, start, run };
}

test("kubeconfig prints one that leads to the edge, and says where kubectl can't use it", async (context) => {
  const { url, run, folder } = await edgeOf(context, "kubernetes");
  const { status, stdout, stderr } = await run("kubeconfig", "prod", "--namespace", "shop");
  assert.equal(status, 0, stderr);
  const config = new KubeConfig();
  config.loadFromString(stdout);
  assert.equal(config.getCurrentCluster()?.server, `${url.origin}/t/prod`);
  assert.deepEqual(config.getCurrentUser()?.exec.env, [{ name: "SALLYPORT_EDGE", value: url.origin }]);
  assert.match(stderr, /sends no credential over plain http/);
  assert.ok(!stdout.includes("syp_t"), "no token in it");

  const authority = joinPath(folder, "ca.pem");
  const certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
  writeFileSync(authority, `-----BEGIN PRIVATE KEY-----\nBBBB\n-----END PRIVATE KEY-----\n${certificate}`);
  const more = await run("kubeconfig", "prod", "--certificate-authority", authority, "--token-file", "token");
  config.loadFromString(more.stdout);
  assert.equal(config.getCurrentCluster()?.caData, Buffer.from(certificate).toString("base64"));
  assert.match(more.stdout, new RegExp(`tokenFile: ${joinPath(folder, "token")}\n`));
});

test("kubeconfig of another kind of target, and wrong options, are refused", async (context) => {
  const { run } = await edgeOf(context, "http");
  for (const [args, status, words] of [
    [["prod"], 2, /prod is a http target, and has no kubeconfig/],
    [["prod", "--namespace", "A_B"], 2, /namespace's name/],
    [["prod", "--certificate-authority", "nowhere.pem"], 5, /can't be read/],
  ] as const) {
    const result = await run("kubeconfig", ...args);
    assert.equal(result.status, status, result.stderr);
    assert.match(result.stderr, words);
    assert.equal(result.stdout, "");
  }
});

test("credential prints what an exec plugin must, or why it can't", async (context) => {
  const { run, folder } = await edgeOf(context, "kubernetes");
  const { stdout } = await run("credential");
  assert.deepEqual(JSON.parse(stdout).status, { token: "syp_t" });
  const none = await new CommandProcess(["--edge", "https://edge.example", "credential"], { folder }).end();
  assert.equal(none.status, 4);
  assert.equal(none.stdout, "");
  assert.match(none.stderr, /sallyport login --edge https:\/\/edge.example/);
});

test("run leads to an HTTP target by SALLYPORT_URL, and hides what proves us", async (context) => {
  const { run } = await edgeOf(context, "http");
  const script = `fetch(process.env.SALLYPORT_URL + "/a?b=c", { method: "POST", body: "x" }).then(async (response) =>
    console.log(await response.text(), process.env.SALLYPORT_TOKEN ?? "no token"))`;
  const { status, stdout, stderr } = await run("run", "prod", "--", process.execPath, "-e", script);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "POST /a?b=c no token\n");
  const refused = await run("run", "prod", "--database", "x", "--", "true");
  assert.equal(refused.status, 2);
});

test("run leads to a Kubernetes target by KUBECONFIG, which is gone afterwards", async (context) => {
  const { run } = await edgeOf(context, "kubernetes");
  const script = `const text = require("node:fs").readFileSync(process.env.KUBECONFIG, "utf8");
    const [, server] = /server: (\\S+)/.exec(text);
    fetch(server + "/api/v1/pods").then(async (response) => {
      console.log(await response.text());
      console.log(process.env.KUBECONFIG);
      process.exitCode = 7;
    })`;
  const { status, stdout, stderr } = await run("run", "prod", "--", process.execPath, "-e", script);
  assert.equal(status, 7, stderr);
  const [answer, file] = stdout.split("\n");
  assert.equal(answer, "GET /api/v1/pods");
  assert.throws(() => writeFileSync(file!, "", { flag: "r+" }), { code: "ENOENT" });
});

test("connect listens for HTTP, and tells the session's end in words", async (context) => {
  const { edge, start } = await edgeOf(context, "http");
  const command = start("connect", "prod");
  const [, url] = await command.says(/curl (http:\/\/127\.0\.0\.1:\d+)\//);
  assert.equal(await (await fetch(`${url}/one`)).text(), "GET /one");
  edge.end("session_killed", "an administrator ended it");
  await command.says(/session ended: an administrator ended it \(session_killed\)/);
  const { status } = await command.end("SIGINT");
  assert.equal(status, 0);
});
