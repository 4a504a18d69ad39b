import type { Context } from "hono";
import { deleteCookie, getCookie, setCookie } from "hono/cookie";
import { SallyportError } from "../../protocol/errors.ts";
import type { SealPurpose } from "./sealed.ts";

/** RFC 6265 section 6.1: a browser keeps 4,096 bytes of a cookie, name and attributes included. */
const MAX_PIECE = 3_800;
/** A cookie header of 8 KiB and more is refused by common proxies; one token in four pieces is beyond any of use. */
const MAX_PIECES = 4;

/** `__Host-` keeps other hosts of the domain from setting it; browsers take that over TLS only. */
function cookieName(purpose: SealPurpose, piece: number, secure: boolean): string {
  return `${secure ? "__Host-" : ""}sallyport-${purpose}-${piece}`;
}

/** Reads a text that `setText` has set, from its pieces; null when there is none. */
export function getText(c: Context, purpose: SealPurpose, secure: boolean): string | null {
  let text = "";
  for (let piece = 0; piece < MAX_PIECES; piece++) {
    const value = getCookie(c, cookieName(purpose, piece, secure));
    if (value === undefined) break;
    text += value;
  }
  return text === "" ? null : text;
}

/**
 * Sets a text, in as many cookies as it needs, for `lifeMs`. No script reads them, and another site's forms don't
 * bring them; a link does (`Lax`): the way back from an issuer is one, and the link in a message.
 * Throws `limit_exceeded` for more than browsers keep.
 */
export function setText(
  c: Context,
  purpose: SealPurpose,
  text: string,
  { secure, lifeMs }: { secure: boolean; lifeMs: number },
): void {
  const count = Math.ceil(text.length / MAX_PIECE);
  if (count > MAX_PIECES) {
    throw new SallyportError(
      "limit_exceeded",
      "the token is too large for a browser's cookies",
      "Answer by the command line: sallyport approvals approve.",
    );
  }
  clearText(c, purpose, secure, count);
  for (let piece = 0; piece < count; piece++) {
    setCookie(c, cookieName(purpose, piece, secure), text.slice(piece * MAX_PIECE, (piece + 1) * MAX_PIECE), {
      path: "/",
      httpOnly: true,
      secure,
      sameSite: "Lax",
      maxAge: Math.floor(lifeMs / 1_000),
    });
  }
}

/** Takes the text away, or what is left of a longer one from this piece on. */
export function clearText(c: Context, purpose: SealPurpose, secure: boolean, from = 0): void {
  for (let piece = from; piece < MAX_PIECES; piece++) {
    const name = cookieName(purpose, piece, secure);
    if (getCookie(c, name) !== undefined) deleteCookie(c, name, { path: "/", secure });
  }
}
