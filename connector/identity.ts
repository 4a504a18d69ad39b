import { randomUUID } from "node:crypto";
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
