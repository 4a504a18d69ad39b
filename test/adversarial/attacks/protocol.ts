import * as wire from "../../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../../compatibility/corpus/case.ts";
import type { Attacks, Step } from "../attack.ts";
import { GUESS } from "../fixture.ts";

const TEXT = 25;
const INT4 = 23;
const EMAIL = "SELECT email FROM customers WHERE id = $1";
const ALL = "SELECT email FROM customers ORDER BY id";

function send(...messages: (Uint8Array | Uint8Array[])[]): Step {
  return { send: messages.flat() };
}

function parsed(statement: string, sql: string, parameterTypes: number[] = []): Uint8Array {
  return wire.parse({ statement, sql, parameterTypes });
}

function executed(portal: string, maxRows = 0): Uint8Array {
  return wire.execute({ portal, maxRows });
}

/** A simple query that copies in, with what is copied. */
export function copied(sql: string, ...lines: string[]): Step {
  return send(
    wire.query(sql),
    ...lines.map((line) => wire.copyData(Buffer.from(`${line}\n`))),
    wire.copyDone(),
  );
}

function int4(number: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(number);
  return bytes;
}

/** What only the protocol's own messages can say. `oid` tells a function's object id by its signature. */
export function protocolAttacks(oid: (signature: string) => number): Record<string, Attacks> {
  const call = (signature: string, ...values: (Buffer | string)[]) =>
    send(
      wire.functionCall({
        function: oid(signature),
        argumentFormats: values.map((value) => (typeof value === "string" ? 0 : 1)),
        arguments: values.map((value) => Buffer.from(value)),
        resultFormat: 0,
      }),
    );
  return {
    parameters: [
      [send(unnamed({ sql: EMAIL, values: ["1"] }))],
      [send(unnamed({ sql: EMAIL, types: [INT4], values: [int4(1)] }))],
      [send(unnamed({ sql: EMAIL, types: [INT4], values: [int4(2)], binary: true }))],
      [send(unnamed({ sql: "SELECT id FROM customers WHERE email = $1", values: [GUESS.email] }))],
      [
        send(
          unnamed({
            sql: "SELECT id FROM customers WHERE email = $1",
            types: [TEXT],
            values: [Buffer.from(GUESS.email)],
          }),
        ),
      ],
      [send(unnamed({ sql: "SELECT id FROM customers WHERE email < $1", values: ["jm"] }))],
      [
        send(
          unnamed({
            sql: "SELECT id FROM customers WHERE email LIKE $1",
            values: [`${GUESS.email.slice(0, 4)}%`],
          }),
        ),
      ],
      [
        send(
          unnamed({ sql: "SELECT id FROM customers WHERE email = ANY ($1)", values: [`{${GUESS.email}}`] }),
        ),
      ],
      [
        send(
          unnamed({ sql: "SELECT id FROM customers WHERE substr(email, $1, 1) < $2", values: ["2", "m"] }),
        ),
      ],
      [
        send(
          unnamed({
            sql: "SELECT id FROM hr.people WHERE salary = $1",
            types: [INT4],
            values: [int4(GUESS.salary)],
          }),
        ),
      ],
      [send(unnamed({ sql: "SELECT body #>> $1 FROM documents", values: ["{patient,name}"] }))],
      [
        send(
          unnamed({
            sql: "SELECT body -> $1 -> $2 FROM documents",
            types: [TEXT, TEXT],
            values: ["patient", "name"],
          }),
        ),
      ],
      [
        send(
          unnamed({ sql: "SELECT jsonb_path_query(body, $1) FROM documents", values: ["$.patient.name"] }),
        ),
      ],
      [send(unnamed({ sql: "SELECT query_to_xml($1, true, false, '')", values: ["TABLE customers"] }))],
      [send(unnamed({ sql: "SELECT table_to_xml($1, true, false, '')", values: ["customers"] }))],
      [send(unnamed({ sql: "SELECT run($1)", values: ["SELECT email FROM customers WHERE id = 1"] }))],
      [
        send(
          unnamed({
            sql: "SELECT id FROM items LIMIT (SELECT CASE WHEN email < $1 THEN 1 ELSE 2 END FROM customers WHERE id = 1)",
            values: ["jm"],
          }),
        ),
      ],
      [
        send(
          unnamed({ sql: "UPDATE customers SET note = email WHERE id = $1 RETURNING note", values: ["1"] }),
        ),
      ],
      [send(unnamed({ sql: "SELECT $1 || email FROM customers", values: ["x"] }))],
      [
        send(
          unnamed({
            sql: "SELECT 1 / (email < $1)::int FROM customers WHERE id = 1",
            values: ["jm"],
          }),
        ),
      ],
      [
        send(
          unnamed({
            sql: "SELECT $1::int / (ascii(substr(email, 2, 1)) - 98) FROM customers",
            values: ["100"],
          }),
        ),
      ],
      [send(unnamed({ sql: "SELECT coalesce($1, email) FROM customers", values: [null] }))],
      [
        send(
          unnamed({
            sql: "SELECT id FROM kinds WHERE token = $1 OR token < '88888888-0000-0000-0000-000000000000'",
            values: [null],
          }),
        ),
      ],
      [send(unnamed({ sql: "SELECT token, blob, big, seen, rate, marks, dbl FROM kinds", binary: true }))],
      [send(unnamed({ sql: "SELECT salary, birthday FROM hr.people", binary: true }))],
      [send(unnamed({ sql: "SELECT c, body FROM customers c JOIN documents USING (id)", binary: true }))],
      [
        send(
          unnamed({
            sql: "SELECT ascii(substr(email, n, 1)) FROM customers, generate_series(1, 29) n WHERE id = 1 ORDER BY n",
            binary: true,
          }),
        ),
      ],
    ],
    "prepared statements and portals": [
      [
        send(
          parsed("s", ALL),
          wire.describe({ kind: "statement", name: "s" }),
          bound("p", "s"),
          executed("p"),
        ),
      ],
      [
        send(parsed("s", ALL)),
        send(
          bound("p", "s"),
          wire.describe({ kind: "portal", name: "p" }),
          executed("p", 2),
          executed("p", 2),
          executed("p"),
        ),
      ],
      [
        send(
          parsed("s", EMAIL),
          bound("a", "s", ["1"]),
          bound("b", "s", ["2"]),
          executed("b"),
          executed("a"),
        ),
      ],
      [send(parsed("s", ALL)), "EXECUTE s"],
      ["PREPARE s AS SELECT email FROM customers", send(bound("", "s"), executed(""))],
      [
        "PREPARE s(int) AS SELECT email FROM customers WHERE id = $1",
        send(bound("", "s", ["1"]), executed("")),
      ],
      [
        "DECLARE c CURSOR FOR SELECT email FROM customers",
        send(wire.describe({ kind: "portal", name: "c" }), executed("c", 2), executed("c")),
      ],
      [send(parsed("s", ALL), bound("c", "s"), executed("c", 1))],
      [
        send(
          parsed("", "SELECT 1"),
          bound("", ""),
          executed(""),
          parsed("", ALL),
          bound("", ""),
          executed(""),
        ),
      ],
      [
        send(
          parsed("s", "SELECT 1"),
          wire.close({ kind: "statement", name: "s" }),
          parsed("s", ALL),
          bound("", "s"),
          executed(""),
        ),
      ],
      [
        send(parsed("s", "SELECT 1"), parsed("s", ALL)),
        "ROLLBACK; BEGIN",
        send(parsed("t", ALL), bound("", "t"), executed("")),
      ],
      [
        "PREPARE s AS SELECT note FROM customers",
        "ALTER TABLE customers RENAME note TO aside",
        "ALTER TABLE customers RENAME email TO note",
        "EXECUTE s",
      ],
      [
        send(parsed("s", "SELECT note FROM customers")),
        "ALTER TABLE customers RENAME note TO aside",
        "ALTER TABLE customers RENAME email TO note",
        send(bound("", "s"), executed("")),
      ],
      [
        "CREATE VIEW peek AS SELECT name AS n FROM customers",
        send(parsed("s", "SELECT n FROM peek")),
        "CREATE OR REPLACE VIEW peek AS SELECT email AS n FROM customers",
        send(bound("", "s"), executed("")),
      ],
      [
        "CREATE TEMP TABLE customers (email text)",
        send(parsed("s", "SELECT email FROM customers")),
        "DROP TABLE customers",
        send(bound("", "s"), executed("")),
      ],
      [
        send(parsed("s", "DECLARE c CURSOR FOR SELECT email FROM customers"), bound("", "s"), executed("")),
        "FETCH ALL FROM c",
      ],
      [
        send(
          unnamed({
            sql: "DECLARE c CURSOR FOR SELECT email FROM customers WHERE id > $1",
            types: [INT4],
            values: ["0"],
          }),
        ),
        send(unnamed({ sql: "FETCH ALL FROM c", binary: true })),
      ],
      [
        send(
          parsed(
            "s",
            "EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT id FROM customers WHERE email < 'jm' AND id = 1",
          ),
          bound("", "s"),
          executed(""),
        ),
      ],
      [
        send(parsed("s", "PREPARE inner_one AS SELECT email FROM customers"), bound("", "s"), executed("")),
        send(bound("", "inner_one", [], true), executed("")),
      ],
      [
        send(
          parsed("s", "SELECT email FROM customers FOR UPDATE"),
          bound("p", "s"),
          executed("p", 1),
          wire.close({ kind: "portal", name: "p" }),
          bound("p", "s"),
          executed("p"),
        ),
      ],
    ],
    "pipelines, failures and open transactions": [
      [send(unnamed({ sql: "SELECT 1" }), unnamed({ sql: ALL }), unnamed({ sql: "SELECT 2" }))],
      [send(unnamed({ sql: ALL }), unnamed({ sql: "SELECT 1/0" }), unnamed({ sql: ALL }))],
      [send(unnamed({ sql: "SELECT missing" }), wire.sync(), wire.query("ROLLBACK"), unnamed({ sql: ALL }))],
      [send(wire.query("SELECT 1"), wire.query(ALL), wire.query("SELECT 2"))],
      [send(wire.query(`SELECT 1; ${ALL}; SELECT 2`))],
      [send(wire.query(`${ALL}; SELECT 1/0`))],
      [send(wire.query(`SAVEPOINT s; ${ALL}; ROLLBACK TO s; ${ALL}`))],
      ["SAVEPOINT s", "SELECT 1/0", "ROLLBACK TO s", ALL],
      ["SELECT 1/0", "ROLLBACK", ALL],
      ["SELECT 1/0", "ROLLBACK; BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE", ALL],
      ["COMMIT AND CHAIN", ALL],
      ["SELECT email, 1 / (id - 4) FROM customers"],
      [send(unnamed({ sql: "SELECT email, 1 / (id - 4) FROM customers" }))],
      [
        "SET LOCAL statement_timeout = 1500",
        "SELECT email, (SELECT count(*) FROM generate_series(1, CASE WHEN c.id < 4 THEN 1 ELSE 100000000 END)) FROM customers c",
      ],
      [send(wire.flush(), unnamed({ sql: ALL }), wire.flush())],
      [send(wire.query(`COPY (${ALL}) TO STDOUT; COPY orders (ship_phone) TO STDOUT (FORMAT binary)`))],
      [send(unnamed({ sql: `COPY (${ALL}) TO STDOUT` }))],
      [send(unnamed({ sql: "COPY customers (email) TO STDOUT (FORMAT binary)" }))],
      [
        send(
          unnamed({ sql: "FETCH ALL FROM c" }),
          wire.sync(),
          wire.query("ROLLBACK; BEGIN"),
          wire.query(`DECLARE c CURSOR FOR ${ALL}; FETCH ALL FROM c`),
        ),
      ],
    ],
    "sessions that begin otherwise": [
      { startup: { replication: "database" }, steps: ["SELECT email FROM customers"], undo: "" },
      { startup: { options: "-c search_path=hr" }, steps: ["SELECT salary FROM people"], undo: "" },
      {
        startup: { options: "-c standard_conforming_strings=off" },
        steps: ["SELECT 'a\\'', (SELECT email FROM customers WHERE id = 1) AS x --'"],
        undo: "",
      },
      {
        startup: { standard_conforming_strings: "off" },
        steps: ["SELECT 'a\\'', (SELECT phone FROM customers WHERE id = 1) AS x --'"],
        undo: "",
      },
      { startup: { client_encoding: "LATIN1" }, steps: ["SELECT 'é', email FROM customers"], undo: "" },
      {
        startup: { options: "-c client_min_messages=log -c debug_print_plan=on" },
        steps: ["SELECT email FROM customers"],
        undo: "",
      },
      { startup: { search_path: "decoy" }, steps: ["SELECT email FROM public.customers"], undo: "" },
      { startup: { role: "clerk" }, steps: ["SELECT email FROM customers"], undo: "" },
      { startup: { row_security: "off" }, steps: ["SELECT pin FROM tickets"], undo: "" },
    ],
    "where long values are kept": [
      `SELECT chunk_data FROM pg_toast.pg_toast_${oid("letters")}`,
      `SELECT encode(chunk_data, 'base64') FROM pg_toast."pg_toast_${oid("letters")}"`,
      `TABLE pg_toast.pg_toast_${oid("letters")}`,
      `SELECT string_agg(convert_from(chunk_data, 'UTF8'), '' ORDER BY chunk_seq) FROM pg_toast.pg_toast_${oid("letters")} GROUP BY chunk_id`,
      [`SET LOCAL search_path = pg_toast`, `SELECT chunk_data FROM pg_toast_${oid("letters")}`],
      `CREATE TABLE copy AS TABLE pg_toast.pg_toast_${oid("letters")}; TABLE copy`,
      `SELECT count(*) FROM pg_toast.pg_toast_${oid("letters")} WHERE substr(convert_from(chunk_data, 'UTF8'), 1, 1) < 'm' AND chunk_seq = 0`,
    ],
    "the function-call message": [
      [call("get_email(integer)", "1")],
      [call("get_email(integer)", int4(2))],
      [call("find_email(integer)", "1")],
      [call("definer_email(integer)", "1")],
      [call("atomic_email(integer)", "1")],
      [call("run(text)", "SELECT email FROM customers WHERE id = 1")],
      [call("query_to_xml(text,boolean,boolean,text)", "SELECT email FROM customers", "t", "f", "")],
      [call("table_to_xml(regclass,boolean,boolean,text)", "customers", "t", "f", "")],
      [call("lo_get(oid)", "4711")],
      [
        `DECLARE c CURSOR FOR ${ALL}`,
        call("cursor_to_xml(refcursor,integer,boolean,boolean,text)", "c", "10", "t", "f", ""),
      ],
      [call("known(integer)", "1")],
      [call("same_mail(integer,text)", "1", "m")],
    ],
    "copying in": [
      [
        "CREATE TEMP TABLE peek (id int, who text DEFAULT get_email(1))",
        copied("COPY peek (id) FROM STDIN", "1", "2"),
        "TABLE peek",
      ],
      [copied("COPY visits (id) FROM STDIN", "1", "2"), "TABLE visits"],
      [copied("COPY checked FROM STDIN", "1", "2")],
      [
        copied("COPY items (id, name) FROM STDIN (FORMAT csv) WHERE id = 70", "70,x"),
        "SELECT email FROM customers",
      ],
      [copied("COPY defaulted (id) FROM STDIN", "1"), "TABLE defaulted"],
      [copied("COPY ruled_log FROM STDIN", "x"), "COPY (SELECT email FROM customers) TO STDOUT"],
    ],
  };
}
