import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { PassThrough } from "node:stream";
import { after, before, describe, test } from "node:test";
import * as k8s from "@kubernetes/client-node";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { podNamed, tinyChart } from "./processes.ts";

/** Helm reads the Secrets in which it keeps its releases; else what is masked stays so. */
const POLICIES = `
permit (principal, action, resource);
forbid (principal, action == Action::"unmask", resource) unless { context.label == "kubernetes.secret" };
`;

describe("client libraries and programs through the edge", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let gateway: KubernetesGateway;
  let config: k8s.KubeConfig;
  let core: k8s.CoreV1Api;

  before(async () => {
    gateway = await startKubernetesGateway({ policies: POLICIES });
    config = new k8s.KubeConfig();
    config.loadFromFile(gateway.kubeconfig);
    core = config.makeApiClient(k8s.CoreV1Api);
    await core.createNamespacedPod({ namespace: "default", body: podNamed("held") });
    const ready = await gateway.kubectl(["wait", "--for=condition=Ready", "pod/held", "--timeout=30s"]);
    assert.equal(ready.status, 0, ready.stderr);
    await gateway.cluster.appendLog("default", "held", "main", "one\ntwo");
  });

  after(() => gateway?.stop());

  const configMap = (name: string) => ({ metadata: { name }, data: { a: "1" } });
  const text = async (stream: PassThrough) => Buffer.concat(await stream.toArray()).toString();

  test("objects are made, listed, patched and deleted", async () => {
    const namespace = "default";
    await core.createNamespacedConfigMap({ namespace, body: configMap("made") });
    const { items } = await core.listNamespacedConfigMap({ namespace });
    assert.ok(items.some(({ metadata }) => metadata?.name === "made"));
    const patched = await core.patchNamespacedConfigMap(
      { name: "made", namespace, body: { data: { b: "2" } } },
      k8s.setHeaderOptions("Content-Type", k8s.PatchStrategy.MergePatch),
    );
    assert.deepEqual(patched.data, { a: "1", b: "2" });
    await core.deleteNamespacedConfigMap({ name: "made", namespace });
    await assert.rejects(core.readNamespacedConfigMap({ name: "made", namespace }), (error) => {
      assert.ok(error instanceof k8s.ApiException);
      assert.equal(error.code, 404);
      return true;
    });
  });

  test("a watch tells changes as they come", async () => {
    const seen: string[] = [];
    const deleted = Promise.withResolvers<void>();
    const controller = await new k8s.Watch(config).watch(
      "/api/v1/namespaces/default/configmaps",
      { fieldSelector: "metadata.name=seen" },
      (type) => {
        seen.push(type);
        if (type === "DELETED") deleted.resolve();
      },
      () => {},
    );
    await core.createNamespacedConfigMap({ namespace: "default", body: configMap("seen") });
    await core.deleteNamespacedConfigMap({ name: "seen", namespace: "default" });
    await deleted.promise;
    controller.abort();
    assert.deepEqual(seen, ["ADDED", "DELETED"]);
  });

  test("exec keeps outputs apart, takes input and gives the status", async () => {
    const [stdout, stderr, stdin] = [new PassThrough(), new PassThrough(), new PassThrough()];
    const status = Promise.withResolvers<k8s.V1Status>();
    const socket = await new k8s.Exec(config).exec(
      "default",
      "held",
      "main",
      ["sh", "-c", 'read line; echo "got $line"; echo err >&2; exit 3'],
      stdout,
      stderr,
      stdin,
      false,
      status.resolve,
    );
    const output = Promise.all([text(stdout), text(stderr)]);
    stdin.write("hello\n");
    const { reason, details } = await status.promise;
    assert.equal(reason, "NonZeroExitCode");
    assert.equal(details?.causes?.[0]?.message, "3");
    socket.close();
    stdout.end();
    stderr.end();
    assert.deepEqual(await output, ["got hello\n", "err\n"]);
  });

  test("attach joins what runs", async () => {
    const command = ["sh", "-c", 'while read line; do echo "got $line"; done'];
    const body = podNamed("reader", { image: "host", command, stdin: true, stdinOnce: true });
    await core.createNamespacedPod({ namespace: "default", body });
    await gateway.kubectl(["wait", "--for=condition=Ready", "pod/reader", "--timeout=20s"]);
    const [stdout, stdin] = [new PassThrough(), new PassThrough()];
    const socket = await new k8s.Attach(config).attach(
      "default",
      "reader",
      "main",
      stdout,
      null,
      stdin,
      false,
    );
    stdin.write("hello\n");
    const [said] = await once(stdout, "data");
    assert.equal(String(said), "got hello\n");
    socket.close();
  });

  test("logs are read and followed", async () => {
    assert.equal(
      await core.readNamespacedPodLog({ name: "held", namespace: "default", tailLines: 1 }),
      "two\n",
    );
    const command = ["sh", "-c", "echo begun; sleep 1; echo ended"];
    await core.createNamespacedPod({
      namespace: "default",
      body: podNamed("printer", { image: "host", command }),
    });
    await gateway.kubectl(["wait", "--for=jsonpath={.status.phase}", "pod/printer", "--timeout=20s"]);
    const stream = new PassThrough();
    await new k8s.Log(config).log("default", "printer", "main", stream, { follow: true });
    assert.equal(await text(stream), "begun\nended\n");
  });

  test("a port is forwarded", async () => {
    const echo = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    const forward = new k8s.PortForward(config);
    const local = createServer((socket) => {
      void forward.portForward(
        "default",
        "held",
        [(echo.address() as AddressInfo).port],
        socket,
        null,
        socket,
      );
    }).listen(0, "127.0.0.1");
    await Promise.all([once(echo, "listening"), once(local, "listening")]);
    const socket = connect((local.address() as AddressInfo).port, "127.0.0.1");
    socket.write("there and back");
    const [back] = await once(socket, "data");
    assert.equal(String(back), "there and back");
    socket.destroy();
    local.close();
    echo.close();
  });

  test("helm installs, upgrades, rolls back and uninstalls a chart", async (t) => {
    const { cluster, kubeconfig } = gateway;
    if (cluster.binaries.helm === null) return t.skip("there is no helm");
    const chart = await tinyChart(cluster.folder);
    const helm = async (...args: string[]) => {
      const { status, stdout, stderr } = await cluster.helm(args, { kubeconfig });
      assert.equal(status, 0, `helm ${args.join(" ")}: ${stderr}`);
      return stdout;
    };
    const greeting = async () =>
      (await core.readNamespacedConfigMap({ name: "tiny", namespace: "default" })).data?.greeting;
    await helm("install", "tiny", chart, "--set", "greeting=hi");
    assert.equal(await greeting(), "hi");
    assert.match(await helm("list"), /tiny\s+default\s+1/);
    await helm("upgrade", "tiny", chart, "--reset-values");
    assert.equal(await greeting(), "hello");
    await helm("rollback", "tiny", "1");
    assert.equal(await greeting(), "hi");
    assert.match(await helm("status", "tiny"), /STATUS: deployed/);
    assert.match(await helm("history", "tiny"), /Rollback to 1/);
    await helm("uninstall", "tiny", "--wait");
    await assert.rejects(greeting());
  });
});
