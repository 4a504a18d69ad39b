import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Approval, ApprovalSummary } from "../../protocol/approval.ts";
import type { Page } from "../../protocol/directory.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { clusterUnavailable, type RunOptions } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { deploymentNamed, podNamed, Running } from "./processes.ts";

/** Approvers are known by their groups, which a service token has none of. */
const POLICIES = `${STARTER_POLICIES}
@id("ada-approves")
permit (principal == Principal::"service/ada", action == Action::"approve", resource);
`;

describe("kubectl under the starter policies", { skip: clusterUnavailable(), timeout: 170_000 }, () => {
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
    for (const until = performance.now() + 20_000; performance.now() < until; await sleep(20)) {
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
    ];
    for (const [args, words] of refused) {
      const { status, stdout, stderr } = await gateway.kubectl(args);
      assert.notEqual(status, 0, args.join(" "));
      assert.match(stderr, /^(error: )?.*Forbidden.*sallyport: /m, args.join(" "));
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
