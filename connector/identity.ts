import { createPrivateKey, createPublicKey, hkdfSync, randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { importJWK, SignJWT } from "jose";
import { SallyportError } from "../protocol/errors.ts";
import {
  generateKey,
  type PrivateKey,
  parsePublicKey,
  publicKey,
  thumbprint,
} from "../protocol/signatures.ts";
import { formatPublicKey, sshString } from "../protocol/ssh/public-key.ts";

/** How long a connector's token is valid, in seconds: it is made for one connection. */
const TOKEN_S = 30;
const ENROLL_MS = 10_000;

/** What a connector is: its name, and the key that never leaves its state folder. */
export interface ConnectorIdentity {
  name: string;
  key: PrivateKey;
}

/** Reads the identity that enrolment left in the state folder. Throws `invalid_config` when there is none. */
export function loadIdentity(state: string): ConnectorIdentity {
  const path = join(state, "key.json");
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    throw new SallyportError(
      "invalid_config",
      `this connector has no key in ${path}`,
      "Enrol it: `sallyport connectors enrol-token NAME` makes a token, `sallyport connector enroll` uses it.",
    );
  }
  const { name, key } = JSON.parse(text) as ConnectorIdentity;
  parsePublicKey(key);
  return { name, key };
}

/**
 * Makes a key, gives its public half to the edge with a one-time token, and keeps the private half in the state
 * folder (mode 0600). Throws what the edge answers.
 */
export async function enroll(edge: URL, state: string, token: string): Promise<ConnectorIdentity> {
  const key = await generateKey();
  const response = await fetch(new URL("/v1/connectors/enroll", edge), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token, key: publicKey(key) }),
    signal: AbortSignal.timeout(ENROLL_MS),
  }).catch((error: Error) => {
    throw new SallyportError(
      "edge_unreachable",
      `the edge ${edge.origin} cannot be reached: ${error.message}`,
      "Check its address and that it runs.",
    );
  });
  const answer = (await response.json()) as {
    name?: string;
    code?: "unauthenticated";
    detail?: string;
    hint?: string;
  };
  if (!response.ok || answer.name === undefined) {
    throw new SallyportError(
      answer.code ?? "internal",
      answer.detail ?? `the edge answered with status ${response.status}`,
      answer.hint,
    );
  }
  const identity = { name: answer.name, key };
  mkdirSync(state, { recursive: true, mode: 0o700 });
  const path = join(state, "key.json");
  writeFileSync(`${path}.new`, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
  return identity;
}

/** A short-lived JWT by which the connector proves itself to this edge and no other. */
export async function connectorToken(edge: URL, { name, key }: ConnectorIdentity): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return await new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA", kid: thumbprint(key) })
    .setIssuer(name)
    .setSubject(name)
    .setAudience(edge.origin)
    .setIssuedAt(now)
    .setExpirationTime(now + TOKEN_S)
    .setJti(randomUUID())
    .sign(await importJWK({ ...key }, "EdDSA"));
}

/** The key by which a connector's SSH targets prove themselves to agents. */
export interface SshHostKey {
  /** The private key in OpenSSH's format, PEM. */
  pem: string;
  /** `ssh-ed25519 AAAA…` */
  line: string;
}

const SSH_ED25519 = "ssh-ed25519";
/** PKCS #8 of an Ed25519 key up to its 32 bytes, RFC 8410 section 7. */
const PKCS8 = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The Ed25519 host key, which follows from the connector's own key: all replicas have the same, and nothing more is to
 * be kept. Whoever knows it learns nothing of the connector's key (HKDF, RFC 5869).
 */
export function sshHostKey({ key }: ConnectorIdentity): SshHostKey {
  const secret = Buffer.from(key.d, "base64url");
  const seed = Buffer.from(hkdfSync("sha256", secret, "", "sallyport ssh host key v1", 32));
  const own = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: "der", type: "pkcs8" });
  const der = createPublicKey(own).export({ format: "der", type: "spki" });
  const point = der.subarray(-32);
  const blob = Buffer.concat([sshString(SSH_ED25519), sshString(point)]);
  return { pem: opensshPem(blob, point, seed), line: formatPublicKey({ type: SSH_ED25519, blob }) };
}

/** OpenSSH's PROTOCOL.key, without a passphrase. */
function opensshPem(blob: Buffer, point: Buffer, seed: Buffer): string {
  const check = Buffer.alloc(8);
  const key = Buffer.concat([
    check,
    sshString(SSH_ED25519),
    sshString(point),
    sshString(Buffer.concat([seed, point])),
    sshString("sallyport"),
  ]);
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7].slice(0, (8 - (key.length % 8)) % 8));
  const one = Buffer.from([0, 0, 0, 1]);
  const none = sshString("none");
  const whole = Buffer.concat([
    Buffer.from("openssh-key-v1\0"),
    none,
    none,
    sshString(""),
    one,
    sshString(blob),
    sshString(Buffer.concat([key, padding])),
  ]);
  const lines = whole.toString("base64").match(/.{1,70}/g) ?? [];
  return ["-----BEGIN OPENSSH PRIVATE KEY-----", ...lines, "-----END OPENSSH PRIVATE KEY-----", ""].join(
    "\n",
  );
}
