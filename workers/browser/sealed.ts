import { hkdfSync } from "node:crypto";
import { EncryptJWT, type JWTPayload, jwtDecrypt } from "jose";
import { type Env, edgeSigningKey } from "../environment.ts";

/** What a sealed text is for; each purpose has a key of its own, so that none passes for another. */
export type SealPurpose = "session" | "sign-in";

const KEY_BYTES = 32;

/**
 * Claims as a text that only this edge reads and makes (JWE, AES-256-GCM), until `expires`. The key comes from the
 * edge's signing key (HKDF, RFC 5869); with another signing key nothing sealed before is read. Times in ms.
 */
export async function seal(
  env: Pick<Env, "EDGE_SIGNING_KEY">,
  purpose: SealPurpose,
  claims: JWTPayload,
  expires: number,
): Promise<string> {
  return new EncryptJWT(claims)
    .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
    .setExpirationTime(Math.floor(expires / 1_000))
    .encrypt(keyFor(env, purpose));
}

/** The claims of a sealed text at `now` (ms); null when it is not of this edge and purpose, or its time is over. */
export async function unseal(
  env: Pick<Env, "EDGE_SIGNING_KEY">,
  purpose: SealPurpose,
  text: string,
  now: number,
): Promise<JWTPayload | null> {
  const key = keyFor(env, purpose);
  try {
    const { payload } = await jwtDecrypt(text, key, {
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
      requiredClaims: ["exp"],
      currentDate: new Date(now),
    });
    return payload;
  } catch {
    return null;
  }
}

function keyFor(env: Pick<Env, "EDGE_SIGNING_KEY">, purpose: SealPurpose): Uint8Array {
  const secret = Buffer.from(edgeSigningKey(env).d, "base64url");
  return new Uint8Array(hkdfSync("sha256", secret, "", `sallyport browser ${purpose} 1`, KEY_BYTES));
}
