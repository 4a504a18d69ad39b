// A process of its own: PostgreSQL compiled to WebAssembly, in memory, on a free port of loopback. It ends with the
// process that forked it.
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";

/** PGlite is one backend; its server gives the connections turns, a transaction at a time. */
const CONNECTIONS = 50;

const SAMPLE = `
CREATE TABLE customers (
  id int PRIMARY KEY,
  name text NOT NULL,
  country text NOT NULL,
  email text NOT NULL UNIQUE
);
CREATE TABLE orders (
  id int PRIMARY KEY,
  customer int NOT NULL REFERENCES customers,
  placed date NOT NULL,
  total numeric(10, 2) NOT NULL,
  state text NOT NULL DEFAULT 'open'
);
INSERT INTO customers VALUES
  (1, 'Ada Verne', 'FR', 'ada@verne.example'), (2, 'Bo Lind', 'SE', 'bo.lind@post.example'),
  (3, 'Chidi Okoye', 'NG', 'chidi@okoye.example'), (4, 'Dana Pike', 'NZ', 'dana@pike.example');
INSERT INTO orders
  SELECT n, 1 + n % 4, date '2026-01-01' + n % 90, (n * 7919 % 20000) / 100.0 + 5,
         CASE WHEN n % 5 = 0 THEN 'open' ELSE 'paid' END
  FROM generate_series(1, 400) AS n;
`;

// Our end of the channel goes with our parent, whatever ended it.
process.on("disconnect", () => process.exit());
// A terminal's Ctrl-C reaches the whole group; the parent says when.
process.on("SIGINT", () => {});

const db = await PGlite.create();
await db.exec(SAMPLE);
const server = new PGLiteSocketServer({ db, host: "127.0.0.1", port: 0, maxConnections: CONNECTIONS });
await server.start();
process.send?.({ port: Number(server.getServerConn().split(":").at(-1)) });
