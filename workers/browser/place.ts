import { SallyportError } from "../../protocol/errors.ts";
import type { Env } from "../environment.ts";
import { issuerUrl } from "../identity/issuer-url.ts";

/** Where people reach the edge. */
export interface Place {
  /** The public origin, or null where the edge was not told it. */
  publicOrigin: string | null;
  /** Those from which forms may come: the public origin, and the one at which the edge was asked. */
  origins: readonly string[];
  /** Browsers use TLS, though a proxy may end it. */
  secure: boolean;
}

/**
 * Where a browser's request came to. Throws `forbidden` where that is neither https nor this machine: a token, or a
 * cookie, would be everybody's on the way.
 */
export function placeOf(request: Request, { PUBLIC_URL }: Pick<Env, "PUBLIC_URL">): Place {
  const own = new URL(request.url).origin;
  const publicOrigin = PUBLIC_URL ? new URL(PUBLIC_URL).origin : null;
  const origin = publicOrigin ?? own;
  if (issuerUrl(origin) === null) {
    throw new SallyportError(
      "forbidden",
      "this page is there over HTTPS only",
      "Whoever runs the edge sets its public URL (edge.url in the configuration file, or PUBLIC_URL).",
    );
  }
  const origins = publicOrigin === null || publicOrigin === own ? [origin] : [publicOrigin, own];
  return { publicOrigin, origins, secure: origin.startsWith("https:") };
}

/**
 * Lets a form pass only from a page of this edge: by `Origin`, which every browser sends with a form, and, where it
 * comes along, `Sec-Fetch-Site`. A page that another name leads here (DNS rebinding) passes, but brings no cookie.
 * Throws `forbidden`.
 */
export function requireOwnPage(request: Request, { origins }: Place): void {
  const origin = request.headers.get("origin");
  const site = request.headers.get("sec-fetch-site");
  if (origin !== null && origins.includes(origin) && (site ?? "same-origin") === "same-origin") return;
  throw new SallyportError(
    "forbidden",
    "this form did not come from a page of this edge",
    "Open the approval's link and answer there. Behind a proxy the edge must know its public URL (edge.url, or PUBLIC_URL).",
  );
}
