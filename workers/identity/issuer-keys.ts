import { createRemoteJWKSet, customFetch, type FetchImplementation, type JWTVerifyGetKey } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { boundedText } from "../bounded.ts";
import { endpointUrl, issuerUrl } from "./issuer-url.ts";

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

/** Where one signs in at an issuer, as its discovery document says; null for what it lacks. */
export interface IssuerEndpoints {
  authorization: URL | null;
  token: URL | null;
  /** Scopes that it says it knows; null when it says nothing. */
  scopes: string[] | null;
  /** Its answers always name it (RFC 9207). */
  namesItself: boolean;
}

interface Discovered {
  keys: JWTVerifyGetKey;
  endpoints: IssuerEndpoints;
}

/**
 * The published keys and endpoints of issuers, found by discovery and kept for a bounded time. They are kept by the issuer's
 * whole settings, so that a change of settings never meets what was fetched under the old ones.
 */
export class IssuerKeys {
  readonly #cache = new Map<string, { until: number; found: Discovered | IssuerUnavailable }>();
  readonly #fetch: FetchImplementation;

  constructor(fetch: FetchImplementation) {
    this.#fetch = async (url, init) => bounded(await fetch(url, init));
  }

  /** The keys of an issuer at this time (ms). Throws `IssuerUnavailable`. */
  async of(issuer: Issuer, now: number): Promise<JWTVerifyGetKey> {
    return (await this.#find(issuer, now)).keys;
  }

  /** Where one signs in at an issuer, at this time (ms). Throws `IssuerUnavailable`. */
  async endpoints(issuer: Issuer, now: number): Promise<IssuerEndpoints> {
    return (await this.#find(issuer, now)).endpoints;
  }

  async #find(issuer: Issuer, now: number): Promise<Discovered> {
    const id = JSON.stringify(issuer);
    let entry = this.#cache.get(id);
    if (!entry || entry.until <= now) {
      if (this.#cache.size >= MAX_CACHED) this.#cache.clear();
      entry = await this.#discover(issuer).then(
        (found) => ({ until: now + MAX_AGE_MS, found }),
        (error: Error) => ({ until: now + COOLDOWN_MS, found: new IssuerUnavailable(error.message) }),
      );
      this.#cache.set(id, entry);
    }
    if (entry.found instanceof IssuerUnavailable) throw entry.found;
    return entry.found;
  }

  /** OpenID Connect Discovery 1.0, section 4: the document must name the issuer that was asked. */
  async #discover({ issuer }: Issuer): Promise<Discovered> {
    const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await this.#fetch(url, {
      method: "GET",
      headers: new Headers({ accept: "application/json" }),
      redirect: "manual",
      signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`discovery answered ${response.status}`);
    const document = (await response.json()) as Record<string, unknown> | null;
    if (document?.issuer !== issuer) throw new Error("the discovery document names another issuer");
    const keys = typeof document.jwks_uri === "string" ? issuerUrl(document.jwks_uri) : null;
    if (!keys) throw new Error("the discovery document has no acceptable jwks_uri");
    return {
      endpoints: endpointsOf(document),
      keys: createRemoteJWKSet(keys, {
        timeoutDuration: FETCH_TIMEOUT_MS,
        cooldownDuration: COOLDOWN_MS,
        cacheMaxAge: MAX_AGE_MS,
        [customFetch]: this.#fetch,
      }),
    };
  }
}

/** Whoever only verifies tokens needs none of these: what is wrong with them must not stop that. */
function endpointsOf(document: Record<string, unknown>): IssuerEndpoints {
  const url = (value: unknown) => (typeof value === "string" ? endpointUrl(value) : null);
  const scopes = document.scopes_supported;
  return {
    authorization: url(document.authorization_endpoint),
    token: url(document.token_endpoint),
    scopes: Array.isArray(scopes) ? scopes.filter((scope) => typeof scope === "string") : null,
    namesItself: document.authorization_response_iss_parameter_supported === true,
  };
}

async function bounded(response: Response): Promise<Response> {
  return new Response(await boundedText(response.body, MAX_DOCUMENT), { status: response.status });
}
