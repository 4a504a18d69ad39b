import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePrivate } from "../private-file.ts";
import { environmentWithout } from "../run-command.ts";
import { kubeconfig } from "./kubeconfig.ts";

interface Local {
  host: string;
  port: number;
}

/** The URL of a local listener, without a path. */
export function localUrl({ host, port }: Local): string {
  return `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** The environment of a command that reaches an HTTP target by `SALLYPORT_URL`. */
export function httpEnvironment(env: NodeJS.ProcessEnv, local: Local): NodeJS.ProcessEnv {
  return { ...withoutProxy(environmentWithout(env, []), local), SALLYPORT_URL: localUrl(local) };
}

/**
 * The environment of a command whose `KUBECONFIG` leads to a Kubernetes target, and nowhere else. `remove` takes the
 * file away. There is no credential in it.
 */
export function kubernetesEnvironment(
  env: NodeJS.ProcessEnv,
  target: string,
  local: Local,
): { env: NodeJS.ProcessEnv; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
  const file = join(folder, "kubeconfig");
  const remove = () => rmSync(folder, { recursive: true, force: true });
  try {
    writePrivate(file, kubeconfig({ name: target, server: localUrl(local), user: null }));
  } catch (error) {
    remove();
    throw error;
  }
  // In a pod, clients would else take that pod's own cluster for the one that is meant.
  const inCluster = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT", "KUBERNETES_MASTER"];
  return { env: { ...withoutProxy(environmentWithout(env, inCluster), local), KUBECONFIG: file }, remove };
}

/** A proxy would be asked for this machine's own port, and has none such. */
function withoutProxy(env: NodeJS.ProcessEnv, { host }: Local): NodeJS.ProcessEnv {
  const others = env.NO_PROXY ?? env.no_proxy;
  const list = others ? `${others},${host}` : host;
  return { ...env, NO_PROXY: list, no_proxy: list };
}
