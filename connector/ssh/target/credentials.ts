import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import ssh2, { type ParsedKey } from "ssh2";
import { SallyportError } from "../../../protocol/errors.ts";
import { MAX_SECRET, resolveSecret } from "../../../protocol/secrets.ts";
import { certifiedKey, withoutSha1 } from "./certificate.ts";
import type { SshCredentials, SshTargetConfig } from "./config.ts";

/** What a login uses. */
export interface Login {
  key: ParsedKey | null;
  /** Whether `key` is one with a certificate. */
  isCertified: boolean;
  /** Whether its certificate is for one command alone. */
  isForced: boolean;
  password: string | null;
}

type KeyConfig = NonNullable<SshCredentials["key"]>;

/** Opening a key with a passphrase takes some 0.1 s of this process each time: what was opened is kept while it is the same. */
const opened = new WeakMap<KeyConfig, { digest: string; key: ParsedKey }>();

/** Reads an account's secrets now, so that rotated ones are taken. Throws `invalid_config`. */
export async function readLogin(
  target: Pick<SshTargetConfig, "name" | "algorithms">,
  { key: config, password }: SshCredentials,
): Promise<Login> {
  const of = `of target ${target.name}`;
  const [key, certificate, word] = await Promise.all([
    config && readKey(config, of),
    config?.certificate ? readCertificate(config.certificate, of) : null,
    password && resolveSecret(password, `the password ${of}`),
  ]);
  const none = { isCertified: false, isForced: false, password: word };
  if (key === null) return { ...none, key };
  if (certificate === null) return { ...none, key: target.algorithms === "modern" ? withoutSha1(key) : key };
  return {
    ...certifiedKey(key, certificate, `the certificate ${of}`, Date.now()),
    isCertified: true,
    password: word,
  };
}

async function readKey(config: KeyConfig, of: string): Promise<ParsedKey> {
  const [pem, passphrase] = await Promise.all([
    resolveSecret(config.secret, `the key ${of}`),
    config.passphrase && resolveSecret(config.passphrase, `the passphrase ${of}`),
  ]);
  const digest = createHash("sha256")
    .update(`${pem.length}\n${pem}${passphrase ?? ""}`)
    .digest("base64");
  const known = opened.get(config);
  if (known?.digest === digest) return known.key;
  const key = parseKey(pem, passphrase, of);
  opened.set(config, { digest, key });
  return key;
}

/** ssh2's own words are not passed on, for they may come from what should be a secret. */
function parseKey(pem: string, passphrase: string | null, of: string): ParsedKey {
  const parsed = ssh2.utils.parseKey(pem, passphrase ?? undefined);
  const key = Array.isArray(parsed) ? (parsed[0] as ParsedKey) : parsed;
  if (key instanceof Error) {
    if (passphrase === null && /passphrase/i.test(key.message)) {
      throw new SallyportError(
        "invalid_config",
        `the key ${of} is encrypted`,
        "Give its passphrase: credentials: {key: …, passphrase: {env: NAME}}.",
      );
    }
    if (passphrase !== null && /passphrase|integrity/i.test(key.message)) {
      throw new SallyportError(
        "invalid_config",
        `the key ${of} can't be opened with its passphrase`,
        "Try both by hand: ssh-keygen -y -f KEY.",
      );
    }
    throw unreadable(of);
  }
  if (!key.isPrivateKey()) throw unreadable(of);
  if (key.type === "ssh-dss") {
    throw new SallyportError(
      "invalid_config",
      `the key ${of} is a DSA key`,
      "Make another: ssh-keygen -t ed25519.",
    );
  }
  return key;
}

function unreadable(of: string): SallyportError {
  return new SallyportError(
    "invalid_config",
    `the key ${of} is no private key that can be read`,
    "It must be in OpenSSH's or PEM format, as ssh-keygen writes it: ssh-keygen -p -f KEY converts others.",
  );
}

async function readCertificate(path: string, of: string): Promise<string> {
  const fail = (why: string, hint: string) =>
    new SallyportError("invalid_config", `the certificate ${of}, ${path}, ${why}`, hint);
  try {
    await using file = await open(path);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(MAX_SECRET + 1), 0, MAX_SECRET + 1, 0);
    if (bytesRead <= MAX_SECRET) return buffer.toString("utf8", 0, bytesRead);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unknown error";
    throw fail(
      `can't be opened (${code})`,
      "Check that it exists and that the user of this process may read it.",
    );
  }
  throw fail(`is longer than ${MAX_SECRET} bytes`, "Point to KEY-cert.pub, as ssh-keygen writes it.");
}
