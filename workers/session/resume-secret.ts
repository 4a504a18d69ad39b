import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** The secret by which a side proves on a reconnect that it is the one that joined; the edge keeps its hash. */
export function newSecret(): { secret: string; hash: string } {
  const secret = randomBytes(32).toString("base64url");
  return { secret, hash: sha256(secret).toString("hex") };
}

function sha256(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Whether a secret has this hash, in constant time. */
export function hasHash(secret: string, hash: string | null): boolean {
  return hash !== null && timingSafeEqual(sha256(secret), Buffer.from(hash, "hex"));
}
