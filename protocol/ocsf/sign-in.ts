import { type Common, event, type OcsfEvent, statusOf } from "./event.ts";
import { bounded } from "./text.ts";
import { sourceEndpoint, userOf } from "./who.ts";

/** Why a sign-in is refused: all reasons that there are, with the words for them. */
export const SIGN_IN_REASONS = {
  malformed: "the token is not a well-formed one",
  wrong_type: "the token is of a type that is not for access",
  unknown_issuer: "the token is of an issuer that the edge does not know",
  issuer_unavailable: "the keys of the token's issuer could not be had",
  unknown_key: "the token is not signed by a key that its issuer publishes",
  wrong_algorithm: "the token's signature algorithm is not accepted",
  wrong_signature: "the token's signature is wrong",
  wrong_audience: "the token is for another audience",
  wrong_claims: "the token's claims are not what its issuer's settings ask",
  not_yet_valid: "the token is not valid yet",
  expired: "the token has expired",
  unknown_token: "the service token is not known",
  revoked: "the service token was revoked",
  disabled: "the principal, or the user for whom it acts, is disabled",
  connector_unknown: "the connector's key is not known",
  connector_revoked: "the connector's key was revoked",
  connector_token: "the connector's token is not accepted",
} as const;

export type SignInReason = keyof typeof SIGN_IN_REASONS;

/** Sign-ins that were refused for the same reason, from the same place, one after the other. Nothing of a token is in it. */
export interface RefusedSignIns {
  reason: SignInReason;
  /** Whose they were, where that was proved, as by an expired token; else null. */
  principal: string | null;
  /** The issuer by its name in the settings; of `unknown_issuer` what the token claims, which proves nothing; else null. */
  issuer: string | null;
  /** The address as the edge saw it; null for all others, which are too many to be told apart. */
  address: string | null;
  /** How many, at least 1. */
  count: number;
  /** When the first and the last were, ms since 1970. */
  first: number;
  last: number;
}

/** Authentication 3002: refused sign-ins. `name`: the same whenever it is told again, and no other's. */
export function signInEvent(refused: RefusedSignIns, name: string): OcsfEvent {
  const { reason, principal, issuer, address, count, first, last } = refused;
  const words = SIGN_IN_REASONS[reason];
  const who = principal ?? "somebody unknown";
  const place = address === null ? "several places" : address;
  const common: Common = {
    uid: `sign-in/${name}`,
    session: null,
    time: first,
    activity: 1,
    severity: "low",
    message: `${who} was not signed in, ${count === 1 ? "once" : `${count} times`}, from ${place}: ${words}`,
    reporter: "edge",
    log: "sign-ins",
    profiles: [],
    unmapped: {
      ...(principal !== null && { principal: bounded(principal, 256) }),
      ...(issuer !== null && {
        [reason === "unknown_issuer" ? "claimed_issuer" : "issuer"]: bounded(issuer, 256),
      }),
    },
  };
  return event("authentication", common, {
    ...statusOf("failure", reason, words),
    count,
    start_time: first,
    end_time: last,
    user: principal === null ? NOBODY : userOf(principal),
    src_endpoint: address === null ? { name: "several" } : sourceEndpoint(address),
    dst_endpoint: { name: "edge" },
    service: { name: "Sallyport" },
    is_remote: true,
    logon_type_id: 3,
    logon_type: "Network",
  });
}

const NOBODY = { name: "unknown", type_id: 0, type: "Unknown" } as const;
