import * as wire from "../../../protocol/postgres/messages.ts";
import { type Case, extended, type Step, simple, unnamed, until } from "./case.ts";

const HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const TRAILER = Buffer.from([0xff, 0xff]);

/** COPY in all its forms, and big values. */
export const COPY: Case[] = [
  {
    name: "COPY out: text, CSV, binary",
    steps: simple(
      "COPY item TO STDOUT",
      "COPY (SELECT * FROM item ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER, NULL 'nothing', FORCE_QUOTE *)",
      "COPY item (id, name) TO STDOUT WITH (FORMAT binary)",
      "COPY (SELECT 1 WHERE false) TO STDOUT",
      "COPY (SELECT n, repeat('ä', n % 300) FROM generate_series(1, 2000) n) TO STDOUT",
      "COPY nowhere TO STDOUT",
      "COPY (SELECT 10 / (3 - n) FROM generate_series(1, 5) n) TO STDOUT",
    ),
  },
  {
    name: "COPY in: text, CSV, binary",
    steps: [
      ...copyIn("COPY landing FROM STDIN", ["1\ta\\tb\n2\t\\N\n", "3\tö\n"]),
      ...copyIn("COPY landing FROM STDIN WITH (FORMAT csv, HEADER)", ['id,note\n4,"x, ""y""\nz"\n', "5,\n"]),
      ...copyIn("COPY landing FROM STDIN WITH (FORMAT binary)", [
        HEADER,
        Buffer.from("0002000000040000000600000003736978", "hex"),
        TRAILER,
      ]),
      ...copyIn("COPY landing FROM STDIN", []),
      ...copyIn("COPY landing FROM STDIN", ["7\tin pie", "ces\n8\tno newline"]),
      ...simple("SELECT * FROM landing ORDER BY id", "TRUNCATE landing"),
    ],
  },
  {
    name: "COPY in that fails",
    steps: [
      ...copyIn("COPY landing FROM STDIN", ["1\tgood\n", "bad\tid\n", "3\tgood\n"]),
      ...copyIn("COPY landing FROM STDIN", ["1\ttoo\tmany\n"]),
      ...copyIn("COPY landing FROM STDIN WITH (FORMAT binary)", ["no binary at all"]),
      ...begun("COPY landing FROM STDIN"),
      {
        send: [wire.copyData(Buffer.from("1\tx\n")), wire.copyFail("changed my mind")],
        until: until("ReadyForQuery"),
      },
      ...begun("COPY landing FROM STDIN"),
      { send: [wire.query("SELECT 1")], until: until("ReadyForQuery") },
      ...simple("SELECT count(*) FROM landing", "COPY nowhere FROM STDIN", "BEGIN"),
      ...copyIn("COPY landing FROM STDIN", ["x\n"]),
      ...simple("ROLLBACK"),
    ],
  },
  {
    name: "COPY in the extended protocol",
    steps: [
      extended(unnamed({ sql: "COPY item TO STDOUT" })),
      {
        send: [...unnamed({ sql: "COPY landing FROM STDIN" }), wire.flush()],
        until: until("CopyInResponse"),
      },
      extended(wire.copyData(Buffer.from("1\tx\n")), wire.copyDone()),
      {
        send: [...unnamed({ sql: "COPY landing FROM STDIN" }), wire.flush()],
        until: until("CopyInResponse"),
      },
      extended(wire.copyFail("no more")),
      {
        send: [...unnamed({ sql: "COPY landing FROM STDIN" }), wire.flush()],
        until: until("CopyInResponse"),
      },
      // A Sync inside COPY is passed over; the one after CopyDone counts.
      extended(wire.sync(), wire.copyData(Buffer.from("2\ty\n")), wire.flush(), wire.copyDone()),
      ...simple("SELECT * FROM landing ORDER BY id", "TRUNCATE landing"),
    ],
  },
  {
    name: "COPY among other statements of one string",
    steps: [
      ...simple("SELECT 1; COPY item TO STDOUT; SELECT 2"),
      {
        send: [wire.query("SELECT 1; COPY landing FROM STDIN; SELECT * FROM landing; ROLLBACK")],
        until: until("CopyInResponse"),
      },
      { send: [wire.copyData(Buffer.from("1\tx\n")), wire.copyDone()], until: until("ReadyForQuery") },
      ...simple("TRUNCATE landing"),
    ],
  },
  {
    name: "a COPY in of 3 MiB in messages of all sizes",
    steps: [
      ...copyIn(
        "COPY landing FROM STDIN",
        Array.from({ length: 60 }, (_, n) => `${n}\t${"v".repeat((n * 1777) % 110_000)}\n`),
      ),
      ...copyIn("COPY landing FROM STDIN", [`100\t${"w".repeat(1_500_000)}\n`]),
      ...simple(
        "SELECT count(*), sum(length(note)), md5(string_agg(note, ',' ORDER BY id)) FROM landing",
        "TRUNCATE landing",
      ),
    ],
  },
  {
    name: "values above 256 KiB and above 1 MiB, both ways",
    steps: [
      ...simple(
        "SELECT repeat('0123456789', 30000)",
        "SELECT n, repeat(chr(64 + n), 400000) FROM generate_series(1, 3) n",
        "SELECT repeat('x', 2500000) AS big, 'small' AS small",
        "COPY (SELECT repeat('y', 1300000)) TO STDOUT",
        "DO $$ BEGIN RAISE NOTICE '%', repeat('n', 300000); END $$",
        "DO $$ BEGIN RAISE EXCEPTION '%', repeat('e', 300000); END $$",
      ),
      ...simple(`SELECT length('${"q".repeat(250_000)}')`),
      extended(unnamed({ sql: "SELECT $1 AS echo", types: [25], values: ["p".repeat(1_200_000)] })),
      extended(
        unnamed({
          sql: "SELECT $1 AS echo",
          types: [17],
          values: [Buffer.alloc(1_200_000, 7)],
          binary: true,
        }),
      ),
    ],
  },
  {
    name: "many rows and many columns",
    steps: [
      ...simple(
        "SELECT n, md5(n::text) FROM generate_series(1, 20000) n",
        `SELECT ${Array.from({ length: 1_600 }, (_, n) => `${n} AS column_${n}`)}`,
        `SELECT ${Array.from({ length: 1_665 }, (_, n) => n)}`,
      ),
      extended(unnamed({ sql: "SELECT n::int8, n::text FROM generate_series(1, 5000) n", binary: true })),
    ],
  },
];

function begun(sql: string): Step[] {
  return [{ send: [wire.query(sql)], until: until("CopyInResponse") }];
}

function copyIn(sql: string, pieces: (string | Buffer)[]): Step[] {
  const data = pieces.map((piece) => wire.copyData(Buffer.from(piece)));
  return [...begun(sql), { send: [...data, wire.copyDone()], until: until("ReadyForQuery") }];
}
