import { resolve } from "node:path";
import type { Field } from "../../../protocol/document.ts";
import { type SecretReference, secretReference } from "../../../protocol/secrets.ts";
import { type HttpEndpoint, readLimits, readUrl } from "../../http/target/config.ts";
import { type DocumentMaskSettings, kubernetesMaskSettings } from "../../mask/settings.ts";
import { clientCertificate } from "../../target-tls.ts";
import { type ImpersonationConfig, readImpersonation } from "./impersonation-config.ts";

/** What the connector's file says of a Kubernetes target. Paths are absolute. */
export interface KubernetesTargetConfig extends DocumentMaskSettings, HttpEndpoint {
  name: string;
  kind: "kubernetes";
  /** The service account's token; null where a client certificate (`tls.client`) is the only proof. */
  token: SecretReference | null;
  impersonate: ImpersonationConfig;
}

const KEYS = [
  ...["server", "ca", "serverName", "token", "certificate", "key", "inCluster", "impersonate"],
  ...["timeouts", "connections"],
];
/** What only a connection says that isn't made from within the cluster. */
const OUTSIDE = ["server", "ca", "serverName", "token", "certificate", "key"];
const FORM_OF_PROOF =
  "Give token: {file: PATH}, or certificate and key; a connector that runs as a pod of the cluster has inCluster: true instead.";

/** Where the kubelet puts what a pod needs to speak with its API server (client-go, rest.InClusterConfig). */
const ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/** Reads `connection` and what masks a Kubernetes target. A path is relative to `folder`. Throws `invalid_config`. */
export function kubernetesTarget(
  name: string,
  target: Field,
  folder: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): KubernetesTargetConfig {
  const connection = target.get("connection").mapping(KEYS);
  const inCluster = connection.get("inCluster").optional((field) => field.boolean()) ?? false;
  const where = inCluster ? readInCluster(connection, env) : readOutside(connection, folder);
  return {
    name,
    kind: "kubernetes",
    ...where,
    limits: readLimits(connection),
    impersonate: readImpersonation(connection.get("impersonate")),
    ...kubernetesMaskSettings(target, folder),
  };
}

type Where = Omit<HttpEndpoint, "limits"> & Pick<KubernetesTargetConfig, "token">;

function readOutside(connection: Field, folder: string): Where {
  const { secure, ...endpoint } = readUrl(connection.get("server"));
  if (!secure) {
    connection
      .get("server")
      .fail("is not encrypted", "Write it as https://HOST:PORT; API servers speak TLS.");
  }
  const token = connection.get("token").optional((field) => secretReference(field, folder));
  const client = clientCertificate(connection, folder);
  if (token === null && client === null) connection.fail("says nothing of a credential", FORM_OF_PROOF);
  if (token !== null && client !== null) {
    connection.fail("has both a token and a certificate", "Keep the one that the API server is to go by.");
  }
  return {
    ...endpoint,
    tls: {
      mode: "verify-full",
      ca: connection.get("ca").optional((field) => resolve(folder, field.string())),
      serverName: connection.get("serverName").optional((field) => field.string()),
      client,
    },
    token,
  };
}

function readInCluster(connection: Field, env: Readonly<Record<string, string | undefined>>): Where {
  for (const key of OUTSIDE) {
    connection
      .get(key)
      .optional((field) =>
        field.fail("is set beside inCluster", "A pod has all of it from its cluster; keep one of the two."),
      );
  }
  const host = env.KUBERNETES_SERVICE_HOST ?? "";
  const port = Number(env.KUBERNETES_SERVICE_PORT ?? "");
  if (!/^[\x21-\x2e\x30-\x7e]{1,255}$/.test(host) || !Number.isInteger(port) || port < 1 || port > 65_535) {
    connection
      .get("inCluster")
      .fail(
        "is set, but this process does not run as a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT name no API server",
        "Run the connector in the cluster, or give server, ca and token.",
      );
  }
  return {
    host,
    port,
    basePath: "",
    tls: { mode: "verify-full", ca: `${ACCOUNT}/ca.crt`, serverName: null, client: null },
    token: { file: `${ACCOUNT}/token` },
  };
}
