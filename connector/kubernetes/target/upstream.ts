import { Upstream } from "../../http/target/upstream.ts";
import type { KubernetesTargetConfig } from "./config.ts";

/**
 * The connections to an API server, as the connector's own account; each request says as whom it is to be judged
 * (`impersonation`). The account needs a ClusterRole with the verb `impersonate` for that, and nothing else:
 *
 * - `users` and `groups` (API group ""), with `resourceNames` where those that are told are known;
 * - `userextras/sallyport.dev/session`, `userextras/sallyport.dev/principal` and
 *   `userextras/sallyport.dev/on-behalf-of` (API group `authentication.k8s.io`).
 */
export function kubernetesUpstream(config: KubernetesTargetConfig): Upstream {
  const { token } = config;
  return new Upstream({
    ...config,
    credential: token === null ? { type: "none" } : { type: "bearer", token },
    impersonates: true,
  });
}
