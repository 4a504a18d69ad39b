import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";
import { saltedPassword } from "./salted-password.ts";
import { saslprep } from "./saslprep.ts";

export const SCRAM_SHA_256 = "SCRAM-SHA-256";
export const SCRAM_SHA_256_PLUS = "SCRAM-SHA-256-PLUS";

/** RFC 7677 asks for at least 4096; fewer would make a password that a false target phished cheap to guess. */
export const MIN_ITERATIONS = 4096;
/** About half a second of one core; more would let a false target keep the connector busy. */
export const MAX_ITERATIONS = 1_000_000;

/** How an exchange is bound to its TLS connection (RFC 5802 section 6). */
export type Binding =
  | { mechanism: typeof SCRAM_SHA_256_PLUS; endPoint: Uint8Array }
  /** `possible`: the client could have bound, but the server did not offer it. Tells a downgrade. */
  | { mechanism: typeof SCRAM_SHA_256; possible: boolean };

/**
 * The client's side of one exchange of SCRAM-SHA-256 (RFC 5802, RFC 7677), with the user name left empty as
 * PostgreSQL wants it. The steps: `first`, `final`, `verify`. Each throws `target_refused` for a server that breaks
 * the rules; only after `verify` is the server known to hold the password's verifier.
 */
export class ScramExchange {
  readonly #password: string;
  readonly #nonce: string;
  readonly #header: string;
  readonly #bindingData: Uint8Array;
  #serverSignature: Buffer | undefined;

  /** `nonce`: at least 18 random bytes, in base64. */
  constructor(password: string, nonce: string, binding: Binding) {
    this.#password = saslprep(password);
    this.#nonce = nonce;
    if (binding.mechanism === SCRAM_SHA_256_PLUS) {
      this.#header = "p=tls-server-end-point,,";
      this.#bindingData = binding.endPoint;
    } else {
      this.#header = binding.possible ? "y,," : "n,,";
      this.#bindingData = new Uint8Array(0);
    }
  }

  first(): string {
    return `${this.#header}${this.#firstBare()}`;
  }

  /** The answer to the server's first message. */
  async final(serverFirst: string): Promise<string> {
    const { nonce, salt, iterations } = parseServerFirst(serverFirst);
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length) {
      throw refused("its nonce does not continue the connector's");
    }
    const salted = await saltedPassword(this.#password, salt, iterations);
    const clientKey = hmac(salted, "Client Key");
    const binding = Buffer.concat([Buffer.from(this.#header), this.#bindingData]).toString("base64");
    const withoutProof = `c=${binding},r=${nonce}`;
    const signed = `${this.#firstBare()},${serverFirst},${withoutProof}`;
    const clientSignature = hmac(createHash("sha256").update(clientKey).digest(), signed);
    const proof = clientKey.map((byte, i) => byte ^ clientSignature[i]!);
    this.#serverSignature = hmac(hmac(salted, "Server Key"), signed);
    return `${withoutProof},p=${Buffer.from(proof).toString("base64")}`;
  }

  /** Checks the server's final message, in constant time. */
  verify(serverFinal: string): void {
    const [, signature] = /^v=([A-Za-z0-9+/]{43}=)(?:,|$)/.exec(serverFinal) ?? [];
    if (signature === undefined || this.#serverSignature === undefined) {
      throw refused("its last message has no signature");
    }
    if (!timingSafeEqual(Buffer.from(signature, "base64"), this.#serverSignature)) {
      throw refused("its signature is wrong, so it does not know the password");
    }
  }

  #firstBare(): string {
    return `n=,r=${this.#nonce}`;
  }
}

function parseServerFirst(text: string): { nonce: string; salt: Buffer; iterations: number } {
  // Extensions may follow; a mandatory one (`m=`) would come first, and is to be refused (RFC 5802 section 5.1).
  const parts = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z0-9+/]+={0,2}),i=([1-9][0-9]{0,9})(?:,|$)/.exec(text);
  if (parts === null) throw refused("its first message is not as the mechanism says");
  const [, nonce = "", salt = "", count = ""] = parts;
  const iterations = Number(count);
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw refused(
      `it asks for ${iterations} iterations; ${MIN_ITERATIONS} to ${MAX_ITERATIONS} are accepted`,
    );
  }
  return { nonce, salt: Buffer.from(salt, "base64"), iterations };
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function refused(why: string): SallyportError {
  return new SallyportError(
    "target_refused",
    `the target's SCRAM authentication can't be trusted: ${why}`,
    "Check that the connector reaches the right server, and the role's password verifier there.",
  );
}
