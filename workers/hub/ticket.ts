import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SallyportError } from "../../protocol/errors.ts";

/** How long a ticket may be used, ms. */
export const TICKET_MS = 60_000;

/** The right of one connector process to join one session, once. */
export interface Ticket {
  session: string;
  connector: string;
  instance: string;
  /** The connector's key, by its thumbprint. */
  key: string;
  expires: number;
}

/** Tickets are the edge's own word to itself: an HMAC needs no table that both objects would have to read. */
export function issueTicket(secret: string, ticket: Ticket): string {
  const payload = Buffer.from(JSON.stringify(ticket)).toString("base64url");
  return `${payload}.${mac(secret, payload).toString("base64url")}`;
}

/** Checks a ticket for this session. That it works once is the session's to see to. Throws `bad_ticket`. */
export function checkTicket(secret: string, text: string, session: string, now: number): Ticket {
  const [payload = "", signature = "", ...rest] = text.split(".");
  const given = Buffer.from(signature, "base64url");
  const wanted = mac(secret, payload);
  if (rest.length > 0 || given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new SallyportError("bad_ticket", "the ticket is not this edge's");
  }
  const ticket = JSON.parse(Buffer.from(payload, "base64url").toString()) as Ticket;
  if (ticket.session !== session) throw new SallyportError("bad_ticket", "the ticket is for another session");
  if (now > ticket.expires) throw new SallyportError("bad_ticket", "the ticket has expired");
  return ticket;
}

/** The ticket key is derived, so that one secret of the edge is enough to configure. */
function mac(secret: string, payload: string): Buffer {
  const key = createHash("sha256").update("sallyport ticket v1\n").update(secret).digest();
  return createHmac("sha256", key).update(payload).digest();
}
