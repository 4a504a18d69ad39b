import { sign as signData } from "node:crypto";
import type { Client, ParsedKey } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import { parsePublicKey, sshString } from "../../../protocol/ssh/public-key.ts";
import { changeNextPacket, protocolOf } from "./insides.ts";

/** One row for each type of key that a user certificate may be for (OpenSSH's PROTOCOL.certkeys). */
const CERTIFIED: Record<
  string,
  { certificate: string; algorithm: string; signature: string; parts: number }
> = {
  "ssh-ed25519": row("ssh-ed25519", 1),
  "ecdsa-sha2-nistp256": row("ecdsa-sha2-nistp256", 2),
  "ecdsa-sha2-nistp384": row("ecdsa-sha2-nistp384", 2),
  "ecdsa-sha2-nistp521": row("ecdsa-sha2-nistp521", 2),
  "ssh-rsa": { ...row("rsa-sha2-512", 2), certificate: "ssh-rsa-cert-v01@openssh.com" },
};

const CURVE_HASH: Record<string, string> = { nistp256: "sha256", nistp384: "sha384", nistp521: "sha512" };
const USER = 1;

/** `parts`: how many strings of the certificate are the public key's. */
function row(name: string, parts: number) {
  const certificate = `${name}-cert-v01@openssh.com`;
  return { certificate, algorithm: certificate, signature: name, parts };
}

/** What of a certificate the connector itself looks at; the target judges all of it. */
interface Certificate {
  blob: Buffer;
  /** The public key as strings, as they follow the type in its own blob. */
  publicKey: Buffer;
  kind: number;
  /** Seconds since 1970. */
  validAfter: bigint;
  validBefore: bigint;
  /** Whether it is for one command alone. */
  isForced: boolean;
}

export interface CertifiedKey {
  key: ParsedKey;
  isForced: boolean;
}

/**
 * The key as it logs in with its certificate, whose text is that of `ssh-keygen -s`. `what` names it in errors.
 * Throws `invalid_config` for one of another key, of a host, or whose time is over.
 */
export function certifiedKey(key: ParsedKey, text: string, what: string, now: number): CertifiedKey {
  const fail = (why: string, hint: string) => new SallyportError("invalid_config", `${what} ${why}`, hint);
  const known = CERTIFIED[key.type];
  const line = parsePublicKey(text);
  const certificate = line && known?.certificate === line.type ? read(line.blob, known.parts) : null;
  if (known === undefined || certificate === null) {
    throw fail(
      `is no OpenSSH certificate for a key of type ${key.type}`,
      "`ssh-keygen -s CA -I NAME -n ACCOUNT KEY.pub` makes KEY-cert.pub.",
    );
  }
  if (!key.getPublicSSH().subarray(sshString(key.type).length).equals(certificate.publicKey)) {
    throw fail("is for another key than the target's", "Name the certificate that was made for this key.");
  }
  if (certificate.kind !== USER) {
    throw fail("is a host's certificate", "Make one for a user: ssh-keygen -s CA without -h.");
  }
  const seconds = BigInt(Math.floor(now / 1000));
  if (seconds < certificate.validAfter || seconds >= certificate.validBefore) {
    throw fail(
      seconds < certificate.validAfter ? "is not valid yet" : "has expired",
      "Have a new one made, and check the connector's clock.",
    );
  }
  const certified = asKey(key, known.algorithm, certificate.blob, (data) => signature(key, data));
  return { key: certified, isForced: certificate.isForced };
}

/**
 * An RSA key that signs by SHA-512 only (RFC 8332); left alone, ssh2 falls back to SHA-1 where a server does not say
 * what it takes.
 */
export function withoutSha1(key: ParsedKey): ParsedKey {
  if (key.type !== "ssh-rsa") return key;
  return asKey(key, "rsa-sha2-512", key.getPublicSSH(), (data) => key.sign(data, "sha512"));
}

/** ssh2 knows its own keys by a private mark, which this inherits. */
function asKey(
  key: ParsedKey,
  type: string,
  blob: Buffer,
  sign: (data: Buffer) => Buffer | Error,
): ParsedKey {
  return Object.create(key, {
    type: { value: type },
    getPublicSSH: { value: () => blob },
    sign: { value: sign },
  });
}

/** As it stands in the blob of a signature. For ECDSA ssh2 would convert it only under the plain key's name. */
function signature(key: ParsedKey, data: Buffer): Buffer | Error {
  if (key.type === "ssh-rsa") return key.sign(data, "sha512");
  const hash = CURVE_HASH[key.type.slice("ecdsa-sha2-".length)];
  if (hash === undefined) return key.sign(data);
  const both = signData(hash, data, { key: key.getPrivatePEM(), dsaEncoding: "ieee-p1363" });
  const half = both.length / 2;
  return Buffer.concat([mpint(both.subarray(0, half)), mpint(both.subarray(half))]);
}

/** RFC 4251 section 5. */
function mpint(bytes: Buffer): Buffer {
  const first = bytes.findIndex((byte) => byte !== 0);
  const significant = bytes.subarray(first < 0 ? bytes.length : first);
  const sign = (significant[0] ?? 0) & 0x80 ? Buffer.from([0]) : Buffer.alloc(0);
  return sshString(Buffer.concat([sign, significant]));
}

/** Null where the blob is none of a certificate. */
function read(blob: Buffer, parts: number): Certificate | null {
  let at = 0;
  const take = (bytes: number) => {
    if (at + bytes > blob.length) throw new RangeError("cut short");
    at += bytes;
    return at - bytes;
  };
  const skip = () => take(blob.readUInt32BE(take(4)));
  try {
    skip(); // type
    skip(); // nonce
    const begin = at;
    for (let i = 0; i < parts; i++) skip();
    const publicKey = blob.subarray(begin, at);
    take(8); // serial
    const kind = blob.readUInt32BE(take(4));
    skip(); // key id
    skip(); // principals
    const validAfter = blob.readBigUInt64BE(take(8));
    const validBefore = blob.readBigUInt64BE(take(8));
    const options = blob.subarray(at + 4, skip() + 4);
    const isForced = options.includes(sshString("force-command"));
    return { blob, publicKey, kind, validAfter, validBefore, isForced };
  } catch {
    return null;
  }
}

/**
 * Makes a client, after `connect`, name the signature's own algorithm in the signature of a certified key: ssh2 repeats
 * the certificate's there, which servers refuse (PROTOCOL.certkeys: the signature is the plain key's).
 */
export function signAsPlainKey(client: Client, certified: ParsedKey): void {
  const known = Object.values(CERTIFIED).find(({ algorithm }) => algorithm === certified.type);
  const protocol = protocolOf(client);
  const { authPK } = protocol;
  protocol.authPK = (username, key, algorithm, sign) => {
    if (sign === undefined || key !== certified || known === undefined) {
      authPK.call(protocol, username, key, algorithm, sign);
      return;
    }
    authPK.call(protocol, username, key, algorithm, (data, send) =>
      sign(data, (signature) => {
        // What is signed is the session's id and the message as far as the signature (RFC 4252 section 7).
        const message = data.subarray(4 + data.readUInt32BE(0));
        const blob = Buffer.concat([sshString(known.signature), sshString(signature)]);
        changeNextPacket(protocol, () => Buffer.concat([message, sshString(blob)]));
        send(signature);
      }),
    );
  };
}
