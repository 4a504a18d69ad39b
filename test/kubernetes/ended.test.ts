import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { ALLOW_LISTED } from "../policies.ts";
import { A_SECOND_MS } from "../run/second.ts";
import { clusterUnavailable, type RunOptions } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { isGone, podNamed, Running } from "./processes.ts";

const NO_EXEC = `${ALLOW_LISTED}
@id("no-exec") @reason("Not any more.")
forbid (principal, action == Action::"kubernetes:connect", resource);
`;
const NO_WATCH = `${ALLOW_LISTED}
@id("no-reading") @reason("Not any more.")
forbid (principal, action in Action::"kubernetes:read", resource);
`;

describe("what ends of a cluster's session", { skip: clusterUnavailable(), timeout: 300_000 }, () => {
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

  beforeEach(() => gateway.apply(ALLOW_LISTED));

  const start = (args: string[], options: RunOptions = {}) =>
    new Running(gateway.cluster.startKubectl(args, { kubeconfig: gateway.kubeconfig, ...options }));
  const shell = (...flags: string[]) =>
    start(["exec", ...flags, "held", "--", "sh", "-c", 'echo "pid $$"; cat; exit 3']);
  const kill = async () => {
    const [latest] = (await gateway.sessions()).filter(({ endCode }) => endCode === null);
    await gateway.edge.api("POST", `/v1/sessions/${latest!.id}/kill`, { reason: "enough of it" });
  };
  const pidOf = async (running: Running) => Number((await running.says(/pid (\d+)\r?\n/))[1]);

  test("a killed session ends what an exec runs that reads", async () => {
    const running = shell("-i");
    const pid = await pidOf(running);
    await kill();
    assert.ok(await isGone(pid), "it still runs on the node");
    assert.notEqual(await running.ended, 0);
  });

  test("a killed session ends what an exec runs at a terminal", async () => {
    const { cluster, kubeconfig } = gateway;
    const line = `"${cluster.binaries.kubectl}" exec -it held -- sh -c 'echo "pid $$"; sleep 1000'`;
    const running = new Running(
      cluster.startProgram("script", ["-qec", line, "/dev/null"], { kubeconfig, env: { SHELL: "/bin/sh" } }),
    );
    const pid = await pidOf(running);
    await kill();
    assert.ok(await isGone(pid), "it still runs on the node");
    await running.ended;
  });

  test("policies that forbid exec end one that runs", async () => {
    const running = shell("-i");
    const pid = await pidOf(running);
    await gateway.apply(NO_EXEC);
    assert.notEqual(await running.ended, 0);
    assert.ok(await isGone(pid), "it still runs on the node");
    const again = await gateway.kubectl(["exec", "held", "--", "true"]);
    assert.match(again.stderr, /Not any more/);
    const reading = await gateway.kubectl(["get", "pods"]);
    assert.equal(reading.status, 0, "what is still permitted goes on in the session");
  });

  test("policies that forbid reading end a watch within a second", async () => {
    const watch = start(["get", "pods", "--watch", "-o", "name"]);
    await watch.says(/pod\/held/);
    await gateway.apply(NO_WATCH);
    const began = performance.now();
    await watch.ended;
    assert.ok(performance.now() - began < A_SECOND_MS);
  });

  test("a principal who is disabled has no watch a second later, and no request", async () => {
    const token = await gateway.edge.serviceToken("leaver");
    await gateway.cluster.kubectl([
      ...["create", "clusterrolebinding", "all-view", "--clusterrole=view"],
      "--group=system:authenticated",
    ]);
    const response = await gateway.fetch("/api/v1/namespaces/default/pods?watch=true", {
      headers: { authorization: `Bearer ${token}` },
    });
    const reader = response.body!.getReader();
    assert.equal(response.status, 200);
    await reader.read();
    await gateway.edge.api("POST", "/v1/principals/service%2Fleaver/disable", { reason: "left" });
    const began = performance.now();
    try {
      while (!(await reader.read()).done);
    } catch {
      // Broken off is ended, too.
    }
    assert.ok(performance.now() - began < A_SECOND_MS);
    const next = await gateway.fetch("/api/v1/pods", { headers: { authorization: `Bearer ${token}` } });
    assert.equal(next.status, 403);
  });
});
