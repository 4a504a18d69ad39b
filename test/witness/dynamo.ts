import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { CreateTableCommand, type CreateTableCommandInput, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import dynalite from "dynalite";
import { parse } from "yaml";
import type { WitnessEnv } from "../../workers/witness/settings.ts";

/** DynamoDB in this process, in memory, with the table as infra/aws/witness.yaml makes it. */
export interface TestDynamo {
  endpoint: string;
  client: DynamoDBClient;
  stop(): Promise<void>;
}

export const TABLE = "sallyport-witness";
export const REGION = "eu-central-1";
export const KEYS = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG" };

/** The settings of an edge that writes there; `endpoint` may be that of a proxy. */
export function witnessBindings(endpoint: string): Record<string, string> {
  return {
    WITNESS_TABLE: TABLE,
    WITNESS_REGION: REGION,
    WITNESS_ENDPOINT: endpoint,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  } satisfies WitnessEnv;
}

/** The environment of an auditor's command. */
export const AUDITOR = {
  AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: "true",
};

export async function startDynamo(): Promise<TestDynamo> {
  const server: Server = dynalite({ createTableMs: 0 });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const client = new DynamoDBClient({ region: REGION, endpoint, credentials: KEYS });
  await client.send(new CreateTableCommand({ ...tableOfTemplate(), TableName: TABLE }));
  return {
    endpoint,
    client,
    async stop() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

const TEMPLATE = fileURLToPath(new URL("../../infra/aws/witness.yaml", import.meta.url));

/** CloudFormation's short forms, such as `!Ref`, as what they stand for. */
const SHORT_FORMS = ["Ref", "Sub", "GetAtt", "If", "Equals", "Not", "Select", "Split", "Join"].flatMap(
  (name) =>
    (["scalar", "seq", "map"] as const).map((kind) => ({
      tag: `!${name}`,
      ...(kind !== "scalar" && { collection: kind }),
      resolve: (value: unknown) => ({ [name === "Ref" ? "Ref" : `Fn::${name}`]: plain(value) }),
    })),
);

function plain(value: unknown): unknown {
  return typeof value === "object" && value !== null && "toJSON" in value
    ? (value as { toJSON(): unknown }).toJSON()
    : value;
}

export interface Template {
  Parameters: Record<string, Record<string, unknown>>;
  Conditions?: Record<string, unknown>;
  Resources: Record<
    string,
    { Type: string; Properties: Record<string, unknown>; [attribute: string]: unknown }
  >;
  Outputs: Record<string, { Value: unknown }>;
}

export function template(): Template {
  return parse(readFileSync(TEMPLATE, "utf8"), { customTags: SHORT_FORMS }) as Template;
}

/** The keys and indexes of the template's table, as the API takes them. */
function tableOfTemplate(): Omit<CreateTableCommandInput, "TableName"> {
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } =
    template().Resources.Table!.Properties;
  return { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } as Omit<
    CreateTableCommandInput,
    "TableName"
  >;
}
