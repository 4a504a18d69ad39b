import { connect, type Socket } from "node:net";
import type { PostgresTargetConfig } from "../../connector/config.ts";
import { Authenticator } from "../../connector/postgres/authenticate.ts";
import { type BackendName, messageName } from "../../protocol/postgres/message-types.ts";
import {
  PROTOCOL_3_0,
  parseAuthentication,
  parseBackendKeyData,
  parseNegotiateProtocolVersion,
  startupMessage,
  terminate,
} from "../../protocol/postgres/messages.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import type { Case, Until } from "./corpus/case.ts";

/** Where a conversation is held. `login` is what a server asks for; null where nothing is asked. */
export interface Place {
  host: string;
  port: number;
  login: { target: PostgresTargetConfig; password: string } | null;
}

/** A server's message: its name and a body of its own. */
export interface Heard {
  name: BackendName;
  body: Buffer;
}

export interface Conversation {
  /** What the server sent: in the startup, in each step, and after Terminate. */
  parts: Heard[][];
  /** Of BackendKeyData. */
  processId: number;
  /** The protocol's version, as on the wire: what was asked for, or what the server had instead. */
  version: number;
}

/** How long an answer may take, ms. */
const PATIENCE_MS = 60_000;

/** Reads every message whole, however long. */
const READ_WHOLE = { whole: "123ACDEGHIKNRSTVWZcdnstv", wholeLimit: 2 ** 30 };

/**
 * Holds one case's conversation from startup to Terminate. `elsewhere` runs a statement in another session of the
 * server; `cut` splits what is sent, so that messages arrive in pieces.
 */
export async function converse(
  one: Case,
  place: Place,
  elsewhere: (sql: string) => Promise<void>,
  cut: (bytes: Buffer) => Buffer[] = (bytes) => [bytes],
): Promise<Conversation> {
  const client = new RawClient(connect({ host: place.host, port: place.port, noDelay: true }), place);
  try {
    const parameters = Object.entries({ user: "admin", database: "postgres", ...one.startup });
    client.version = one.version ?? PROTOCOL_3_0;
    client.send([startupMessage(client.version, parameters)]);
    const parts = [await client.hear({ message: "ReadyForQuery", times: 1 })];
    for (const step of one.steps) {
      if ("send" in step) client.send(cut(Buffer.concat(step.send)));
      else await elsewhere(step.elsewhere(client.processId));
      parts.push(await client.hear(step.until));
    }
    if (!client.over) client.send([terminate()]);
    parts.push(await client.hear("close"));
    return { parts, processId: client.processId, version: client.version };
  } catch (error) {
    throw new Error(`${one.name}: ${error instanceof Error ? error.message : error}`, { cause: error });
  } finally {
    client.destroy();
  }
}

/** A client of the bare protocol: it sends what it is given and keeps all that it hears. */
export class RawClient {
  processId = 0;
  version = PROTOCOL_3_0;
  over = false;
  readonly #socket: Socket;
  readonly #authenticator: Authenticator | null;
  readonly #reader = new MessageReader("backend", READ_WHOLE);
  #heard: Heard[] = [];
  #failure: Error | undefined;
  #wake: () => void = () => {};

  constructor(socket: Socket, { login }: Place) {
    this.#socket = socket;
    this.#authenticator = login === null ? null : new Authenticator({ ...login, certificate: null });
    socket.on("data", (chunk) => this.#read(chunk));
    socket.on("error", (error) => this.#fail(error));
    socket.on("close", () => {
      this.over = true;
      this.#wake();
    });
  }

  send(pieces: Uint8Array[]): void {
    for (const piece of pieces) this.#socket.write(piece);
  }

  /** Waits for messages, or the connection's end, and takes all that have come. Throws when they don't come. */
  async hear(until: Until | ((heard: Heard[]) => boolean)): Promise<Heard[]> {
    const late = setTimeout(() => {
      const heard = this.#heard.map(({ name }) => name).join(", ");
      const awaited = typeof until === "function" ? "an answer" : JSON.stringify(until);
      this.#fail(new Error(`waited for ${awaited}, heard ${heard || "nothing"}`));
    }, PATIENCE_MS);
    try {
      await this.#until(until);
    } finally {
      clearTimeout(late);
    }
    return this.#heard.splice(0);
  }

  async #until(until: Until | ((heard: Heard[]) => boolean)): Promise<void> {
    while (!this.#has(until)) {
      if (this.#failure) throw this.#failure;
      // A server may end a session at any point, and what it said is the answer.
      if (this.over) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #has(until: Until | ((heard: Heard[]) => boolean)): boolean {
    if (typeof until === "function") return until(this.#heard);
    if (until === "close") return this.over;
    return this.#heard.filter(({ name }) => name === until.message).length >= until.times;
  }

  #read(chunk: Buffer): void {
    try {
      this.#reader.push(chunk);
      while (this.#reader.next()) {
        const body = this.#reader.body();
        const name = messageName("backend", this.#reader.type);
        if (body === null || name === undefined) throw new Error("the server's message can't be read");
        this.#take({ name, body: Buffer.from(body) });
      }
    } catch (error) {
      this.#fail(error instanceof Error ? error : new Error("reading failed"));
    }
    this.#wake();
  }

  #take(message: Heard): void {
    if (message.name === "Authentication" && this.#authenticator) {
      const challenge = parseAuthentication(message.body);
      this.#authenticator.answer(challenge).then(
        (answer) => answer && this.#socket.write(answer),
        (error) => this.#fail(error),
      );
      // The exchange before AuthenticationOk is between the server and who holds its password.
      if (challenge.kind !== "ok") return;
    }
    if (message.name === "NegotiateProtocolVersion") {
      this.version = parseNegotiateProtocolVersion(message.body).version;
    }
    if (message.name === "BackendKeyData") this.processId = parseBackendKeyData(message.body).processId;
    this.#heard.push(message);
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#wake();
  }
}
