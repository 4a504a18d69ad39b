import assert from "node:assert/strict";
import pg from "pg";
import * as m from "../../protocol/postgres/messages.ts";
import { type PostgresServer, startPostgres } from "../../test/postgres-server.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { facts, type Received, serve, type TestStream, targetConfig, testDeps } from "./test-stream.ts";

/** For tests: a PostgreSQL as a target, and what is asked of the messages that come from it. */
export class TestTarget {
  readonly server: PostgresServer;
  readonly admin: pg.Client;
  readonly config: PostgresTargetConfig;

  private constructor(server: PostgresServer, admin: pg.Client) {
    this.server = server;
    this.admin = admin;
    process.env.TEST_TARGET_PASSWORD = server.password;
    const { port, superuser: user } = server;
    this.config = targetConfig({ port, user, password: { env: "TEST_TARGET_PASSWORD" } });
  }

  static async start(): Promise<TestTarget> {
    const server = await startPostgres();
    const { host, port, superuser: user, password } = server;
    const admin = new pg.Client({ host, port, user, password, database: "postgres" });
    await admin.connect();
    return new TestTarget(server, admin);
  }

  async stop(): Promise<void> {
    await this.admin.end();
    await this.server.stop();
  }

  /** A session whose target is ready, and the cancel key that its agent got. */
  async open(deps = testDeps(), who = facts()): Promise<{ agent: TestStream; key: m.BackendKeyData }> {
    const agent = serve(this.config, deps, who);
    return { agent, key: agentKey(await agent.open()) };
  }

  /** Waits until the session's backend is gone from the server. */
  async gone(session: string): Promise<void> {
    await this.#backends(session, 0, "true");
  }

  /** Waits until the session's backend runs pg_sleep. */
  async asleep(session: string): Promise<void> {
    await this.#backends(session, 1, "wait_event = 'PgSleep'");
  }

  /** Waits until the session's backend can't send any more. */
  async blocked(session: string): Promise<void> {
    await this.#backends(session, 1, "wait_event = 'ClientWrite'");
  }

  async #backends(session: string, count: 0 | 1, condition: string): Promise<void> {
    const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name LIKE $1 AND ${condition}`;
    const deadline = Date.now() + 60_000;
    while ((await this.admin.query(sql, [`sallyport ${session}%`])).rowCount !== count) {
      assert.ok(Date.now() < deadline, `not ${count} backends with ${condition}`);
    }
  }
}

export const names = (messages: Received[]) => messages.map(({ name }) => name).join(" ");

/** The tags of the commands that were completed. */
export const tags = (messages: Received[]) =>
  bodies(messages, "CommandComplete").map((body) => m.parseCommandComplete(body).tag);

/** The transaction states that were told. */
export const states = (messages: Received[]) =>
  bodies(messages, "ReadyForQuery").map((body) => m.parseReadyForQuery(body).status);

export function firstError(messages: Received[]): m.ErrorFields {
  const [error] = bodies(messages, "ErrorResponse");
  assert.ok(error, "no ErrorResponse came");
  return m.parseErrorFields(error, "ErrorResponse");
}

export function agentKey(messages: Received[]): m.BackendKeyData {
  const [key] = bodies(messages, "BackendKeyData");
  assert.ok(key, "no BackendKeyData came");
  return m.parseBackendKeyData(key);
}

function bodies(messages: Received[], name: m.BackendName): Buffer[] {
  return messages.filter((message) => message.name === name).map(({ body }) => body);
}
