import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  /** Paths of PEM files. */
  certificate: string;
  key: string;
}

export interface CertificateOptions {
  /** Common name. */
  name: string;
  /** Alternative names, such as `DNS:db.internal` and `IP:127.0.0.1`. */
  alternatives?: string[];
  /** As for `openssl req -newkey`; an EC key on P-256 by default, which is quick to make. */
  newKey?: string[];
  /** The digest of the signature, such as `-sha512`; empty for an authority of Ed25519. */
  digest?: string;
}

export interface CertificateAuthority {
  /** Path of its own certificate. */
  certificate: string;
  issue(options: CertificateOptions): Certificate;
  /** Removes all files. */
  remove(): void;
}

const EC = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/**
 * A certificate authority for tests, made with openssl in a folder of its own under the system's temporary one.
 * `newKey` and `signing` are options of openssl for its key and for its signatures.
 */
export function createAuthority(
  name = "Sallyport test CA",
  newKey: string[] = EC,
  signing: string[] = [],
): CertificateAuthority {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-ca-"));
  const at = (file: string) => join(folder, file);
  const openssl = (...args: string[]) => execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  const certificate = at("ca.pem");
  const key = at("ca.key");
  openssl(
    "req",
    "-x509",
    "-nodes",
    "-newkey",
    ...newKey,
    "-keyout",
    key,
    "-out",
    certificate,
    "-days",
    "2",
    "-subj",
    `/CN=${name}`,
  );
  let serial = 0;
  return {
    certificate,
    issue({ name, alternatives = [], newKey = EC, digest = "-sha256" }) {
      serial += 1;
      const issued = { certificate: at(`${serial}.pem`), key: at(`${serial}.key`) };
      const request = at(`${serial}.csr`);
      const extensions = at(`${serial}.ext`);
      writeFileSync(extensions, alternatives.length > 0 ? `subjectAltName=${alternatives.join(",")}\n` : "");
      openssl(
        "req",
        "-nodes",
        "-newkey",
        ...newKey,
        "-keyout",
        issued.key,
        "-out",
        request,
        "-subj",
        `/CN=${name}`,
      );
      openssl(
        "x509",
        "-req",
        "-in",
        request,
        "-CA",
        certificate,
        "-CAkey",
        key,
        "-set_serial",
        String(serial),
        "-days",
        "2",
        // Ed25519 has no digest to choose.
        ...(digest === "" ? [] : [digest]),
        ...signing,
        "-extfile",
        extensions,
        "-out",
        issued.certificate,
      );
      return issued;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
