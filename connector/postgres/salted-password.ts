import { createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

/** Passwords times salts that a connector meets; more are computed anew. */
const MAX_REMEMBERED = 256;

/** Names an entry without keeping the password; another process can't make sense of it. */
const NAMING_KEY = randomBytes(32);
const remembered = new Map<string, Promise<Buffer>>();

/**
 * SCRAM's SaltedPassword: 32 bytes. It costs milliseconds and is the same for each session of a role, as the server
 * keeps its salt, so it is remembered, which RFC 5802 section 5.1 allows. A new password, salt or count is a new entry.
 */
export function saltedPassword(password: string, salt: Uint8Array, iterations: number): Promise<Buffer> {
  const name = createHmac("sha256", NAMING_KEY)
    .update(`${iterations}:${salt.length}:`)
    .update(salt)
    .update(password)
    .digest("base64");
  const known = remembered.get(name);
  if (known) return known;
  if (remembered.size >= MAX_REMEMBERED) remembered.clear();
  const salted = promisify(pbkdf2)(password, salt, iterations, 32, "sha256");
  remembered.set(name, salted);
  salted.catch(() => remembered.delete(name));
  return salted;
}
