import { Verdicts } from "../../connector/guard/verdicts.ts";
import { ParsedTexts } from "../../connector/postgres/guard/parsed-texts.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { SUBJECT, TARGET } from "../../protocol/policy/testing.ts";
import { SessionUsage, UsageCounter } from "../../protocol/policy/usage.ts";
import { classify } from "../../protocol/sql/classify.ts";
import type { ClassifiedStatement } from "../../protocol/sql/facts.ts";
import { loadParser, type ParsedStatement } from "../../protocol/sql/parser.ts";
import { memoryCatalog, NAMES, relation, routine } from "../../protocol/sql/resolve/testing.ts";
import { guardRow, type Row } from "./samples.ts";

/** Statements that are judged in a round, and before it, so that V8 has compiled what runs. */
const ROUND = { short: 5_000, long: 1_000 };
const WARM_UP = 1_000;
/** What the planner would have said; asking it is the target's time. */
const PLAN = { rows: 10, cost: 100 };
const CHEAPEST = { rows: 0, cost: 0 };

/** What the statements name. */
export const CATALOG = memoryCatalog({
  relations: [
    relation("public.customers", "id name email country created_at", { keys: [["id"]] }),
    relation("public.orders", "id customer_id amount status created_at note", { keys: [["id"]] }),
    relation("public.order_items", "order_id product_id quantity price", {
      keys: [["order_id", "product_id"]],
    }),
    relation("public.products", "id name category price", { keys: [["id"]] }),
  ],
  routines: ["count", "sum", "avg", "max", "round", "lower", "date_trunc"].map((name) =>
    routine(`pg_catalog.${name}`),
  ),
});

/** A point read, as an application sends it with its value in the text. */
export function shortStatement(id: number): string {
  return `SELECT id, amount, status FROM orders WHERE id = ${id}`;
}

/** A report of about 2 KB: two WITH queries, four tables, filters and CASE. */
export function longStatement(id: number): string {
  return `WITH recent AS (
  SELECT o.id, o.customer_id, o.amount, o.status, o.created_at, date_trunc('month', o.created_at) AS month
  FROM orders o
  WHERE o.created_at >= '2026-01-01' AND o.created_at < '2026-07-01'
    AND o.status IN ('paid', 'shipped', 'delivered', 'returned')
    AND o.customer_id <> ${id}
    AND (o.note IS NULL OR o.note NOT LIKE '%test%')
), sold AS (
  SELECT i.order_id, p.category, sum(i.quantity) AS pieces, sum(i.quantity * i.price) AS revenue,
    sum(i.quantity * (p.price - i.price)) AS discount
  FROM order_items i
  JOIN products p ON p.id = i.product_id
  WHERE p.category IN ('books', 'games', 'music', 'garden', 'kitchen', 'office', 'toys')
    AND i.quantity > 0 AND i.price BETWEEN 0.01 AND 10000
  GROUP BY i.order_id, p.category
)
SELECT c.country, s.category, r.month,
  count(*) AS orders,
  count(DISTINCT c.id) AS customers,
  sum(s.pieces) AS pieces,
  round(sum(s.revenue), 2) AS revenue,
  round(sum(s.discount), 2) AS discount,
  round(avg(r.amount), 2) AS average_order,
  max(r.created_at) AS last_order,
  sum(CASE WHEN r.status = 'returned' THEN s.revenue ELSE 0 END) AS returned_revenue,
  sum(CASE WHEN r.status = 'delivered' THEN s.revenue ELSE 0 END) AS delivered_revenue,
  sum(CASE WHEN r.amount < 50 THEN 1 ELSE 0 END) AS small_orders,
  sum(CASE WHEN r.amount >= 50 AND r.amount < 500 THEN 1 ELSE 0 END) AS medium_orders,
  sum(CASE WHEN r.amount >= 500 THEN 1 ELSE 0 END) AS large_orders
FROM recent r
JOIN sold s ON s.order_id = r.id
JOIN customers c ON c.id = r.customer_id
WHERE lower(c.email) NOT LIKE '%@example.com'
  AND c.country IN ('AT', 'BE', 'CH', 'DE', 'DK', 'ES', 'FI', 'FR', 'IT', 'NL', 'NO', 'PL', 'PT', 'SE')
  AND c.created_at < r.created_at
  AND NOT EXISTS (SELECT 1 FROM orders x WHERE x.customer_id = c.id AND x.status = 'fraud')
GROUP BY c.country, s.category, r.month
HAVING sum(s.revenue) > 100
ORDER BY r.month DESC, revenue DESC, c.country
LIMIT 200`;
}

/** Judges texts as a session's guard does, with what the target would have been asked for at hand. */
export class Judge {
  readonly #set: PolicySet;
  readonly #texts = new ParsedTexts();
  readonly #kept = new Map<ParsedStatement[], ClassifiedStatement[]>();
  readonly #verdicts = new Verdicts(SUBJECT, TARGET);
  #usage = new SessionUsage(new UsageCounter());

  private constructor(set: PolicySet) {
    this.#set = set;
  }

  static async start(): Promise<Judge> {
    await loadParser();
    return new Judge(PolicySet.load(nodeCedar(), STARTER_POLICIES));
  }

  /** The verdict. `now`: of the clock, ms since 1970. */
  verdict(sql: string, now: number): string {
    const parsed = this.#texts.parse(sql);
    let statements = this.#kept.get(parsed);
    if (statements === undefined) {
      const found = classify(parsed, NAMES, CATALOG);
      if (found.missing.length > 0) throw new Error("the catalog lacks a name of the statement");
      statements = found.statements;
      if (this.#kept.size >= 1_000) this.#kept.clear();
      this.#kept.set(parsed, statements);
    }
    const all = statements.map(({ facts }) => facts);
    const judge = (plan: typeof PLAN) =>
      this.#verdicts.judge(this.#set, all, ({ fingerprint }) => ({
        database: "orders",
        inTransaction: false,
        plan,
        ...this.#usage.of(fingerprint, now),
      }));
    // The guard asks the planner only about what would be allowed if it were cheap.
    const cheapest = judge(CHEAPEST);
    const { verdict } = cheapest.verdict === "allow" ? judge(PLAN) : cheapest;
    for (const { fingerprint } of all) this.#usage.statement(fingerprint, now);
    return verdict;
  }

  /** As when the last minute was quiet: the starter policies hold a session that repeats itself. */
  rest(): void {
    this.#usage = new SessionUsage(new UsageCounter());
  }
}

/** What a verdict takes, without network; one row for each kind of statement. */
export async function verdictTimes(repetitions: number): Promise<Row[]> {
  const judge = await Judge.start();
  let id = 0;
  const kinds = [
    { workload: "verdict, cached", count: ROUND.short, text: () => shortStatement(0) },
    { workload: "verdict, new short statement", count: ROUND.short, text: () => shortStatement(++id) },
    { workload: "verdict, new 2 KB statement", count: ROUND.long, text: () => longStatement(++id) },
  ];
  for (const { text } of kinds) round(judge, WARM_UP, text);
  const times = kinds.map(() => [] as number[][]);
  for (let repetition = 1; repetition <= repetitions; repetition++) {
    for (const [index, { count, text }] of kinds.entries()) times[index]!.push(round(judge, count, text));
  }
  return kinds.map(({ workload }, index) => guardRow(workload, times[index]!));
}

/** The time of each verdict, µs. */
function round(judge: Judge, count: number, text: () => string): number[] {
  const times: number[] = [];
  for (let done = 0; done < count; done++) {
    // Below the repetitions that the starter policies take.
    if (done % 1_000 === 0) judge.rest();
    const sql = text();
    const now = Date.now();
    const start = performance.now();
    const verdict = judge.verdict(sql, now);
    times.push((performance.now() - start) * 1_000);
    if (verdict !== "allow")
      throw new Error(`the starter policies ${verdict} what they should allow: ${sql}`);
  }
  return times;
}
