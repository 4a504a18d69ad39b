import { isDeepStrictEqual } from "node:util";
import * as wire from "../../protocol/postgres/messages.ts";
import { converse, type Place as Spot } from "../compatibility/conversation.ts";
import { bound, extended, type Step, type Until, until } from "../compatibility/corpus/case.ts";
import { leveled, type Told } from "../compatibility/differences.ts";
import type { Script, Sending, Sent } from "./corpus/statement.ts";

/** What became of one statement through the gateway, beside the server's own answer. */
export interface Outcome {
  script: string;
  sql: string;
  verdict: "same" | "refused" | "different" | "behind a refusal";
  /** The refusal's words, or the first message that differs. */
  detail: string;
}

/** Where a script is said. */
export interface Pair {
  database: string;
  direct: Spot;
  through: Spot;
  /** The statements touch labelled columns, and the server that is asked directly holds the masks in their place. */
  masked: boolean;
}

/** Says a script's statements in both places. Throws where the server itself answers with an unexpected error. */
export async function compare(
  script: Script,
  { database, direct, through, masked }: Pair,
): Promise<Outcome[]> {
  const statements = script.statements.map((one) => (typeof one === "string" ? { sql: one } : one));
  const expected = await answers(script, statements, database, direct);
  for (const [index, { sql, fails }] of statements.entries()) {
    const sqlstate = sqlstateOf(expected[index]!);
    if (sqlstate === fails) continue;
    throw new Error(`${script.name}: the server's own answer is ${sqlstate ?? "no error"}: ${sql}
${JSON.stringify(expected[index])}`);
  }
  const actual = await answers(script, statements, database, through);
  const level = (messages: Told[]) => (masked ? messages.map(withoutProvenance) : messages).map(withoutPlace);
  let refused = false;
  return statements.map((statement, index) => {
    const outcome = judge(statement, level(expected[index]!), level(actual[index] ?? []));
    const verdict = outcome.verdict === "different" && refused ? "behind a refusal" : outcome.verdict;
    refused ||= verdict === "refused";
    return { script: script.name, sql: statement.sql, ...outcome, verdict };
  });
}

/** What the server said to each statement. */
async function answers(script: Script, statements: Sent[], database: string, place: Spot): Promise<Told[][]> {
  const steps = statements.map((statement, index) => step(statement, script.via, `s${index}`));
  const one = { name: script.name, startup: { database, user: "app" }, steps };
  const elsewhere = async () => {};
  const parts = leveled(await converse(one, place, elsewhere));
  return parts.slice(1, -1);
}

function step({ sql, values = [], copy }: Sent, via: Sending, name: string): Step {
  const binary = via === "binary";
  if (copy !== undefined) {
    return {
      send: [wire.query(sql), wire.copyData(Buffer.from(copy)), wire.copyDone()],
      until: until("ReadyForQuery"),
    };
  }
  const run = (statement: string) => [
    bound("", statement, values, binary),
    wire.execute({ portal: "", maxRows: 0 }),
  ];
  switch (via) {
    case "simple":
      return { send: [wire.query(sql)], until: until("ReadyForQuery") };
    case "unnamed": {
      const [bind, execute] = run("");
      return extended(
        wire.parse({ statement: "", sql, parameterTypes: [] }),
        bind!,
        wire.describe({ kind: "portal", name: "" }),
        execute!,
      );
    }
    case "named":
    case "binary":
      return prepared(
        wire.parse({ statement: name, sql, parameterTypes: [] }),
        wire.describe({ kind: "statement", name }),
        wire.sync(),
        ...run(name),
        wire.sync(),
      );
  }
}

function prepared(...send: Uint8Array[]): Step {
  const done: Until = until("ReadyForQuery", 2);
  return { send, until: done };
}

function judge({ volatile }: Sent, expected: Told[], actual: Told[]): Pick<Outcome, "verdict" | "detail"> {
  const refusal = actual.find(isRefusal);
  if (refusal && !expected.some(isRefusal)) return { verdict: "refused", detail: words(refusal) };
  const [left, right] = volatile === undefined ? [expected, actual] : [shape(expected), shape(actual)];
  if (isDeepStrictEqual(left, right)) return { verdict: "same", detail: "" };
  const at = left.findIndex((message, index) => !isDeepStrictEqual(message, right[index]));
  const index = at < 0 ? left.length : at;
  return {
    verdict: "different",
    detail: `expected ${JSON.stringify(left[index])}, was ${JSON.stringify(right[index])}`,
  };
}

/** A mask is no table's column, and what is read through a view is the column of the view's own table. */
function withoutProvenance(told: Told): Told {
  if (told.message !== "RowDescription") return told;
  const columns = (told.columns as wire.Column[]).map((column) => ({ ...column, table: 0, attribute: 0 }));
  return { ...told, columns };
}

/** No such column or table: the connector says so before the server could, in the same words with a hint of its own. */
const ABSENT: ReadonlySet<string | undefined> = new Set(["42703", "42P01"]);

function withoutPlace(told: Told): Told {
  const all = fields(told);
  if (!ABSENT.has(all.get("C"))) return told;
  return { ...told, fields: [...all].filter(([letter]) => "SVCM".includes(letter)) };
}

/** Names and types of columns, and how it ended. */
function shape(messages: Told[]): Told[] {
  return messages
    .filter(({ message }) => message !== "DataRow" && message !== "NoticeResponse")
    .map(withoutProvenance)
    .map((told) =>
      told.message === "CommandComplete" ? { ...told, tag: String(told.tag).replace(/\d+/g, "N") } : told,
    );
}

function fields(told: Told): Map<string, string> {
  return new Map(told.message === "ErrorResponse" ? (told.fields as [string, string][]) : []);
}

function isRefusal(told: Told): boolean {
  const message = fields(told).get("M") ?? "";
  return /Sallyport|blocked by policy|approval/i.test(message) || fields(told).get("C") === "42501";
}

function words(told: Told): string {
  return [...fields(told)]
    .filter(([letter]) => "MDH".includes(letter))
    .map(([, text]) => text)
    .join(" — ");
}

function sqlstateOf(messages: Told[]): string | undefined {
  const error = messages.find(({ message }) => message === "ErrorResponse");
  return error && fields(error).get("C");
}
