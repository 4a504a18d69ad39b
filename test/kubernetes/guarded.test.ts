import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { body, message, type Part } from "../../connector/kubernetes/protobuf/testing.ts";
import type { Approval, ApprovalSummary } from "../../protocol/approval/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import type { HttpRequest } from "../../protocol/http/request.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { clusterUnavailable, type RunOptions } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { deploymentNamed, podNamed, Running, tinyChart } from "./processes.ts";

/** Approvers are known by their groups, which a service token has none of. */
const POLICIES = `${STARTER_POLICIES}
@id("ada-approves")
permit (principal == Principal::"service/ada", action == Action::"approve", resource);
`;

describe("kubectl under the starter policies", { skip: clusterUnavailable(), timeout: 300_000 }, () => {
  let gateway: KubernetesGateway;
  let ada: string;

  before(async () => {
    gateway = await startKubernetesGateway({ policies: POLICIES });
    ada = await gateway.edge.serviceToken("ada");
    const { cluster } = gateway;
    const items = [podNamed("held"), deploymentNamed("web", 2), deploymentNamed("other")];
    const made = await cluster.kubectl(["create", "-f", "-"], {
      input: JSON.stringify({ apiVersion: "v1", kind: "List", items }),
    });
    assert.equal(made.status, 0, made.stderr);
    const ready = await cluster.kubectl(["wait", "--for=condition=Ready", "pod/held", "--timeout=30s"]);
    assert.equal(ready.status, 0, ready.stderr);
  });

  after(() => gateway?.stop());

  const start = (args: string[], options: RunOptions = {}) =>
    new Running(gateway.cluster.startKubectl(args, { kubeconfig: gateway.kubeconfig, ...options }));
  const replicas = async (name: string) =>
    (await gateway.cluster.api("GET", `/apis/apps/v1/namespaces/default/deployments/${name}`)).body.spec
      ?.replicas;
  const asked = async (): Promise<Approval> => {
    for (const until = performance.now() + 60_000; performance.now() < until; await sleep(20)) {
      const page = await gateway.edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
      const [first] = page.items;
      if (first) return gateway.edge.api<Approval>("GET", `/v1/approvals/${first.id}`);
    }
    throw new Error("nothing was asked");
  };
  const say = (id: string, answer: "approve" | "deny", reason?: string) =>
    gateway.edge.api("POST", `/v1/approvals/${id}/${answer}`, reason === undefined ? {} : { reason }, ada);

  test("reading passes, and asking what one may do", async () => {
    for (const args of [
      ["get", "pods"],
      ["describe", "deployment", "web"],
      ["explain", "pods"],
      ["api-resources"],
      ["version"],
      ["auth", "whoami"],
      ["auth", "can-i", "--list"],
      ["logs", "held"],
      ["scale", "deployment", "web", "--replicas=9", "--dry-run=server"],
    ]) {
      const { status, stderr } = await gateway.kubectl(args);
      assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
    }
    assert.equal(await replicas("web"), 2);
  });

  test("what no policy permits is refused with words that kubectl prints", async () => {
    const request = { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: {} };
    await writeFile(join(gateway.cluster.folder, "token.json"), JSON.stringify(request));
    const refused: [string[], RegExp][] = [
      [
        [
          ...["create", "--raw", "/api/v1/namespaces/default/serviceaccounts/default/token", "-f"],
          join(gateway.cluster.folder, "token.json"),
        ],
        /This makes a credential for the cluster/,
      ],
      [["get", "--raw", "/api/v1/nodes/node-1/proxy/pods"], /A node's own interface/],
      [["get", "--raw", "/metrics"], /refused by policy/],
      [["run", "root", "--image=x", "--privileged"], /This would give a pod its node/],
      [["create", "token", "default"], /This makes a credential for the cluster/],
    ];
    for (const [args, words] of refused) {
      const { status, stdout, stderr } = await gateway.kubectl(args);
      assert.notEqual(status, 0, args.join(" "));
      assert.match(stderr, /^(error: )?.*(?:Forbidden|failed).*sallyport: /m, args.join(" "));
      assert.match(stderr, words);
      assert.equal(stdout, "");
    }
  });

  test("scaling waits for people, and passes once they agree", async () => {
    const scaling = start(["scale", "deployment", "web", "--replicas=0"]);
    const { id, question } = await asked();
    assert.equal(question.kind, "request");
    assert.match(question.reason, /stops a workload/);
    assert.equal(await replicas("web"), 2);
    await say(id, "approve");
    assert.equal(await scaling.ended, 0, scaling.stderr);
    assert.match(scaling.stdout, /deployment.apps\/web scaled/);
    assert.match(scaling.stderr, new RegExp(`released by approval ${id}`));
    assert.equal(await replicas("web"), 0);
  });

  test("what kubectl sends in protobuf is judged and shown as JSON, and made as it was shown", async () => {
    await gateway.cluster.kubectl(["create", "serviceaccount", "builder"]);
    const made: [string[], RegExp, string][] = [
      [
        ["create", "configmap", "settings", "--from-literal=mode=fast"],
        /"data":{"mode":"fast"}/,
        "configmap",
      ],
      [["create", "secret", "generic", "keys", "--from-literal=k=v"], /"data":{"k":"dg=="}/, "secret"],
      [
        ["create", "deployment", "front", "--image=app:2", "--replicas=0"],
        /stops a workload.*"replicas":0.*"image":"app:2"/s,
        "deployment",
      ],
      [
        ["create", "role", "reader", "--verb=get", "--resource=pods"],
        /changes who may do what.*"verbs":\["get"\]/s,
        "role",
      ],
      [
        ["create", "rolebinding", "readers", "--role=reader", "--serviceaccount=default:builder"],
        /changes who may do what.*"name":"reader"/s,
        "rolebinding",
      ],
      [["autoscale", "deployment", "web", "--max=7"], /"maxReplicas":7/, "horizontalpodautoscaler"],
      [["create", "service", "clusterip", "front", "--tcp=80:8080"], /"targetPort":8080/, "service"],
      [["create", "job", "once", "--image=app:3"], /"image":"app:3"/, "job"],
    ];
    for (const [args, shown, kind] of made) {
      const running = start(args);
      const { id, question } = await asked();
      assert.equal(question.kind === "request" && question.request.type, "http");
      const { reason, request } = question as { reason: string; request: HttpRequest };
      assert.match(`${reason}\n${request.body?.text}`, shown, args.join(" "));
      assert.equal(request.contentType, "application/json");
      await say(id, "approve");
      assert.equal(await running.ended, 0, `${args.join(" ")}: ${running.stderr}`);
      assert.match(running.stdout, new RegExp(`^${kind}\\S*/\\S+ (?:created|autoscaled)`));
    }
    const entries = await gateway.recording();
    const sent = entries.filter(({ frame }) => Buffer.from(frame).includes("k8s\0"));
    assert.ok(sent.length >= made.length, "they were sent in protobuf, and are recorded so");
    const told = Buffer.concat(entries.map(({ frame }) => Buffer.from(frame))).toString("latin1");
    assert.match(told, /"event":"exchange_sent".*\\"maxReplicas\\":7/, "and so is what was made of them");
  });

  test("objects in protobuf are judged by all that they hold, and nothing hides in them", async () => {
    const send = async (method: string, path: string, object: Buffer) => {
      const headers = { "content-type": "application/vnd.kubernetes.protobuf", prefer: "wait=0" };
      const response = await gateway.fetch(path, { method, headers, body: new Uint8Array(object) });
      return (await response.json()) as { kind: string; status?: unknown; code?: number; message?: string };
    };
    const space = "/api/v1/namespaces/default";
    const apps = "/apis/apps/v1/namespaces/default/deployments";
    const container = (...more: Part[]) => message([1, "main"], [2, "app:1"], ...more);
    const pod = (...spec: Part[]) =>
      body("v1", "Pod", message([1, message([1, "p"])], [2, message(...spec)]));
    const scale = message([1, message([1, "web"])], [2, message([1, 0])]);
    const refused: [string, string, Buffer, number, RegExp][] = [
      ["POST", `${space}/pods`, pod([2, container([15, message([2, 1])])]), 403, /would give a pod its node/],
      ["POST", `${space}/pods`, pod([2, container()], [11, 1]), 403, /would give a pod its node/],
      ["POST", `${space}/pods`, pod([2, container([99, 1])]), 415, /core\.v1\.Container has no field 99/],
      [
        "POST",
        `${space}/pods?dryRun=All`,
        pod([2, container()], [7, 1]),
        400,
        /PodSpec 7 has another wire type/,
      ],
      [
        "POST",
        `${space}/serviceaccounts/default/token`,
        body("authentication.k8s.io/v1", "TokenRequest", message([2, message([4, 600])])),
        403,
        /credential for the cluster/,
      ],
      [
        "PUT",
        `${apps}/web`,
        body("apps/v1", "Deployment", message([2, message([1, 2])], [2, message([1, 0])])),
        400,
        /Deployment 2 stands more than once/,
      ],
      ["POST", `${space}/widgets`, body("example.com/v1", "Widget", Buffer.alloc(0)), 415, /not known here/],
    ];
    for (const [method, path, object, code, words] of refused) {
      const status = await send(method, path, object);
      assert.deepEqual([status.kind, status.code], ["Status", code], `${path}: ${status.message}`);
      assert.match(status.message ?? "", words);
    }
    const held: [string, string, Buffer, RegExp][] = [
      ["PUT", `${apps}/web/scale`, body("autoscaling/v1", "Scale", scale), /stops a workload/],
      [
        "POST",
        `${space}/pods/held/eviction`,
        body("policy/v1", "Eviction", message([1, message([1, "held"])])),
        /waiting for approval/,
      ],
      ["DELETE", `${space}/pods/held`, body("v1", "DeleteOptions", message([1, 0])), /waiting for approval/],
    ];
    for (const [method, path, object, words] of held) {
      const status = await send(method, path, object);
      assert.match(status.message ?? "", words, path);
      await say((await asked()).id, "deny");
    }
    const dry = body("v1", "DeleteOptions", message([5, "All"]));
    assert.equal((await send("DELETE", `${space}/pods/held`, dry)).kind, "Pod");
    assert.equal((await gateway.cluster.api("GET", `${space}/pods/held`)).status, 200);
    // So client-go has it of the group that it deletes in.
    const grouped = body("apps/v1", "DeleteOptions", message([5, "All"]));
    assert.equal((await send("DELETE", `${apps}/other`, grouped)).status, "Success");
    assert.equal(await replicas("other"), 1);
    const map = (kind: string) => body("v1", kind, message([1, message([1, "dry"])]));
    const path = `${space}/configmaps?dryRun=All`;
    assert.equal((await send("POST", path, map("ConfigMap"))).kind, "ConfigMap");
    assert.match(
      (await send("POST", path, map("Secret"))).message ?? "",
      /Secret.*cannot be handled as a ConfigMap/,
    );
  });

  test("a chart is installed, each of its objects once somebody agrees", async (t) => {
    const { cluster, kubeconfig } = gateway;
    if (cluster.binaries.helm === null) return t.skip("there is no helm");
    const chart = await tinyChart(cluster.folder);
    let isOver = false;
    const installing = cluster.helm(["install", "tiny", chart], { kubeconfig }).finally(() => {
      isOver = true;
    });
    const shown: string[] = [];
    const approving = (async () => {
      while (!isOver) {
        const page = await gateway.edge.api<Page<ApprovalSummary>>("GET", "/v1/approvals?status=pending");
        for (const { id } of page.items) {
          const { question } = await gateway.edge.api<Approval>("GET", `/v1/approvals/${id}`);
          const { request } = question as { request: HttpRequest };
          shown.push(`${request.method} ${request.target} ${request.body?.text}`);
          await say(id, "approve");
        }
        await sleep(20);
      }
    })();
    const { status, stdout, stderr } = await installing;
    await approving;
    assert.equal(status, 0, `${stderr}\n${shown.join("\n")}`);
    assert.match(stdout, /STATUS: deployed/);
    const secrets = shown.filter((text) => /^(?:POST|PUT) \S+\/secrets\b/.test(text));
    assert.equal(secrets.length, 2, shown.join("\n"));
    for (const text of secrets) assert.match(text, /"kind":"Secret".*"type":"helm.sh\/release.v1"/);
    const { body } = await cluster.api("GET", "/api/v1/namespaces/default/configmaps/tiny");
    assert.deepEqual(body.data, { greeting: "hello" });
  });

  test("deleting is refused with the person's words, and nothing is deleted", async () => {
    const deleting = start(["delete", "deployment", "other"]);
    const { id } = await asked();
    await say(id, "deny", "not on a Friday");
    assert.notEqual(await deleting.ended, 0);
    assert.match(deleting.stderr, /Forbidden.*service\/ada: not on a Friday/);
    assert.equal(await replicas("other"), 1);
  });

  test("what can't wait so long is told the approval's id, and passes when it comes again", async () => {
    const path = "/api/v1/namespaces/default/configmaps";
    const create = () =>
      gateway.fetch(path, {
        method: "POST",
        headers: { "content-type": "application/json", prefer: "wait=0" },
        body: JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "made" } }),
      });
    const first = await create();
    const { id } = await asked();
    const status = (await first.json()) as Record<string, unknown>;
    assert.deepEqual(
      [first.status, status.kind, status.apiVersion, status.status, status.reason],
      [403, "Status", "v1", "Failure", "Forbidden"],
    );
    assert.match(String(status.message), new RegExp(`waiting for approval ${id}`));
    await say(id, "approve");
    assert.equal((await create()).status, 201);
  });

  test("a kubectl that gave up finds its approval when it is run again", async () => {
    const args = ["delete", "deployment", "other"];
    const impatient = start(args);
    const { id } = await asked();
    await impatient.end();
    await say(id, "approve");
    await sleep(500);
    assert.equal(await replicas("other"), 1, "it ran though nobody waited for it");
    const { status, stdout, stderr } = await gateway.kubectl(args);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /"other" deleted/);
    assert.match(stderr, new RegExp(`released by approval ${id}`));
  });

  test("exec is held, and its command shown", async () => {
    const running = start(["exec", "held", "--", "sh", "-c", "echo ran > mark; cat mark"]);
    const { id, question } = await asked();
    assert.match(JSON.stringify(question), /echo\+ran/);
    assert.equal(running.stdout, "");
    await say(id, "approve");
    assert.equal(await running.ended, 0, running.stderr);
    assert.equal(running.stdout, "ran\n");
  });

  test("whom the client says it acts as counts for nothing", async () => {
    const { stdout, status } = await gateway.kubectl([
      ...["--as=system:admin", "--as-group=system:masters", "--as-uid=0", "--as-user-extra=x=y"],
      ...["auth", "whoami", "-o", "json"],
    ]);
    assert.equal(status, 0);
    const { username, groups, extra } = JSON.parse(stdout).status.userInfo;
    assert.equal(username, "agent-in-cluster");
    assert.deepEqual(groups, ["system:authenticated"]);
    assert.deepEqual(Object.keys(extra).sort(), ["sallyport.dev/principal", "sallyport.dev/session"]);
    const events = await gateway.cluster.audit();
    const told = events.filter(({ user }) => user.username.endsWith(":sallyport-connector"));
    assert.ok(told.length > 0);
    for (const { impersonatedUser } of told) assert.equal(impersonatedUser?.username, "agent-in-cluster");
  });
});
