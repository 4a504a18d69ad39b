import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { clusterUnavailable, type RunOptions } from "./cluster/cluster.ts";
import { type KubernetesGateway, startKubernetesGateway } from "./gateway.ts";
import { podNamed, Running } from "./processes.ts";

const MASKED = `
permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"unmask", resource);
`;
const SECRET = "hunter2-in-the-attic";
const ENCODED = Buffer.from(SECRET).toString("base64");
/** Of no account; only its form is right. */
const TOKEN = `ghp_${"a1B2c3D4e5F6g7H8i9".repeat(2)}`;

describe("kubectl of who may not unmask", { skip: clusterUnavailable(), timeout: 300_000 }, () => {
  let gateway: KubernetesGateway;

  before(async () => {
    gateway = await startKubernetesGateway({ policies: MASKED });
    const variables = [{ name: "DB_PASSWORD", value: SECRET }];
    await directly(["apply", "-f", "-"], {
      items: [podNamed("held", { env: variables })],
      apiVersion: "v1",
      kind: "List",
    });
    await directly(["wait", "--for=condition=Ready", "pod/held", "--timeout=30s"]);
    await gateway.cluster.appendLog("default", "held", "main", `token ${TOKEN}\nharmless`);
  });

  after(() => gateway?.stop());

  beforeEach(async () => {
    await directly(["apply", "-f", "-"], secret(SECRET));
  });

  const secret = (password: string, more: object = {}) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "db", labels: { app: "db" } },
    stringData: { password, user: SECRET },
    ...more,
  });
  const directly = async (args: string[], input?: object) => {
    const options = input === undefined ? {} : { input: JSON.stringify(input) };
    const { status, stdout, stderr } = await gateway.cluster.kubectl(args, options);
    assert.equal(status, 0, stderr);
    return stdout;
  };
  const stored = async () => {
    const { body } = await gateway.cluster.api("GET", "/api/v1/namespaces/default/secrets/db");
    return body.data as Record<string, string>;
  };
  const showsNothing = (text: string, what: string) => {
    for (const value of [SECRET, ENCODED, Buffer.from(ENCODED).toString("base64")]) {
      assert.equal(text.includes(value), false, `${what} shows it:\n${text}`);
    }
  };
  const kubectl = async (args: string[], options: RunOptions = {}) => {
    const output = await gateway.kubectl(args, options);
    showsNothing(output.stdout + output.stderr, args.join(" "));
    return output;
  };
  const start = (args: string[]) =>
    new Running(gateway.cluster.startKubectl(args, { kubeconfig: gateway.kubeconfig }));

  const READ: string[][] = [
    ["get", "secret", "db"],
    ["get", "secret", "db", "-o", "json"],
    ["get", "secret", "db", "-o", "yaml", "--show-managed-fields"],
    ["get", "secrets", "-o", "wide"],
    ["get", "secrets", "-o", "json"],
    ["get", "secrets", "-A", "-o", "yaml", "--chunk-size=1"],
    ["get", "secret", "db", "-o", "jsonpath={.data.password}"],
    ["get", "secret", "db", "-o", "go-template={{.data.password | base64decode}}"],
    ["get", "secret", "db", "-o", "custom-columns=A:.data.password,B:.metadata.annotations"],
    ["get", "all,secrets", "-o", "json"],
    ["get", "--raw", "/api/v1/namespaces/default/secrets/db"],
    ["get", "--raw", "/api/v1/secrets?limit=500"],
    ["get", "--raw", "/api/v1/namespaces/default/secrets/db?pretty=true"],
    ["describe", "secret", "db"],
    ["apply", "view-last-applied", "secret/db"],
    ["annotate", "--list", "secret/db"],
    ["label", "secret", "db", "seen=yes", "--overwrite", "-o", "yaml"],
    ["patch", "secret", "db", "--type=merge", "-p", '{"metadata":{"labels":{"a":"b"}}}', "-o", "json"],
    ["get", "pod", "held", "-o", "yaml"],
    ["get", "pod", "held", "-o", "jsonpath={.spec.containers[0].env}"],
    ["describe", "pod", "held"],
    ["set", "env", "pod/held", "--list"],
  ];
  for (const args of READ) {
    test(`kubectl ${args.join(" ")} shows no secret`, async () => {
      const { stdout, stderr } = await kubectl(args);
      assert.doesNotMatch(stderr, /sallyport/, stdout);
    });
  }

  test("what is no secret is shown beside it", async () => {
    const { stdout } = await kubectl(["get", "secret", "db", "-o", "json"]);
    const { metadata, data, type } = JSON.parse(stdout);
    assert.deepEqual([metadata.name, metadata.labels.app, type], ["db", "db", "Opaque"]);
    assert.deepEqual(Object.keys(data).sort(), ["password", "user"]);
  });

  test("a watch shows no secret in any of its events", async () => {
    const watch = start(["get", "secrets", "--watch", "--output-watch-events", "-o", "json"]);
    await watch.says(/"db"/);
    await directly(["label", "secret", "db", "round=two", "--overwrite"]);
    await watch.says(/"two"/);
    await directly(["delete", "secret", "db"]);
    await watch.says(/DELETED/);
    await watch.end();
    showsNothing(watch.stdout, "the watch");
  });

  test("whatever encoding is asked for, the answer is masked JSON", async () => {
    for (const accept of [
      "application/vnd.kubernetes.protobuf",
      "application/cbor",
      "application/yaml",
      "application/json;as=Table;g=meta.k8s.io;v=v1,application/vnd.kubernetes.protobuf;q=1",
      "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
      "*/*",
    ]) {
      const response = await gateway.fetch("/api/v1/namespaces/default/secrets/db", { headers: { accept } });
      assert.match(response.headers.get("content-type") ?? "", /^application\/json/, accept);
      showsNothing(await response.text(), accept);
    }
  });

  test("a masked secret that is sent back is refused, and what is stored stays", async () => {
    const before = await stored();
    const { stdout } = await kubectl(["get", "secret", "db", "-o", "json"]);
    const folder = gateway.cluster.folder;
    const shown = JSON.parse(stdout);
    const sent: [string[], RunOptions][] = [
      [["apply", "-f", "-"], { input: stdout }],
      [["replace", "-f", "-"], { input: stdout }],
      [
        ["apply", "--server-side", "--force-conflicts", "-f", "-"],
        { input: JSON.stringify({ ...shown, metadata: { name: "db" } }) },
      ],
      [["patch", "secret", "db", "--type=merge", "-p", JSON.stringify({ data: shown.data })], {}],
      [["create", "-f", "-"], { input: JSON.stringify({ ...shown, metadata: { name: "copy" } }) }],
      // `edit` sends only what was changed, so a value must have moved.
      [["edit", "secret", "db"], { env: { KUBE_EDITOR: "sed -i s/^..password:/\\ \\ passwd:/" } }],
    ];
    for (const [args, options] of sent) {
      const output = await kubectl(args, { cwd: folder, ...options });
      assert.notEqual(output.status, 0, args.join(" "));
      assert.match(output.stderr, /masked|placeholder|stands in/i, args.join(" "));
    }
    assert.deepEqual(await stored(), before);
    const copy = await gateway.cluster.api("GET", "/api/v1/namespaces/default/secrets/copy");
    assert.equal(copy.status, 404);
  });

  test("a masked value that is sent back in protobuf is refused as well, and a new one is stored", async () => {
    const { stdout } = await kubectl([
      "get",
      "secret",
      "db",
      "-o",
      "go-template={{.data.password | base64decode}}",
    ]);
    const create = (name: string, value: string) =>
      kubectl(["create", "secret", "generic", name, `--from-literal=password=${value}`, "-o", "json"]);
    const copy = await create("copy", stdout);
    assert.notEqual(copy.status, 0);
    assert.match(copy.stderr, /a masked value is sent back/);
    const made = await create("fresh", "of the agent's own");
    assert.equal(made.status, 0, made.stderr);
    const { body } = await gateway.cluster.api("GET", "/api/v1/namespaces/default/secrets/fresh");
    assert.deepEqual(body.data, { password: Buffer.from("of the agent's own").toString("base64") });
    const entries = await gateway.recording();
    assert.ok(
      entries.some(({ frame }) => Buffer.from(frame).includes("k8s\0")),
      "they were sent in protobuf",
    );
  });

  test("what is not masked of a secret may be edited, and what is stays", async () => {
    const before = await stored();
    const env = { KUBE_EDITOR: "sed -i s/app:.db/app:\\ other/" };
    const { status, stderr } = await kubectl(["edit", "secret", "db"], { env });
    assert.equal(status, 0, stderr);
    assert.deepEqual(await stored(), before);
  });

  test("a new value may be written by who can't read the old", async () => {
    const body = JSON.stringify({ stringData: { password: "another-one" } });
    const { status, stderr } = await kubectl(["patch", "secret", "db", "--type=merge", "-p", body]);
    assert.equal(status, 0, stderr);
    assert.equal((await stored()).password, Buffer.from("another-one").toString("base64"));
  });

  test("a difference shows none of the old values", async () => {
    const { stdout } = await kubectl(["diff", "-f", "-"], { input: JSON.stringify(secret("guess-at-it")) });
    showsNothing(stdout, "diff");
  });

  test("logs and what exec prints go through the detectors", async () => {
    const logs = await kubectl(["logs", "held"]);
    assert.match(logs.stdout, /harmless/);
    assert.equal(logs.stdout.includes(TOKEN), false, logs.stdout);
    const script = `printf '${TOKEN.slice(0, 9)}'; sleep 0.05; echo '${TOKEN.slice(9)}'; echo ${TOKEN} >&2; exit 4`;
    const run = await kubectl(["exec", "held", "--", "sh", "-c", script]);
    assert.equal(run.status, 4);
    assert.equal((run.stdout + run.stderr).includes(TOKEN), false, run.stdout + run.stderr);
    assert.notEqual(run.stdout, "");
  });

  test("no recording holds what the agent may not see", async () => {
    const entries = await gateway.recording();
    const whole = Buffer.concat(entries.map(({ frame }) => Buffer.from(frame))).toString("latin1");
    assert.ok(entries.length > 10);
    assert.equal(whole.includes(ENCODED), false);
    assert.equal(whole.includes(gateway.token), false);
  });
});
