import type pg from "pg";
import * as wire from "../../protocol/postgres/messages.ts";
import type { Heard } from "../compatibility/conversation.ts";
import { type Spot, Wire } from "../guard/wire.ts";
import type { Step } from "./attack.ts";
import type { Canary, World } from "./canaries.ts";
import { canariesIn, type Haystack } from "./decode.ts";

/** Where one world's attacks are made. */
export interface Stage {
  world: World;
  /** Whose attacks these are. */
  agent: Spot;
  /** Who may see every label. */
  unmasked: Spot;
  /** A superuser on the server itself, in the world's database. */
  admin: pg.Client;
  canaries: readonly Canary[];
  /** The path of a file that the server may write. */
  file: string;
}

/** Stands in attacks for the file. */
export const FILE = "/tmp/sallyport-adversarial";

export interface Scene {
  steps: readonly Step[];
  /** What the administrator runs afterwards; null: it runs in a transaction that is rolled back. */
  undo: string | null;
  /** Parameters of a session of its own; null: it may run in one that others had. */
  startup: Record<string, string> | null;
}

/** Each apart, as a session may be in a transaction that the last left open. */
const END = [wire.query("ROLLBACK"), wire.query("DISCARD ALL")];
/** What a transaction leaves in a session are prepared statements alone. */
const END_OF_TRANSACTION = [wire.query("ROLLBACK"), wire.query("DEALLOCATE ALL")];

/** Whether it leaves nothing behind, and needs nobody else. */
export function isAlone({ steps, undo, startup }: Scene): boolean {
  return (
    undo === null &&
    startup === null &&
    steps.every((step) =>
      typeof step === "string" ? !step.includes("counter") && !step.includes(FILE) : "send" in step,
    )
  );
}

/** Plays attacks on one stage, one after another, in sessions that it keeps while they last. */
export class Player {
  readonly stage: Stage;
  #agent: Wire | undefined;
  #unmasked: Wire | undefined;

  constructor(stage: Stage) {
    this.stage = stage;
  }

  /** What the agent heard. Whatever the attack changed is undone. */
  async play({ steps, undo, startup }: Scene): Promise<Heard[]> {
    if (startup !== null) await this.#leave();
    const heard: Heard[] = [];
    let waiting: Uint8Array[] = undo === null ? [wire.query("BEGIN")] : [];
    const settle = async () => {
      if (this.#agent === undefined || this.#agent.over)
        this.#agent = await Wire.open(this.stage.agent, startup ?? {});
      heard.push(...(await this.#agent.settle(waiting)).heard);
      waiting = [];
    };
    for (const step of steps) {
      if (typeof step === "object" && "unmasked" in step) {
        await settle();
        await this.#asUnmasked(step.unmasked);
      } else waiting.push(...this.#messages(step));
    }
    waiting.push(...(undo === null ? END_OF_TRANSACTION : END));
    await settle();
    if (startup !== null) await this.#leave();
    if (undo) await this.stage.admin.query(undo);
    if (steps.some((step) => typeof step === "string" && step.includes("counter"))) {
      await this.stage.admin.query("SELECT setval('counter', 1, false)");
    }
    return heard;
  }

  /**
   * What the agent heard in each of several scenes that are sent at once; null when one of them ended the session. They
   * must run in transactions, in a session that may be another's, and by nobody but the agent.
   */
  async playTogether(scenes: readonly Scene[]): Promise<Heard[][] | null> {
    if (this.#agent === undefined || this.#agent.over) this.#agent = await Wire.open(this.stage.agent);
    const messages = scenes.map(({ steps }) => [
      wire.query("BEGIN"),
      ...steps.flatMap((step) => this.#messages(step)),
      ...END_OF_TRANSACTION,
    ]);
    const { heard } = await this.#agent.settle(messages.flat());
    const parts: Heard[][] = [[]];
    let ends = false;
    for (const message of heard) {
      parts.at(-1)!.push(message);
      ends ||= message.name === "CommandComplete" && message.body.includes("DEALLOCATE ALL");
      if (!ends || message.name !== "ReadyForQuery") continue;
      parts.push([]);
      ends = false;
    }
    return parts.length > scenes.length ? parts.slice(0, scenes.length) : null;
  }

  #messages(step: Step): Uint8Array[] {
    if (typeof step === "string") return [wire.query(step.replaceAll(FILE, this.stage.file))];
    return "send" in step ? [...step.send, wire.sync()] : [];
  }

  async close(): Promise<void> {
    await this.#leave();
    if (this.#unmasked?.over === false) await this.#unmasked.close();
    this.#unmasked = undefined;
  }

  async #leave(): Promise<void> {
    if (this.#agent?.over === false) await this.#agent.close();
    this.#agent = undefined;
  }

  async #asUnmasked(sql: string): Promise<void> {
    if (this.#unmasked === undefined || this.#unmasked.over)
      this.#unmasked = await Wire.open(this.stage.unmasked);
    const { rows } = await this.stage.admin.query<{ email: string }>(
      "SELECT email FROM customers WHERE id = 1",
    );
    await this.#unmasked.query(sql.replaceAll("{email}", rows[0]?.email ?? ""));
  }
}

/** What was heard, where the canaries are looked for. */
export function haystackOf(heard: readonly Heard[]): Haystack {
  return {
    bytes: Buffer.concat(heard.map(({ body }) => body)),
    rows: heard.filter(({ name }) => name === "DataRow").map(({ body }) => wire.parseDataRow(body)),
  };
}

export function canariesHeard(heard: readonly Heard[], { canaries }: Stage): string[] {
  return canariesIn(haystackOf(heard), canaries);
}

/**
 * What was heard, without what differs between two sessions that were told the same: process ids, and object ids of
 * what an attack itself made, which are above `lastOid`.
 */
export function comparable(heard: readonly Heard[], lastOid: number): string {
  const known = (oid: number) => (oid > lastOid ? "new" : oid);
  let refused = false;
  return heard
    .filter(({ name, body }) => {
      const isError = name === "ErrorResponse";
      // What fails behind an error of the gateway's own may fail here or at the server.
      if (isError && refused) return false;
      refused ||= isError && body.includes("Sallyport");
      return name !== "BackendKeyData";
    })
    .map(({ name, body }) => {
      switch (name) {
        case "NotificationResponse": {
          const { channel, payload } = wire.parseNotification(body);
          return `${name} ${channel} ${payload}`;
        }
        case "ErrorResponse": {
          // Neither the line of the server's source nor who of both says it tells anything.
          const fields = wire.parseErrorFields(body, name);
          return `${name} ${[...fields].filter(([letter]) => !"FLR".includes(letter)).join("; ")}`;
        }
        case "RowDescription":
          return `${name} ${wire
            .parseRowDescription(body)
            .map((column) =>
              Object.values({ ...column, table: known(column.table), type: known(column.type) }),
            )
            .join("; ")}`;
        default:
          return `${name} ${body
            .toString("latin1")
            .replaceAll("shop_b", "shop_a")
            .replace(/pg_(toast_)?temp_\d+/g, "pg_temp")
            .replace(/sallyport [0-9a-f]{32}/g, "sallyport")}`;
      }
    })
    .join("\n");
}
