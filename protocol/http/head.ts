import type { EndCode } from "../close-reason.ts";

/**
 * What the streams of an HTTP or Kubernetes session carry. The agent's side opens a stream for each exchange, with
 * numbers 1, 2, 3, … in order. On it go, in either direction:
 *
 * - a head (a data frame with `FrameFlag.head`): the request's; the response's, before which there may be interim ones
 *   (status 100 to 199, but 101);
 * - the body, as data frames of any size;
 * - an end frame: the last bytes; with `FrameFlag.head` its payload is the trailers (`Fields`) instead.
 *
 * After a response of status 101 both directions carry messages of a WebSocket (RFC 6455): each is one data frame or
 * several, all but the last with `FrameFlag.partial`; `FrameFlag.text` tells text from binary. The end frame's payload
 * is that of a Close frame (section 5.5.1): nothing, or two bytes of code and a reason in UTF-8. Pings are each hop's own.
 *
 * A reset frame ends both directions: the exchange has failed, or the agent is gone.
 */

/** Field lines in order (RFC 9110 section 5): name in lower case, value without leading and trailing blanks; Latin-1. */
export type Fields = readonly (readonly [name: string, value: string])[];

export interface RequestHead {
  /** A token (RFC 9110 section 9.1), as it was sent. */
  method: string;
  /** Origin form (RFC 9112 section 3.2.1): path and query as they were sent, without `base`. Printable ASCII. */
  target: string;
  /** Under which path the agent reaches the target: `/t/NAME`, or empty. `Location` and cookies are told with it. */
  base: string;
  /** Neither hop-by-hop fields nor credentials: who sends the head has taken them off. */
  fields: Fields;
  /** Whether a body follows; else the end frame does, without payload. */
  body: boolean;
  /** The agent asks for a WebSocket with one of these subprotocols (RFC 6455 section 4.1); none may be named. */
  websocket?: { subprotocols: readonly string[] };
}

export interface ResponseHead {
  /** 100 to 599. */
  status: number;
  fields: Fields;
  /** Of status 101: the subprotocol that was chosen; null for none. */
  subprotocol?: string | null;
}

/** The payload of a reset frame. */
export interface StreamReset {
  code: EndCode;
  /** What happened, for people; no secret. */
  reason: string;
}

/**
 * A field by which the agent's side says that SPDY was asked for in `Upgrade`, which is hop-by-hop: the connector answers
 * such a request in the target's words. It goes to no target.
 */
export const UPGRADE_FIELD = "sallyport-upgrade";

/**
 * A field by which the edge says which span of its own the request is a part of, in the form of `traceparent`. It goes to no
 * target.
 */
export const TRACE_FIELD = "sallyport-trace";

/** A field of the connector's own responses: the id of the approval that a request waits for, or was released by. */
export const APPROVAL_FIELD = "sallyport-approval";

/** Bytes of a head's JSON. */
export const MAX_HEAD = 64 * 1024;
/** Bytes of a request's target. */
export const MAX_TARGET = 16 * 1024;
/** Fields of a head, or trailers. */
export const MAX_FIELDS = 200;
/** Streams of one session that may be open at once. */
export const MAX_STREAMS = 128;
