import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Cluster, clusterUnavailable, type RunOptions, startCluster } from "./cluster/cluster.ts";

const HELD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "held", labels: { app: "held" } },
  spec: { containers: [{ name: "main", image: "registry.test/held:1" }] },
};

describe("the kit of a test cluster", { skip: clusterUnavailable() }, () => {
  let cluster: Cluster;

  before(async () => {
    cluster = await startCluster();
    await apply(HELD);
    await kubectl("wait", "--for=condition=Ready", "pod/held", "--timeout=20s");
  });
  after(() => cluster?.stop());

  /** What kubectl prints; it must succeed. */
  async function kubectl(...args: (string | RunOptions)[]): Promise<string> {
    const options = typeof args.at(-1) === "object" ? (args.pop() as RunOptions) : {};
    const { status, stdout, stderr } = await cluster.kubectl(args as string[], options);
    assert.equal(status, 0, `kubectl ${args.join(" ")}: ${stdout}${stderr}`);
    return stdout;
  }

  const apply = (...objects: object[]) =>
    kubectl("apply", "-f", "-", {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items: objects }),
    });

  async function untilSays(child: ChildProcess, pattern: RegExp): Promise<string> {
    let said = "";
    for await (const chunk of child.stdout!.setEncoding("utf8").iterator({ destroyOnReturn: false })) {
      said += chunk;
      if (pattern.test(said)) return said;
    }
    throw new Error(`it ended and had said: ${said}`);
  }

  async function end(child: ChildProcess): Promise<void> {
    const ended = once(child, "exit");
    child.kill();
    await ended;
  }

  test("client and server say their versions", async () => {
    const version = JSON.parse(await kubectl("version", "-o", "json"));
    assert.equal(version.serverVersion.gitVersion, cluster.version);
    assert.equal(version.clientVersion.gitVersion, cluster.version);
  });

  test("objects are read, changed, compared and deleted", async () => {
    const deployment = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: {
          metadata: { labels: { app: "web" } },
          spec: { containers: [{ name: "web", image: "web:1" }] },
        },
      },
    };
    assert.match(await apply(deployment), /deployment.apps\/web created/);
    assert.match(await kubectl("get", "deployments"), /^web\s+0\/1/m);
    await kubectl("scale", "deployment/web", "--replicas=3");
    await kubectl("patch", "deployment/web", "-p", '{"metadata":{"labels":{"tier":"front"}}}');
    assert.equal(
      await kubectl("get", "deployment/web", "-o", "jsonpath={.spec.replicas} {.metadata.labels.tier}"),
      "3 front",
    );
    deployment.spec.template.spec.containers[0]!.image = "web:2";
    const diff = await cluster.kubectl(["diff", "-f", "-"], { input: JSON.stringify(deployment) });
    assert.equal(diff.status, 1, diff.stderr);
    assert.match(diff.stdout, /\+\s+- image: web:2/);
    assert.match(await kubectl("explain", "deployment.spec.replicas"), /Number of desired pods/);
    await kubectl("delete", "deployment/web");
  });

  test("a pod runs once it is made, and is gone once deleted", async () => {
    await kubectl("run", "short-lived", "--image=any");
    await kubectl("wait", "--for=condition=Ready", "pod/short-lived", "--timeout=20s");
    await kubectl("delete", "pod", "short-lived", "--timeout=20s");
    const gone = await cluster.kubectl(["get", "pod", "short-lived"]);
    assert.match(gone.stderr, /NotFound/);
  });

  test("a watch follows changes", async () => {
    const watch = cluster.startKubectl([
      "get",
      "configmaps",
      "--watch",
      "--field-selector=metadata.name=seen",
    ]);
    const seen = untilSays(watch, /seen\s+1/);
    await kubectl("create", "configmap", "seen", "--from-literal=a=b");
    await seen;
    await end(watch);
  });

  test("logs are read and followed", async () => {
    await cluster.appendLog("default", "held", "main", "one\ntwo");
    assert.equal(await kubectl("logs", "held", "--tail=1"), "two\n");
    const follow = cluster.startKubectl(["logs", "-f", "held"]);
    await untilSays(follow, /two/);
    const third = untilSays(follow, /three/);
    await cluster.appendLog("default", "held", "main", "three");
    await third;
    await end(follow);
  });

  for (const older of [false, true]) {
    test(`exec by the ${older ? "older" : "newer"} kubectl keeps outputs apart and gives the exit status`, async (t) => {
      if (older && cluster.binaries.olderKubectl === null) return t.skip("there is no older kubectl");
      const script = "cat; echo out; echo err >&2; exit 7";
      const ran = await cluster.kubectl(["exec", "-i", "held", "--", "sh", "-c", script], {
        input: "in\n",
        older,
      });
      assert.deepEqual([ran.status, ran.stdout], [7, "in\nout\n"]);
      assert.match(ran.stderr, /^err\ncommand terminated with exit code 7/);
    });
  }

  test("exec has a terminal of the client's size", async () => {
    // script gives kubectl a terminal, as only then it asks for one.
    const command = `stty rows 33 cols 77; "${cluster.binaries.kubectl}" exec -it held -- sh -c 'test -t 0 && until stty size | grep -q "33 77"; do sleep 0.05; done; echo right'`;
    const options = { env: { SHELL: "/bin/sh" } };
    const session = cluster.startProgram("script", ["-qec", command, "/dev/null"], options);
    await untilSays(session, /right/);
  });

  test("exec's command ends with its client", async () => {
    // By SPDY. Of clients of WebSocket the API server does not tell the node that they are gone.
    const session = cluster.startKubectl(["exec", "held", "--", "sh", "-c", 'echo "pid $$"; sleep 1000'], {
      env: { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" },
    });
    const [, pid] = /pid (\d+)\n/.exec(await untilSays(session, /pid \d+\n/))!;
    assert.ok(existsSync(`/proc/${pid}`));
    await end(session);
    const ends = Date.now() + 60_000;
    while (existsSync(`/proc/${pid}`) && Date.now() < ends) await sleep(50);
    assert.ok(!existsSync(`/proc/${pid}`));
  });

  test("what a container of the image host prints is logged, and attach joins it", async () => {
    const command = ["sh", "-c", 'echo begun; while read line; do echo "got $line"; done'];
    await apply({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "reader" },
      spec: {
        restartPolicy: "Never",
        containers: [{ name: "main", image: "host", command, stdin: true, stdinOnce: true }],
      },
    });
    await kubectl("wait", "--for=condition=Ready", "pod/reader", "--timeout=20s");
    const attached = await kubectl("attach", "-i", "reader", { input: "hello\n" });
    assert.match(attached, /got hello/);
    await kubectl("wait", "--for=jsonpath={.status.phase}=Succeeded", "pod/reader", "--timeout=20s");
    assert.equal(await kubectl("logs", "reader"), "begun\ngot hello\n");
  });

  test("files are copied into a container and out of it", async () => {
    const [from, back] = [join(cluster.folder, "from"), join(cluster.folder, "back")];
    await mkdir(from);
    await writeFile(join(from, "file"), "content");
    await kubectl("cp", from, "held:copied");
    const inside = cluster.containerFolder("default", "held", "main");
    assert.equal(await readFile(join(inside, "copied/file"), "utf8"), "content");
    await kubectl("cp", "held:copied/file", back);
    assert.equal(await readFile(back, "utf8"), "content");
  });

  for (const older of [false, true]) {
    test(`ports are forwarded by the ${older ? "older" : "newer"} kubectl`, async (t) => {
      if (older && cluster.binaries.olderKubectl === null) return t.skip("there is no older kubectl");
      const server = createServer((socket) => socket.end("from the pod")).listen(0, "127.0.0.1");
      t.after(() => server.close());
      await once(server, "listening");
      const { port } = server.address() as { port: number };
      const ports = JSON.stringify({ 80: port });
      await kubectl("annotate", "--overwrite", "pod/held", `sallyport.test/ports=${ports}`);
      const forward = cluster.startKubectl(["port-forward", "pod/held", ":80"], { older });
      const [, local] = /127\.0\.0\.1:(\d+)/.exec(await untilSays(forward, /127\.0\.0\.1:\d+ /))!;
      const socket = connect(Number(local), "127.0.0.1").setEncoding("utf8");
      assert.equal((await socket.toArray()).join(""), "from the pod");
      await end(forward);
    });
  }

  test("a debug container joins a pod", async () => {
    await kubectl("debug", "held", "--image=any", "--container=debugger");
    await kubectl(
      "wait",
      "--for=jsonpath={.status.ephemeralContainerStatuses[0].ready}=true",
      "pod/held",
      "--timeout=20s",
    );
    assert.equal(await kubectl("exec", "held", "-c", "debugger", "--", "echo", "here"), "here\n");
  });

  test("the connector's account may impersonate anybody, and nothing else", async () => {
    const kubeconfig = await cluster.kubeconfig({ token: cluster.connectorToken });
    const canI = async (...args: string[]) =>
      (await cluster.kubectl(["auth", "can-i", ...args], { kubeconfig })).stdout.trim();
    assert.equal(await canI("list", "pods"), "no");
    assert.equal(await canI("impersonate", "users"), "yes");
    await kubectl("create", "rolebinding", "viewers", "--clusterrole=view", "--group=sallyport:viewers");
    const as = [
      "--as=alice@example.com",
      "--as-group=sallyport:viewers",
      "--as-user-extra=sallyport.dev/session=s1",
    ];
    assert.equal(await canI("list", "pods", ...as), "yes");
    assert.equal(await canI("delete", "pods", ...as), "no");
    assert.match(await kubectl("get", "pods", ...as, { kubeconfig }), /held/);
    const event = (await cluster.audit()).findLast(({ requestURI }) => /\/pods\?/.test(requestURI));
    assert.equal(event?.user.username, "system:serviceaccount:sallyport:sallyport-connector");
    assert.equal(event?.impersonatedUser?.username, "alice@example.com");
    assert.deepEqual(event?.impersonatedUser?.extra, { "sallyport.dev/session": ["s1"] });
  });

  test("helm installs a chart", async (t) => {
    if (cluster.binaries.helm === null) return t.skip("there is no helm");
    const chart = join(cluster.folder, "chart");
    await mkdir(join(chart, "templates"), { recursive: true });
    await writeFile(join(chart, "Chart.yaml"), "apiVersion: v2\nname: tiny\nversion: 1.0.0\n");
    await writeFile(join(chart, "values.yaml"), "greeting: hello\n");
    const template =
      "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {greeting: {{ .Values.greeting }}}\n";
    await writeFile(join(chart, "templates/configmap.yaml"), template);
    const helm = async (...args: string[]) => {
      const { status, stdout, stderr } = await cluster.helm(args);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    await helm("install", "tiny", chart, "--set", "greeting=hi");
    assert.equal(await kubectl("get", "configmap", "tiny", "-o", "jsonpath={.data.greeting}"), "hi");
    assert.match(await helm("list"), /tiny\s+default\s+1/);
    await helm("upgrade", "tiny", chart);
    await helm("uninstall", "tiny", "--wait");
  });
});
