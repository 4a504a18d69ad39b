import { Agent } from "node:http";
import { connect, isIP, type Socket } from "node:net";
import {
  checkServerIdentity,
  connect as connectTls,
  createSecureContext,
  type SecureContext,
} from "node:tls";
import { SallyportError } from "../../../protocol/errors.ts";
import type { Timers } from "../../guard/timers.ts";
import { readTlsFiles } from "../../target-tls.ts";
import type { HttpEndpoint } from "./config.ts";
import { Renewed, sourceOf } from "./renewed.ts";
import { unreachable } from "./upstream-error.ts";

/** After how long a connection that nobody uses is closed, ms; earlier where the target says so (`Keep-Alive`). */
const IDLE_MS = 30_000;
const MOST_IDLE = 64;
/** When a quiet peer is asked for a sign of life by TCP, ms. */
const KEEP_ALIVE_MS = 30_000;

export interface ConnectionsOptions extends HttpEndpoint {
  /** The target's name, for errors. */
  name: string;
  timers: Timers;
  now(): number;
}

/**
 * The connections to one target. Where they lead stands in the configuration alone: whatever a request says of a host
 * is not looked at. What says who the target is, is checked before anything is sent.
 */
export class Connections extends Agent {
  readonly #options: ConnectionsOptions;
  readonly #tls: Renewed<SecureContext> | null;
  readonly #ready = new WeakSet<Socket>();
  #context: SecureContext | null = null;

  constructor(options: ConnectionsOptions) {
    super({ keepAlive: true, timeout: IDLE_MS, maxFreeSockets: MOST_IDLE });
    this.#options = options;
    this.#tls = renewedContext(options);
  }

  /** Reads certificates and keys that have changed; before each request. Throws `invalid_config`. */
  async ready(): Promise<void> {
    if (this.#tls !== null) this.#context = await this.#tls.get();
  }

  /** Whether a connection was ever ready for requests. */
  wasReady(socket: Socket): boolean {
    return this.#ready.has(socket);
  }

  /** Closes the connections that nobody uses. */
  dropIdle(): void {
    for (const sockets of Object.values(this.freeSockets)) {
      for (const socket of [...(sockets ?? [])]) socket.destroy();
    }
  }

  override getName(): string {
    return this.#options.name;
  }

  override createConnection(): Socket {
    const { name, limits, timers } = this.#options;
    const socket = this.#connect();
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    socket.setNoDelay(true);
    const late = timers.after(limits.connectMs, () =>
      socket.destroy(unreachable(name, `it was not ready within ${limits.connectMs / 1000} s`)),
    );
    socket.once("close", late).once(this.#context === null ? "connect" : "secureConnect", () => {
      late();
      this.#ready.add(socket);
    });
    return socket;
  }

  #connect(): Socket {
    const { host, port, tls } = this.#options;
    if (tls.mode === "disable") return connect({ host, port });
    if (this.#context === null) throw new SallyportError("internal", "a connection before its certificates");
    const name = tls.serverName ?? host;
    return connectTls({
      host,
      port,
      secureContext: this.#context,
      ALPNProtocols: ["http/1.1"],
      rejectUnauthorized: true,
      // Server Name Indication carries names only (RFC 6066 section 3).
      ...(isIP(name) === 0 ? { servername: name } : {}),
      checkServerIdentity: (_host, certificate) =>
        tls.mode === "verify-full" ? checkServerIdentity(name, certificate) : undefined,
    });
  }
}

function renewedContext({ name, tls, now }: ConnectionsOptions): Renewed<SecureContext> | null {
  if (tls.mode === "disable") return null;
  const { ca, client } = tls;
  const key = client === null ? null : sourceOf(client.key);
  return new Renewed({
    paths: [ca, client?.certificate ?? null, ...(key?.paths ?? [])].filter((path) => path !== null),
    maxAgeMs: key?.maxAgeMs ?? Number.POSITIVE_INFINITY,
    now,
    read: async () => {
      const files = await readTlsFiles({ name, tls });
      try {
        return createSecureContext({ ...files, minVersion: "TLSv1.2" });
      } catch {
        throw new SallyportError(
          "invalid_config",
          `a certificate or key of target ${name} is not what it should be`,
          "Check that ca, certificate and key are PEM files, and that certificate and key belong together.",
        );
      }
    },
  });
}
