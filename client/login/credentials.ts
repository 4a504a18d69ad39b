import { homedir } from "node:os";
import { join } from "node:path";
import { SallyportError } from "../../protocol/errors.ts";
import { lock } from "../file-lock.ts";
import { readIfPresent, writePrivate } from "../private-file.ts";
import { discover, type LoginIssuer, requestTokens, TokenRefused, type Tokens } from "./oidc.ts";

/** A token is refreshed when it is valid for less than this. */
const REFRESH_MS = 60_000;
/** How long another process may take to refresh the same token. */
const LOCK_MS = 30_000;

/** What a login left. */
export interface Credential extends Omit<Tokens, "refresh"> {
  issuer: LoginIssuer;
  refresh: string | null;
}

interface StoredCredentials {
  version: 1;
  /** Origin of the edge that is used when none is named: the last logged in to. */
  edge: string | null;
  edges: Record<string, Credential>;
}

/** The folder of the command's own files. */
export function configFolder(env: NodeJS.ProcessEnv): string {
  const base = env.XDG_CONFIG_HOME || join(homedir(), ".config");
  return join(base, "sallyport");
}

/**
 * The tokens of logins, by edge, in `credentials.json` (0600 in a folder 0700). A lock beside it keeps processes
 * from refreshing the same token at once: issuers that rotate refresh tokens take a second use for theft.
 */
export class CredentialStore {
  readonly #file: string;
  readonly #lock: string;

  constructor(folder: string) {
    this.#file = join(folder, "credentials.json");
    this.#lock = join(folder, "credentials.lock");
  }

  /** The edge that was logged in to last, or null. */
  defaultEdge(): string | null {
    return this.#read().edge;
  }

  get(edge: URL): Credential | undefined {
    return this.#read().edges[edge.origin];
  }

  async put(edge: URL, issuer: LoginIssuer, tokens: Tokens): Promise<void> {
    await this.#change((stored) => {
      stored.edge = edge.origin;
      stored.edges[edge.origin] = { ...tokens, issuer, refresh: tokens.refresh ?? null };
    });
  }

  async remove(edge: URL): Promise<void> {
    await this.#change((stored) => {
      delete stored.edges[edge.origin];
      if (stored.edge === edge.origin) stored.edge = Object.keys(stored.edges)[0] ?? null;
    });
  }

  /** A token for this edge that is valid for a while yet. Throws `unauthenticated` when one must log in (again). */
  async token(edge: URL, now: () => number = Date.now): Promise<string> {
    const credential = this.get(edge);
    if (credential && isFresh(credential, now())) return credential.bearer;
    return await this.#change(async (stored) => {
      const current = stored.edges[edge.origin];
      // Another process may have refreshed it while this one waited for the lock.
      if (current && isFresh(current, now())) return current.bearer;
      if (!current) throw loginNeeded(edge, `You are not logged in to ${edge.origin}`);
      if (current.refresh === null) throw loginNeeded(edge, `Your login to ${edge.origin} has expired`);
      const tokens = await refresh(edge, current, current.refresh, now());
      // An issuer that does not rotate sends no new refresh token (RFC 6749 section 6).
      stored.edges[edge.origin] = { ...current, ...tokens, refresh: tokens.refresh ?? current.refresh };
      return tokens.bearer;
    });
  }

  async #change<T>(change: (stored: StoredCredentials) => T | Promise<T>): Promise<T> {
    if (readIfPresent(this.#file) === undefined) writePrivate(this.#file, JSON.stringify(EMPTY));
    const held = await lock(this.#lock, LOCK_MS);
    try {
      const stored = this.#read();
      const before = JSON.stringify(stored);
      const result = await change(stored);
      if (JSON.stringify(stored) !== before) writePrivate(this.#file, `${JSON.stringify(stored, null, 2)}\n`);
      return result;
    } finally {
      held.release();
    }
  }

  #read(): StoredCredentials {
    const text = readIfPresent(this.#file);
    if (text === undefined) return structuredClone(EMPTY);
    try {
      const stored = JSON.parse(text) as StoredCredentials;
      if (stored.version === 1) return stored;
    } catch {
      // Said below, without what stands in the file.
    }
    throw new SallyportError(
      "invalid_config",
      `${this.#file} is not a file of this version.`,
      "Delete it and log in again: sallyport login.",
    );
  }
}

const EMPTY: StoredCredentials = { version: 1, edge: null, edges: {} };

function isFresh(credential: Credential, now: number): boolean {
  return credential.expires - now > REFRESH_MS;
}

async function refresh(
  edge: URL,
  { issuer }: Credential,
  refresh_token: string,
  now: number,
): Promise<Tokens> {
  try {
    const metadata = await discover(issuer);
    return await requestTokens(issuer, metadata, { grant_type: "refresh_token", refresh_token }, { now });
  } catch (error) {
    if (!(error instanceof TokenRefused)) throw error;
    throw loginNeeded(edge, `Your login to ${edge.origin} has ended: ${error.message}`);
  }
}

function loginNeeded(edge: URL, what: string): SallyportError {
  return new SallyportError("unauthenticated", `${what}.`, `Log in: sallyport login --edge ${edge.origin}`);
}
