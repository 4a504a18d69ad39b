import * as wire from "../../../protocol/postgres/messages.ts";
import { type Case, extended, simple, unnamed, until } from "./case.ts";

/** Transactions and their states, savepoints, and what a session hears that it didn't ask for. */
export const TRANSACTIONS: Case[] = [
  {
    name: "states of a transaction",
    steps: simple(
      "BEGIN",
      "INSERT INTO landing VALUES (1, 'one')",
      "SELECT 1/0",
      "SELECT 1",
      "COMMIT",
      "BEGIN",
      "BEGIN",
      "ROLLBACK",
      "ROLLBACK",
      "START TRANSACTION READ ONLY",
      "INSERT INTO landing VALUES (2, 'two')",
      "ROLLBACK AND CHAIN",
      "SELECT count(*) FROM landing",
      "COMMIT",
    ),
  },
  {
    name: "savepoints",
    steps: simple(
      "BEGIN",
      "SAVEPOINT one",
      "INSERT INTO landing VALUES (1, 'one')",
      "SAVEPOINT two",
      "SELECT 1/0",
      "ROLLBACK TO SAVEPOINT two",
      "SELECT * FROM landing",
      "RELEASE SAVEPOINT one",
      "ROLLBACK TO one",
      "ROLLBACK",
      "SAVEPOINT outside",
    ),
  },
  {
    name: "extended queries in a failed transaction",
    steps: [
      ...simple("BEGIN"),
      extended(unnamed({ sql: "SELECT 1/0" })),
      extended(unnamed({ sql: "SELECT 1" })),
      extended(unnamed({ sql: "ROLLBACK" })),
      extended(unnamed({ sql: "SELECT 1" })),
    ],
  },
  {
    name: "deferred constraints fail at COMMIT",
    steps: simple(
      "BEGIN",
      "CREATE TEMP TABLE later (a int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)",
      "INSERT INTO later VALUES (1), (1)",
      "COMMIT",
      "SELECT 1",
    ),
  },
  {
    name: "a procedure that commits",
    steps: simple(
      "CALL in_steps()",
      "SELECT * FROM landing",
      "BEGIN; CALL in_steps()",
      "ROLLBACK",
      "TRUNCATE landing",
    ),
  },
  {
    name: "two-phase commit is not configured",
    steps: simple("BEGIN; PREPARE TRANSACTION 'later'", "ROLLBACK PREPARED 'later'"),
  },
  {
    name: "cursors of SQL",
    steps: simple(
      "DECLARE early CURSOR FOR SELECT 1",
      "BEGIN",
      "DECLARE c SCROLL CURSOR FOR SELECT n, repeat('c', n) FROM generate_series(1, 100) n",
      "FETCH 3 FROM c",
      "FETCH BACKWARD 2 FROM c",
      "MOVE 50 IN c",
      "FETCH ABSOLUTE 99 FROM c",
      "FETCH ALL FROM c",
      "FETCH c",
      "CLOSE c",
      "DECLARE b BINARY CURSOR FOR SELECT 7::int4, 'x'::text",
      "FETCH ALL b",
      "DECLARE held CURSOR WITH HOLD FOR SELECT * FROM item ORDER BY id",
      "COMMIT",
      "FETCH 2 held",
      "CLOSE ALL",
    ),
  },
  {
    name: "notifications of one's own",
    steps: [
      ...simple(
        "LISTEN jobs",
        "NOTIFY jobs",
        "NOTIFY jobs, 'with words ☃'",
        "BEGIN; NOTIFY jobs, 'first'; NOTIFY jobs, 'first'; NOTIFY jobs, 'second'; SELECT 1",
        "COMMIT",
        "BEGIN; NOTIFY jobs, 'never'; ROLLBACK",
        `SELECT pg_notify('jobs', repeat('p', 7999))`,
        `SELECT pg_notify('jobs', repeat('p', 8000))`,
        "UNLISTEN *",
        "NOTIFY jobs, 'unheard'",
      ),
    ],
  },
  {
    name: "notifications of others, idle and in a transaction",
    steps: [
      ...simple("LISTEN jobs"),
      { elsewhere: () => "NOTIFY jobs, 'while idle'", until: until("NotificationResponse") },
      {
        elsewhere: () => "SELECT pg_notify('jobs', 'n' || n) FROM generate_series(1, 100) n",
        until: until("NotificationResponse", 100),
      },
      ...simple("BEGIN"),
      { elsewhere: () => "NOTIFY jobs, 'while busy'", until: until("ReadyForQuery", 0) },
      ...simple("SELECT 1", "COMMIT"),
    ],
  },
  {
    name: "the server ends an idle session",
    steps: [
      ...simple("SELECT 1"),
      { elsewhere: (processId) => `SELECT pg_terminate_backend(${processId})`, until: "close" },
    ],
  },
  {
    name: "the server ends a busy session",
    steps: [
      { send: [wire.query("SELECT pg_sleep(600)")], until: until("ReadyForQuery", 0) },
      { elsewhere: (processId) => onceAsleep(processId, "pg_terminate_backend"), until: "close" },
    ],
  },
  {
    name: "the server ends a session that is idle in a transaction",
    steps: [
      ...simple("SET idle_in_transaction_session_timeout = '50ms'"),
      { send: [wire.query("BEGIN")], until: "close" },
    ],
  },
  {
    name: "another session cancels this one's statement",
    steps: [
      { send: [wire.query("SELECT pg_sleep(600)")], until: until("ReadyForQuery", 0) },
      {
        elsewhere: (processId) => onceAsleep(processId, "pg_cancel_backend"),
        until: until("ReadyForQuery"),
      },
      ...simple("SELECT 'still here'"),
    ],
  },
  {
    name: "Terminate in a transaction",
    steps: simple("BEGIN", "INSERT INTO landing VALUES (1, 'lost')"),
  },
  { name: "nothing is left of it", steps: simple("SELECT * FROM landing") },
];

/** Waits until a backend is in pg_sleep, then calls a function with its process id. */
function onceAsleep(processId: number, action: string): string {
  return `DO $$ BEGIN
    FOR i IN 1..2000 LOOP
      PERFORM pg_stat_clear_snapshot();
      EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE pid = ${processId} AND wait_event = 'PgSleep');
      PERFORM pg_sleep(0.005);
    END LOOP;
    PERFORM ${action}(${processId});
  END $$`;
}
