import type { Principals } from "../../protocol/policy/usage.ts";
import type { ConnectorStream } from "../../protocol/stream.ts";
import type { PolicyHolder } from "../guard/policy-holder.ts";
import type { Timers } from "../guard/timers.ts";
import type { Log } from "../log.ts";
import { Connection } from "./connection.ts";
import type { SshTargetConfig } from "./target/config.ts";
import type { DialLimits } from "./target/dial.ts";

/** What the sessions of SSH targets need of the connector around them. */
export interface SshDeps {
  policies: PolicyHolder;
  /** Counts of the principals that have sessions on this process. */
  principals: Principals;
  /** The private key that agents' clients know this connector by, as OpenSSH writes it. */
  hostKey: string;
  /** Tells the operator; has what the agent isn't told, but no secret. */
  log: Log;
  /** ms since 1970 */
  now(): number;
  timers: Timers;
  dialLimits?: DialLimits;
}

/**
 * Serves one session of an SSH target: ends the protocol towards the agent, whom the tunnel has told, and towards the
 * target, and relays between. Never throws: what fails is told on the channel that asked, and ends it, or the session.
 */
export function serveSsh(stream: ConnectorStream, config: SshTargetConfig, deps: SshDeps): void {
  const connection = new Connection(stream, config, deps);
  stream.handlers = connection;
  connection.start();
}
