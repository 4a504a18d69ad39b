import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Field, readDocument } from "../../../protocol/document.ts";
import { SallyportError } from "../../../protocol/errors.ts";
import { parseConnectorConfig } from "../../config.ts";
import { type KubernetesTargetConfig, kubernetesTarget } from "./config.ts";
import { DEFAULT_IMPERSONATION } from "./impersonation-config.ts";

const FILE = "/etc/sallyport/sallyport.yaml";
const POD = { KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" };

function read(connection: string, env: Record<string, string> = {}): KubernetesTargetConfig {
  const root: Field = readDocument(`{name: cluster, kind: kubernetes, connection: ${connection}}`, FILE);
  return kubernetesTarget("cluster", root, "/etc/sallyport", env);
}

function refusal(connection: string, env: Record<string, string> = {}): SallyportError {
  try {
    read(connection, env);
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    return error;
  }
  assert.fail("it was accepted");
}

describe("a Kubernetes target in the connector's file", () => {
  test("is read whole, paths relative to the file", () => {
    const text = `connector: {name: main}
targets:
  - name: cluster
    kind: kubernetes
    connector: main
    connection:
      server: https://10.0.0.1:6443
      ca: ca.crt
      serverName: kubernetes
      token: {file: token}
      impersonate:
        userPrefix: "oidc:"
        groupPrefix: ""
        users: [{principal: corp/alice, as: alice}]
        groups: [{group: platform, as: [admins, "system:masters"]}]
      timeouts: {response: 1000}
`;
    const [target] = parseConnectorConfig(text, FILE).targets;
    assert.ok(target?.kind === "kubernetes");
    const { labels, maskKey, detectors, ...rest } = target;
    assert.ok(labels && detectors && maskKey === null);
    assert.deepEqual(rest, {
      name: "cluster",
      kind: "kubernetes",
      host: "10.0.0.1",
      port: 6443,
      basePath: "",
      tls: { mode: "verify-full", ca: "/etc/sallyport/ca.crt", serverName: "kubernetes", client: null },
      limits: { connectMs: 10_000, headMs: 1_000, connections: 1_000 },
      token: { file: "/etc/sallyport/token" },
      impersonate: {
        userPrefix: "oidc:",
        groupPrefix: "",
        users: [{ principal: "corp/alice", as: "alice" }],
        groups: [{ group: "platform", as: ["admins", "system:masters"] }],
      },
    });
  });

  test("may be proved by a certificate, and lie behind a path", () => {
    const { token, tls, basePath, impersonate } = read(
      "{server: 'https://rancher.internal/k8s/clusters/c-1', certificate: c.pem, key: {env: KEY}}",
    );
    assert.deepEqual([token, basePath, impersonate], [null, "/k8s/clusters/c-1", DEFAULT_IMPERSONATION]);
    assert.ok(tls.mode === "verify-full");
    assert.deepEqual(tls.client, { certificate: "/etc/sallyport/c.pem", key: { env: "KEY" } });
  });

  test("may be the cluster that the connector runs in", () => {
    const { host, port, tls, token } = read("{inCluster: true}", POD);
    const account = "/var/run/secrets/kubernetes.io/serviceaccount";
    assert.deepEqual(
      [host, port, tls, token],
      [
        "10.96.0.1",
        443,
        { mode: "verify-full", ca: `${account}/ca.crt`, serverName: null, client: null },
        { file: `${account}/token` },
      ],
    );
    assert.equal(read("{inCluster: true}", { ...POD, KUBERNETES_SERVICE_HOST: "fd00::1" }).host, "fd00::1");
  });

  const SERVER = "server: 'https://a', token: {file: t}";
  const FAULTS: [claim: string, connection: string, message: RegExp, env?: Record<string, string>][] = [
    ["no server", "{token: {file: t}}", /server is missing/],
    ["a server without TLS", "{server: 'http://a', token: {file: t}}", /server is not encrypted/],
    ["no credential", "{server: 'https://a'}", /says nothing of a credential/],
    ["half a certificate", "{server: 'https://a', certificate: c}", /only one of/],
    ["two credentials", `{${SERVER}, certificate: c, key: {file: k}}`, /both a token and a certificate/],
    ["a literal token", "{server: 'https://a', token: hunter2}", /token is not a mapping/],
    ["an unknown key", `{${SERVER}, insecureSkipTLSVerify: true}`, /insecureSkipTLSVerify is not known/],
    ["a cluster where there is none", "{inCluster: true}", /does not run as a pod/],
    [
      "a cluster with a port that is none",
      "{inCluster: true}",
      /does not run/,
      { ...POD, KUBERNETES_SERVICE_PORT: "x" },
    ],
    ["a cluster and a server", `{inCluster: true, ${SERVER}}`, /server is set beside inCluster/, POD],
    [
      "the system's prefix",
      `{${SERVER}, impersonate: {userPrefix: 'system:'}}`,
      /userPrefix is not a prefix/,
    ],
    [
      "a prefix within the system's",
      `{${SERVER}, impersonate: {groupPrefix: 'system:node:'}}`,
      /groupPrefix is not/,
    ],
    [
      "a prefix without an end",
      `{${SERVER}, impersonate: {userPrefix: 'sys'}}`,
      /userPrefix is not a prefix/,
    ],
    [
      "a user without a name",
      `{${SERVER}, impersonate: {users: [{principal: a}]}}`,
      /users\[0\]\.as is missing/,
    ],
    [
      "a name with a line end",
      `{${SERVER}, impersonate: {users: [{principal: a, as: "b\\nc"}]}}`,
      /as is not a name/,
    ],
    [
      "groups that are no list",
      `{${SERVER}, impersonate: {groups: [{group: a, as: b}]}}`,
      /as is not a list/,
    ],
    ["an unknown mapping", `{${SERVER}, impersonate: {uids: []}}`, /uids is not known/],
  ];

  for (const [claim, connection, message, env] of FAULTS) {
    test(`is refused with ${claim}, with the place and what to do`, () => {
      const error = refusal(connection, env);
      assert.equal(error.code, "invalid_config");
      assert.match(error.message, message);
      assert.ok(error.hint);
      assert.ok(!`${error.message}${error.hint}`.includes("hunter2"));
    });
  }
});
