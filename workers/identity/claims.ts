import type { JWTPayload } from "jose";
import type { Issuer } from "../../protocol/directory.ts";
import { SallyportError } from "../../protocol/errors.ts";
import type { Subject } from "./identity.ts";

/** A principal's name: printable ASCII without spaces, so that it is the same in every log, header and pattern. */
export const PRINCIPAL = /^[!-~]{1,255}$/;
const MAX_GROUPS = 200;
const MAX_GROUP = 255;

/**
 * Who a verified token speaks for. With an `act` claim (RFC 8693 section 4.1) the token's subject is the user and
 * the outermost actor is the agent that speaks now; actors nested in it are history and prove nothing. Throws
 * `unauthenticated` when the claims are not what the issuer's settings ask.
 */
export function subjectOf(claims: JWTPayload, issuer: Issuer): Subject {
  for (const [claim, value] of Object.entries(issuer.requiredClaims)) {
    if (own(claims, claim) !== value) throw wrong(`its claim ${claim} is not what ${issuer.name} must have`);
  }
  // Bound to a key by RFC 7800: whoever holds the token alone has proved nothing.
  if (own(claims, "cnf") !== undefined) throw wrong("it is bound to a key (cnf), which a bearer can't prove");
  if (issuer.principalClaim === "email" && own(claims, "email_verified") !== true) {
    throw wrong("its email is not verified");
  }
  const user = principal(issuer, issuer.principalClaim, own(claims, issuer.principalClaim));
  const groups = groupsOf(own(claims, issuer.groupsClaim), issuer.groupsClaim);
  const act = own(claims, "act");
  if (act === undefined) return { principal: user, groups };
  if (typeof act !== "object" || act === null) throw wrong("its act claim is not an object");
  const actorIssuer = own(act, "iss");
  if (actorIssuer !== undefined && actorIssuer !== issuer.issuer) {
    throw wrong("its actor is of another issuer");
  }
  return { principal: principal(issuer, "act.sub", own(act, "sub")), groups, onBehalfOf: user };
}

function principal(issuer: Issuer, claim: string, value: unknown): string {
  const name = typeof value === "string" && value !== "" ? `${issuer.name}/${value}` : "";
  if (!PRINCIPAL.test(name)) throw wrong(`its claim ${claim} does not name a principal`);
  return name;
}

function groupsOf(value: unknown, claim: string): string[] {
  if (value === undefined) return [];
  const groups = Array.isArray(value) ? (value as unknown[]) : [null];
  if (!groups.every((group) => typeof group === "string" && group.length <= MAX_GROUP)) {
    throw wrong(`its claim ${claim} is not a list of group names`);
  }
  if (groups.length > MAX_GROUPS) throw wrong(`its claim ${claim} has more than ${MAX_GROUPS} groups`);
  return groups as string[];
}

/** A claim that the token itself holds: never one of `Object.prototype`. */
function own(claims: object, claim: string): unknown {
  return Object.hasOwn(claims, claim) ? (claims as Record<string, unknown>)[claim] : undefined;
}

function wrong(what: string): SallyportError {
  return new SallyportError("unauthenticated", `the token is not accepted: ${what}`);
}
