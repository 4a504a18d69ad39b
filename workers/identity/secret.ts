import { createHash, timingSafeEqual } from "node:crypto";

/** Bytes of a secret that the edge makes: 256 bits, so a plain hash keeps it as well as a slow one would. */
export const SECRET_BYTES = 32;

/** The kinds of secret, by prefix: what leaked can be told from its text. */
export const SecretPrefix = { serviceToken: "syp_", enrolment: "sye_" } as const;

/** A secret's text from `SECRET_BYTES` random bytes. It is shown once; the directory keeps `hashSecret` of it. */
export function secretText(prefix: string, random: Uint8Array): string {
  return prefix + Buffer.from(random).toString("base64url");
}

/** SHA-256 of the text, lower-case hex. */
export function hashSecret(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** Whether two SHA-256 hashes in hex are the same, in constant time; false when `expected` is no such hash. */
export function sameHash(hash: string, expected: string): boolean {
  const a = Buffer.from(hash, "hex");
  const b = Buffer.from(expected, "hex");
  return b.length === a.length && timingSafeEqual(a, b);
}
