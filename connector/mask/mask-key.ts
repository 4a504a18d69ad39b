import { createHash } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import { resolveSecret, type SecretReference, type SecretSources } from "../../protocol/secrets.ts";

const MIN_BYTES = 16;
const DOMAIN = "sallyport mask key v1\n";

/**
 * The key of a target's masks with scope `target`: 64 hex digits, made from the secret that `maskKey` refers to, so
 * that the secret itself stands in no statement. It is read anew each time. Null where there is no such secret. Throws
 * `invalid_config` where the secret can't be read, or has fewer than 16 bytes: whoever sees hashes could then guess it.
 */
export async function maskKey(
  { name, maskKey: reference }: { name: string; maskKey: SecretReference | null },
  sources?: SecretSources,
): Promise<string | null> {
  if (reference === null) return null;
  const what = `the maskKey of target ${name}`;
  const secret = await resolveSecret(reference, what, sources);
  if (Buffer.byteLength(secret) < MIN_BYTES) {
    throw new SallyportError(
      "invalid_config",
      `${what} is too short: it has fewer than ${MIN_BYTES} bytes`,
      "Make one with: openssl rand -hex 32",
    );
  }
  return createHash("sha256").update(DOMAIN).update(secret).digest("hex");
}
