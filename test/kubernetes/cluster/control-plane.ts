import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { CertificateAuthority } from "../../certificates.ts";
import { freePort } from "../../postgres-server.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

const HOST = "127.0.0.1";
const READY_MS = 60_000;
const PORT_TAKEN = /address already in use/;

/** An etcd of its own, with an empty store below the folder. */
export async function startEtcd(folder: string): Promise<{ daemon: Daemon; url: string }> {
  for (let attempt = 1; attempt <= 5; attempt++) {
    const url = `http://${HOST}:${await freePort()}`;
    const peers = `http://${HOST}:${await freePort()}`;
    const args = [
      ...["--data-dir", join(folder, "etcd"), "--listen-client-urls", url, "--advertise-client-urls", url],
      ...["--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers],
      ...["--initial-cluster", `default=${peers}`, "--logger", "zap"],
    ];
    const daemon = await startDaemon("etcd", args, {
      ready: /serving (insecure )?client (requests|traffic)/,
      portTaken: PORT_TAKEN,
      signal: "SIGKILL",
    });
    if (daemon !== undefined) return { daemon, url };
  }
  throw new Error("etcd found no free port in five attempts");
}

export interface ApiServer {
  daemon: Daemon;
  port: number;
}

/** A kube-apiserver that answers /readyz; its keys and its audit log stand in the folder. */
export async function startApiServer(
  program: string,
  folder: string,
  authority: CertificateAuthority,
  etcd: string,
  adminToken: string,
  moreFlags: string[],
): Promise<ApiServer> {
  const serving = authority.issue({ name: "kube-apiserver", alternatives: [`IP:${HOST}`, "DNS:localhost"] });
  const kubeletClient = authority.issue({ name: "kube-apiserver-kubelet-client" });
  const at = (name: string) => join(folder, name);
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  await writeFile(at("accounts.pub"), publicKey.export({ type: "spki", format: "pem" }));
  await writeFile(at("accounts.key"), privateKey.export({ type: "sec1", format: "pem" }), { mode: 0o600 });
  await writeFile(at("tokens.csv"), `${adminToken},admin,admin,"system:masters"\n`, { mode: 0o600 });
  const policy = {
    apiVersion: "audit.k8s.io/v1",
    kind: "Policy",
    omitStages: ["RequestReceived", "ResponseStarted"],
    rules: [{ level: "None", users: ["system:apiserver"] }, { level: "Metadata" }],
  };
  await writeFile(at("audit-policy.json"), JSON.stringify(policy));
  const flags = (port: number) => ({
    "etcd-servers": etcd,
    "bind-address": HOST,
    "advertise-address": HOST,
    // The loopback address may be no endpoint of the service `kubernetes`.
    "endpoint-reconciler-type": "none",
    "secure-port": port,
    "tls-cert-file": serving.certificate,
    "tls-private-key-file": serving.key,
    "client-ca-file": authority.certificate,
    "token-auth-file": at("tokens.csv"),
    "authorization-mode": "RBAC",
    "service-account-issuer": "https://kubernetes.default.svc",
    "service-account-key-file": at("accounts.pub"),
    "service-account-signing-key-file": at("accounts.key"),
    "service-cluster-ip-range": "10.0.0.0/24",
    // It wants each namespace to have an account, which a controller would make.
    "disable-admission-plugins": "ServiceAccount",
    "allow-privileged": true,
    "kubelet-certificate-authority": authority.certificate,
    "kubelet-client-certificate": kubeletClient.certificate,
    "kubelet-client-key": kubeletClient.key,
    "kubelet-preferred-address-types": "InternalIP",
    "audit-policy-file": at("audit-policy.json"),
    "audit-log-path": at("audit.log"),
    "audit-log-mode": "blocking-strict",
    profiling: false,
  });
  for (let attempt = 1; attempt <= 5; attempt++) {
    const port = await freePort();
    const args = Object.entries(flags(port)).map(([name, value]) => `--${name}=${value}`);
    const daemon = await startDaemon(program, [...args, ...moreFlags], {
      ready: /Serving securely on/,
      portTaken: PORT_TAKEN,
      signal: "SIGKILL",
    });
    if (daemon === undefined) continue;
    await untilReady(daemon, port, authority.certificate);
    return { daemon, port };
  }
  throw new Error("kube-apiserver found no free port in five attempts");
}

async function untilReady(daemon: Daemon, port: number, caFile: string): Promise<void> {
  const ca = readFileSync(caFile);
  const ends = Date.now() + READY_MS;
  let last = "";
  while (daemon.runs() && Date.now() < ends) {
    try {
      const { status, text } = await ask(ca, port, "GET", "/readyz?verbose");
      if (status === 200) return;
      last = text;
    } catch (error) {
      last = String(error);
    }
    await sleep(50);
  }
  throw new Error(`kube-apiserver did not become ready: ${last}\n${daemon.log()}`);
}

/** One request to an API server on loopback. */
export function ask(
  ca: Buffer,
  port: number,
  method: string,
  path: string,
  token?: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const answer = Promise.withResolvers<{ status: number; text: string }>();
  const kind = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const headers = {
    ...(token !== undefined && { authorization: `Bearer ${token}` }),
    ...(body !== undefined && { "content-type": kind }),
  };
  request({ host: HOST, port, ca, method, path, headers }, async (response) => {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      answer.resolve({ status: response.statusCode!, text: Buffer.concat(chunks).toString() });
    } catch (error) {
      answer.reject(error);
    }
  })
    .on("error", answer.reject)
    .end(body && JSON.stringify(body));
  return answer.promise;
}
