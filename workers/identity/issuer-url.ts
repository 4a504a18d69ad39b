const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;
const MAX_URL = 500;

/**
 * Reads the URL of an issuer or of its keys: https, or http on a loopback host (development); no user, query or
 * fragment (OpenID Connect Discovery 1.0, section 3). Null when it is none.
 */
export function issuerUrl(text: string): URL | null {
  return /[?#]/.test(text) ? null : endpointUrl(text);
}

/** Reads the URL of an issuer's endpoint: as an issuer's own, but it may have a query (RFC 6749, section 3.1). */
export function endpointUrl(text: string): URL | null {
  const url = text.length <= MAX_URL ? URL.parse(text) : null;
  if (!url || url.username || url.password || text.includes("#")) return null;
  const secure = url.protocol === "https:" || (url.protocol === "http:" && LOOPBACK.test(url.hostname));
  return secure ? url : null;
}
