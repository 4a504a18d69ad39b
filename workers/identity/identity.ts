/** Who speaks, proved by a credential. */
export interface Identity {
  /** `ISSUER/claim` for OIDC, a chosen name for a service token, or `bootstrap`. */
  principal: string;
  /** Groups of the user: of the principal itself, or of the user for whom it acts. */
  groups: string[];
  /** The user for whom an agent acts (RFC 8693 `act` claim). */
  onBehalfOf?: string;
  administrator: boolean;
  credential: Credential;
}

/** What proved it. Times are milliseconds since 1970. */
export type Credential =
  | { kind: "service-token"; id: string; expires: number }
  | { kind: "oidc"; issuer: string; expires: number }
  | { kind: "bootstrap" };

/** The part of an identity that access rules look at; a session's facts have the same members. */
export type Subject = Pick<Identity, "principal" | "groups" | "onBehalfOf">;
