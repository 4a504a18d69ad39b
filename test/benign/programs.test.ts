import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Outcome, type Place, run } from "../compatibility/places.ts";
import { ensurePackages } from "../system-packages.ts";
import { startTwins, type Twins } from "./rig.ts";

/** PostgreSQL's own programs in a session with masks, where they read nothing labelled: they tell the same. */

/** What psql's backslash commands tell of a database. */
const COMMANDS = [
  "\\d",
  "\\d+",
  "\\d customers",
  "\\d+ customers",
  "\\d+ orders",
  "\\d+ products",
  "\\d+ order_totals",
  "\\d+ readings",
  "\\d product_statistics",
  "\\d tickets",
  "\\d orders_customer_idx",
  "\\da",
  "\\dA+",
  "\\dAc btree int4",
  "\\db",
  "\\dc",
  "\\dC",
  "\\dconfig work_mem",
  "\\dd",
  "\\ddp",
  "\\dD+",
  "\\des",
  "\\det",
  "\\dew",
  "\\df",
  "\\df+ with_tax",
  "\\dF",
  "\\dFd",
  "\\dg",
  "\\di",
  "\\di+",
  "\\dl",
  "\\dL",
  "\\dm+",
  "\\dn+",
  "\\do public.*",
  "\\dO",
  "\\dp",
  "\\dP+",
  "\\drds",
  "\\dRp",
  "\\dRs",
  "\\ds+",
  "\\dS pg_class",
  "\\dt",
  "\\dt+",
  "\\dt audit.*",
  "\\dT",
  "\\dT+ order_status",
  "\\du+",
  "\\dv",
  "\\dv+",
  "\\dx",
  "\\dX",
  "\\dy",
  "\\l",
  "\\l+",
  "\\sf with_tax",
  "\\sf+ touch",
  "\\sv order_totals",
  "\\sv+ customer_directory",
  "\\z",
  "\\encoding",
  "\\conninfo",
  "\\h SELECT",
];

/** What only a script of several lines can say. */
const SCRIPTS: Record<string, string> = {
  "\\gdesc": "SELECT id, total, note FROM orders \\gdesc\n",
  "\\gset": "SELECT 7 AS seven, 'x' AS word \\gset\n\\echo :seven :'word'\n",
  "\\gexec": "SELECT format('SELECT %s AS n', n) FROM generate_series(1, 3) n \\gexec\n",
  "\\gx": "SELECT * FROM products WHERE id = 1 \\gx\n",
  "\\crosstabview":
    "SELECT status, customer_id % 2 AS half, count(*) FROM orders GROUP BY 1, 2 ORDER BY 1, 2 \\crosstabview\n",
  "\\copy from":
    "\\copy landing from stdin csv\n1,one\n2,two\n\\.\nSELECT * FROM landing ORDER BY id;\nTRUNCATE landing;\n",
  "\\copy to":
    "\\copy products (id, sku) to stdout csv header\n\\copy (SELECT id FROM orders WHERE id < 4 ORDER BY id) to stdout\n",
  FETCH_COUNT: "\\set FETCH_COUNT 50\nSELECT id, status FROM orders WHERE id <= 140 ORDER BY id;\n",
  ON_ERROR_ROLLBACK:
    "\\set ON_ERROR_ROLLBACK on\nBEGIN;\nSELECT 1/0;\nINSERT INTO landing VALUES (1, 'kept');\nSELECT * FROM landing;\nROLLBACK;\n",
};

describe("PostgreSQL's own programs in a session with masks", { timeout: 340_000 }, () => {
  let twins: Twins;
  let folder: string;

  before(async () => {
    ensurePackages(["postgresql", "postgresql-client"]);
    twins = await startTwins();
    folder = mkdtempSync(join(tmpdir(), "sallyport-benign-"));
  });

  after(async () => {
    rmSync(folder, { recursive: true, force: true });
    await twins.stop();
  });

  async function outcome(name: string, args: string[], place: Place, input = ""): Promise<Outcome> {
    const { status, stdout, stderr } = await run(name, args, place, input);
    const told = (text: string) => text.replaceAll(String(place.port), "PORT");
    // Since its August 2025 releases pg_dump brackets a script with a random key.
    return {
      status,
      stdout: told(stdout).replace(/^\\(un)?restrict \w+$/gm, "\\$1restrict KEY"),
      stderr: told(stderr),
    };
  }

  async function same(name: string, args: string[], input = ""): Promise<Outcome> {
    const expected = await outcome(name, args, twins.direct, input);
    assert.equal(expected.status, 0, expected.stderr);
    assert.deepEqual(await outcome(name, args, twins.through, input), expected);
    return expected;
  }

  test(`psql's ${COMMANDS.length} backslash commands`, async (t) => {
    const input = COMMANDS.map((command) => `\\echo == ${command.slice(1)}\n${command}\n`).join("");
    const [expected, actual] = [
      await outcome("psql", ["-X"], twins.direct, input),
      await outcome("psql", ["-X"], twins.through, input),
    ];
    assert.equal(expected.stderr, "");
    assert.match(expected.stdout, /customers_email_key/);
    const parts = ({ stdout }: Outcome) => stdout.split(/^== /m).slice(1);
    const [left, right] = [parts(expected), parts(actual)];
    assert.equal(left.length, COMMANDS.length);
    const other = COMMANDS.filter((_, index) => left[index] !== right[index]);
    t.diagnostic(`${COMMANDS.length} backslash commands, ${other.length} told otherwise: ${other.join(" ")}`);
    assert.equal(actual.stderr, "");
    assert.deepEqual(right, left);
  });

  for (const [name, script] of Object.entries(SCRIPTS)) {
    test(`psql's ${name}`, () => same("psql", ["-Xv", "VERBOSITY=terse"], script).then(() => {}));
  }

  test("pg_dump of the schema, labelled tables and all", async () => {
    const { stdout } = await same("pg_dump", ["--schema-only"]);
    assert.match(stdout, /CREATE TABLE public\.customers/);
  });

  test("pg_dump of tables without labels", async () => {
    const { stdout } = await same("pg_dump", [
      "-t",
      "products",
      "-t",
      "orders",
      "-t",
      "readings*",
      "-t",
      "audit.entries",
    ]);
    assert.match(stdout, /COPY public\.orders/);
    await same("pg_dump", ["--inserts", "--data-only", "-t", "products"]);
  });

  test("pg_dump into a folder, by two connections with one snapshot", async () => {
    for (const place of [twins.direct, twins.through]) {
      const dump = ["-Fd", "-j", "2", "-t", "products", "-t", "orders", "-f", join(folder, place.name)];
      assert.deepEqual(await outcome("pg_dump", dump, place), { status: 0, stdout: "", stderr: "" });
    }
    const toc = (name: string) =>
      outcome("pg_restore", ["-f", "-", join(folder, name)], twins.direct).then(({ stdout }) => stdout);
    assert.equal(await toc("through"), await toc("direct"));
  });

  test("psql \\copy to a file", async () => {
    const files = [twins.direct, twins.through].map(async (place) => {
      const file = join(folder, `${place.name}.csv`);
      const { stdout } = await outcome("psql", ["-Xc", `\\copy products to '${file}' csv header`], place);
      assert.equal(stdout, "COPY 40\n");
      return readFileSync(file, "utf8");
    });
    const [direct, through] = await Promise.all(files);
    assert.equal(through, direct);
  });

  test("pgbench initialises its tables and does its transactions", async () => {
    const states = [];
    for (const place of [twins.direct, twins.through]) {
      const initialised = await outcome("pgbench", ["-i", "-q", "-I", "dtgvp"], place);
      assert.equal(initialised.status, 0, initialised.stderr);
      for (const mode of ["simple", "extended", "prepared"]) {
        const args = ["-n", "-M", mode, "-c", "2", "-t", "15", "--random-seed=42"];
        const { stdout, stderr } = await outcome("pgbench", args, place);
        assert.match(stdout, /actually processed: 30\/30\n/, stderr);
      }
      const sums = ["accounts", "branches", "tellers"].map(
        (table) => `SELECT md5(string_agg(t::text, ',' ORDER BY t)) FROM pgbench_${table} t`,
      );
      states.push((await outcome("psql", ["-XAtc", sums.join(" UNION ALL ")], place)).stdout);
    }
    assert.equal(states[1], states[0]);
  });

  test("vacuumdb and reindexdb of tables without labels", async () => {
    await same("vacuumdb", ["--analyze", "-t", "products", "-t", "orders", "--quiet"]);
    await same("reindexdb", ["-t", "products", "--quiet"]);
  });
});
