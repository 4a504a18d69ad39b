import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { boundedText } from "../bounded.ts";
import { issuerUrl } from "./issuer-url.ts";

const FETCH_TIMEOUT_MS = 5_000;
const MAX_DOCUMENT = 256 * 1024;
/** A key that the issuer withdrew is accepted no longer than this. */
const MAX_AGE_MS = 10 * 60_000;
/** An unknown key id, or an issuer that does not answer, causes at most one fetch in this time. */
const COOLDOWN_MS = 5_000;
/** Settings change rarely; a cache that has this many of them holds old ones. */
const MAX_CACHED = 64;

/** An issuer's keys could not be had; `message` says why, for the log. */
export class IssuerUnavailable extends Error {}

/**
 * The published keys of issuers, found by discovery and kept for a bounded time. They are kept by the issuer's
 * whole settings, so that a change of settings never meets what was fetched under the old ones.
 */
export class IssuerKeys {
  readonly #cache = new Map<string, { until: number; keys: JWTVerifyGetKey | IssuerUnavailable }>();
  readonly #fetch: FetchImplementation;

  constructor(fetch: FetchImplementation) {
    this.#fetch = async (url, init) => bounded(await fetch(url, init));
  }

  /** The keys of an issuer at this time (ms). Throws `IssuerUnavailable`. */
  async of(issuer: Issuer, now: number): Promise<JWTVerifyGetKey> {
    const id = JSON.stringify(issuer);
    let entry = this.#cache.get(id);
    if (!entry || entry.until <= now) {
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      entry = await this.#discover(issuer).then(
        (keys) => ({ until: now + MAX_AGE_MS, keys }),
        (error: Error) => ({ until: now + COOLDOWN_MS, keys: new IssuerUnavailable(error.message) }),
      );
      this.#cache.set(id, entry);
    }
    if (entry.keys instanceof IssuerUnavailable) throw entry.keys;
    return entry.keys;
  }

  /** OpenID Connect Discovery 1.0, section 4: the document must name the issuer that was asked. */
  async #discover({ issuer }: Issuer): Promise<JWTVerifyGetKey> {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await this.#fetch(url, {
      method: "GET",
      headers: new Headers({ accept: "application/json" }),
      redirect: "manual",
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`discovery answered ${response.status}`);
    const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
    if (document?.issuer !== issuer) throw new Error("the discovery document names another issuer");
    const keys = typeof document.jwks_uri === "string" ? issuerUrl(document.jwks_uri) : null;
    if (!keys) throw new Error("the discovery document has no acceptable jwks_uri");
    return createRemoteJWKSet(keys, {
      timeoutDuration: FETCH_TIMEOUT_MS,
      cooldownDuration: COOLDOWN_MS,
      cacheMaxAge: MAX_AGE_MS,
      [customFetch]: this.#fetch,
    });
  }
}

async function bounded(response: Response): Promise<Response> {
  return new Response(await boundedText(response.body, MAX_DOCUMENT), { status: response.status });
}
