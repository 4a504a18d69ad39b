import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import * as k8s from "@kubernetes/client-node";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { podNamed, Running } from "./processes.ts";

const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";

describe("the edge or the connector killed in the middle of Kubernetes", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let gateway: KubernetesGateway;

  before(async () => {
    gateway = await startKubernetesGateway();
    const { cluster } = gateway;
    const made = await cluster.kubectl(["create", "-f", "-"], { input: JSON.stringify(podNamed("held")) });
    assert.equal(made.status, 0, made.stderr);
    const ready = await cluster.kubectl(["wait", "--for=condition=Ready", "pod/held", "--timeout=30s"]);
    assert.equal(ready.status, 0, ready.stderr);
  });

  after(() => gateway?.stop());

  const make = async (name: string) => {
    const { status } = await gateway.cluster.api("POST", CONFIG_MAPS, { metadata: { name } });
    assert.equal(status, 201);
  };
  const start = (args: string[]) =>
    new Running(gateway.cluster.startKubectl(args, { kubeconfig: gateway.kubeconfig }));
  const eventually = async (what: string, is: () => boolean) => {
    for (const until = performance.now() + 60_000; !is(); await sleep(20)) {
      if (performance.now() > until) throw new Error(`${what} did not come about`);
    }
  };
  /** A watch by fetch: its events so far, and its end. */
  const watch = async (resourceVersion: string) => {
    const response = await gateway.fetch(`${CONFIG_MAPS}?watch=true&resourceVersion=${resourceVersion}`);
    assert.equal(response.status, 200);
    const events: { name: string; resourceVersion: string }[] = [];
    const ended = (async () => {
      let rest = "";
      try {
        for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
          const lines = (rest + chunk).split("\n");
          rest = lines.pop()!;
          for (const line of lines) events.push(JSON.parse(line).object.metadata);
        }
      } catch {
        // A response that breaks off says so.
      }
    })();
    return { events, ended };
  };

  test("a watch that the edge's SIGKILL ends goes on by its resourceVersion, with no event lost", async () => {
    const list = await (await gateway.fetch(CONFIG_MAPS)).json();
    let { resourceVersion } = (list as { metadata: { resourceVersion: string } }).metadata;
    const seen: string[] = [];
    const names: string[] = [];
    for (let round = 0; round < 3; round++) {
      const { events, ended } = await watch(resourceVersion);
      for (let number = 0; number < 5; number++) {
        names.push(`watched-${round}-${number}`);
        await make(names.at(-1)!);
      }
      if (round === 2) {
        await eventually("the last event", () => events.length + seen.length === names.length);
        seen.push(...events.map(({ name }) => name));
        break;
      }
      await gateway.edge.edge.restart();
      await ended;
      seen.push(...events.map(({ name }) => name));
      resourceVersion = events.at(-1)?.resourceVersion ?? resourceVersion;
    }
    assert.deepEqual(seen, names);
  });

  test("an informer knows of everything after the edge's SIGKILL", async () => {
    const config = new k8s.KubeConfig();
    config.loadFromFile(gateway.kubeconfig);
    const core = config.makeApiClient(k8s.CoreV1Api);
    const informer = k8s.makeInformer(config, CONFIG_MAPS, () =>
      core.listNamespacedConfigMap({ namespace: "default" }),
    );
    let isOver = false;
    informer.on("error", async () => {
      while (!isOver) {
        try {
          await informer.start();
          return;
        } catch {
          await sleep(100);
        }
      }
    });
    const added = new Set<string>();
    informer.on("add", ({ metadata }) => added.add(metadata!.name!));
    await informer.start();
    await make("informed-1");
    await eventually("the first", () => added.has("informed-1"));
    const restarted = gateway.edge.edge.restart();
    await make("informed-2");
    await restarted;
    await make("informed-3");
    await eventually("the rest", () => added.has("informed-2") && added.has("informed-3"));
    isOver = true;
    await informer.stop();
  });

  test("exec ends clearly when the edge is killed, and kubectl works again at once", async () => {
    const running = start(["exec", "held", "--", "sh", "-c", "echo begun; sleep 30"]);
    await running.says(/begun/);
    await gateway.edge.edge.restart();
    assert.notEqual(await running.ended, 0);
    assert.notEqual(running.stderr, "");
    const { status, stdout, stderr } = await gateway.kubectl(["exec", "held", "--", "echo", "again"]);
    assert.deepEqual([status, stdout], [0, "again\n"], stderr);
  });

  test("without its connector the cluster is said to be unreachable, and watches end", async () => {
    const { ended } = await watch("0");
    gateway.connector.stop();
    await ended;
    const { status, stderr } = await gateway.kubectl(["get", "pods"]);
    assert.equal(status, 1);
    assert.match(stderr, /connector/);
    await gateway.restartConnector();
    const again = await gateway.kubectl(["get", "pods"]);
    assert.equal(again.status, 0, again.stderr);
  });
});
