import { setTimeout as sleep } from "node:timers/promises";
import {
  discover,
  failed,
  type LoginIssuer,
  postForm,
  requestParameters,
  requestTokens,
  TokenRefused,
  type Tokens,
} from "./oidc.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:device_code";
/** RFC 8628 section 3.2: the interval where the issuer names none; section 3.5: what `slow_down` adds. */
const INTERVAL_S = 5;
const SLOW_DOWN_S = 5;
const MAX_INTERVAL_S = 60;

/** What a person needs to agree on another device. */
export interface DevicePrompt {
  url: string;
  code: string;
  /** The address with the code in it, if the issuer gives one. */
  complete: string | undefined;
}

export interface Clock {
  now(): number;
  sleep(milliseconds: number): Promise<unknown>;
}

/** Logs a person in with the device grant (RFC 8628), for machines without a browser. Throws `unauthenticated`. */
export async function loginWithDevice(
  issuer: LoginIssuer,
  show: (prompt: DevicePrompt) => void,
  clock: Clock = { now: Date.now, sleep },
): Promise<Tokens> {
  const metadata = await discover(issuer);
  const endpoint = metadata.device_authorization_endpoint;
  if (endpoint === undefined) {
    throw failed(
      issuer,
      "it does not offer the device grant",
      "Log in without --device on a machine with a browser.",
    );
  }
  const answer = await postForm(issuer, endpoint, requestParameters(issuer, metadata)).catch((error) => {
    throw error instanceof TokenRefused ? failed(issuer, error.message) : error;
  });
  const { device_code, user_code, verification_uri, verification_uri_complete, expires_in, interval } =
    answer;
  if (
    typeof device_code !== "string" ||
    typeof user_code !== "string" ||
    typeof verification_uri !== "string"
  ) {
    throw failed(issuer, "its answer to the device request lacks a code or an address");
  }
  show({
    url: verification_uri,
    code: user_code,
    complete: typeof verification_uri_complete === "string" ? verification_uri_complete : undefined,
  });
  return await poll(
    issuer,
    () => requestTokens(issuer, metadata, { grant_type: GRANT, device_code }, { now: clock.now() }),
    {
      intervalS: typeof interval === "number" ? interval : INTERVAL_S,
      expiresS: typeof expires_in === "number" ? expires_in : 600,
    },
    clock,
  );
}

/** RFC 8628 section 3.5: asks until there is an answer. */
export async function poll(
  issuer: LoginIssuer,
  ask: () => Promise<Tokens>,
  { intervalS, expiresS }: { intervalS: number; expiresS: number },
  clock: Clock,
): Promise<Tokens> {
  const end = clock.now() + expiresS * 1_000;
  let wait = Math.min(Math.max(intervalS, 1), MAX_INTERVAL_S);
  for (;;) {
    await clock.sleep(wait * 1_000);
    if (clock.now() >= end)
      throw failed(issuer, "the code has expired", "Start again: sallyport login --device.");
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error;
      if (error.error === "slow_down") wait += SLOW_DOWN_S;
      else if (error.error !== "authorization_pending") throw failed(issuer, inWords(error));
    }
  }
}

function inWords(error: TokenRefused): string {
  if (error.error === "access_denied") return "it was refused on the other device";
  if (error.error === "expired_token") return "the code has expired";
  return error.message;
}
