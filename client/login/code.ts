import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import {
  discover,
  failed,
  type LoginIssuer,
  type Metadata,
  requestParameters,
  requestTokens,
  TokenRefused,
  type Tokens,
} from "./oidc.ts";

/** How long a person has to log in, ms. */
const PATIENCE_MS = 5 * 60_000;

export interface LoginWords {
  /** Tells the person which address to open. */
  show(url: string): void;
  /** Opens it in a browser, where that is possible. */
  open(url: string): void;
}

/**
 * Logs a person in with the authorization code flow: PKCE (RFC 7636, S256), state, nonce, and a redirect to this
 * machine (RFC 8252 section 7.3), on a port of its own for each login. Throws `unauthenticated`.
 */
export async function loginWithCode(
  issuer: LoginIssuer,
  words: LoginWords,
  patienceMs: number = PATIENCE_MS,
): Promise<Tokens> {
  const metadata = await discover(issuer);
  if (metadata.authorization_endpoint === undefined) {
    throw failed(issuer, "it offers no login by browser", "Try `sallyport login --device`.");
  }
  const [verifier, state, nonce] = [secret(), secret(), secret()];
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const redirect = `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`;
  try {
    const answer = awaitCallback(server, issuer, metadata, state, patienceMs);
    const url = new URL(metadata.authorization_endpoint);
    for (const [name, value] of Object.entries({
      ...requestParameters(issuer, metadata),
      response_type: "code",
      redirect_uri: redirect,
      state,
      nonce,
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    })) {
      url.searchParams.set(name, value);
    }
    // OpenID Connect Core 1.0 section 11: offline access is ignored without the person's consent.
    if (url.searchParams.get("scope")?.includes("offline_access")) url.searchParams.set("prompt", "consent");
    words.show(url.href);
    words.open(url.href);
    const code = await answer;
    return await requestTokens(
      issuer,
      metadata,
      { grant_type: "authorization_code", code, redirect_uri: redirect, code_verifier: verifier },
      { nonce, now: Date.now() },
    );
  } catch (error) {
    throw error instanceof TokenRefused ? failed(issuer, error.message) : error;
  } finally {
    server.close();
    server.closeAllConnections();
  }
}

/** Opens a URL in the browser of this machine's desktop; where there is none, the person has the printed URL. */
export function openBrowser(url: string): void {
  const desktop = process.platform === "darwin" || process.env.DISPLAY || process.env.WAYLAND_DISPLAY;
  if (!desktop) return;
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  const child = spawn(opener, [url], { stdio: "ignore", detached: true });
  child.on("error", () => {});
  child.unref();
}

/**
 * What the redirect's query says. Pure, for its checks: `code`, an error in words, or `foreign` when the request
 * is not the answer to our own (its state is not ours), which changes nothing.
 */
export function readCallback(
  query: URLSearchParams,
  expected: { state: string; issuer: string; issRequired: boolean },
): { code: string } | { error: string } | "foreign" {
  if (query.get("state") !== expected.state) return "foreign";
  const issuer = query.get("iss");
  // RFC 9207 section 2.4: against mix-up of issuers.
  if (issuer === null ? expected.issRequired : issuer !== expected.issuer) {
    return { error: "the answer is not from this issuer" };
  }
  const error = query.get("error");
  if (error !== null) return { error: query.get("error_description") ?? error };
  const code = query.get("code");
  return code ? { code } : { error: "the answer has no code" };
}

async function awaitCallback(
  server: Server,
  issuer: LoginIssuer,
  metadata: Metadata,
  state: string,
  patienceMs: number,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const expected = {
    state,
    issuer: metadata.issuer,
    issRequired: metadata.authorization_response_iss_parameter_supported === true,
  };
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    if (request.method !== "GET" || url.pathname !== "/callback") return page(response, 404, "Not here.");
    const answer = readCallback(url.searchParams, expected);
    if (answer === "foreign") return page(response, 400, "This is not the answer to a login of yours.");
    if ("error" in answer) {
      page(response, 400, "The login failed. Your terminal says why.");
      return reject(failed(issuer, answer.error));
    }
    page(response, 200, "You are logged in. You can close this page and go back to your terminal.");
    resolve(answer.code);
  });
  const timer = setTimeout(
    () => reject(failed(issuer, `nobody finished it within ${patienceMs / 1_000} s`)),
    patienceMs,
  );
  // Who waits may come only after the address was shown.
  promise.catch(() => {});
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
  }
}

function page(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    connection: "close",
  });
  response.end(`<!doctype html><title>Sallyport</title><p>${text}</p>\n`);
}

function secret(): string {
  return randomBytes(32).toString("base64url");
}
