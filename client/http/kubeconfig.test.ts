import assert from "node:assert/strict";
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { execCredential, jwtExpiry, kubeconfig } from "./kubeconfig.ts";
import { httpEnvironment, kubernetesEnvironment, localUrl } from "./run-environment.ts";

const NAME = "prod@edge.example";
const SERVER = "https://edge.example/t/prod";

function loaded(text: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromString(text);
  return config;
}

test("a kubeconfig names the edge's path of the target, and the command that has the token", () => {
  const config = loaded(
    kubeconfig({
      name: NAME,
      server: SERVER,
      user: {
        command: ["/usr/bin/node", "/opt/sally port/sallyport.mjs", "credential"],
        env: { SALLYPORT_EDGE: "https://edge.example" },
      },
      namespace: "shop",
    }),
  );
  assert.equal(config.getCurrentContext(), NAME);
  assert.equal(config.getCurrentCluster()?.server, SERVER);
  assert.equal(config.getCurrentCluster()?.caData, undefined);
  assert.equal(config.getContextObject(NAME)?.namespace, "shop");
  assert.deepEqual(config.getCurrentUser()?.exec, {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "/usr/bin/node",
    args: ["/opt/sally port/sallyport.mjs", "credential"],
    env: [{ name: "SALLYPORT_EDGE", value: "https://edge.example" }],
    interactiveMode: "Never",
    provideClusterInfo: false,
  });
});

test("a token's file and an authority stand in it where they are given", () => {
  const text = kubeconfig({
    name: NAME,
    server: SERVER,
    user: { tokenFile: "/run/token" },
    authority: "PEM\n",
  });
  assert.match(text, /tokenFile: \/run\/token\n/);
  assert.equal(loaded(text).getCurrentCluster()?.caData, Buffer.from("PEM\n").toString("base64"));
});

test("a credential says when it expires, where that is known", () => {
  assert.deepEqual(execCredential("t", Date.UTC(2026, 0, 2, 3, 4, 5, 678)), {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "t", expirationTimestamp: "2026-01-02T03:04:05Z" },
  });
  assert.deepEqual(execCredential("t", null), {
    apiVersion: "client.authentication.k8s.io/v1",
    kind: "ExecCredential",
    status: { token: "t" },
  });
});

test("the expiry of a JWT is read, of anything else there is none", () => {
  const jwt = (claims: unknown) =>
    `e30.${Buffer.from(typeof claims === "string" ? claims : JSON.stringify(claims)).toString("base64url")}.s`;
  assert.equal(jwtExpiry(jwt({ exp: 1_800_000_000 })), 1_800_000_000_000);
  for (const token of [
    "syp_abc",
    "a.b",
    "a.b.c",
    jwt({}),
    jwt({ exp: "1" }),
    jwt({ exp: 1e300 }),
    jwt("null"),
  ])
    assert.equal(jwtExpiry(token), null, token);
});

test("what runs gets a kubeconfig of its own, which only its owner reads and which goes with it", () => {
  const before = {
    KUBECONFIG: "/mine",
    SALLYPORT_TOKEN: "secret",
    KUBERNETES_SERVICE_HOST: "10.0.0.1",
    HOME: "/h",
  };
  const { env, remove } = kubernetesEnvironment(before, "prod", { host: "127.0.0.1", port: 8001 });
  const file = env.KUBECONFIG!;
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.equal(statSync(dirname(file)).mode & 0o777, 0o700);
  const config = loaded(readFileSync(file, "utf8"));
  assert.equal(config.getCurrentCluster()?.server, "http://127.0.0.1:8001");
  assert.equal(config.getCurrentUser()?.token, undefined);
  assert.deepEqual(Object.keys(env).sort(), ["HOME", "KUBECONFIG", "NO_PROXY", "no_proxy"]);
  remove();
  assert.ok(!existsSync(dirname(file)));
});

test("what runs with an HTTP target gets its address, and no proxy is asked for it", () => {
  const env = httpEnvironment(
    { SALLYPORT_TOKEN_FILE: "/t", no_proxy: "corp.example", http_proxy: "http://proxy:3128" },
    { host: "127.0.0.1", port: 80 },
  );
  assert.deepEqual(env, {
    http_proxy: "http://proxy:3128",
    no_proxy: "corp.example,127.0.0.1",
    NO_PROXY: "corp.example,127.0.0.1",
    SALLYPORT_URL: "http://127.0.0.1:80",
  });
  assert.equal(localUrl({ host: "::1", port: 1 }), "http://[::1]:1");
});
