import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import { SallyportError } from "../../protocol/errors.ts";
import { sslRequest } from "../../protocol/postgres/frontend.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { readTlsFiles, tlsError } from "../target-tls.ts";

/** How long a target may take from the first packet until it is ready, ms. */
export const CONNECT_TIMEOUT_MS = 10_000;

const KEEP_ALIVE_MS = 60_000;

/** A connection to a target, encrypted if its configuration says so. It is paused, and its errors are kept. */
export interface Dialled {
  socket: Socket;
  /** The certificate that the target proved to hold, DER; null without TLS. */
  certificate: Buffer | null;
}

/**
 * Connects to a target over TCP, then TLS after an SSLRequest. Never opportunistic: a target that doesn't speak TLS,
 * or whose certificate isn't as configured, is an error. `signal`'s reason, a `SallyportError`, is thrown when it
 * aborts. Throws `target_unreachable`, `target_refused`, `invalid_config`; names neither host nor port, which are the
 * connector's business.
 */
export async function dial(target: PostgresTargetConfig, signal: AbortSignal): Promise<Dialled> {
  const identity = await readTlsFiles(target);
  signal.throwIfAborted();
  const socket = connect({
    host: target.host,
    port: target.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  try {
    await settled(socket, "connect", signal);
    if (target.tls.mode === "disable") return { socket: socket.pause(), certificate: null };
    await requestTls(socket, target, signal);
    const secure = secureSocket(socket, target, identity);
    await settled(secure, "secureConnect", signal);
    return { socket: secure.pause(), certificate: secure.getPeerX509Certificate()?.raw ?? null };
  } catch (error) {
    socket.destroy();
    throw connectionError(target, error);
  }
}

/** Reads once: resolves with the bytes that come next, and leaves the socket paused. */
export function readChunk(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const closed = () => settle(() => reject(socket.errored ?? new SallyportError("target_closed", CLOSED)));
    const received = (chunk: Buffer) => settle(() => resolve(chunk));
    const settle = (act: () => void) => {
      socket.pause();
      socket.off("data", received).off("end", closed).off("close", closed);
      act();
    };
    if (socket.destroyed) return closed();
    socket.on("data", received).on("end", closed).on("close", closed).resume();
  });
}

const CLOSED = "the target closed the connection before it was ready";

/**
 * What a failed connection is to the agent. Node's messages are not passed on: they name hosts and addresses.
 */
export function connectionError(target: PostgresTargetConfig, error: unknown): SallyportError {
  if (error instanceof SallyportError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const untrusted = tlsError(target.name, code);
  if (untrusted !== null) return untrusted;
  return new SallyportError(
    "target_unreachable",
    `target ${target.name} can't be reached from its connector (${code || "connection failed"})`,
    "Check that the server runs, and the host and port in the connector's configuration.",
  );
}

/** Waits for one event of a socket that fails by `error`, or is abandoned by the signal. */
async function settled(socket: Socket, event: string, signal: AbortSignal): Promise<void> {
  // Without a listener an error that comes between two steps would end the process; `errored` keeps it.
  socket.on("error", () => {});
  try {
    await once(socket, event, { signal });
  } catch (error) {
    socket.destroy();
    throw signal.aborted ? signal.reason : error;
  }
}

async function requestTls(socket: Socket, target: PostgresTargetConfig, signal: AbortSignal): Promise<void> {
  socket.write(sslRequest());
  const abandon = () => socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", abandon, { once: true });
  const answer = await readChunk(socket).finally(() => signal.removeEventListener("abort", abandon));
  // More than the one byte would be read as if it had come encrypted (CVE-2021-23222).
  if (answer.length === 1 && answer[0] === 0x53) return;
  if (answer[0] === 0x53) {
    throw new SallyportError(
      "protocol_violation",
      `target ${target.name} sent unencrypted bytes where TLS begins`,
      "Something between connector and target may be tampering with the connection.",
    );
  }
  throw new SallyportError(
    "target_refused",
    `target ${target.name} does not offer TLS, which its configuration demands`,
    "Turn TLS on at the server; where the network is trusted, set tls: {mode: disable} for the target.",
  );
}

function secureSocket(
  socket: Socket,
  target: PostgresTargetConfig,
  identity: SecureContextOptions,
): TLSSocket {
  const { tls } = target;
  if (tls.mode === "disable") throw new SallyportError("internal", "TLS is disabled");
  const name = tls.serverName ?? target.host;
  return connectTls({
    ...identity,
    socket,
    minVersion: "TLSv1.2",
    rejectUnauthorized: true,
    // Server Name Indication carries names only (RFC 6066 section 3).
    ...(isIP(name) === 0 ? { servername: name } : {}),
    checkServerIdentity: (_host, certificate) =>
      tls.mode === "verify-full" ? checkServerIdentity(name, certificate) : undefined,
  });
}
