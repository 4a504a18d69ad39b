import { stringify } from "yaml";

/** How a client of Kubernetes proves who it is; null: it need not, as the address is a local listener's. */
export type KubeconfigUser =
  /** The command that prints an `ExecCredential`. */
  | { command: readonly [string, ...string[]]; env: Readonly<Record<string, string>> }
  /** A file that holds a token, which clients read again now and then. */
  | { tokenFile: string }
  | null;

export interface KubeconfigOptions {
  /** Of cluster, user and context. */
  name: string;
  server: string;
  user: KubeconfigUser;
  /** That of commands which name none. */
  namespace?: string | undefined;
  /** Certificates by which alone the server is known, PEM; those of the system by default. */
  authority?: string | undefined;
}

/** The version of exec plugins' API that kubectl 1.22 and later know (KEP-541). */
export const EXEC_API = "client.authentication.k8s.io/v1";

/** A kubeconfig with one context (`k8s.io/client-go/tools/clientcmd/api/v1`), as YAML. */
export function kubeconfig({ name, server, user, namespace, authority }: KubeconfigOptions): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      {
        name,
        cluster: {
          server,
          ...(authority !== undefined && {
            "certificate-authority-data": Buffer.from(authority).toString("base64"),
          }),
        },
      },
    ],
    users: [{ name, user: userOf(user) }],
    contexts: [
      { name, context: { cluster: name, user: name, ...(namespace !== undefined && { namespace }) } },
    ],
    "current-context": name,
  });
}

function userOf(user: KubeconfigUser): object {
  if (user === null) return {};
  if ("tokenFile" in user) return { tokenFile: user.tokenFile };
  const [command, ...args] = user.command;
  return {
    exec: {
      apiVersion: EXEC_API,
      command,
      args,
      env: Object.entries(user.env).map(([name, value]) => ({ name, value })),
      interactiveMode: "Never",
      provideClusterInfo: false,
    },
  };
}

/** What an exec plugin prints. `expires`: ms since 1970; null where it is not known, and the client asks after a 401. */
export function execCredential(token: string, expires: number | null): object {
  return {
    apiVersion: EXEC_API,
    kind: "ExecCredential",
    status: {
      token,
      ...(expires !== null && { expirationTimestamp: `${new Date(expires).toISOString().slice(0, 19)}Z` }),
    },
  };
}

/** When a JWT expires (RFC 7519 section 4.1.4), ms since 1970; null for any other token. It is not checked. */
export function jwtExpiry(token: string): number | null {
  const parts = token.split(".");
  if (parts.length !== 3) return null;
  try {
    const { exp } = JSON.parse(Buffer.from(parts[1]!, "base64url").toString()) as { exp?: unknown };
    return typeof exp === "number" && exp > 0 && exp < 1e11 ? exp * 1_000 : null;
  } catch {
    return null;
  }
}
