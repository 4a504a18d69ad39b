import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { residentMiB } from "../faults/rig.ts";
import { clusterUnavailable } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";

const EVENTS = 10_000;
/** Bytes of each object: so that what is not read fills no kernel's buffers alone. */
const SIZE = 6_000;
const PATH = "/api/v1/namespaces/default/configmaps";
/** What the watch may add to workerd, and to the connector with the test around it. Without credit it would be 60 MB and more. */
const BOUND_MIB = 48;

describe("a watch with 10,000 events whose reader is slow", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let gateway: KubernetesGateway;

  before(async () => {
    gateway = await startKubernetesGateway();
    const { cluster } = gateway;
    const agent = new Agent({ keepAlive: true, maxSockets: 24, ca: readFileSync(cluster.caFile) });
    const create = (number: number) => {
      const body = JSON.stringify({ metadata: { name: `one-${number}` }, data: { text: "x".repeat(SIZE) } });
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const headers = { authorization: `Bearer ${cluster.adminToken}`, "content-type": "application/json" };
      request(cluster.url + PATH, { method: "POST", agent, headers }, (response) => {
        response.resume().on("end", resolve);
      })
        .on("error", reject)
        .end(body);
      return promise;
    };
    let next = 0;
    await Promise.all(
      Array.from({ length: 24 }, async () => {
        while (next < EVENTS) await create(next++);
      }),
    );
    agent.destroy();
    await (await gateway.fetch(`${PATH}?limit=500`)).text();
  });

  after(() => gateway?.stop());

  test("stays bounded in memory, delays nobody, and tells every event at last", async () => {
    const resident = () => ({
      workerd: residentMiB(gateway.edge.edge.workerdPid!),
      connector: residentMiB(process.pid),
    });
    const begun = resident();
    // Of version 0, so that what the cache lacks comes as events; else the API server may end it as not yet up to date.
    const response = await gateway.fetch(`${PATH}?watch=true&resourceVersion=0`);
    assert.equal(response.status, 200);
    for (let round = 0; round < 8; round++) {
      await sleep(250);
      const asked = performance.now();
      assert.equal((await gateway.fetch("/version")).status, 200);
      assert.ok(performance.now() - asked < 15_000, "another exchange waited for the slow one");
      const now = resident();
      assert.ok(now.workerd - begun.workerd < BOUND_MIB, `workerd: ${begun.workerd} -> ${now.workerd} MiB`);
      assert.ok(
        now.connector - begun.connector < BOUND_MIB,
        `connector: ${begun.connector} -> ${now.connector} MiB`,
      );
    }
    const names = new Set<string>();
    let rest = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        const { type, object } = JSON.parse(line);
        assert.equal(type, "ADDED", line.slice(0, 1_000));
        names.add(object.metadata.name);
      }
      if (names.size === EVENTS) break;
    }
    assert.equal(names.size, EVENTS);
  });
});
