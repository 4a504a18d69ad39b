import type { Socket } from "node:net";
import { SallyportError } from "../../protocol/errors.ts";
import {
  type BackendKeyData,
  type ErrorFields,
  parseAuthentication,
  parseBackendKeyData,
  parseErrorFields,
  parseNegotiateProtocolVersion,
  parseReadyForQuery,
  type TransactionStatus,
} from "../../protocol/postgres/backend.ts";
import { PROTOCOL_3_0, startupMessage } from "../../protocol/postgres/frontend.ts";
import { messageName } from "../../protocol/postgres/message-types.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import { resolveSecret } from "../../protocol/secrets.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { Authenticator } from "./authenticate.ts";
import { connectionError, dial, readChunk } from "./dial.ts";

/** A target that is ready for the agent's statements. Its socket is paused. */
export interface TargetConnection {
  socket: Socket;
  /** May hold bytes that came behind the first ReadyForQuery. */
  reader: MessageReader;
  /** The ParameterStatus and NoticeResponse messages of its startup, as they came. */
  greeting: Buffer[];
  /** The target's own cancel key; null when it gave none. */
  key: BackendKeyData | null;
  status: TransactionStatus;
  tls: boolean;
}

/** What the connector asks a target for. */
export interface TargetStartup {
  /** As on the wire. */
  version: number;
  parameters: [name: string, value: string][];
}

/** What a target may send in its startup, bytes: far more than any does. */
const MAX_GREETING = 256 * 1024;
/** Messages that the connector reads whole; longer ones are refused in the startup, and pass in pieces after it. */
const READ_WHOLE = { whole: "RKvSNEZ", wholeLimit: 64 * 1024 };
/** Of a target's own error, characters that are passed on. */
const MAX_REASON = 500;

/**
 * A server that runs a statement looks for its client only when it has something to send. A connector that was
 * killed can't cancel any more, so the server is asked to look each second (PostgreSQL 14 and later). In the startup,
 * so that neither RESET ALL nor DISCARD ALL undoes it.
 */
const LOOK_FOR_CLIENT: [string, string] = ["client_connection_check_interval", "1s"];

/** A target's refusal: ours, with the SQLSTATE that the target gave. */
export class TargetRefusal extends SallyportError {
  readonly sqlstate: string;

  constructor(message: string, hint: string, sqlstate: string) {
    super("target_refused", message, hint);
    this.sqlstate = sqlstate;
  }
}

/**
 * Connects, authenticates, and waits until the target is ready. Throws what `dial` and `Authenticator` throw, and
 * `target_refused` with the target's own words. `signal`'s reason, a `SallyportError`, is thrown when it aborts.
 */
export async function openTarget(
  target: PostgresTargetConfig,
  startup: TargetStartup,
  signal: AbortSignal,
): Promise<TargetConnection> {
  const [name] = LOOK_FOR_CLIENT;
  try {
    return await open(target, { ...startup, parameters: [...startup.parameters, LOOK_FOR_CLIENT] }, signal);
  } catch (error) {
    // Older servers, those on systems that can't look, and poolers refuse the setting by its name.
    if (!(error instanceof TargetRefusal && error.message.includes(name))) throw error;
    return await open(target, startup, signal);
  }
}

async function open(
  target: PostgresTargetConfig,
  startup: TargetStartup,
  signal: AbortSignal,
): Promise<TargetConnection> {
  const password =
    target.password === null
      ? null
      : await resolveSecret(target.password, `the password of target ${target.name}`);
  const { socket, certificate } = await dial(target, signal);
  const abandon = () => socket.destroy(signal.reason as Error);
  signal.addEventListener("abort", abandon, { once: true });
  try {
    signal.throwIfAborted();
    socket.write(startupMessage(startup.version, startup.parameters));
    const authenticator = new Authenticator({ target, password, certificate });
    return await new Opening(target, startup, socket, authenticator).run();
  } catch (error) {
    socket.destroy();
    throw connectionError(target, error);
  } finally {
    signal.removeEventListener("abort", abandon);
  }
}

class Opening {
  readonly #target: PostgresTargetConfig;
  readonly #startup: TargetStartup;
  readonly #socket: Socket;
  readonly #authenticator: Authenticator;
  readonly #reader = new MessageReader("backend", READ_WHOLE);
  readonly #greeting: Buffer[] = [];
  #greeted = 0;
  #key: BackendKeyData | null = null;
  #status: TransactionStatus | undefined;

  constructor(
    target: PostgresTargetConfig,
    startup: TargetStartup,
    socket: Socket,
    authenticator: Authenticator,
  ) {
    this.#target = target;
    this.#startup = startup;
    this.#socket = socket;
    this.#authenticator = authenticator;
  }

  async run(): Promise<TargetConnection> {
    while (this.#status === undefined) {
      while (!this.#reader.next()) this.#reader.push(await readChunk(this.#socket));
      await this.#message();
    }
    return {
      socket: this.#socket,
      reader: this.#reader,
      greeting: this.#greeting,
      key: this.#key,
      status: this.#status,
      tls: this.#target.tls.mode !== "disable",
    };
  }

  async #message(): Promise<void> {
    const name = messageName("backend", this.#reader.type);
    const body = this.#reader.body();
    if (body === null) throw this.#violation(`${name} is too long for a startup`);
    if (name === "ErrorResponse") throw refusal(this.#target, parseErrorFields(body, name));
    if (name === "NoticeResponse") return this.#greet();
    if (name === "NegotiateProtocolVersion" && !this.#authenticator.done) return this.#negotiated(body);
    if (name === "Authentication" && !this.#authenticator.done) {
      const answer = await this.#authenticator.answer(parseAuthentication(body));
      if (answer !== null) this.#socket.write(answer);
      return;
    }
    if (!this.#authenticator.done) throw this.#violation(`${name} came before authentication`);
    if (name === "ParameterStatus") return this.#greet();
    if (name === "BackendKeyData" && this.#key === null) {
      const key = parseBackendKeyData(body);
      // The reader's bytes go when it moves on.
      this.#key = { processId: key.processId, secret: Buffer.from(key.secret) };
      return;
    }
    if (name === "ReadyForQuery") {
      this.#status = parseReadyForQuery(body).status;
      return;
    }
    throw this.#violation(`${name} came in the startup`);
  }

  #greet(): void {
    const bytes = Buffer.from(this.#reader.bytes());
    this.#greeted += bytes.length;
    if (this.#greeted > MAX_GREETING) throw this.#violation("its startup has no end");
    this.#greeting.push(bytes);
  }

  /** The target may offer an older minor version; the connector speaks all of them. */
  #negotiated(body: Uint8Array): void {
    const { version } = parseNegotiateProtocolVersion(body);
    if (version < PROTOCOL_3_0 || version >= this.#startup.version) {
      throw this.#violation("it negotiates a version that was not offered");
    }
  }

  #violation(what: string): SallyportError {
    return new SallyportError(
      "protocol_violation",
      `target ${this.#target.name} broke PostgreSQL's protocol: ${what}`,
      "Check that the connector's configuration names a PostgreSQL server.",
    );
  }
}

/** The target's own refusal, bounded. Where it is about the connector's credentials the agent can do nothing. */
function refusal(target: PostgresTargetConfig, fields: ErrorFields): TargetRefusal {
  const sqlstate = /^[0-9A-Z]{5}$/.exec(fields.get("C") ?? "")?.[0] ?? "08004";
  const reason = (fields.get("M") ?? "no reason given").replace(/\p{Cc}/gu, " ").slice(0, MAX_REASON);
  const credentials = sqlstate.startsWith("28");
  return new TargetRefusal(
    `target ${target.name} refused the connection: ${reason} (SQLSTATE ${sqlstate})`,
    credentials
      ? "The operator of the connector can check the user and password that it has for this target."
      : "The target itself said so; try again, or ask who runs it.",
    // A client that is told 28P01 asks its user for a password, which isn't the one that was wrong.
    credentials ? "08004" : sqlstate,
  );
}
