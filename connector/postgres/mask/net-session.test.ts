import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as m from "../../../protocol/postgres/messages.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { serve, type TestStream, testDeps, testGuard } from "../test-stream.ts";
import { firstError, names, TestTarget } from "../test-target.ts";

const CARD = "4111111111111111";
const STARS = "*".repeat(16);

/** What detectors find is masked for all: nobody may see the labels `detected.…`. */
const POLICIES = `
permit(principal, action, resource);
forbid(principal, action == Action::"unmask", resource);
`;

let target: TestTarget;

before(async () => {
  target = await TestTarget.start();
  await target.admin.query(`
    CREATE TABLE payments (id int PRIMARY KEY, card text, number bigint, document jsonb, customer_ssn text);
    INSERT INTO payments SELECT i, 'no. ${CARD}', ${CARD}, '{"card": "${CARD}", "number": ${CARD}}', '123-45-6789'
      FROM generate_series(1, 3000) i`);
});

after(() => target?.stop());

async function open(detectors = DEFAULT_DETECTORS): Promise<TestStream> {
  const agent = serve({ ...target.config, detectors }, testDeps({ guard: testGuard(POLICIES) }));
  await agent.open();
  return agent;
}

const EXPECTED = [
  `no. ${STARS}`,
  "0".repeat(16),
  `{"card": "${STARS}", "number": ${"1".repeat(16)}}`,
  "*".repeat(11),
];

test("rows of a real server are masked, each value as its type allows, and counted", async () => {
  const agent = await open();
  const rows = await agent.rows("SELECT card, number, document, customer_ssn FROM payments");
  assert.equal(rows.length, 3000);
  for (const row of rows) assert.deepEqual(row, EXPECTED);
  const found = { card: { masked: 12_000, reported: 0 }, ssn: { masked: 3000, reported: 0 } };
  const events = agent.events.filter(({ event }) => event === "detected");
  assert.deepEqual(events, [{ event: "detected", found }]);
});

test("the same in binary", async () => {
  const agent = await open();
  agent.say(
    m.parse({
      statement: "",
      sql: "SELECT number, card, document FROM payments LIMIT 1",
      parameterTypes: [],
    }),
    m.bind({ portal: "", statement: "", parameterFormats: [], parameters: [], resultFormats: [1] }),
    m.describe({ kind: "portal", name: "" }),
    m.execute({ portal: "", maxRows: 0 }),
    m.sync(),
  );
  const row = (await agent.take("ReadyForQuery")).find(({ name }) => name === "DataRow");
  const [number, card, document] = m.parseDataRow(row!.body);
  assert.deepEqual(number, Buffer.alloc(8));
  assert.equal(card?.toString(), EXPECTED[0]);
  assert.equal(document?.toString(), `\x01${EXPECTED[2]}`);
});

test("COPY and errors are looked through", async () => {
  const agent = await open();
  for (const format of ["text", "csv", "binary"]) {
    const copied = await agent.query(`COPY (SELECT id, card FROM payments) TO STDOUT (FORMAT ${format})`);
    const data = Buffer.concat(copied.filter(({ name }) => name === "CopyData").map(({ body }) => body));
    assert.equal(data.toString("latin1").split(STARS).length, 3001, format);
    assert.ok(!data.includes(CARD));
  }
  const error = firstError(await agent.query(`SELECT 'my ${CARD}'::int`));
  assert.equal(error.get("M"), `invalid input syntax for type integer: "my ${STARS}"`);
});

test("a value that is longer than a frame keeps its length", async () => {
  const agent = await open();
  const [[text]] = (await agent.rows(
    `SELECT repeat('lorem ipsum ', 200000) || '${CARD}' || repeat(' dolor', 100000)`,
  )) as [[string]];
  assert.equal(text, `${"lorem ipsum ".repeat(200_000)}${STARS}${" dolor".repeat(100_000)}`);
});

test("where all detectors are off nothing is changed", async () => {
  const off = { ...DEFAULT_DETECTORS };
  for (const name of Object.keys(off) as (keyof typeof off)[]) Object.assign(off, { [name]: "off" });
  const agent = await open(off);
  assert.deepEqual(await agent.rows("SELECT card FROM payments WHERE id = 1"), [[`no. ${CARD}`]]);
  assert.equal(names(await agent.query("SELECT 1")), "RowDescription DataRow CommandComplete ReadyForQuery");
  assert.ok(!agent.events.some(({ event }) => event === "detected"));
});
