import { SallyportError } from "../../../protocol/errors.ts";
import { fingerprint, formatPublicKey, typeOf } from "../../../protocol/ssh/public-key.ts";
import type { SshTargetConfig } from "./config.ts";
import { type KnownHost, readKnownHosts } from "./known-hosts.ts";

/** What the configuration says of a target's host key; read anew for each connection. */
export interface HostTrust {
  /** Types of the keys that are known, which are asked for first; empty where only fingerprints are. */
  types: readonly string[];
  /** Throws `target_refused` for a key by which the target must not be taken for itself. */
  check(blob: Buffer): void;
}

type Target = Pick<SshTargetConfig, "name" | "host" | "port" | "hostKeys">;

const NOTHING_KNOWN: KnownHost = { keys: [], revoked: [], hasAuthority: false };

/** Throws `invalid_config` where the known_hosts file can't be read. */
export async function hostTrust(target: Target): Promise<HostTrust> {
  const { knownHosts, fingerprints } = target.hostKeys;
  const known =
    knownHosts === null ? NOTHING_KNOWN : await readKnownHosts(knownHosts, target.host, target.port);
  return {
    types: [...new Set(known.keys.map(({ type }) => type))],
    check(blob) {
      if (known.revoked.some((key) => key.blob.equals(blob))) throw revoked(target, blob);
      if (known.keys.some((key) => key.blob.equals(blob))) return;
      if (fingerprints.includes(fingerprint(blob))) return;
      if (known.keys.length > 0 || fingerprints.length > 0) throw changed(target, blob);
      throw known.hasAuthority ? certifiedOnly(target, blob) : unknown(target, blob);
    },
  };
}

function revoked({ name }: Target, blob: Buffer): SallyportError {
  return new SallyportError(
    "target_refused",
    `target ${name} shows a host key that is revoked: ${shown(blob)}`,
    "Whoever has this key is not the host. Ask the operator of the host; do not connect by other ways.",
  );
}

function changed(target: Target, blob: Buffer): SallyportError {
  return new SallyportError(
    "target_refused",
    `THE HOST KEY OF TARGET ${target.name} IS NOT THE ONE THAT IS KNOWN: it shows ${shown(blob)}. Somebody may be between the connector and the host`,
    `If the host has a new key, or another key of it was pinned, compare the fingerprint on the host itself, then ${howToAccept(target, blob)}`,
  );
}

function unknown(target: Target, blob: Buffer): SallyportError {
  return new SallyportError(
    "target_refused",
    `the host key of target ${target.name} is unknown: it shows ${shown(blob)}`,
    `Compare the fingerprint on the host itself (ssh-keygen -lf /etc/ssh/ssh_host_…_key.pub), then ${howToAccept(target, blob)}`,
  );
}

function certifiedOnly(target: Target, blob: Buffer): SallyportError {
  return new SallyportError(
    "target_refused",
    `the host key of target ${target.name} is unknown: known_hosts trusts only a @cert-authority for it, and host certificates are not supported; it shows ${shown(blob)}`,
    `Compare the fingerprint on the host itself, then ${howToAccept(target, blob)}`,
  );
}

function shown(blob: Buffer): string {
  return `${fingerprint(blob)} (${typeOf(blob) ?? "of no known type"})`;
}

/** The agent, too, reads this: host and port themselves are the connector's business. */
function howToAccept({ port, hostKeys }: Target, blob: Buffer): string {
  const type = typeOf(blob);
  const name = port === 22 ? "HOST" : "[HOST]:PORT";
  const line = type === null ? "its line" : `the line "${name} ${formatPublicKey({ type, blob })}"`;
  const file =
    hostKeys.knownHosts === null ? "a file that hostKeys.knownHosts names" : "the known_hosts file";
  return `add "${fingerprint(blob)}" to connection.hostKeys.fingerprints in the connector's configuration, or ${line} to ${file}.`;
}
