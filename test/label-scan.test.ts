import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, mock, test } from "node:test";
import pg from "pg";
import WebSocket from "ws";
import { CommandProcess, type CommandResult } from "../client/commands/testing.ts";
import type { Page, Session } from "../protocol/directory.ts";
import type { LabelProposal, LabelScan } from "../protocol/label-scan.ts";
import { testTarget } from "./gateway.ts";
import { type PostgresGateway, startPostgresGateway, TARGET, targetIn } from "./postgres-gateway.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

/** In every sampled value, in any case; in no name. */
const CANARY = "zqcanary";
const ROLE = "reader";

const FIXTURE = `
CREATE TABLE customers (
  id serial PRIMARY KEY, mail varchar(80) UNIQUE, email_sent_count int, phone_verified boolean, card text, notes text,
  body jsonb, tags text[], login inet, "Say ""hi"".x\u202e" text, labelled text, shown text, c9 text);
COMMENT ON COLUMN customers.c9 IS 'the ${CANARY} e-mail address';
INSERT INTO customers (mail, email_sent_count, card, notes, body, tags, login, "Say ""hi"".x\u202e", labelled, shown)
SELECT '${CANARY}' || i || '@example.com', i, '4111 1111 1111 1111', 'write to ${CANARY}' || i || '@example.org today',
  jsonb_build_object('patient', jsonb_build_object('mail', '${CANARY}' || i || '@example.net', 'age', i),
    'by', jsonb_build_object('${CANARY}' || i, jsonb_build_object('mail', '${CANARY}@example.com')),
    '${CANARY}' || i, jsonb_build_object('mail', '${CANARY}@example.com')),
  ARRAY['${CANARY}' || i || '@example.com', NULL, 'other'], '10.0.0.1', '${CANARY}' || i || '@e.com',
  '${CANARY}' || i || '@example.com', '${CANARY}' || i || '@example.com'
FROM generate_series(1, 200) i;
CREATE TABLE orders (id int, buyer varchar(80) REFERENCES customers (mail), who text) PARTITION BY RANGE (id);
CREATE TABLE orders_1 PARTITION OF orders FOR VALUES FROM (0) TO (1000);
INSERT INTO orders SELECT i, '${CANARY}' || i || '@example.com', '${CANARY}' || i || '@example.com' FROM generate_series(1, 50) i;
CREATE VIEW seen AS SELECT mail FROM customers;
CREATE MATERIALIZED VIEW kept AS SELECT mail AS copied FROM customers;
CREATE MATERIALIZED VIEW empty AS SELECT mail AS copied FROM customers WITH NO DATA;
CREATE TABLE rows_hidden (email text); ALTER TABLE rows_hidden ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION trap() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE '${CANARY} ran'; END $$;
CREATE POLICY trap ON rows_hidden USING (trap());
INSERT INTO rows_hidden VALUES ('${CANARY}@example.com');
CREATE TYPE mood AS ENUM ('${CANARY}'); CREATE TYPE pair AS (email text);
CREATE FUNCTION shout(pair) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RAISE '${CANARY} cast'; END $$;
CREATE CAST (pair AS text) WITH FUNCTION shout(pair);
CREATE SCHEMA odd; CREATE TYPE odd.text AS (email pg_catalog.text); CREATE DOMAIN named AS varchar(80);
CREATE FUNCTION shout(odd.text) RETURNS pg_catalog.text LANGUAGE plpgsql AS $$ BEGIN RAISE '${CANARY} cast'; END $$;
CREATE CAST (odd.text AS pg_catalog.text) WITH FUNCTION shout(odd.text);
CREATE TABLE typed (first_name mood, email pair, emails mood[], v odd.text, d named, other named[]);
INSERT INTO typed SELECT '${CANARY}', ROW('${CANARY}@example.com')::pair, '{${CANARY}}', ROW('${CANARY}')::odd.text, '${CANARY}@example.com'
FROM generate_series(1, 20);
CREATE TABLE unreadable (email text, other text); INSERT INTO unreadable VALUES ('${CANARY}@example.com', 'x');
CREATE SCHEMA shop; CREATE TABLE shop.people (first_name text);
CREATE SCHEMA locked; CREATE TABLE locked.t (email text);
CREATE ROLE ${ROLE} LOGIN PASSWORD 'admin-password';
GRANT USAGE ON SCHEMA shop, locked TO ${ROLE};
GRANT SELECT ON ALL TABLES IN SCHEMA public, shop, locked TO ${ROLE};
REVOKE SELECT ON unreadable FROM ${ROLE}; GRANT SELECT (other) ON unreadable TO ${ROLE};
`;

const LABELS = `connector: {name: main}
targets:
  - name: ${TARGET}
    kind: postgres
    connector: main
    connection: {host: h, databases: [postgres], user: u, tls: {mode: disable}}
    labels:
      public.customers.labelled: pii.email
      public.customers.shown: none
`;

describe("looking for labels", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-scan-"));
  const told: string[] = [];
  /** What this process, the connector's, sends on its sockets. */
  const sent = mock.method(WebSocket.prototype, "send");
  let postgres: PostgresServer;
  let gateway: PostgresGateway;
  let admin: pg.Client;
  let scan: LabelScan;

  const ask = (body: object, by?: string, target = TARGET) =>
    gateway.edge.api<{ scan: LabelScan }>("POST", `/v1/targets/${target}/labels/scan`, body, by);
  const sallyport = (token: string, ...args: string[]): Promise<CommandResult> =>
    new CommandProcess(args, {
      folder,
      env: { SALLYPORT_EDGE: gateway.edge.edge.url.href, SALLYPORT_TOKEN: token },
    }).end();
  const administrator = () => gateway.edge.edge.adminToken;
  const proposalOf = (text: string, answer = scan) =>
    answer.proposals.find(
      ({ schema, relation, column, path }) => [schema, relation, column, ...path].join(" ") === text,
    );

  before(async () => {
    postgres = await startPostgres();
    const { host, port: number, superuser: user, password } = postgres;
    admin = new pg.Client({ host, port: number, user, password, database: "postgres" });
    await admin.connect();
    await admin.query(FIXTURE);
    const settings = targetIn(LABELS);
    gateway = await startPostgresGateway({
      postgres,
      edge: { onLog: (line) => told.push(line) },
      target: { user: ROLE, labels: settings.labels },
      log: (line) => told.push(line),
    });
    ({ scan } = await ask({}));
  });
  after(async () => {
    sent.mock.restore();
    await admin?.end();
    await gateway?.stop();
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  test("proposes what names, values, documents, types, comments and references tell", () => {
    const brief = ({ label, confidence }: LabelProposal) => `${label} ${confidence}`;
    const found = Object.fromEntries(
      scan.proposals.map((one) => [
        [one.schema, one.relation, one.column, ...one.path].join(" "),
        brief(one),
      ]),
    );
    assert.deepEqual(found, {
      "public customers mail": "pii.email high",
      "public customers card": "pci.card high",
      "public customers notes": "pii.text medium",
      "public customers body patient mail": "pii.email high",
      "public customers body by": "pii.email high",
      "public customers body": "pii.email low",
      "public typed d": "pii.email high",
      "public customers tags": "pii.email medium",
      "public customers login": "pii.ip medium",
      'public customers Say "hi".x\u202e': "pii.email high",
      "public customers c9": "pii.email low",
      "public kept copied": "pii.email high",
      "public orders buyer": "pii.email high",
      "public orders who": "pii.email high",
      "public rows_hidden email": "pii.email high",
      "public unreadable email": "pii.email high",
      "shop people first_name": "pii.name high",
      "locked t email": "pii.email high",
    });
    assert.deepEqual(proposalOf("public orders buyer")!.reasons, [
      "50 of 50 sampled values are e-mail addresses",
      "it refers to public.customers.mail",
    ]);
  });

  test("says what is labelled already, and of what no values were looked at", () => {
    const place = { schema: "public", relation: "customers", path: [] };
    assert.deepEqual(scan.labelled, [
      { ...place, column: "labelled", label: "pii.email" },
      { ...place, column: "shown", label: "none" },
    ]);
    assert.deepEqual(
      scan.notSampled.map(({ relation, why }) => `${relation}: ${why}`),
      [
        "empty: it was never filled",
        "rows_hidden: the connector's role may not read it, or a policy chooses its rows",
      ],
    );
    assert.equal(scan.leftOut, 0);
  });

  test("leaves no value anywhere", async () => {
    for (const rows of [1, 50, 10_000]) {
      const answer = JSON.stringify(await ask({ rows }));
      assert.doesNotMatch(answer, new RegExp(CANARY, "i"), `${rows} rows`);
    }
    for (const args of [[], ["--json"]]) {
      const { status, stdout, stderr } = await sallyport(administrator(), "labels", "scan", TARGET, ...args);
      assert.equal(status, 0, stderr);
      assert.doesNotMatch(stdout + stderr, new RegExp(CANARY, "i"));
      if (args.length === 0) assert.doesNotMatch(stdout + stderr, /\u202e/);
    }
    // No session, so no recording.
    const sessions = await gateway.edge.api<Page<Session>>("GET", "/v1/sessions");
    assert.deepEqual(sessions.items, []);
    assert.doesNotMatch(told.join("\n"), new RegExp(CANARY, "i"));
    const messages = sent.mock.calls.map(({ arguments: [data] }) => String(data));
    assert.ok(messages.some((message) => message.includes("labels_scanned")));
    assert.doesNotMatch(messages.join("\n"), new RegExp(CANARY, "i"));
    const kept = spawnSync("grep", ["-rlai", CANARY, gateway.edge.state], { encoding: "utf8" });
    assert.deepEqual([kept.status, kept.stdout], [1, ""]);
  });

  test("changes and leaves nothing on the target", async () => {
    const { rows } = await admin.query(
      "SELECT count(*)::int AS open FROM pg_stat_activity WHERE application_name = 'sallyport catalog'",
    );
    assert.deepEqual(rows, [{ open: 0 }]);
  });

  test("looks at the schemas that were asked for", async () => {
    const { scan: one } = await ask({ schemas: ["shop"] });
    assert.deepEqual([one.relations, one.proposals.map(({ relation }) => relation)], [1, ["people"]]);
    await assert.rejects(ask({ schemas: ["shop", "nowhere'; --"] }), /404.*no schema nowhere'; --/);
  });

  test("goes on where a table is locked", async () => {
    await admin.query("BEGIN; LOCK locked.t IN ACCESS EXCLUSIVE MODE");
    const { scan: one } = await ask({ schemas: ["locked"] }).finally(() => admin.query("ROLLBACK"));
    assert.deepEqual(one.notSampled, [
      { schema: "locked", relation: "t", why: "another session holds a lock on it" },
    ]);
    assert.equal(proposalOf("locked t email", one)?.confidence, "high");
  });

  test("samples a large table, and one of which no page was chosen", async () => {
    await admin.query(`CREATE SCHEMA large; GRANT USAGE ON SCHEMA large TO ${ROLE};
      CREATE TABLE large.t (v text); INSERT INTO large.t SELECT '${CANARY}' || i || '@example.com' FROM generate_series(1, 20000) i;
      CREATE TABLE large.gone (v text); INSERT INTO large.gone SELECT 'x' FROM generate_series(1, 20000) i;
      ANALYZE large.t; ANALYZE large.gone; TRUNCATE large.gone; INSERT INTO large.gone VALUES ('${CANARY}@example.com');
      UPDATE pg_class SET reltuples = 20000 WHERE oid = 'large.gone'::regclass;
      GRANT SELECT ON ALL TABLES IN SCHEMA large TO ${ROLE}`);
    const { scan: one } = await ask({ schemas: ["large"], rows: 100 });
    const [reason = ""] = proposalOf("large t v", one)?.reasons ?? [];
    const [, count = "0"] = /^([0-9]+) of \1 sampled values are e-mail addresses$/.exec(reason) ?? [];
    assert.ok(Number(count) >= 50 && Number(count) <= 100, reason);
    assert.deepEqual(proposalOf("large gone v", one)?.reasons, [
      "1 of 1 sampled values are e-mail addresses",
    ]);
  });

  test("is for administrators", async () => {
    await assert.rejects(ask({}, gateway.token), /403.*not an administrator/);
    const { status, stderr } = await sallyport(gateway.token, "labels", "scan", TARGET);
    assert.equal(status, 3);
    assert.match(stderr, /not an administrator/);
    await assert.rejects(ask({}, "syp_made-up"), /401/);
  });

  test("refuses what can't be asked", async () => {
    for (const body of [{ rows: 0 }, { rows: 10_001 }, { schemas: ["x".repeat(64)] }, { sql: "SELECT 1" }])
      await assert.rejects(ask(body), /400.*invalid_request/, JSON.stringify(body));
    await assert.rejects(ask({}, undefined, "nowhere"), /404.*no target/);
    await assert.rejects(ask({ database: "template1" }), /404.*no database of this name/);
  });

  test("tells by its exit status why there is no answer", async () => {
    const scanned = async (...args: string[]) => {
      const { status, stderr } = await sallyport(administrator(), "labels", "scan", ...args);
      return [status, stderr.split("\n")[0]];
    };
    assert.deepEqual((await scanned("nowhere"))[0], 5);
    assert.deepEqual(await scanned(TARGET, "--database", "template1"), [
      5,
      `sallyport: target ${TARGET} has no database of this name that may be opened`,
    ]);
    assert.deepEqual((await scanned(TARGET, "--rows", "0"))[0], 2);
    assert.deepEqual((await scanned(TARGET, "--config", "absent.yaml"))[0], 2);
    await gateway.edge.apply({ targets: [testTarget(TARGET), testTarget("away", "nobody")] });
    assert.deepEqual(await scanned("away"), [6, "sallyport: no connector that serves away is online"]);
  });

  test("shows the change of a file, which the connector then takes", async () => {
    const file = join(folder, "sallyport.yaml");
    writeFileSync(file, LABELS);
    const { status, stdout, stderr } = await sallyport(administrator(), "labels", "scan", TARGET, "-c", file);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /^--- .*\n\+\+\+ /);
    assert.equal(readFileSync(file, "utf8"), LABELS);
    execFileSync("patch", ["-p0", "--quiet", file], { cwd: folder, input: stdout });
    const target = targetIn(readFileSync(file, "utf8"));
    const { scan: now } = await ask({});
    const sure = now.proposals.filter(({ confidence }) => confidence !== "low").length;
    assert.equal(target.labels.rules.length, 2 + sure);
    const again = await sallyport(administrator(), "labels", "scan", TARGET, "-c", file);
    assert.deepEqual([again.status, again.stdout], [0, ""]);
    assert.match(again.stderr, /Nothing more/);
  });
});
