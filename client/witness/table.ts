import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
} from "@aws-sdk/client-dynamodb";
import { SallyportError } from "../../protocol/errors.ts";
import { numberOf, textOf } from "../../protocol/witness/item.ts";
import { INDEX_SORT, type IndexName, indexKey, ORIGINS, partitionOf } from "../../protocol/witness/schema.ts";

export type TableItem = Record<string, AttributeValue>;

/** Where a witness is. Without a region that of the environment or the profile is taken. */
export interface TablePlace {
  table: string;
  region?: string;
  endpoint?: string;
}

/** Leaves whose entries are read at once: `BatchGetItem` takes so many, 6.4 MiB at most. */
export const BATCH = 100;
const MAX_ATTEMPTS = 8;
const FIRST_WAIT_MS = 50;

/**
 * The witness's table, read with the auditor's own credentials: those of the environment, the profile, or the machine, as
 * every tool of AWS finds them. Reads are paged by DynamoDB, a page at a time is in memory (1 MiB at most). Throws
 * `SallyportError`.
 */
export class WitnessTable {
  readonly #client: DynamoDBClient;
  readonly #table: string;
  readonly #wait: (ms: number) => Promise<void>;

  /** `client` and `wait` are replaced by tests. */
  constructor({ table, region, endpoint }: TablePlace, client?: DynamoDBClient, wait = sleep) {
    this.#table = table;
    this.#wait = wait;
    this.#client =
      client ??
      new DynamoDBClient({
        ...(region !== undefined && { region }),
        ...(endpoint !== undefined && { endpoint }),
      });
  }

  close(): void {
    this.#client.destroy();
  }

  /** The ledgers that the table witnesses. */
  async origins(): Promise<string[]> {
    const found: string[] = [];
    for await (const page of this.#pages({ ...partition(ORIGINS), ConsistentRead: true })) {
      for (const { origin } of page) if (textOf(origin) !== null) found.push(textOf(origin)!);
    }
    return found;
  }

  /** The size of the newest checkpoint; 0 where there is none. */
  async newestSize(origin: string): Promise<number> {
    const newest = { ...partition(partitionOf(origin, "checkpoints")), ScanIndexForward: false, Limit: 1 };
    const { items } = await this.#page({ ...newest, ConsistentRead: true });
    return numberOf(items[0]?.n) ?? 0;
  }

  /** All leaves, in order. */
  leaves(origin: string): AsyncGenerator<TableItem[]> {
    return this.#pages({ ...partition(partitionOf(origin, "leaves")), ConsistentRead: true });
  }

  /** The checkpoints of at most this size, in order. */
  checkpoints(origin: string, upTo: number): AsyncGenerator<TableItem[]> {
    const { ExpressionAttributeValues: values } = partition(partitionOf(origin, "checkpoints"));
    return this.#pages({
      KeyConditionExpression: "pk = :pk AND n <= :n",
      ExpressionAttributeValues: { ...values, ":n": { N: String(upTo) } },
      ConsistentRead: true,
    });
  }

  /** The keys of the leaves that an index has under a value, of the times from `since` to `until`, the newest first. */
  keys(
    index: IndexName,
    origin: string,
    value: string,
    { since, until }: { since: number; until: number },
  ): AsyncGenerator<TableItem[]> {
    return this.#pages({
      IndexName: index,
      KeyConditionExpression: "#key = :key AND #time BETWEEN :since AND :until",
      ExpressionAttributeNames: { "#key": index, "#time": INDEX_SORT },
      ExpressionAttributeValues: {
        ":key": { S: indexKey(origin, value) },
        ":since": { N: String(since) },
        ":until": { N: String(until) },
      },
      ScanIndexForward: false,
      Limit: BATCH,
    });
  }

  /** The items of these keys, `BATCH` at most, in the keys' order. What DynamoDB leaves out it is asked for again. */
  async items(keys: TableItem[]): Promise<TableItem[]> {
    const found = new Map<string, TableItem>();
    let open: TableItem[] = keys.map(({ pk, n }) => ({ pk: pk!, n: n! }));
    for (let attempt = 0; open.length > 0; attempt++) {
      if (attempt === MAX_ATTEMPTS) throw slow();
      if (attempt > 0) await this.#wait(FIRST_WAIT_MS * 2 ** attempt);
      const command = new BatchGetItemCommand({ RequestItems: { [this.#table]: { Keys: open } } });
      const answer = await this.#client.send(command).catch(refuse);
      for (const item of Object.values(answer.Responses ?? {})[0] ?? [])
        found.set(textOf(item.pk) + keyText(item), item);
      open = Object.values(answer.UnprocessedKeys ?? {})[0]?.Keys ?? [];
    }
    return keys.map((key) => found.get(textOf(key.pk) + keyText(key))).filter((item) => item !== undefined);
  }

  async *#pages(query: Omit<QueryCommandInput, "TableName">): AsyncGenerator<TableItem[]> {
    let from: TableItem | undefined;
    do {
      const { items, next } = await this.#page({ ...query, ...(from && { ExclusiveStartKey: from }) });
      if (items.length > 0) yield items;
      from = next;
    } while (from);
  }

  async #page(
    query: Omit<QueryCommandInput, "TableName">,
  ): Promise<{ items: TableItem[]; next?: TableItem }> {
    const answer = await this.#client
      .send(new QueryCommand({ TableName: this.#table, ...query }))
      .catch(refuse);
    const { Items: items = [], LastEvaluatedKey: next } = answer;
    return { items, ...(next && { next }) };
  }
}

function partition(
  pk: string,
): Pick<QueryCommandInput, "KeyConditionExpression" | "ExpressionAttributeValues"> {
  return { KeyConditionExpression: "pk = :pk", ExpressionAttributeValues: { ":pk": { S: pk } } };
}

function keyText({ n }: TableItem): string {
  return ` ${numberOf(n)}`;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function slow(): SallyportError {
  return new SallyportError(
    "target_unreachable",
    "DynamoDB gives less than it was asked for, again and again.",
    "The table is read by many: try again later.",
  );
}

/** Says in our words what the SDK threw. Its own message may quote keys and accounts. */
function refuse(error: unknown): never {
  const { name = "", message = "" } = error as Partial<Error>;
  if (/Credentials|Token|SSO|Signature|UnrecognizedClient/.test(name)) {
    throw new SallyportError(
      "unauthenticated",
      `AWS takes no credentials of this environment (${name}).`,
      "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or log in: aws sso login",
    );
  }
  if (/^Access|OptIn/.test(name)) {
    throw new SallyportError(
      "forbidden",
      "AWS denies these credentials to read the witness.",
      "They need the reader role of infra/aws/witness.yaml: see docs/witness.md.",
    );
  }
  if (name === "ResourceNotFoundException") {
    throw new SallyportError(
      "not_found",
      "There is no such table in this region, or it lacks an index of the witness.",
      "--table and --region are those of the stack: infra/aws/witness.yaml.",
    );
  }
  if (/region is missing/i.test(message)) {
    throw new SallyportError(
      "invalid_request",
      "It is not known in which region the table is.",
      "Give --region.",
    );
  }
  const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
  throw new SallyportError(
    status === undefined ||
      status >= 500 ||
      name === "SyntaxError" ||
      /Throttl|Throughput|LimitExceeded/.test(name)
      ? "target_unreachable"
      : "invalid_request",
    status === undefined ? `DynamoDB could not be reached (${name}).` : `DynamoDB answers: ${name}.`,
    "Check --region and --endpoint, and the network.",
  );
}
