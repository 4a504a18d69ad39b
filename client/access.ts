import { readFileSync } from "node:fs";
import { SallyportError } from "../protocol/errors.ts";
import { EdgeApi, edgeUrl, type TokenSource } from "./edge-api.ts";
import { jwtExpiry } from "./http/kubeconfig.ts";
import { CredentialStore, configFolder } from "./login/credentials.ts";

type Environment = NodeJS.ProcessEnv;

/** The edge to use: `--edge`, SALLYPORT_EDGE, else the one logged in to last. Throws `invalid_config`. */
export function chooseEdge(option: string | undefined, env: Environment): URL {
  const named = option ?? env.SALLYPORT_EDGE ?? new CredentialStore(configFolder(env)).defaultEdge();
  if (named) return edgeUrl(named);
  throw new SallyportError(
    "invalid_config",
    "It is not known which edge to use.",
    "Name it with --edge URL or SALLYPORT_EDGE, or log in once: sallyport login --edge URL.",
  );
}

/**
 * Where the token comes from: SALLYPORT_TOKEN, the file SALLYPORT_TOKEN_FILE (read each time: platforms rotate
 * such files), else the login. There is no option for it: other users of a machine can read a command's arguments.
 */
export function tokenSource(edge: URL, env: Environment): TokenSource {
  const { SALLYPORT_TOKEN: token, SALLYPORT_TOKEN_FILE: file } = env;
  if (token) return async () => headerSafe(token, "SALLYPORT_TOKEN");
  if (file) return async () => headerSafe(readToken(file), `The file ${file} (SALLYPORT_TOKEN_FILE)`);
  const store = new CredentialStore(configFolder(env));
  return () => store.token(edge);
}

/** When a token of `tokenSource` expires, ms since 1970; null where that can't be told, as of service tokens. */
export function tokenExpiry(edge: URL, token: string, env: Environment): number | null {
  const login = new CredentialStore(configFolder(env)).get(edge);
  return login?.bearer === token ? login.expires : jwtExpiry(token);
}

/** The API of the edge that options and environment name. */
export function openEdge(option: string | undefined, env: Environment): EdgeApi {
  const edge = chooseEdge(option, env);
  return new EdgeApi(edge, tokenSource(edge, env));
}

function readToken(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new SallyportError(
      "unauthenticated",
      `The token can't be read from ${file}: ${(error as NodeJS.ErrnoException).code}.`,
      "SALLYPORT_TOKEN_FILE names the file; check that it exists and that you may read it.",
    );
  }
}

/** Header values can't have control characters, and their error would show the token. */
function headerSafe(token: string, where: string): string {
  const trimmed = token.trim();
  if (/^[!-~]{1,16384}$/.test(trimmed)) return trimmed;
  throw new SallyportError("unauthenticated", `${where} does not hold a token: it must be one word.`);
}
