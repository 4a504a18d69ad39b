import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { type Item, keyOf } from "../../protocol/witness/item.ts";
import type { Fetch } from "../approval/post.ts";
import { WitnessCredentials } from "./credentials.ts";
import { failureOf } from "./failure.ts";
import type { AwsKeys, WitnessSettings } from "./settings.ts";

/** How long one call may take, ms. */
export const CALL_LIMIT_MS = 10_000;

/** What the outbox needs of the table. Each call ends within a time limit; both throw what `failureOf` reads. */
export interface WitnessTable {
  /** Writes an item where nothing stands. */
  add(item: Item): Promise<void>;
  /** The item of this key, as it stands now; null for none. */
  read(item: Item): Promise<Record<string, unknown> | null>;
}

/** The table in DynamoDB. A call is made once: the outbox repeats what failed. */
export class DynamoTable implements WitnessTable {
  readonly #settings: WitnessSettings;
  readonly #credentials: WitnessCredentials;
  readonly #limitMs: number;
  #client: { client: DynamoDBClient; keys: AwsKeys } | null = null;

  constructor(settings: WitnessSettings, means: { fetcher: Fetch; clock(): number; limitMs?: number }) {
    const { limitMs = CALL_LIMIT_MS } = means;
    this.#settings = settings;
    this.#limitMs = limitMs;
    this.#credentials = new WitnessCredentials(settings, { ...means, limitMs });
  }

  async add(item: Item): Promise<void> {
    await this.#call(async (client, abortSignal) =>
      client.send(
        new PutItemCommand({
          TableName: this.#settings.table,
          Item: item,
          ConditionExpression: "attribute_not_exists(pk)",
        }),
        { abortSignal },
      ),
    );
  }

  async read(item: Item): Promise<Record<string, unknown> | null> {
    const { Item: found } = await this.#call(async (client, abortSignal) =>
      client.send(
        new GetItemCommand({ TableName: this.#settings.table, Key: keyOf(item), ConsistentRead: true }),
        { abortSignal },
      ),
    );
    return found ?? null;
  }

  async #call<Output>(
    send: (client: DynamoDBClient, limit: AbortSignal) => Promise<Output>,
  ): Promise<Output> {
    try {
      return await send(await this.#connect(), AbortSignal.timeout(this.#limitMs));
    } catch (error) {
      if (failureOf(error).isStale) this.#credentials.forget();
      throw error;
    }
  }

  /** A client has the credentials it was made with: it looks for none, and keeps none that were renewed. */
  async #connect(): Promise<DynamoDBClient> {
    const keys = await this.#credentials.current();
    if (this.#client?.keys === keys) return this.#client.client;
    this.#client?.client.destroy();
    const { accessKeyId, secretAccessKey, sessionToken } = keys;
    const { region, endpoint } = this.#settings;
    const client = new DynamoDBClient({
      region,
      ...(endpoint !== null && { endpoint }),
      credentials: { accessKeyId, secretAccessKey, ...(sessionToken !== null && { sessionToken }) },
      maxAttempts: 1,
      requestHandler: { requestTimeout: this.#limitMs },
    });
    this.#client = { client, keys };
    return client;
  }
}
