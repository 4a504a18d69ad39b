import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../certificates.ts";
import { ensurePackages, unavailable } from "../../system-packages.ts";
import { type KubernetesBinaries, kubernetesBinaries } from "./binaries.ts";
import { type ApiServer, ask, startApiServer, startEtcd } from "./control-plane.ts";
import { type Daemon, startDaemon } from "./daemon.ts";

export interface ClusterOptions {
  /** Lets commands of `exec` go on when their stream ends, as containerd does; else they are killed then. */
  keepCommands?: boolean;
  /** Flags of kube-apiserver that stand after the rig's own. */
  apiserver?: string[];
}

/** What a program said, and how it ended. */
export interface Output {
  status: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** Path; that of the administrator by default. */
  kubeconfig?: string;
  /** Standard input; empty by default. */
  input?: string | Uint8Array;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** Runs the older kubectl. */
  older?: boolean;
}

/** Who may use a kubeconfig, and through which server. */
export interface KubeconfigOptions {
  server?: string;
  caFile?: string;
  token?: string;
  namespace?: string;
}

/** A line of the API server's audit log, of level Metadata: as much as tests look at. */
export interface AuditEvent {
  verb: string;
  requestURI: string;
  user: { username: string; groups?: string[]; extra?: Record<string, string[]> };
  impersonatedUser?: { username: string; groups?: string[]; uid?: string; extra?: Record<string, string[]> };
  objectRef?: {
    resource: string;
    namespace?: string;
    name?: string;
    subresource?: string;
    apiGroup?: string;
  };
  userAgent?: string;
  responseStatus?: { code: number; reason?: string };
}

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: objects of Kubernetes, of which each test knows its own.
  body: any;
}

export interface Cluster {
  /** `https://127.0.0.1:PORT` */
  url: string;
  port: number;
  /** Path of the PEM file of the authority that has signed the server's certificate. */
  caFile: string;
  /** Of an administrator, a member of system:masters. */
  adminToken: string;
  adminKubeconfig: string;
  /** A token of the service account `sallyport-connector` in the namespace `sallyport`, which may impersonate anybody. */
  connectorToken: string;
  connectorTokenFile: string;
  /** A folder of the cluster's own. */
  folder: string;
  version: string;
  binaries: KubernetesBinaries;
  /** Asks the API as the administrator, or as whom a token names. */
  api(method: string, path: string, body?: object, token?: string): Promise<Answer>;
  kubectl(args: string[], options?: RunOptions): Promise<Output>;
  /** kubectl that goes on: for `logs -f`, `port-forward`, `watch`. The caller ends it. */
  startKubectl(args: string[], options?: RunOptions): ChildProcess;
  helm(args: string[], options?: RunOptions): Promise<Output>;
  /** Any program that reads KUBECONFIG. */
  startProgram(program: string, args: string[], options?: RunOptions): ChildProcess;
  /** Writes a kubeconfig and answers its path. */
  kubeconfig(options?: KubeconfigOptions): Promise<string>;
  /** The folder in which a container's commands run. */
  containerFolder(namespace: string, pod: string, container: string): string;
  /** Adds lines to what a container has printed. */
  appendLog(namespace: string, pod: string, container: string, text: string): Promise<void>;
  /** What the API server was asked so far. */
  audit(): Promise<AuditEvent[]>;
  /** What the API server said: its last lines. */
  log(): string;
  /** Ends all of its processes, those in its containers included, and removes the folder. */
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const CONNECTOR = "sallyport-connector";

/** Why no cluster can be had, or false: what `node:test` takes as `skip`. */
export function clusterUnavailable(): string | false {
  const etcd = unavailable("etcd-server");
  if (etcd !== false) return etcd;
  const binaries = kubernetesBinaries();
  return "missing" in binaries ? binaries.missing : false;
}

/**
 * Starts a cluster of its own on free ports of loopback: a real etcd and kube-apiserver, and a node that runs no
 * containers but acts as if (`node/`). There are no controllers: a Deployment makes no pods, nothing is collected as
 * garbage, a namespace is never quite deleted. It doesn't survive the process that started it.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  ensurePackages(["etcd-server"]);
  const binaries = kubernetesBinaries();
  if ("missing" in binaries) throw new Error(binaries.missing);
  const folder = await mkdtemp(join(tmpdir(), "sallyport-cluster-"));
  const authority = createAuthority("Kubernetes test CA");
  const daemons: Daemon[] = [];
  const removeFiles = () => {
    authority.remove();
    rmSync(folder, { recursive: true, force: true });
  };
  process.on("exit", removeFiles);
  const stop = async () => {
    // The node first: it needs no API server to end what runs in its containers.
    for (const daemon of daemons.toReversed()) await daemon.stop();
    process.off("exit", removeFiles);
    authority.remove();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const etcd = await startEtcd(folder);
    daemons.push(etcd.daemon);
    const adminToken = randomBytes(16).toString("hex");
    const server = await startApiServer(
      binaries.apiserver,
      folder,
      authority,
      etcd.url,
      adminToken,
      options.apiserver ?? [],
    );
    daemons.push(server.daemon);
    const cluster = describe(folder, authority.certificate, server, adminToken, binaries, stop);
    const nodeFolder = join(folder, "node");
    mkdirSync(nodeFolder);
    const kubelet = authority.issue({ name: "node-1", alternatives: [`IP:${HOST}`] });
    const startNode = async () => {
      const node = await startDaemon(
        binaries.node,
        [
          ...["-kubeconfig", cluster.adminKubeconfig, "-directory", nodeFolder],
          ...["-certificate", kubelet.certificate, "-key", kubelet.key],
          ...["-client-authority", authority.certificate],
          ...(options.keepCommands ? ["-keep-commands"] : []),
        ],
        { ready: /^serving on/ },
      );
      daemons.push(node!);
    };
    cluster.adminKubeconfig = await cluster.kubeconfig();
    const [token, { body: version }] = await Promise.all([
      createConnector(cluster),
      cluster.api("GET", "/version"),
      fillRoles(cluster),
      startNode(),
    ]);
    cluster.version = version.gitVersion;
    cluster.connectorToken = token;
    await writeFile(cluster.connectorTokenFile, token, { mode: 0o600 });
    return cluster;
  } catch (error) {
    await stop();
    throw error;
  }
}

function describe(
  folder: string,
  caFile: string,
  server: ApiServer,
  adminToken: string,
  binaries: KubernetesBinaries,
  stop: () => Promise<void>,
): Cluster {
  const { port, daemon } = server;
  const url = `https://${HOST}:${port}`;
  const ca = readFileSync(caFile);
  const home = join(folder, "home");
  mkdirSync(home);
  let kubeconfigs = 0;
  const start = (program: string, args: string[], options: RunOptions = {}) =>
    spawn(program, args, {
      // A home of its own: clients keep caches there.
      env: {
        PATH: process.env.PATH,
        HOME: home,
        KUBECONFIG: options.kubeconfig ?? cluster.adminKubeconfig,
        ...options.env,
      },
      cwd: options.cwd ?? folder,
      stdio: "pipe",
    });
  const run = async (program: string, args: string[], options: RunOptions = {}): Promise<Output> => {
    const child = start(program, args, options);
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      child[name].setEncoding("utf8").on("data", (text: string) => {
        output[name] += text;
      });
    }
    child.stdin.on("error", () => {}).end(options.input ?? "");
    const ended = Promise.withResolvers<number | null>();
    child.on("error", ended.reject).on("close", ended.resolve);
    return { status: await ended.promise, ...output };
  };
  const kubectl = (older = false) => {
    const program = older ? binaries.olderKubectl : binaries.kubectl;
    if (program === null) throw new Error("there is no older kubectl");
    return program;
  };
  const containerPath = (...names: string[]) => join(folder, "node", ...names);
  const cluster: Cluster = {
    ...{ url, port, caFile, adminToken, folder, binaries, stop },
    version: "",
    adminKubeconfig: "",
    connectorToken: "",
    connectorTokenFile: join(folder, "connector-token"),
    async api(method, path, body, token = adminToken) {
      const { status, text } = await ask(ca, port, method, path, token, body);
      return { status, body: text.startsWith("{") ? JSON.parse(text) : text };
    },
    kubectl: (args, options = {}) => run(kubectl(options.older), args, options),
    startKubectl: (args, options = {}) => start(kubectl(options.older), args, options),
    helm(args, options) {
      if (binaries.helm === null) throw new Error("there is no helm");
      return run(binaries.helm, args, options);
    },
    startProgram: start,
    async kubeconfig({
      server = url,
      caFile: authority = caFile,
      token = adminToken,
      namespace = "default",
    } = {}) {
      kubeconfigs += 1;
      const path = join(folder, `kubeconfig-${kubeconfigs}`);
      const config = {
        apiVersion: "v1",
        kind: "Config",
        "current-context": "test",
        clusters: [{ name: "test", cluster: { server, "certificate-authority": authority } }],
        users: [{ name: "test", user: { token } }],
        contexts: [{ name: "test", context: { cluster: "test", user: "test", namespace } }],
      };
      await writeFile(path, JSON.stringify(config), { mode: 0o600 });
      return path;
    },
    containerFolder: (namespace, pod, container) => containerPath(namespace, pod, container, "root"),
    async appendLog(namespace, pod, container, text) {
      const lines = text.replace(/\n$/, "").split("\n");
      const now = new Date().toISOString();
      const log = lines.map((line) => `${now} stdout F ${line}\n`).join("");
      await writeFile(containerPath(namespace, pod, container, "log"), log, { flag: "a" });
    },
    async audit() {
      const log = await readFile(join(folder, "audit.log"), "utf8").catch(() => "");
      return log
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => JSON.parse(line));
    },
    log: daemon.log,
  };
  return cluster;
}

/** Gives `view`, `edit` and `admin` the rules that a controller would gather for them. */
async function fillRoles({ api }: Cluster): Promise<void> {
  const roles = "/apis/rbac.authorization.k8s.io/v1/clusterroles";
  const rules: object[] = [];
  for (const name of ["view", "edit", "admin"]) {
    const { body: part } = await api("GET", `${roles}/system:aggregate-to-${name}`);
    rules.push(...part.rules);
    const { status, body } = await api("PATCH", `${roles}/${name}`, { rules });
    if (status !== 200) throw new Error(`${name}: ${status} ${JSON.stringify(body)}`);
  }
}

/** The account of the connector, with the rights it needs and no more, and a token of it. */
async function createConnector(cluster: Cluster): Promise<string> {
  const create = async (path: string, object: object) => {
    const { status, body } = await cluster.api("POST", path, object);
    if (status >= 300) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`);
    return body;
  };
  const rbac = "/apis/rbac.authorization.k8s.io/v1";
  const account = { kind: "ServiceAccount", name: CONNECTOR, namespace: "sallyport" };
  await create("/api/v1/namespaces", { metadata: { name: account.namespace } });
  await Promise.all([
    create(`/api/v1/namespaces/${account.namespace}/serviceaccounts`, { metadata: { name: CONNECTOR } }),
    create(`${rbac}/clusterroles`, {
      metadata: { name: CONNECTOR },
      rules: [
        { apiGroups: [""], resources: ["users", "groups", "serviceaccounts"], verbs: ["impersonate"] },
        // RBAC knows no `userextras/*`: it is each key by name, or everything.
        { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate"] },
      ],
    }),
    create(`${rbac}/clusterrolebindings`, {
      metadata: { name: CONNECTOR },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: CONNECTOR },
      subjects: [account],
    }),
  ]);
  const requested = await create(
    `/api/v1/namespaces/${account.namespace}/serviceaccounts/${CONNECTOR}/token`,
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 86_400 } },
  );
  return requested.status.token;
}
