import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { replayPolicy } from "../client/policy-replay/replay-policy.ts";
import { differs } from "../client/policy-replay/report.ts";
import type { Judgement } from "../client/policy-replay/session-judge.ts";
import { recordedEntries } from "../client/recordings/source.ts";
import type { Page, Session } from "../protocol/directory.ts";
import { nodeCedar } from "../protocol/policy/node-cedar.ts";
import { PolicySet } from "../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../protocol/policy/starter.ts";
import { loadParser } from "../protocol/sql/parser.ts";
import { type Guarded, startGuarded } from "./guard/rig.ts";

/** Sessions that the real guard judged, judged again from their recordings. */

/** The starter policies, whose questions nobody answers in time. */
const HASTY = STARTER_POLICIES.replaceAll("@approvers(", '@expires("1s")\n@approvers(');

const FIXTURE = `
CREATE TABLE customers (id int PRIMARY KEY, name text);
INSERT INTO customers SELECT n, 'name ' || n FROM generate_series(1, 100) n;
CREATE VIEW shown AS SELECT name FROM customers;`;

let guarded: Guarded;
before(async () => {
  await loadParser();
  guarded = await startGuarded({ fixture: FIXTURE, policies: HASTY });
});
after(() => guarded.stop());

/** Has work done in one session and answers its judgements by a policy set, from its recording. */
async function replayed(policies: string, work: (client: pg.Client) => Promise<void>): Promise<Judgement[]> {
  const { host, port, database } = guarded.through;
  const client = new pg.Client({ host, port, user: "agent", database, ssl: false });
  await client.connect();
  await work(client);
  await client.end();
  const { edge } = guarded.gateway;
  const sessions = await edge.api<Page<Session>>("GET", "/v1/sessions?limit=1");
  const { id } = sessions.items[0]!;
  // The connector's last words follow on the client's goodbye.
  while ((await edge.api<Session>("GET", `/v1/sessions/${id}`)).ended === null) await sleep(20);
  const recording = await fetch(new URL(`/v1/sessions/${id}/recording`, edge.edge.url), {
    headers: { authorization: `Bearer ${edge.edge.adminToken}` },
  });
  const judgements: Judgement[] = [];
  await replayPolicy(
    PolicySet.load(nodeCedar(), policies),
    [{ name: id, entries: () => recordedEntries(recording.body!) }],
    { since: 0, until: Number.POSITIVE_INFINITY, tell: (judgement) => void judgements.push(judgement) },
  );
  return judgements;
}

const told = (judgements: Judgement[]) =>
  judgements.map(({ run, then, now, basis }) => `${run.text}: ${then.verdict} -> ${now?.verdict} (${basis})`);

/** A bit of everything: allowed, held, blocked; simple and extended; prepared by SQL and by the protocol. */
async function everything(client: pg.Client): Promise<void> {
  const refused = (query: string | pg.QueryConfig) => assert.rejects(client.query(query), { code: "42501" });
  await client.query("SELECT * FROM customers WHERE id = 1 LIMIT 5");
  await client.query("SELECT name FROM shown WHERE name = $1", ["name 7"]);
  await client.query("BEGIN");
  await client.query({ name: "one", text: "UPDATE customers SET name = $1 WHERE id = $2", values: ["x", 1] });
  await client.query({ name: "one", text: "UPDATE customers SET name = $1 WHERE id = $2", values: ["y", 2] });
  await refused("DELETE FROM customers");
  await client.query("ROLLBACK");
  await client.query("PREPARE two AS SELECT count(*) FROM customers");
  await client.query("EXECUTE two");
  await client.query("DEALLOCATE two");
  await refused("COPY customers TO PROGRAM 'cat'");
  await refused({ text: "DROP TABLE customers", values: [] });
  await refused({ name: "three", text: "DELETE FROM customers WHERE true", values: [] });
  await assert.rejects(client.query("SELEC 1"), { code: "42601" });
  await client.query("SELECT 1");
}

test("by the policies that were in force nothing is different, with facts for every statement", async () => {
  const judgements = await replayed(HASTY, everything);
  assert.deepEqual(told(judgements.filter(differs)), []);
  assert.deepEqual(
    judgements.filter(({ basis }) => basis !== "recorded").map(({ run, basis }) => [run.text, basis]),
    [["SELEC 1", "guard"]],
  );
  assert.deepEqual(
    judgements.filter(({ then }) => then.verdict !== "allow").map(({ run }) => run.text),
    [
      "DELETE FROM customers",
      "COPY customers TO PROGRAM 'cat'",
      "DROP TABLE customers",
      "DELETE FROM customers WHERE true",
    ],
  );
});

test("by stricter and milder policies exactly that is different which they decide otherwise", async () => {
  const names = `@id("all") permit(principal, action, resource);
@id("names") @reason("Names are not read.")
forbid(principal, action in Action::"postgres:read", resource) when { context.readColumns.contains("public.customers.name") };`;
  const judgements = await replayed(names, everything);
  assert.deepEqual(told(judgements.filter(differs)), [
    "SELECT * FROM customers WHERE id = 1 LIMIT 5: allow -> block (recorded)",
    "SELECT name FROM shown WHERE name = $1: allow -> block (recorded)",
    "DELETE FROM customers: approve -> allow (recorded)",
    "DROP TABLE customers: approve -> allow (recorded)",
    "DELETE FROM customers WHERE true: approve -> allow (recorded)",
  ]);
});
