import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import pg from "pg";
import { DETECTOR_NAMES, type Detectors } from "../../connector/mask/detectors/modes.ts";
import type { Label } from "../../connector/mask/labels.ts";
import { SEED } from "../../protocol/seeded.ts";
import { loadParser } from "../../protocol/sql/parser.ts";
import { type PostgresGateway, startPostgresGateway } from "../postgres-gateway.ts";
import { CHANGES, READS } from "./cases.ts";
import { difference, type Outcome, run, Tally } from "./compare.ts";
import type { Made } from "./queries.ts";
import { madeRead } from "./reads.ts";
import { LABELS } from "./schema.ts";
import { MASK_KEY, startWorld, type World } from "./world.ts";
import { ChangeWriter } from "./writes.ts";

/** The same through the whole path: client, edge, connector and a session's own masks. */

const POLICIES = `permit (principal, action, resource);
forbid (principal, action == Action::"unmask", resource);`;

let world: World;
let gateway: PostgresGateway;
let through: pg.Client;

before(async () => {
  await loadParser();
  world = await startWorld();
  // What a session's own key would hash is hashed by the target's, which the copy has.
  const labels = new Map<string, Label>(
    [...LABELS.labels].map(([name, label]) => {
      const { mask } = label;
      return [name, mask.kind === "hash" ? { ...label, mask: { ...mask, scope: "target" } } : label];
    }),
  );
  const rules = LABELS.rules.map((rule) => ({ ...rule, label: rule.label && labels.get(rule.label.name)! }));
  gateway = await startPostgresGateway({
    postgres: world.postgres,
    policies: POLICIES,
    target: {
      databases: ["original"],
      labels: { rules, labels },
      maskKey: { env: MASK_KEY },
      detectors: Object.fromEntries(DETECTOR_NAMES.map((name) => [name, "off"])) as unknown as Detectors,
    },
  });
  const { host, port } = await gateway.listen();
  through = new pg.Client({ host, port, user: "agent", database: "original" });
  through.on("error", () => {});
  await through.connect();
  await through.query("SET search_path = shop, public; SET statement_timeout = '3s'; SET TimeZone = 'UTC'");
});

after(async () => {
  await through?.end();
  await gateway?.stop();
  await world?.stop();
});

const REFUSAL = /^refused by Sallyport/;

async function compare(made: Made, tally: Tally): Promise<string | null> {
  const copy = await run(world.copy, made.sql, made.parameters);
  const answer = await run(through, made.sql, made.parameters);
  const isRefusal = answer.kind === "error" && answer.sqlstate === "42501" && REFUSAL.test(answer.message);
  const outcome: Outcome = isRefusal ? { kind: "refused", reason: answer.message } : answer;
  tally.add(copy, outcome, false, made.sql);
  const found = difference(copy, outcome, made);
  return found && `${found}\n${made.sql}\n${JSON.stringify(made.parameters)}`;
}

async function inTransaction<T>(work: () => Promise<T>): Promise<T> {
  for (const client of [world.copy, through]) await client.query("BEGIN");
  try {
    return await work();
  } finally {
    for (const client of [world.copy, through]) await client.query("ROLLBACK");
  }
}

test("statements of every construct, through the gateway", async (t) => {
  const tally = new Tally();
  const failures: (string | null)[] = [];
  const plain = (sql: string) => ({ sql, parameters: [], ordered: false });
  for (const sql of READS) failures.push(await compare(plain(sql), tally));
  for (const sql of CHANGES) failures.push(await inTransaction(() => compare(plain(sql), tally)));
  for (const line of tally.lines()) t.diagnostic(line);
  assert.deepEqual(
    failures.filter((one) => one !== null),
    [],
  );
});

test("statements made at random, through the gateway", async (t) => {
  const runs = Number(process.env.RUNS ?? 60);
  t.diagnostic(`SEED=${SEED} RUNS=${runs}`);
  const tally = new Tally();
  for (let n = 0; n < runs; n++) {
    const made = madeRead(SEED + n);
    const change = new ChangeWriter(SEED + n).change();
    assert.equal(await compare(made, tally), null, `SEED=${SEED + n}`);
    assert.equal(await inTransaction(() => compare(change, tally)), null, `SEED=${SEED + n}`);
  }
  for (const line of tally.lines()) t.diagnostic(line);
  assert.ok(tally.refusedShare <= 0.1, `${(tally.refusedShare * 100).toFixed(1)}% are refused`);
});
