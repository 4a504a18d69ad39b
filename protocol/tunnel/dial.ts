import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import WebSocket from "ws";
import { SUBPROTOCOL } from "../control.ts";
import { ERRORS, type ErrorCode, SallyportError } from "../errors.ts";
import { FRAME_HEADER, MAX_PAYLOAD } from "../frame.ts";

/** How long one attempt to connect may take, ms. */
const CONNECT_MS = 10_000;
/** Bytes of a problem+json body that are read. */
const MAX_PROBLEM = 16 * 1024;

/** Longest message of a tunnel, in bytes. */
const MAX_FRAME = FRAME_HEADER + MAX_PAYLOAD;

/** Opens a WebSocket to the edge; a message of more than `maxPayload` bytes closes it. */
export function connect(
  edge: URL,
  path: string,
  headers: Record<string, string>,
  maxPayload = MAX_FRAME,
): EdgeSocket {
  const url = new URL(path, edge);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return new EdgeSocket(url, headers, maxPayload, isPrivatePath(edge));
}

/** `ws` writes the header of a frame without a mask apart, with writev; below this size a mask costs less. */
const UNMASKED_FROM = 8 * 1024;

/** A socket to the edge that sends frames in the way that costs least. */
export class EdgeSocket extends WebSocket {
  /** What the mask of the next message is made of; `ws` asks for it while it sends, and 0 is none. */
  readonly #mask: { byte: number };

  constructor(url: URL, headers: Record<string, string>, maxPayload: number, isPrivate: boolean) {
    const mask = { byte: 1 };
    super(url, [SUBPROTOCOL], {
      headers,
      perMessageDeflate: false,
      handshakeTimeout: CONNECT_MS,
      maxPayload,
      skipUTF8Validation: true,
      ...(isPrivate ? { generateMask: (buffer) => void buffer.fill(mask.byte) } : {}),
    });
    this.#mask = mask;
  }

  sendFrame(frame: Uint8Array): void {
    this.#join();
    this.#mask.byte = frame.length < UNMASKED_FROM ? 1 : 0;
    this.send(frame);
    this.#mask.byte = 1;
  }

  /** What is sent in one turn of the event loop leaves in one piece: the record of what goes to an agent, and it. */
  #join(): void {
    const { _socket: socket } = this as unknown as { _socket: Socket | null };
    if (!socket || socket.writableCorked > 0) return;
    socket.cork();
    process.nextTick(() => socket.uncork());
  }
}

/**
 * The mask protects proxies from bytes that a web page chose (RFC 6455 section 10.3). Under TLS and on loopback
 * there is none to protect, and masking costs a pass over every byte.
 */
function isPrivatePath(edge: URL): boolean {
  return (
    edge.protocol === "https:" ||
    edge.hostname === "127.0.0.1" ||
    edge.hostname === "[::1]" ||
    edge.hostname === "localhost"
  );
}

/** Reads problem+json (RFC 9457), bounded; anything else becomes an error that names the status. */
export async function readProblem(response: IncomingMessage): Promise<SallyportError> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_PROBLEM) break;
      chunks.push(chunk);
    }
    const problem = JSON.parse(Buffer.concat(chunks).toString()) as {
      code?: string;
      detail?: string;
      hint?: string;
    };
    if (problem.code && Object.hasOwn(ERRORS, problem.code)) {
      return new SallyportError(
        problem.code as ErrorCode,
        problem.detail ?? "refused by the edge",
        problem.hint,
      );
    }
  } catch {
    // Not a problem document: the status alone must do.
  }
  return new SallyportError(
    "internal",
    `the edge answered with HTTP status ${response.statusCode}`,
    "is this the address of an edge?",
  );
}
