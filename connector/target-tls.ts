import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { SecureContextOptions } from "node:tls";
import type { Field } from "../protocol/document.ts";
import { SallyportError } from "../protocol/errors.ts";
import { resolveSecret, type SecretReference, secretReference } from "../protocol/secrets.ts";

/** Nothing is opportunistic: a target either speaks TLS as configured, or isn't connected to. */
export type TlsConfig =
  | { mode: "disable" }
  | {
      mode: "verify-full" | "verify-ca";
      /** Path of the authorities' certificates (PEM); null for the system's. */
      ca: string | null;
      /** The name that the certificate must carry, and SNI; null for the host. */
      serverName: string | null;
      /** The connector's own certificate, for targets that ask for one. */
      client: { certificate: string; key: SecretReference } | null;
    };

export type VerifiedTls = Exclude<TlsConfig, { mode: "disable" }>;

export const VERIFY_FULL: VerifiedTls = { mode: "verify-full", ca: null, serverName: null, client: null };

/** Reads `tls` of a target. A path is relative to `folder`. Throws `invalid_config`. */
export function tlsConfig(field: Field, folder: string): TlsConfig {
  const tls = field.mapping(["mode", "ca", "serverName", "certificate", "key"]);
  const path = (name: string) => tls.get(name).optional((one) => resolve(folder, one.string()));
  const mode = tls.get("mode").optional((one) => one.oneOf(["verify-full", "verify-ca", "disable"]));
  if (mode === "disable") {
    field.mapping(["mode"], "With TLS disabled, nothing else can be set.");
    return { mode };
  }
  return {
    mode: mode ?? "verify-full",
    ca: path("ca"),
    serverName: tls.get("serverName").optional((one) => one.string()),
    client: clientCertificate(field, folder),
  };
}

/** Reads `certificate` and `key` of a mapping, which must have both or none. Throws `invalid_config`. */
export function clientCertificate(field: Field, folder: string): VerifiedTls["client"] {
  const certificate = field.get("certificate").optional((one) => resolve(folder, one.string()));
  const key = field.get("key").optional((one) => secretReference(one, folder));
  if ((certificate === null) !== (key === null)) {
    field.fail("has only one of certificate and key", "Give both, or none.");
  }
  return certificate === null || key === null ? null : { certificate, key };
}

/** Reads the files that `tls` names, now. Throws `invalid_config`. */
export async function readTlsFiles({
  name,
  tls,
}: {
  name: string;
  tls: TlsConfig;
}): Promise<SecureContextOptions> {
  if (tls.mode === "disable") return {};
  const read = async (path: string, what: string) => {
    try {
      return await readFile(path);
    } catch {
      throw new SallyportError(
        "invalid_config",
        `${what} of target ${name} can't be read`,
        "Check the path in the connector's configuration, and that its user may read the file.",
      );
    }
  };
  const options: SecureContextOptions = {};
  if (tls.ca !== null) options.ca = await read(tls.ca, "tls.ca");
  if (tls.client !== null) {
    options.cert = await read(tls.client.certificate, "tls.certificate");
    options.key = await resolveSecret(tls.client.key, `tls.key of target ${name}`);
  }
  return options;
}

/** OpenSSL's verification results and Node's own TLS errors. */
const TLS_FAULT = /^ERR_(?:TLS|SSL|OSSL)_|CERT|SIGNATURE|ISSUER|^CRL_|^EPROTO$/;
const TLS_REASONS: Record<string, string> = {
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for another name",
  CERT_HAS_EXPIRED: "its certificate has expired",
  CERT_NOT_YET_VALID: "its certificate is not valid yet",
  DEPTH_ZERO_SELF_SIGNED_CERT: "its certificate is self-signed and not trusted",
  SELF_SIGNED_CERT_IN_CHAIN: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "its certificate comes from an authority that is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate comes from an authority that is not trusted",
};

/** What a failure of TLS is to the agent; null for an error of another kind. `code`: Node's, of the error. */
export function tlsError(target: string, code: string): SallyportError | null {
  if (!TLS_FAULT.test(code)) return null;
  return new SallyportError(
    "target_refused",
    `TLS with target ${target} failed: ${TLS_REASONS[code] ?? code}`,
    "The operator of the connector can check the target's certificate against tls.ca, tls.serverName and host in its configuration.",
  );
}
