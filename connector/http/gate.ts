import type { SessionFacts } from "../../protocol/control.ts";
import type { Fields } from "../../protocol/http/head.ts";
import type { Principals } from "../../protocol/policy/usage.ts";
import type { ConnectorStream } from "../../protocol/stream.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import type { Timers } from "../guard/timers.ts";
import type { KubernetesTargetConfig } from "../kubernetes/target/config.ts";
import type { Log } from "../log.ts";
import type { ExchangeRules } from "./rules.ts";
import { ExchangeSession } from "./session.ts";
import type { HttpTargetConfig } from "./target/config.ts";
import type { Upstream } from "./target/upstream.ts";

/** What the sessions of HTTP and Kubernetes targets need of the connector around them. */
export interface ExchangeDeps {
  policies: PolicyHolder;
  /** Counts of the principals that have sessions on this process. */
  principals: Principals;
  /** Tells the operator; has what the agent isn't told, but no secret. */
  log: Log;
  /** ms since 1970 */
  now(): number;
  timers: Timers;
}

/** A target as this process knows it, for all its sessions. */
export interface ExchangeTarget {
  config: HttpTargetConfig | KubernetesTargetConfig;
  /** Its connections, which sessions share: on none of them anything is left of the request before. */
  upstream: Upstream;
  /** By which rules one session's exchanges are read, and as whom the target is told that they are made. */
  as(facts: SessionFacts): { rules: ExchangeRules; identity: Fields | null };
}

/**
 * Serves one session of an HTTP or Kubernetes target: each stream is an exchange, which is judged, sent to the target
 * and answered by itself. Never throws: what fails ends the exchange with an answer that says why.
 */
export function serveExchanges(stream: ConnectorStream, target: ExchangeTarget, deps: ExchangeDeps): void {
  stream.handlers = new ExchangeSession(stream, target, deps);
}
