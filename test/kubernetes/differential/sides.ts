import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Output, RunOptions } from "../cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway, USER } from "../gateway.ts";
import { FIXTURES, yaml } from "./fixtures.ts";

/** A call of kubectl, made on both sides. `{side}` in it is a letter of the side's own, for what has no namespace. */
export interface Row {
  /** Words; those with blanks in them as an array. */
  kubectl: string | readonly string[];
  input?: string | object;
  env?: Record<string, string>;
  /** That it has on both sides; 0 by default. */
  status?: number;
  /** What stands in its output, so that it is known to have done something. */
  says?: RegExp;
  /** One side after the other, and this again between them: what both see is changed. */
  inTurn?: readonly string[];
  older?: boolean;
}

/** The same cluster by two ways. */
export interface Side {
  name: "direct" | "edge";
  namespace: string;
  kubeconfig: string;
  folder: string;
  kubectl(args: readonly string[], options?: RunOptions): Promise<Output>;
}

export interface Sides {
  gateway: KubernetesGateway;
  direct: Side;
  edge: Side;
  compare(row: Row): Promise<void>;
  /** Does it by both ways at once; what comes out must be equal. */
  both<Result>(work: (side: Side) => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

/**
 * A namespace for each way, with the same in it, of names as long; and the same user, as the administrator
 * impersonates it on the direct way and the connector on the other.
 */
export async function startSides(): Promise<Sides> {
  const gateway = await startKubernetesGateway();
  try {
    return await sidesOf(gateway);
  } catch (error) {
    await gateway.stop();
    throw error;
  }
}

async function sidesOf(gateway: KubernetesGateway): Promise<Sides> {
  const { cluster } = gateway;
  const side = async (name: Side["name"], letter: string, server: string, caFile: string): Promise<Side> => {
    const namespace = `ns-${letter}`;
    const path = await cluster.kubeconfig({
      server,
      caFile,
      token: name === "direct" ? cluster.adminToken : gateway.token,
      namespace,
    });
    const made = await cluster.kubectl(["create", "namespace", namespace]);
    assert.equal(made.status, 0, made.stderr);
    const folder = join(cluster.folder, name);
    await mkdir(folder);
    const kubeconfig = join(folder, "..", `kubeconfig-${name}`);
    await writeFile(kubeconfig, name === "direct" ? await impersonating(path) : await plain(path));
    const prepared: Side = {
      ...{ name, namespace, kubeconfig, folder },
      kubectl: (args, options = {}) => {
        const own = (text: string) =>
          text
            .replaceAll("{side}", letter)
            .replaceAll("{namespace}", namespace)
            .replaceAll("{folder}", folder);
        const { input } = options;
        return cluster.kubectl(args.map(own), {
          kubeconfig,
          ...options,
          ...(typeof input === "string" && { input: own(input) }),
        });
      },
    };
    const applied = await prepared.kubectl(["apply", "-f", "-"], { input: yaml(...FIXTURES) });
    assert.equal(applied.status, 0, applied.stderr);
    const ready = await prepared.kubectl(["wait", "--for=condition=Ready", "pods", "--all", "--timeout=30s"]);
    assert.equal(ready.status, 0, ready.stderr);
    return prepared;
  };
  const edgeServer = JSON.parse(await plain(gateway.kubeconfig)).clusters[0].cluster;
  const [direct, edge] = await Promise.all([
    side("direct", "d", cluster.url, cluster.caFile),
    side("edge", "e", edgeServer.server, edgeServer["certificate-authority"]),
  ]);
  const both = async <Result>(work: (one: Side) => Promise<Result>): Promise<Result> => {
    const [expected, got] = await Promise.all([work(direct), work(edge)]);
    assert.deepEqual(got, expected);
    return got;
  };
  return {
    ...{ gateway, direct, edge, both },
    async compare(row) {
      const args = wordsOf(row.kubectl);
      const run = async (one: Side) => {
        const output = await one.kubectl(args, optionsOf(row));
        return { ...output, stdout: normal(output.stdout), stderr: normal(output.stderr) };
      };
      const after = row.inTurn;
      const first = after === undefined ? undefined : await run(direct);
      if (after !== undefined) await direct.kubectl(after);
      const [expected, got] = await Promise.all([first ?? run(direct), run(edge)]);
      if (after !== undefined) await edge.kubectl(after);
      const what = `kubectl ${args.join(" ")}`;
      assert.equal(expected.status, row.status ?? 0, `${what}, directly: ${expected.stderr}`);
      if (row.says !== undefined) assert.match(expected.stdout + expected.stderr, row.says, what);
      assert.deepEqual(got, expected, `${what}: through the edge it differs`);
    },
    stop: () => gateway.stop(),
  };
}

export function titleOf({ kubectl, older }: Row): string {
  return `${older ? "older " : ""}kubectl ${wordsOf(kubectl).join(" ")}`;
}

function wordsOf(kubectl: Row["kubectl"]): readonly string[] {
  return typeof kubectl === "string" ? kubectl.split(" ") : kubectl;
}

function optionsOf({ input, env, older }: Row): RunOptions {
  return {
    ...(input !== undefined && { input: typeof input === "string" ? input : JSON.stringify(input) }),
    ...(env !== undefined && { env }),
    ...(older !== undefined && { older }),
  };
}

async function plain(path: string): Promise<string> {
  return readFile(path, "utf8");
}

async function impersonating(path: string): Promise<string> {
  const config = JSON.parse(await plain(path));
  config.users[0].user.as = USER;
  return JSON.stringify(config);
}

/** Without what no two runs share: identifiers, versions, times, and where the server is. */
export function normal(text: string): string {
  return (
    text
      .replaceAll(/https:\/\/127\.0\.0\.1:\d+(\/t\/[a-z]+)?/g, "SERVER")
      .replaceAll(/\bns-[de]\b/g, "NAMESPACE")
      .replaceAll(/\b(worker|global|space)-[de]\b/g, "$1-SIDE")
      .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UID")
      .replaceAll(/(resourceVersion"?[:=] ?"?)\d+/gi, "$1VERSION")
      .replaceAll(/"continue":"[^"]+"/g, '"continue":"TOKEN"')
      .replaceAll(/eyJ[\w-]+\.[\w-]+\.[\w-]+/g, "TOKEN")
      .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z| [+-]\d{4})?/g, "TIME")
      .replaceAll(/[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, "TIME")
      .replaceAll(/^[IWE]\d{4} [\d:.]+ +\d+ /gm, "")
      // kubectl has what it waits for before it has begun to watch, now and then.
      .replaceAll(/^reflector\.go:\d+\] "Failed to watch" .*context canceled.*\n/gm, "")
      // A table's columns are as wide as what stands in them.
      .replaceAll(/(?<= )(AGE|<unknown>|(\d+[dhms]){1,2}) */g, "AGE ")
      .replaceAll(/\/tmp\/[\w./-]*/g, "PATH")
  );
}
