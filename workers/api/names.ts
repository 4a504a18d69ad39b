import { DEFAULT_PAGE, MAX_PAGE, type PageRequest } from "../directory/page.ts";
import { PRINCIPAL } from "../identity/claims.ts";
import { object, pattern, type Shape, text, wholeText } from "./shape.ts";

/** Names of targets, connectors and issuers. */
export const name: Shape<string> = pattern(
  /^[a-z][a-z0-9-]{0,62}$/,
  "a name: 1-63 of a-z, 0-9 and '-', starting with a letter",
);

/** Names of service tokens. */
export const tokenName: Shape<string> = pattern(
  /^[A-Za-z0-9][\w.-]{0,62}$/,
  "a name: 1-63 letters, digits, '_', '.' and '-'",
);

export const principalName: Shape<string> = pattern(
  PRINCIPAL,
  "a principal: 1-255 printable ASCII characters without spaces",
);

/** A session's id. */
export const sessionId: Shape<string> = pattern(
  /^[0-9a-f]{32}$/,
  "a session's id: 32 characters of 0-9 and a-f",
);

/** Words for the record and for who is told. */
export const reason: Shape<string> = text(500);

/** The same where some must be given. */
export const words: Shape<string> = pattern(/^(?=.*\S)[^\p{Cc}]{1,500}$/u, "text of 1 to 500 characters");

export const pageMembers = { limit: wholeText(1, MAX_PAGE), cursor: text(1000) };
/** A query of nothing but a page. */
export const pageQuery = object({}, pageMembers);

export function pageRequest({ limit, cursor }: { limit?: number; cursor?: string }): PageRequest {
  return { limit: limit ?? DEFAULT_PAGE, cursor: cursor ?? null };
}
