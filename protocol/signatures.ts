import { createHash } from "node:crypto";
import { SallyportError } from "./errors.ts";

/**
 * Ed25519 keys (RFC 8032) as JWKs (RFC 8037) and signatures over texts, through WebCrypto: the same in Node and
 * in workerd. Verification is offline; nothing here knows where a key is kept.
 */

/** The public half: what `GET /v1/keys` lists and a keys file holds. Other members are ignored. */
export interface PublicKey {
  kty: "OKP";
  crv: "Ed25519";
  /** 32 bytes, base64url. */
  x: string;
}

export interface PrivateKey extends PublicKey {
  /** 32 bytes, base64url. */
  d: string;
}

/** An Ed25519 signature's length in bytes, RFC 8032 section 5.1.6. */
const SIGNATURE_LENGTH = 64;
const KEY_LENGTH = 32;

/** Makes a new key pair; the private key holds the public one. */
export async function generateKey(): Promise<PrivateKey> {
  const pair = (await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"])) as CryptoKeyPair;
  const { x, d } = (await crypto.subtle.exportKey("jwk", pair.privateKey)) as { x: string; d: string };
  return { kty: "OKP", crv: "Ed25519", x, d };
}

/** The public half of a key, without any other member. */
export function publicKey(key: PublicKey): PublicKey {
  return { kty: "OKP", crv: "Ed25519", x: key.x };
}

/** Checks that a value read from outside is an Ed25519 public key. Throws `invalid_request`. */
export function parsePublicKey(value: unknown): PublicKey {
  const key = (typeof value === "object" && value !== null ? value : {}) as Partial<PublicKey>;
  if (
    key.kty !== "OKP" ||
    key.crv !== "Ed25519" ||
    typeof key.x !== "string" ||
    !bytesOf(key.x, KEY_LENGTH)
  ) {
    throw new SallyportError(
      "invalid_request",
      "this is not an Ed25519 public key",
      'Give a JWK {"kty":"OKP","crv":"Ed25519","x":…}.',
    );
  }
  return { kty: "OKP", crv: "Ed25519", x: key.x };
}

/** The key's id: its thumbprint by RFC 7638 with SHA-256, base64url. */
export function thumbprint(key: PublicKey): string {
  return createHash("sha256")
    .update(JSON.stringify({ crv: "Ed25519", kty: "OKP", x: key.x }))
    .digest("base64url");
}

/** Signs the UTF-8 bytes of a text; the signature is base64url. */
export async function signText(key: PrivateKey, text: string): Promise<string> {
  const imported = await crypto.subtle.importKey("jwk", { ...publicKey(key), d: key.d }, "Ed25519", false, [
    "sign",
  ]);
  const signature = await crypto.subtle.sign("Ed25519", imported, new TextEncoder().encode(text));
  return Buffer.from(signature).toString("base64url");
}

/**
 * Whether `signature` is this key's over the text. A signature that is no canonical base64url of 64 bytes is
 * wrong: its unused bits would let two texts stand for one signature. Never throws for a bad signature; throws
 * `invalid_request` for a bad key.
 */
export async function verifyText(key: PublicKey, text: string, signature: string): Promise<boolean> {
  const bytes = bytesOf(signature, SIGNATURE_LENGTH);
  if (!bytes) return false;
  return crypto.subtle.verify("Ed25519", await imported(key), bytes, new TextEncoder().encode(text));
}

/** Keys as WebCrypto has them: a ledger may have a million signatures of one. */
const IMPORTED = new WeakMap<PublicKey, { x: string; key: CryptoKey }>();

async function imported(key: PublicKey): Promise<CryptoKey> {
  const { x } = key;
  const known = IMPORTED.get(key);
  if (known?.x === x) return known.key;
  const made = await crypto.subtle.importKey("jwk", { ...parsePublicKey(key) }, "Ed25519", false, ["verify"]);
  IMPORTED.set(key, { x, key: made });
  return made;
}

/** The bytes of canonical base64url text of exactly this length, or null. */
function bytesOf(text: string, length: number): Buffer<ArrayBuffer> | null {
  const bytes = Buffer.from(text, "base64url");
  return bytes.length === length && bytes.toString("base64url") === text ? bytes : null;
}
