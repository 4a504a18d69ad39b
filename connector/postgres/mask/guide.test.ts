import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import pg from "pg";
import { parse } from "yaml";
import { readDocument } from "../../../protocol/document.ts";
import type { ColumnDetail } from "../../../protocol/sql/catalog.ts";
import { type PostgresServer, startPostgres } from "../../../test/postgres-server.ts";
import type { Mask } from "../../mask/labels.ts";
import { maskSettings } from "../../mask/settings.ts";
import { maskExpression } from "./expression.ts";

const GUIDE = readFileSync(new URL("../../../docs/masking.md", import.meta.url), "utf8");
const KEYS = { session: "5e".repeat(32), target: "7a".repeat(32) };

let server: PostgresServer;
let client: pg.Client;

before(async () => {
  server = await startPostgres();
  const { host, port, superuser: user, password } = server;
  client = new pg.Client({ host, port, user, password, database: "postgres" });
  await client.connect();
});

after(async () => {
  await client?.end();
  await server?.stop();
});

/** Of the guide's table of masks: the mask as the settings have it, an example, and what is shown of it. */
const ROWS = [...GUIDE.matchAll(/^\| `(\{mask: [^`]*\})` \| [^|]* \| `([^`]*)` \| `?([^`|]*?)`? \|$/gm)].map(
  ([, mask, example, shown]) => ({ mask: mask!, example: example!, shown: shown! }),
);

function read(mask: string): Mask {
  const target = { labels: { "a.b.c": "x" }, masks: { x: parse(mask) }, maskKey: { env: "KEY" } };
  const { labels } = maskSettings(readDocument(JSON.stringify(target), "docs/masking.md"), "/");
  return labels.labels.get("x")!.mask;
}

/** What kind of column an example may stand in. */
function columnOf(example: string): ColumnDetail {
  const [base, category] = /^\d+$/.test(example)
    ? ["int4", "N"]
    : /^\d{4}-\d\d-\d\d$/.test(example)
      ? ["date", "D"]
      : ["text", "S"];
  return { type: `pg_catalog.${base}`, base, category, collation: null, generatedFrom: [] };
}

test("the guide has an example for each of its masks", () => {
  assert.equal(ROWS.length, [...GUIDE.matchAll(/^\| `\{mask: /gm)].length);
  assert.ok(ROWS.length > 10);
});

for (const { mask, example, shown } of ROWS) {
  test(`the guide's mask ${mask} makes of ${example} what it says`, async () => {
    const column = columnOf(example);
    const masked = maskExpression("t.v", column, read(mask), KEYS);
    const { rows } = await client.query(
      `SELECT (${masked})::text AS masked FROM (SELECT $1::text::${column.type} AS v) AS t`,
      [example],
    );
    const found = rows[0].masked ?? "NULL";
    // The rest of a hash depends on the key.
    if (shown.endsWith("…")) assert.match(found, /^masked_[0-9a-f]{32}$/);
    else assert.equal(found, shown);
  });
}
