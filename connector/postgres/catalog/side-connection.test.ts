import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { afterEach, describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../../../protocol/errors.ts";
import * as m from "../../../protocol/postgres/messages.ts";
import { MessageReader, STARTUP } from "../../../protocol/postgres/reader.ts";
import { message, u16, u32 } from "../../../protocol/postgres/wire.ts";
import { SEED } from "../../../protocol/seeded.ts";
import { targetConfig } from "../test-stream.ts";
import { readAnswers } from "./answers.ts";
import { SideConnection, type SideConnectionOptions } from "./side-connection.ts";
import { MAX_ANSWER, TargetSqlError } from "./source.ts";

console.log(`side connection fuzz: SEED=${SEED}`);

const servers: Server[] = [];
const sockets = new Set<Socket>();
const sides: SideConnection[] = [];

afterEach(async () => {
  for (const side of sides.splice(0)) side.end();
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) {
    server.close();
    await once(server, "close");
  }
});

const READY = m.readyForQuery("I");
const WELCOME = Buffer.concat([m.authenticationOk(), READY]);

const row = (...values: (string | null)[]) =>
  message(
    m.BACKEND.DataRow,
    u16(values.length),
    ...values.flatMap((value) =>
      value === null ? [u32(0xffffffff)] : [u32(Buffer.byteLength(value)), Buffer.from(value)],
    ),
  );
const failure = (sqlstate: string) =>
  m.errorFields("ErrorResponse", [
    ["S", "ERROR"],
    ["C", sqlstate],
    ["M", "words with a secret"],
  ]);

/** A server that answers startups with `WELCOME` and each query with what `answer` gives; null closes. */
async function fake(answer: (sql: string, n: number) => Buffer | null, options: SideConnectionOptions = {}) {
  const seen = { connections: 0, queries: [] as string[], startups: [] as Buffer[] };
  const server = createServer({ noDelay: true }, (socket) => {
    seen.connections++;
    sockets.add(socket);
    socket.on("error", () => {});
    const reader = new MessageReader("frontend", { whole: "QX", wholeLimit: 1 << 20 });
    socket.on("data", (chunk: Buffer) => {
      reader.push(chunk);
      while (reader.next()) {
        if (reader.type === STARTUP) {
          seen.startups.push(Buffer.from(reader.body()!));
          socket.write(WELCOME);
        } else if (reader.type === m.FRONTEND.Query.type) {
          const { sql } = m.parseQuery(reader.body()!);
          seen.queries.push(sql);
          const bytes = answer(sql, seen.queries.length);
          if (bytes === null) socket.destroy();
          else socket.write(bytes);
        }
      }
    });
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const side = new SideConnection(targetConfig({ port }), "app", options);
  sides.push(side);
  return { side, seen, server };
}

describe("the catalog's own connection", () => {
  test("says who it is, and can't write", async () => {
    const { side, seen } = await fake(() => READY);
    await side.query("SELECT 1");
    const startup = m.parseStartup(seen.startups[0]!);
    const parameters = new Map(startup.kind === "startup" ? startup.parameters : []);
    assert.equal(parameters.get("application_name"), "sallyport catalog");
    assert.equal(parameters.get("default_transaction_read_only"), "on");
    assert.equal(parameters.get("database"), "app");
    for (const name of ["statement_timeout", "lock_timeout"]) assert.ok(parameters.get(name));
  });

  test("asks one question after the other over one connection, and keeps the answers apart", async () => {
    const { side, seen } = await fake((sql) => Buffer.concat([row(sql, null), READY]));
    const answers = await Promise.all(["a", "b", "c"].map((sql) => side.query(sql)));
    assert.deepEqual(answers, [[["a", null]], [["b", null]], [["c", null]]]);
    assert.equal(seen.connections, 1);
  });

  test("tells the target's error by its SQLSTATE alone, and goes on", async () => {
    const { side, seen } = await fake((_, n) =>
      Buffer.concat([n === 1 ? failure("55P03") : row("x"), READY]),
    );
    const error = await side.query("a").catch((caught: unknown) => caught);
    assert.ok(error instanceof TargetSqlError && error.locked);
    assert.doesNotMatch(error.message, /secret/);
    assert.deepEqual(await side.query("b"), [["x"]]);
    assert.equal(seen.connections, 1);
  });

  test("asks again over a new connection where the old one was closed meanwhile, and tells that it was", async () => {
    const { side, seen } = await fake((_, n) => (n === 2 ? null : Buffer.concat([row(`${n}`), READY])));
    let lost = 0;
    side.onLost = () => lost++;
    assert.deepEqual(await side.query("a"), [["1"]]);
    assert.deepEqual(await side.query("b"), [["3"]]);
    assert.deepEqual([seen.connections, lost], [2, 1]);
  });

  test("fails with target_unreachable where a fresh connection is closed, and then at once for a while", async () => {
    const clock = { now: 0 };
    const { side, seen } = await fake(() => null, { now: () => clock.now });
    await assert.rejects(side.query("a"), { code: "target_unreachable" });
    await assert.rejects(side.query("b"), { code: "target_unreachable" });
    assert.equal(seen.connections, 1, "no new attempt yet");
    clock.now = 250;
    await assert.rejects(side.query("c"), { code: "target_unreachable" });
    clock.now = 500;
    await assert.rejects(side.query("d"), { code: "target_unreachable" });
    assert.equal(seen.connections, 2, "the pause has doubled");
  });

  test("does not wait for ever for an answer", async () => {
    const { side } = await fake(() => Buffer.alloc(0), { timeoutMs: 50 });
    await assert.rejects(side.query("a"), { code: "target_unreachable", message: /no answer in time/ });
    assert.equal(side.connected, false);
  });

  test("closes when nobody asks", async () => {
    const { side } = await fake(() => READY, { idleMs: 10 });
    const lost = new Promise<void>((resolve) => {
      side.onLost = resolve;
    });
    await side.query("a");
    assert.equal(side.connected, true);
    const hold = setInterval(() => {}, 1_000);
    await lost;
    clearInterval(hold);
    assert.equal(side.connected, false);
  });

  test("does not let questions pile up", async () => {
    const { side } = await fake(() => Buffer.alloc(0), { timeoutMs: 50 });
    const waiting = Array.from({ length: 1_000 }, () => side.query("a").catch(() => {}));
    await assert.rejects(side.query("b"), { code: "too_many" });
    side.end();
    await Promise.all(waiting);
  });

  const FAULTS: [claim: string, answer: Buffer, code: string][] = [
    ["an answer without bounds", Buffer.concat([row("x".repeat(MAX_ANSWER)), READY]), "limit_exceeded"],
    [
      "rows without end",
      Buffer.concat([...Array(17).fill(row("x".repeat(1 << 20))), READY]),
      "limit_exceeded",
    ],
    ["a transaction that stays open", Buffer.concat([row("x"), m.readyForQuery("T")]), "protocol_violation"],
    ["a second answer", Buffer.concat([row("a"), READY, row("b"), READY]), "protocol_violation"],
    ["COPY", Buffer.concat([message(m.BACKEND.CopyData, Buffer.from("x")), READY]), "protocol_violation"],
    ["authentication", Buffer.concat([m.authenticationOk(), READY]), "protocol_violation"],
    ["an unknown message", Buffer.from("\x01\0\0\0\x04"), "protocol_violation"],
    [
      "a row that lies about its values",
      Buffer.concat([message(m.BACKEND.DataRow, u16(2)), READY]),
      "protocol_violation",
    ],
  ];
  for (const [claim, answer, code] of FAULTS) {
    test(`refuses ${claim}, and drops the connection`, async () => {
      const { side } = await fake(() => answer);
      await assert.rejects(side.query("a"), { code });
      assert.equal(side.connected, false);
    });
  }

  test("meets whatever bytes with rows or a typed error", async () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
      fc.constantFrom(
        READY,
        row("a", null),
        failure("42501"),
        m.parameterStatus("a", "b"),
        Buffer.from("D\0\0"),
      ),
    );
    let answer: Buffer = READY;
    let now = 0;
    const { side, seen } = await fake(() => answer, { timeoutMs: 50, now: () => (now += 20_000) });
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 5 }), async (pieces) => {
        answer = Buffer.concat(pieces);
        try {
          assert.ok(Array.isArray(await side.query("a")));
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { seed: SEED, numRuns: 60 },
    );
    assert.ok(seen.queries.length > 10);
  });
});

describe("an answer about names", () => {
  const NAMES = (["relation", "functions", "operator", "type"] as const).map((kind) => ({
    kind,
    schema: "a",
    name: "b",
  }));
  const GOOD = {
    oid: 1,
    kind: "r",
    persistence: "p",
    columns: [["a", "pg_catalog.text", "text", "S", null, []]],
    keys: [["a"], null],
    view: null,
    barrier: false,
    kin: [["child", "s", "t.u"]],
    fired: [],
    beside: [["write", "check", "c", "s", "f"]],
  };
  const NONE: ReadonlySet<string> = new Set();
  const readOne = (json: unknown) => readAnswers(NAMES, [["0", JSON.stringify(json)]], NONE)[0];

  test("is read as it is meant", () => {
    const loaded = readOne(GOOD);
    assert.deepEqual(loaded?.kind === "relation" && loaded.relation?.children, ['s."t.u"']);
    assert.deepEqual(loaded?.kind === "relation" && loaded.relation?.keys, [["a"]]);
  });

  test("that lies is a typed error", () => {
    const faults: unknown[] = [
      null,
      1,
      "x",
      [],
      {},
      { ...GOOD, oid: -1 },
      { ...GOOD, oid: 1.5 },
      { ...GOOD, oid: 2 ** 32 },
    ];
    faults.push(
      { ...GOOD, kind: "constructor" },
      { ...GOOD, kind: "__proto__" },
      { ...GOOD, columns: [["x".repeat(2000), "pg_catalog.text", "text", "S", null, []]] },
      { ...GOOD, columns: [["a", "x".repeat(5000), "text", "S", null, []]] },
      { ...GOOD, columns: [["a", "pg_catalog.text", "text", "String", null, []]] },
      { ...GOOD, columns: [["a", "pg_catalog.text", "text", "S", 1, []]] },
      { ...GOOD, columns: [["a", "pg_catalog.text", "text", "S", null, [1]]] },
      { ...GOOD, columns: [["a", "pg_catalog.text", "text", "S", null, null]] },
      { ...GOOD, columns: [["a"]] },
      { ...GOOD, barrier: "no" },
    );
    faults.push(
      { ...GOOD, columns: Array(2000).fill(GOOD.columns[0]) },
      { ...GOOD, columns: [1] },
      { ...GOOD, keys: [[null]] },
    );
    faults.push(
      { ...GOOD, kin: [["child", "s"]] },
      { ...GOOD, kin: [["child", "s", "t", false]] },
      { ...GOOD, fired: [["s", "t", "s", null]] },
      { ...GOOD, beside: Array(202).fill(GOOD.beside[0]) },
      { ...GOOD, view: 1 },
    );
    faults.push(
      { ...GOOD, beside: [["write", "magic", "c", null, null]] },
      { ...GOOD, beside: [["never", "rule", "c", null, null]] },
    );
    for (const fault of faults.slice(1))
      assert.throws(() => readOne(fault), SallyportError, JSON.stringify(fault).slice(0, 80));
    const rows: (string | null)[][][] = [
      [["4", null]],
      [["-1", null]],
      [["0"]],
      [
        ["0", "null"],
        ["0", "null"],
      ],
      [["0", "{"]],
    ];
    rows.push([[null, "{}"]], [["0", "[".repeat(1_000_000)]], [["x", null]], [["00000000000", null]]);
    for (const some of rows) assert.throws(() => readAnswers(NAMES, some, NONE), SallyportError);
  });

  test("with more beside the rows than is told is not harmless, though all that is told be trusted", () => {
    const many = { ...GOOD, beside: Array(201).fill(GOOD.beside[0]) };
    const [loaded] = readAnswers(NAMES, [["0", JSON.stringify(many)]], new Set(["s.f"]));
    const relation = loaded?.kind === "relation" ? loaded.relation : null;
    for (const at of ["readSideEffects", "writeSideEffects", "analyzeSideEffects"] as const) {
      assert.deepEqual(relation?.[at], ["more runs beside the rows of a.b than can be told"]);
    }
    assert.deepEqual(relation?.cascades?.sideEffects, relation?.readSideEffects);
  });

  test("with a materialized view's text that is too long leaves it unknown", () => {
    const read = (view: string) => {
      const loaded = readOne({ ...GOOD, kind: "m", view });
      return loaded?.kind === "relation" && loaded.relation?.materialized;
    };
    assert.deepEqual([read("SELECT 1"), read("x".repeat(300_000))], ["SELECT 1", null]);
  });

  test("with a view that is too long leaves the view unknown, which is opaque", () => {
    const loaded = readOne({ ...GOOD, kind: "v", view: "x".repeat(300_000) });
    assert.deepEqual(loaded?.kind === "relation" && [loaded.relation?.kind, loaded.relation?.view], [
      "view",
      null,
    ]);
  });

  test("is never anything else than names or a typed error", () => {
    const json = fc.oneof(
      fc.jsonValue(),
      fc.record(
        Object.fromEntries(
          Object.entries(GOOD).map(([key, value]) => [
            key,
            fc.oneof(fc.constant<unknown>(value), fc.jsonValue()),
          ]),
        ),
        { requiredKeys: [] },
      ),
    );
    fc.assert(
      fc.property(fc.nat(3), json, (n, value) => {
        try {
          assert.equal(readAnswers(NAMES, [[`${n}`, JSON.stringify(value)]], NONE).length, 4);
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { seed: SEED, numRuns: 500 },
    );
  });
});
