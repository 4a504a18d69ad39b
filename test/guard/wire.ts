import { connect } from "node:net";
import type { PostgresTargetConfig } from "../../connector/config.ts";
import type { TransactionStatus } from "../../protocol/postgres/backend.ts";
import * as wire from "../../protocol/postgres/messages.ts";
import { type Heard, RawClient } from "../compatibility/conversation.ts";
import type { Until } from "../compatibility/corpus/case.ts";

/** Where to connect, and as whom. `login` is what a server asks for; null through the gateway. */
export interface Spot {
  host: string;
  port: number;
  user: string;
  database: string;
  login: { target: PostgresTargetConfig; password: string } | null;
}

/** What came up to the next ReadyForQuery, or the end of the connection. */
export interface Answer {
  heard: Heard[];
  /** Of DataRow messages, as text. */
  rows: (string | null)[][];
  /** Of CommandComplete messages. */
  tags: string[];
  /** Of ErrorResponse messages. */
  errors: Failure[];
  /** Of the last ReadyForQuery; null when the connection ended instead. */
  status: TransactionStatus | null;
}

export interface Failure {
  severity: string;
  sqlstate: string;
  message: string;
  hint: string;
}

/** A session that speaks the bare protocol. */
export class Wire {
  readonly #client: RawClient;
  /** All that was ever heard: the haystack for secrets. */
  readonly #said: Buffer[] = [];
  /** Heard behind the answers that were waited for. */
  readonly #rest: Heard[] = [];
  /** Where the startup is refused, it tells the error. */
  greeting: Answer = summary([]);

  private constructor(client: RawClient) {
    this.#client = client;
  }

  /** Connects and reads up to the first ReadyForQuery, or the end. */
  static async open(spot: Spot, startup: Record<string, string> = {}): Promise<Wire> {
    const client = new RawClient(connect({ host: spot.host, port: spot.port, noDelay: true }), spot);
    const parameters = Object.entries({ user: spot.user, database: spot.database, ...startup });
    client.send([wire.startupMessage(wire.PROTOCOL_3_0, parameters)]);
    const one = new Wire(client);
    one.greeting = await one.#answer(({ name }) => name === "ReadyForQuery");
    return one;
  }

  get processId(): number {
    return this.#client.processId;
  }

  get over(): boolean {
    return this.#client.over;
  }

  /** Bytes that the server sent so far, all of them. */
  get said(): Buffer {
    return Buffer.concat(this.#said);
  }

  /** Sends a simple query and waits for its ReadyForQuery. */
  query(sql: string): Promise<Answer> {
    return this.ask(wire.query(sql));
  }

  /** Sends messages that ask for one ReadyForQuery and waits for it. */
  async ask(...messages: (Uint8Array | Uint8Array[])[]): Promise<Answer> {
    this.send(...messages);
    return await this.#answer(({ name }) => name === "ReadyForQuery");
  }

  /**
   * Sends messages, however many answers they have, and waits until all were answered: behind a Sync an empty query,
   * which every state answers, so the messages themselves must have none.
   */
  async settle(...messages: (Uint8Array | Uint8Array[])[]): Promise<Answer> {
    this.send(...messages, wire.sync(), wire.query(""));
    let empty = false;
    const answer = await this.#answer(({ name }) => {
      empty ||= name === "EmptyQueryResponse";
      return empty && name === "ReadyForQuery";
    });
    const end = answer.heard.findIndex(({ name }) => name === "EmptyQueryResponse");
    return end < 0 ? answer : summary(answer.heard.slice(0, end));
  }

  /** Sends and doesn't wait. */
  send(...messages: (Uint8Array | Uint8Array[])[]): void {
    this.#client.send([Buffer.concat(messages.flat())]);
  }

  /** Sends the bytes one by one, each a write of its own. */
  dribble(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at++) this.#client.send([bytes.subarray(at, at + 1)]);
  }

  /** Waits for what a step of a conversation waits for. */
  async hear(until: Until): Promise<Heard[]> {
    const heard = await this.#client.hear(until);
    this.#said.push(...heard.map(({ body }) => body));
    return [...this.#rest.splice(0), ...heard];
  }

  /** Waits for the first message of this name, or the end. */
  async until(name: Heard["name"]): Promise<Answer> {
    return await this.#answer((message) => message.name === name);
  }

  /** Ends the session and waits for the connection's end. */
  async close(): Promise<void> {
    if (!this.#client.over) this.send(wire.terminate());
    await this.#client.hear("close");
    this.#client.destroy();
  }

  async #answer(isLast: (message: Heard) => boolean): Promise<Answer> {
    let end = this.#rest.findIndex(isLast);
    if (end < 0) {
      const before = this.#rest.length;
      let seen = 0;
      const heard = await this.#client.hear((all) => {
        for (; seen < all.length; seen++) if (isLast(all[seen]!)) return true;
        return false;
      });
      this.#said.push(...heard.map(({ body }) => body));
      this.#rest.push(...heard);
      end = before + seen;
    }
    return summary(this.#rest.splice(0, end + 1));
  }
}

export function summary(heard: Heard[]): Answer {
  const bodies = (name: Heard["name"]) => heard.filter((message) => message.name === name);
  const ready = bodies("ReadyForQuery").at(-1);
  return {
    heard,
    rows: bodies("DataRow").map(({ body }) =>
      wire.parseDataRow(body).map((value) => value?.toString() ?? null),
    ),
    tags: bodies("CommandComplete").map(({ body }) => wire.parseCommandComplete(body).tag),
    errors: bodies("ErrorResponse").map(({ body }) => failure(body)),
    status: ready ? wire.parseReadyForQuery(ready.body).status : null,
  };
}

function failure(body: Buffer): Failure {
  const fields = wire.parseErrorFields(body, "ErrorResponse");
  const text = (letter: string) => fields.get(letter) ?? "";
  return { severity: text("V"), sqlstate: text("C"), message: text("M"), hint: text("H") };
}

/** Each message in a line: its name and what must be the same wherever the conversation is held. */
export function lines(heard: Heard[]): string[] {
  return heard.map(({ name, body }) => {
    switch (name) {
      case "ReadyForQuery":
        return `${name} ${wire.parseReadyForQuery(body).status}`;
      case "CommandComplete":
        return `${name} ${wire.parseCommandComplete(body).tag}`;
      case "ErrorResponse":
      case "NoticeResponse":
        return `${name} ${wire.parseErrorFields(body, name).get("C")}`;
      case "DataRow":
        return `${name} ${wire.parseDataRow(body).map((value) => value?.toString() ?? "NULL")}`;
      case "RowDescription":
        return `${name} ${wire.parseRowDescription(body).map((column) => `${column.name}:${column.type}`)}`;
      case "CopyData":
        return `${name} ${body}`;
      default:
        return name;
    }
  });
}
