import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import pg from "pg";
import { type PostgresGateway, startPostgresGateway } from "../postgres-gateway.ts";
import { ensurePackages } from "../system-packages.ts";
import { expectedUids } from "./expected.ts";
import { type Receiver, startHec, type Told } from "./receivers.ts";
import { problemsOf } from "./schema/ocsf-schema.ts";

const TOKEN = "d0a1c7a8-5a34-4d7e-8a56-3b7c1a2f9e10";
const POLICIES = `permit (principal, action, resource);
@id("no-drops") @reason("nothing is dropped here")
forbid (principal, action == Action::"postgres:drop", resource);
`;

describe("statements on a database, as a SIEM hears of them", { timeout: 300_000 }, () => {
  let gateway: PostgresGateway;
  let receiver: Receiver;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    receiver = await startHec(TOKEN);
    const bindings = { SIEM_URL: receiver.url.href, SIEM_FORMAT: "hec", SIEM_TOKEN: TOKEN };
    gateway = await startPostgresGateway({ policies: POLICIES, edge: { bindings } });
  });

  after(async () => {
    await gateway?.stop();
    await receiver?.stop();
  });

  test("each is told with its text, verdict and outcome; nothing of its results is", async () => {
    const { host, port } = await gateway.listen();
    const client = new pg.Client({ host, port, user: "agent", database: "postgres" });
    await client.connect();
    await client.query("SELECT 'canary-' || 'returned' AS value");
    await client.query("SELECT 1 / $1::int", [0]).catch(() => {});
    await client.query("DROP TABLE nowhere").catch(() => {});
    await client.end();
    const { id } = (await gateway.edge.sessions())[0]!;
    await receiver.until(() => receiver.uids().has(`${id}/ended`));
    const own = receiver.events.filter(({ metadata }) => metadata.uid.startsWith(`${id}/`));
    assert.deepEqual(
      own.map(({ metadata }) => metadata.uid),
      expectedUids(await gateway.edge.recording(id)),
    );
    for (const event of own) assert.deepEqual(problemsOf(event), []);
    assert.ok(!JSON.stringify(own).includes("canary-returned"));
    const statements = own.filter(({ class_uid }) => class_uid === 6005) as (Told & Statement)[];
    assert.deepEqual(
      statements.map(({ query_info, disposition, status, status_code }) => [
        query_info.query_string,
        disposition,
        status,
        status_code,
      ]),
      [
        ["SELECT 'canary-' || 'returned' AS value", "Allowed", "Success", undefined],
        ["SELECT 1 / $1::int", "Allowed", "Failure", "22012"],
        ["DROP TABLE nowhere", "Blocked", "Failure", undefined],
      ],
    );
    const { port: reached, ip } = statements[0]!.dst_endpoint;
    assert.deepEqual([reached, ip], [gateway.postgres.port, gateway.postgres.host]);
    assert.equal(statements[0]!.database.name, "postgres");
  });
});

interface Statement {
  query_info: { query_string: string };
  dst_endpoint: { port: number; ip: string };
  database: { name: string };
}
