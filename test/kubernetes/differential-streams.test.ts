import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { clusterUnavailable, type RunOptions } from "./cluster/cluster.ts";
import { normal, type Row, type Side, type Sides, startSides, titleOf } from "./differential/sides.ts";
import { podNamed, Running } from "./processes.ts";

const sh = (script: string, ...flags: string[]) => ["exec", ...flags, "web-1", "--", "sh", "-c", script];

const EXECS: readonly Row[] = [
  { kubectl: sh("echo out; echo err >&2"), says: /out/ },
  { kubectl: sh("exit 7"), status: 7, says: /exit code 7/ },
  { kubectl: sh("kill -9 $$"), status: 137 },
  { kubectl: sh("cat; echo end", "-i"), input: "one\ntwo\n", says: /two\nend/ },
  { kubectl: sh("cat >/dev/null; wc -c </dev/null", "-i"), input: "", says: /0/ },
  { kubectl: sh("head -c 300000 /dev/zero | tr '\\0' 'x'"), says: /x{300000}/ },
  { kubectl: sh("printf '\\377\\000\\001'; printf 'naïve ☃'"), says: /☃/ },
  { kubectl: sh("echo $HOSTNAME", "-c", "main"), says: /web-1/ },
  { kubectl: sh("true", "-c", "no-such"), status: 1, says: /no-such/ },
  { kubectl: ["exec", "no-such", "--", "true"], status: 1, says: /NotFound/ },
  { kubectl: ["exec", "web-1", "--", "no-such-program"], status: 1, says: /failed to exec/ },
  { kubectl: ["exec", "pair", "--", "echo", "defaulted"], says: /Defaulted container/ },
  { kubectl: ["exec", "pair", "-c", "second", "--", "echo", "second"], says: /second/ },
  { kubectl: ["exec", "deployment/web", "--", "echo", "by its deployment"], says: /by its deployment/ },
  { kubectl: ["logs", "web-1"], says: /three/ },
  { kubectl: ["logs", "web-1", "--tail=1"], says: /^three\n$/ },
  { kubectl: ["logs", "web-1", "--limit-bytes=5"], says: /^one/ },
  { kubectl: ["logs", "web-1", "--timestamps"], says: /TIME one/ },
  { kubectl: ["logs", "web-1", "--since=1h"], says: /three/ },
  { kubectl: ["logs", "-l", "app=web", "--prefix", "--all-containers"], says: /pod\/web-1\/main/ },
  { kubectl: ["port-forward", "no-such", ":80"], status: 1, says: /NotFound/ },
];

describe("kubectl's streams are the same directly and through the edge", {
  skip: clusterUnavailable(),
  timeout: 300_000,
}, () => {
  let sides: Sides;

  before(async () => {
    sides = await startSides();
    await sides.both(({ namespace }) =>
      sides.gateway.cluster.appendLog(namespace, "web-1", "main", "one\ntwo\nthree"),
    );
  });

  after(() => sides?.stop());

  const start = (side: Side, args: string[], options: RunOptions = {}) =>
    new Running(sides.gateway.cluster.startKubectl(args, { kubeconfig: side.kubeconfig, ...options }));
  /** kubectl at a terminal, as it asks for one only then. */
  const atTerminal = (side: Side, line: string) => {
    const { cluster } = sides.gateway;
    const command = `stty rows 33 cols 77 -echo; "${cluster.binaries.kubectl}" ${line}`;
    const options = { kubeconfig: side.kubeconfig, env: { SHELL: "/bin/sh" } };
    return new Running(cluster.startProgram("script", ["-qec", command, "/dev/null"], options));
  };

  for (const row of EXECS) test(titleOf(row), () => sides.compare(row));

  test("kubectl exec -it has a terminal of the client's size, and its status", async () => {
    const [status, text] = await sides.both(async (side) => {
      const script = "test -t 0 && until stty size | grep -q '33 77'; do sleep 0.05; done; stty size; exit 5";
      const running = atTerminal(side, `exec -it web-1 -- sh -c "${script}"`);
      const ended = await running.ended;
      return [ended, running.stdout.includes("33 77")];
    });
    assert.deepEqual([status, text], [5, true]);
  });

  test("kubectl exec -it takes what is typed as it is typed", async () => {
    const text = await sides.both(async (side) => {
      const running = atTerminal(
        side,
        `exec -it web-1 -- sh -c 'read a; echo "got $a"; read b; echo "then $b"'`,
      );
      running.child.stdin!.write("first\n");
      await running.says(/got first/);
      running.child.stdin!.write("second\n");
      await running.says(/then second/);
      return running.ended;
    });
    assert.equal(text, 0);
  });

  test("kubectl attach -i joins what runs", async () => {
    const command = ["sh", "-c", 'while read line; do echo "got $line"; done'];
    const said = await sides.both(async (side) => {
      const pod = podNamed("reader", { image: "host", command, stdin: true, stdinOnce: true });
      const made = await side.kubectl(["create", "-f", "-"], { input: JSON.stringify(pod) });
      assert.equal(made.status, 0, made.stderr);
      await side.kubectl(["wait", "--for=condition=Ready", "pod/reader", "--timeout=20s"]);
      const { status, stdout } = await side.kubectl(["attach", "-i", "reader"], { input: "hello\n" });
      return [status, stdout];
    });
    assert.match(String(said[1]), /got hello/);
  });

  test("kubectl cp carries folders and bytes both ways", async () => {
    const bytes = randomBytes(700_000);
    const hash = await sides.both(async (side) => {
      await mkdir(join(side.folder, "tree/deep"), { recursive: true });
      await writeFile(join(side.folder, "tree/deep/bytes"), bytes);
      const into = await side.kubectl(["cp", join(side.folder, "tree"), "web-1:copied"]);
      assert.equal(into.status, 0, into.stderr);
      const out = await side.kubectl(["cp", "web-1:copied/deep/bytes", join(side.folder, "back")]);
      assert.equal(out.status, 0, out.stderr);
      return createHash("sha256")
        .update(await readFile(join(side.folder, "back")))
        .digest("hex");
    });
    assert.equal(hash, createHash("sha256").update(bytes).digest("hex"));
  });

  test("kubectl port-forward carries bytes both ways, on connections of their own", async () => {
    const server = createServer((socket) => socket.pipe(socket)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const ports = JSON.stringify({ 80: (server.address() as AddressInfo).port });
    const bytes = randomBytes(500_000);
    try {
      await sides.both(async (side) => {
        await side.kubectl(["annotate", "pod/web-1", `sallyport.test/ports=${ports}`]);
        const forward = start(side, ["port-forward", "pod/web-1", ":80"]);
        const [, port] = await forward.says(/127\.0\.0\.1:(\d+)/);
        const echoed = async () => {
          const socket = connect(Number(port), "127.0.0.1");
          socket.end(bytes);
          return createHash("sha256")
            .update(Buffer.concat(await socket.toArray()))
            .digest("hex");
        };
        const hashes = await Promise.all([echoed(), echoed(), echoed()]);
        await forward.end();
        assert.deepEqual(new Set(hashes), new Set([createHash("sha256").update(bytes).digest("hex")]));
      });
    } finally {
      server.close();
    }
  });

  test("kubectl port-forward says the same of a port on which nobody listens", async () => {
    const text = await sides.both(async (side) => {
      const forward = start(side, ["port-forward", "pod/web-2", ":1"]);
      const [, port] = await forward.says(/127\.0\.0\.1:(\d+)/);
      const socket = connect(Number(port), "127.0.0.1");
      await once(socket, "close").catch(() => {});
      await forward.end();
      return /failed to connect to localhost:1/.test(forward.stderr) || forward.stderr === "";
    });
    assert.ok(text);
  });

  test("kubectl logs -f follows", async () => {
    await sides.both(async (side) => {
      const follow = start(side, ["logs", "-f", "web-2", "--tail=1"]);
      await sides.gateway.cluster.appendLog(side.namespace, "web-2", "main", "four");
      await follow.says(/four/);
      await sides.gateway.cluster.appendLog(side.namespace, "web-2", "main", "five");
      await follow.says(/five/);
      await follow.end();
    });
  });

  test("kubectl get --watch shows changes as they come", async () => {
    const seen = await sides.both(async (side) => {
      const watch = start(side, ["get", "configmaps", "--watch-only", "--output-watch-events", "-o", "name"]);
      const events = start(side, ["get", "configmaps", "-w", "--output-watch-events"]);
      await events.says(/settings/);
      await side.kubectl(["create", "-f", "-"], {
        input: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "seen" } }),
      });
      await side.kubectl(["label", "configmap", "seen", "a=b"]);
      await side.kubectl(["delete", "configmap", "seen"]);
      await events.says(/DELETED/);
      await Promise.all([watch.end(), events.end()]);
      return normal(events.stdout);
    });
    assert.match(seen, /ADDED +seen/);
    assert.match(seen, /MODIFIED +seen/);
  });

  test("kubectl wait ends as soon as what it waits for is so", async () => {
    const text = await sides.both(async (side) => {
      const waiting = start(side, [
        "wait",
        "--for=jsonpath={.data.done}=yes",
        "configmap/settings",
        "--timeout=30s",
      ]);
      await side.kubectl(["patch", "configmap", "settings", "--type=merge", "-p", '{"data":{"done":"yes"}}']);
      assert.equal(await waiting.ended, 0, waiting.stderr);
      return waiting.stdout;
    });
    assert.match(text, /condition met/);
  });

  for (const [what, args, env] of [
    ["exec", ["exec", "web-1", "--", "true"], { KUBECTL_REMOTE_COMMAND_WEBSOCKETS: "false" }],
    ["port-forward", ["port-forward", "web-1", ":80"], { KUBECTL_PORT_FORWARD_WEBSOCKETS: "false" }],
  ] as const) {
    test(`${what} by SPDY is refused with what to do`, async () => {
      const { status, stderr } = await sides.edge.kubectl(args, { env });
      assert.equal(status, 1);
      assert.match(stderr, /go through WebSockets here, not SPDY/);
      assert.match(stderr, /KUBECTL_REMOTE_COMMAND_WEBSOCKETS=true/);
    });
  }
});
