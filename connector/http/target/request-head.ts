import { SallyportError } from "../../../protocol/errors.ts";
import {
  agentFields,
  isBearerSubprotocol,
  isSubprotocol,
  trailerFields,
} from "../../../protocol/http/fields.ts";
import { type Fields, MAX_TARGET } from "../../../protocol/http/head.ts";
import { isOverride } from "../../../protocol/http/overrides.ts";
import { looseName } from "./credential.ts";
import type { UpstreamRequest } from "./upstream.ts";

/** How a request's body is told to the target (RFC 9112 section 6): never in two ways. */
export interface Framing {
  fields: Fields;
  /** Bytes of the body that will come; null where it is chunked. */
  length: number | null;
}

const METHOD = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,40}$/;
/** Methods that would make another thing of the connection, or show what the connector adds. */
const REFUSED: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK", "PRI"]);
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]{1,256}$/;
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;
/** Origin form with one slash at its begin: a second one, or a backslash, would name a host to some (RFC 3986 section 4.2). */
const ORIGIN_FORM = /^\/(?![/\\])[!-~]*$/;

/** Throws `invalid_request` for a method that no target gets, and a target that is no path. */
export function checkRequestLine({ method, target }: Pick<UpstreamRequest, "method" | "target">): void {
  if (!METHOD.test(method) || REFUSED.has(method.toUpperCase())) {
    throw new SallyportError(
      "invalid_request",
      "the request's method is none that a target gets",
      "Use another: no tunnel or trace goes through here.",
    );
  }
  if (target.length > MAX_TARGET || !ORIGIN_FORM.test(target) || /[#\\]/.test(target)) {
    throw new SallyportError(
      "invalid_request",
      "the request's target is not a path with a query",
      "It begins with one slash; which host it goes to is settled by the target.",
    );
  }
}

/** Throws `invalid_request` for subprotocols that aren't tokens, stand twice, or hold a credential. */
export function checkSubprotocols(names: readonly string[]): void {
  const isWrong = names.some((name) => !isSubprotocol(name) || isBearerSubprotocol(name));
  if (!isWrong && new Set(names).size === names.length) return;
  throw new SallyportError(
    "invalid_request",
    "the subprotocols of the WebSocket are not different names",
    "Name each once; a credential does not stand among them.",
  );
}

/**
 * What of an agent's fields goes to the target. Names count as the loosest servers compare them, so that neither
 * framing, nor routing, nor a credential gets through by another spelling. Throws `invalid_request` for a field that
 * would not be one.
 */
export function passedFields(fields: Fields, isOwn: (looseName: string) => boolean): Fields {
  return agentFields(fields).filter(([name, value]) => {
    if (!NAME.test(name) || !VALUE.test(value)) {
      throw new SallyportError(
        "invalid_request",
        "a field of the request has characters that can't stand in it",
        "Percent-encode what is not ASCII, and leave out control characters.",
      );
    }
    const loose = looseName(name);
    if (
      loose === "te" ||
      loose === "content-length" ||
      isOwn(loose) ||
      isOverride(name) ||
      isOverride(loose)
    ) {
      return false;
    }
    return agentFields([[loose, value]]).length > 0;
  });
}

/** `te: trailers` concerns one connection, so it is told as ours (RFC 9110 section 10.1.4). */
export function connectionFields(fields: Fields): Fields {
  return agentFields(fields).some(([name]) => name === "te")
    ? [
        ["te", "trailers"],
        ["connection", "keep-alive, TE"],
      ]
    : [];
}

/** Methods that give a body no meaning, so that without one nothing is said of it (RFC 9110 section 8.6). */
const BODILESS: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "DELETE"]);

/** How the body is framed. Throws `invalid_request` for an agent's `content-length` that is none, or of another body. */
export function framingOf({
  method,
  body,
  fields,
}: Pick<UpstreamRequest, "method" | "body" | "fields">): Framing {
  const told = toldLength(fields);
  if (body === "stream")
    return told === null ? CHUNKED : { fields: [["content-length", `${told}`]], length: told };
  const length = body === "none" ? 0 : body.byteLength;
  if (told !== null && told !== length) {
    throw new SallyportError("invalid_request", "the request's content-length is not that of its body");
  }
  const silent = body === "none" && BODILESS.has(method);
  return { fields: silent ? [] : [["content-length", `${length}`]], length };
}

const CHUNKED: Framing = { fields: [["transfer-encoding", "chunked"]], length: null };

function toldLength(fields: Fields): number | null {
  const [line, ...others] = fields.filter(([name]) => name === "content-length");
  if (line === undefined) return null;
  if (others.length === 0 && /^[0-9]{1,15}$/.test(line[1])) return Number(line[1]);
  throw new SallyportError(
    "invalid_request",
    "the request's content-length is not one decimal number",
    "Send the length of the body once, or leave it out.",
  );
}

/** What of an agent's trailers goes to the target. */
export function passedTrailers(fields: Fields, isOwn: (looseName: string) => boolean): Fields {
  return trailerFields(fields).filter(([name, value]) => {
    const loose = looseName(name);
    return (
      NAME.test(name) && VALUE.test(value) && !isOwn(loose) && trailerFields([[loose, value]]).length > 0
    );
  });
}
