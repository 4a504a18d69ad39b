import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from "jose";
import { type ClientMetadata, type Configuration, Provider } from "oidc-provider";
import type { Issuer } from "../protocol/directory.ts";

/** What the access tokens are for. */
export const AUDIENCE = "sallyport";
/** A public native client: authorization code with PKCE on a loopback redirect, and the device grant. */
export const CLI_CLIENT = "sallyport-cli";
/** A workload's client: client credentials. */
export const WORKLOAD_CLIENT = "ci";
const WORKLOAD_SECRET = "a workload's secret for tests";
const RESOURCE = "https://sallyport.example/";
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

const CLIENTS: ClientMetadata[] = [
  {
    client_id: CLI_CLIENT,
    application_type: "native",
    token_endpoint_auth_method: "none",
    grant_types: ["authorization_code", "refresh_token", DEVICE_GRANT],
    response_types: ["code"],
    redirect_uris: ["http://127.0.0.1/callback"],
  },
  {
    client_id: WORKLOAD_CLIENT,
    client_secret: WORKLOAD_SECRET,
    token_endpoint_auth_method: "client_secret_basic",
    grant_types: ["client_credentials"],
    response_types: [],
    redirect_uris: [],
  },
];

/** The provider as an edge's settings name it, `corp`; without a client id nobody logs in there. */
export function issuerSettings(issuer: string, clientId?: string): Issuer {
  return {
    name: "corp",
    issuer,
    audience: AUDIENCE,
    algorithms: ["RS256"],
    principalClaim: "sub",
    groupsClaim: "groups",
    requiredClaims: {},
    skewSeconds: 0,
    ...(clientId !== undefined && { clientId }),
  };
}

/** A real OpenID provider on loopback, and a person at a browser who agrees to everything. */
export interface TestIssuer {
  /** The issuer, exactly as in `iss`. */
  issuer: string;
  /** More claims for the access tokens of an account or a client, by its id. */
  claims: Map<string, JWTPayload>;
  /** An access token of a user, by authorization code and PKCE. */
  userToken(account: string): Promise<string>;
  /** An access token of the workload client. */
  workloadToken(): Promise<string>;
  /** Signs claims with the provider's key: tokens that it would not issue. `iss`, `aud`, `iat` are set unless given. */
  sign(claims: JWTPayload, header?: { typ?: string; kid?: string }): Promise<string>;
  /** The current key, as published. */
  publicKey(): Promise<JWK>;
  /** Signs with a new key from now on, and publishes only that. */
  rotate(): Promise<void>;
  /** Opens a URL as `account` in a browser; answers where it leaves the provider, or null when it ends there. */
  browse(url: string, account: string, userCode?: string): Promise<URL | null>;
  stop(): Promise<void>;
}

export async function startIssuer(
  options: { clients?: ClientMetadata[]; ttl?: number } = {},
): Promise<TestIssuer> {
  let handler: RequestListener = (_request, response) => void response.writeHead(503).end();
  const server = createServer((request, response) => handler(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const claims = new Map<string, JWTPayload>();
  let signing: { key: CryptoKey; jwk: JWK };

  const rotate = async () => {
    const { privateKey } = await generateKeyPair("RS256", { extractable: true });
    const kid = randomBytes(8).toString("hex");
    signing = { key: privateKey, jwk: { ...(await exportJWK(privateKey)), kid, alg: "RS256", use: "sig" } };
    handler = new Provider(issuer, configuration(signing.jwk, claims, options)).callback();
  };
  await rotate();

  const token = async (parameters: Record<string, string>, headers: Record<string, string> = {}) => {
    const response = await fetch(`${issuer}/token`, {
      method: "POST",
      headers,
      body: new URLSearchParams(parameters),
    });
    const answer = (await response.json()) as { access_token?: string };
    if (!answer.access_token) throw new Error(`no token: ${JSON.stringify(answer)}`);
    return answer.access_token;
  };

  const browse = (url: string, account: string, userCode = "") => walk(issuer, url, account, userCode);

  return {
    issuer,
    claims,
    rotate,
    browse,
    async userToken(account) {
      const verifier = randomBytes(32).toString("base64url");
      const redirect = "http://127.0.0.1/callback";
      const query = new URLSearchParams({
        client_id: CLI_CLIENT,
        response_type: "code",
        redirect_uri: redirect,
        scope: "openid",
        code_challenge: createHash("sha256").update(verifier).digest("base64url"),
        code_challenge_method: "S256",
      });
      const end = await browse(`${issuer}/auth?${query}`, account);
      const code = end?.searchParams.get("code");
      if (!code) throw new Error(`no code: ${end}`);
      return token({
        grant_type: "authorization_code",
        client_id: CLI_CLIENT,
        redirect_uri: redirect,
        code,
        code_verifier: verifier,
      });
    },
    workloadToken() {
      const credentials = `${WORKLOAD_CLIENT}:${encodeURIComponent(WORKLOAD_SECRET).replaceAll("%20", "+")}`;
      return token(
        { grant_type: "client_credentials" },
        { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` },
      );
    },
    sign(payload, header = {}) {
      const all = { iss: issuer, aud: AUDIENCE, iat: Math.floor(Date.now() / 1000), ...payload };
      return new SignJWT(all)
        .setProtectedHeader({ alg: "RS256", kid: signing.jwk.kid!, typ: "at+jwt", ...header })
        .sign(signing.key);
    },
    async publicKey() {
      const { kty, n, e, kid } = signing.jwk;
      return { kty: kty!, n: n!, e: e!, kid: kid!, alg: "RS256" };
    },
    async stop() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function configuration(
  key: JWK,
  claims: Map<string, JWTPayload>,
  options: { clients?: ClientMetadata[]; ttl?: number },
): Configuration {
  return {
    jwks: { keys: [key] },
    clients: options.clients ?? CLIENTS,
    cookies: { keys: [randomBytes(32).toString("hex")] },
    scopes: ["openid", "offline_access"],
    findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
    extraTokenClaims: (_context, { accountId, clientId }) => claims.get(accountId ?? clientId ?? ""),
    features: {
      clientCredentials: { enabled: true },
      deviceFlow: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          audience: AUDIENCE,
          scope: "",
          accessTokenFormat: "jwt",
          accessTokenTTL: options.ttl ?? 3600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  };
}

/** What the browser does next: a page to open, or a form to send. */
interface Step {
  url: URL;
  form?: URLSearchParams;
}

/** Follows redirects and submits each page's form, as a person who signs in and agrees would. */
async function walk(issuer: string, start: string, account: string, userCode: string): Promise<URL | null> {
  const cookies = new Map<string, string>();
  let next: Step | null = { url: new URL(start) };
  for (let steps = 0; next && steps < 20; steps++) {
    const { url, form }: Step = next;
    if (url.origin !== issuer) return url;
    const response: Response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: Array.from(cookies, ([name, value]) => `${name}=${value}`).join("; ") },
      ...(form && { method: "POST", body: form }),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie)!;
      cookies.set(name!, value!);
    }
    const location: string | null = response.headers.get("location");
    next = location
      ? { url: new URL(location, url) }
      : fillForm(await response.text(), url, { login: account, password: "any", user_code: userCode });
  }
  return null;
}

function fillForm(page: string, base: URL, values: Record<string, string>): Step | null {
  const action = /<form[^>]*action="([^"]*)"/.exec(page)?.[1];
  if (!action) return null;
  const form = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name) form.set(name, values[name] || (/value="([^"]*)"/.exec(input)?.[1] ?? ""));
  }
  return { url: new URL(action, base), form };
}
