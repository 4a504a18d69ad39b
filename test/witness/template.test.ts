import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { INDEX_SORT, INDEXES, TABLE_KEY } from "../../protocol/witness/schema.ts";
import { template } from "./dynamo.ts";

interface Statement {
  Effect: "Allow" | "Deny";
  Action?: string | string[];
  NotAction?: string[];
  Resource?: unknown;
  NotResource?: unknown;
  Principal?: unknown;
  Condition?: unknown;
}
interface Document {
  Statement: Statement[];
}

const ARN = {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation fills these in.
  "Fn::Sub": "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/${TableName}",
};
const { Resources: resources } = template();

/** All that a role may and may not, inline: it has no managed policies. */
function statementsOf(role: string): Statement[] {
  const { Policies, ManagedPolicyArns } = resources[role]!.Properties as {
    Policies: { PolicyDocument: Document }[];
    ManagedPolicyArns?: unknown;
  };
  assert.equal(ManagedPolicyArns, undefined);
  return Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** What is allowed and denied, without the statements' names. */
function plain(statements: Statement[]) {
  return statements.map(({ Effect, Action, NotAction, Resource, NotResource, Principal, Condition }) =>
    JSON.parse(JSON.stringify({ Effect, Action, NotAction, Resource, NotResource, Principal, Condition })),
  );
}

describe("the template of the witness", () => {
  test("lets the edge's role put and get items of the one table, and nothing else", () => {
    assert.deepEqual(plain(statementsOf("WriterRole")), [
      { Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:PutItem"], Resource: ARN },
      { Effect: "Deny", NotAction: ["dynamodb:GetItem", "dynamodb:PutItem"], Resource: "*" },
      { Effect: "Deny", Action: "*", NotResource: ARN },
    ]);
  });

  test("lets the edge's user become that role, and nothing else; and nobody else become it", () => {
    const { Statement } = (resources.EdgeUserPolicy!.Properties as { PolicyDocument: Document })
      .PolicyDocument;
    const role = { "Fn::GetAtt": "WriterRole.Arn" };
    assert.deepEqual(plain(Statement), [{ Effect: "Allow", Action: "sts:AssumeRole", Resource: role }]);
    const trust = (resources.WriterRole!.Properties as { AssumeRolePolicyDocument: Document })
      .AssumeRolePolicyDocument;
    assert.deepEqual(plain(trust.Statement), [
      {
        Effect: "Allow",
        Action: "sts:AssumeRole",
        Principal: {
          AWS: { "Fn::If": ["MakeUser", { "Fn::GetAtt": "EdgeUser.Arn" }, { Ref: "EdgePrincipalArn" }] },
        },
      },
    ]);
    const makers = Object.entries(resources).filter(([, { Type }]) =>
      /IAM::(?:User|AccessKey|Group|ManagedPolicy)$/.test(Type),
    );
    assert.deepEqual(
      makers.map(([name]) => name),
      ["EdgeUser"],
      "no secret is made by the stack",
    );
  });

  test("denies everybody to change or remove items, and everybody but the edge's role to put them", () => {
    const { PolicyDocument } = resources.Table!.Properties.ResourcePolicy as { PolicyDocument: Document };
    assert.deepEqual(plain(PolicyDocument.Statement), [
      {
        Effect: "Deny",
        Principal: "*",
        Action: [
          "BatchWriteItem",
          "DeleteItem",
          "PartiQLDelete",
          "PartiQLInsert",
          "PartiQLUpdate",
          "UpdateItem",
        ].map((name) => `dynamodb:${name}`),
        Resource: ARN,
      },
      {
        Effect: "Deny",
        Principal: "*",
        Action: "dynamodb:PutItem",
        Resource: ARN,
        Condition: { ArnNotEquals: { "aws:PrincipalArn": { "Fn::GetAtt": "WriterRole.Arn" } } },
      },
    ]);
  });

  test("lets auditors read, and nothing else", () => {
    const indexes = { "Fn::Sub": `${ARN["Fn::Sub"]}/index/*` };
    assert.deepEqual(plain(statementsOf("ReaderRole")), [
      {
        Effect: "Allow",
        Action: ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
        Resource: [ARN, indexes],
      },
    ]);
  });

  test("keeps the table when the stack goes, with every point in time and every old image", () => {
    const { Properties, DeletionPolicy, UpdateReplacePolicy } = resources.Table!;
    assert.deepEqual([DeletionPolicy, UpdateReplacePolicy], ["Retain", "Retain"]);
    assert.equal(Properties.DeletionProtectionEnabled, true);
    assert.equal(Properties.BillingMode, "PAY_PER_REQUEST");
    assert.deepEqual(Properties.PointInTimeRecoverySpecification, {
      PointInTimeRecoveryEnabled: true,
      RecoveryPeriodInDays: 35,
    });
    assert.deepEqual(Properties.StreamSpecification, { StreamViewType: "NEW_AND_OLD_IMAGES" });
    assert.equal(Properties.TimeToLiveSpecification, undefined);
  });

  test("has the keys and indexes that the edge writes and auditors ask by", () => {
    const { KeySchema, GlobalSecondaryIndexes, AttributeDefinitions } = resources.Table!.Properties as {
      KeySchema: { AttributeName: string }[];
      GlobalSecondaryIndexes: {
        IndexName: string;
        KeySchema: { AttributeName: string }[];
        Projection: unknown;
      }[];
      AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
    };
    assert.deepEqual(
      KeySchema.map(({ AttributeName }) => AttributeName),
      [TABLE_KEY.partition, TABLE_KEY.sort],
    );
    assert.deepEqual(
      GlobalSecondaryIndexes.map(({ IndexName, KeySchema: keys }) => [
        IndexName,
        ...keys.map((key) => key.AttributeName),
      ]),
      INDEXES.map((name) => [name, name, INDEX_SORT]),
    );
    for (const { Projection } of GlobalSecondaryIndexes)
      assert.deepEqual(Projection, { ProjectionType: "KEYS_ONLY" });
    const numbers = AttributeDefinitions.filter(({ AttributeType }) => AttributeType === "N");
    assert.deepEqual(
      numbers.map(({ AttributeName }) => AttributeName),
      [TABLE_KEY.sort, INDEX_SORT],
    );
  });

  test("tells of each changed and removed item, and of no other", async () => {
    const { Code, Environment } = resources.AlarmFunction!.Properties as {
      Code: { ZipFile: string };
      Environment: unknown;
    };
    assert.deepEqual(Environment, { Variables: { TOPIC: { Ref: "AlarmTopic" } } });
    const sent: { TopicArn: string; Subject: string; Message: string }[] = [];
    const sns = {
      SNSClient: class {
        async send({ input }: { input: (typeof sent)[number] }) {
          sent.push(input);
        }
      },
      PublishCommand: class {
        readonly input: unknown;
        constructor(input: unknown) {
          this.input = input;
        }
      },
    };
    const exported: { handler?: (event: unknown) => Promise<void> } = {};
    const told: string[] = [];
    new Function("require", "exports", "process", "console", Code.ZipFile)(
      () => sns,
      exported,
      { env: { TOPIC: "arn:topic" } },
      { error: (line: string) => told.push(line) },
    );
    const images = {
      Keys: { n: { N: "17" } },
      OldImage: { hash: { S: "aa" } },
      NewImage: { hash: { S: "bb" } },
    };
    await exported.handler!({
      Records: ["INSERT", "MODIFY", "REMOVE"].map((eventName) => ({ eventName, dynamodb: images })),
    });
    assert.deepEqual(
      sent.map(({ Message }) => (JSON.parse(Message) as { eventName: string }).eventName),
      ["MODIFY", "REMOVE"],
    );
    assert.ok(sent.every(({ TopicArn, Subject }) => TopicArn === "arn:topic" && Subject.length < 100));
    assert.equal(told.length, 2);
    // Lambda takes 4 MiB of it.
    assert.ok(Code.ZipFile.length < 4_096);
    const { FilterCriteria } = resources.AlarmSource!.Properties as {
      FilterCriteria: { Filters: { Pattern: string }[] };
    };
    assert.deepEqual(JSON.parse(FilterCriteria.Filters[0]!.Pattern), { eventName: ["MODIFY", "REMOVE"] });
  });

  test("is one that cfn-lint takes", (t) => {
    const file = fileURLToPath(new URL("../../infra/aws/witness.yaml", import.meta.url));
    const lint = spawnSync("cfn-lint", [file], { encoding: "utf8" });
    if (lint.error || lint.status === 127) return t.skip("cfn-lint is not installed");
    assert.equal(lint.status, 0, lint.stdout + lint.stderr);
  });
});
