import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as m from "../../protocol/postgres/messages.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import { cstring, message, u16, u32 } from "../../protocol/postgres/wire.ts";
import { DEFAULT_DETECTORS } from "../mask/detectors/modes.ts";
import { Conversation, type Request } from "./conversation.ts";
import { OwnQueries } from "./guard/own-queries.ts";
import { Refusal } from "./guard/refusal.ts";
import { ResultLimit } from "./guard/result-limit.ts";
import type { SessionCatalog } from "./guard/session-catalog.ts";
import type { AgentExchange } from "./guard/verdict.ts";
import { Net } from "./mask/net.ts";
import { Outbound } from "./outbound.ts";
import { Outbox } from "./outbox.ts";
import { TestStream } from "./test-stream.ts";

const SECRET = "alice@example.com";
const CARD = "4111111111111111";
const STARS = "*".repeat(16);
const LABELS = ["pii.email", "pii.ssn"];

/** A session whose target says what the test says. */
class Session {
  readonly stream = new TestStream();
  readonly talk = new Conversation("I");
  readonly outbound: Outbound;
  readonly #outbox = new Outbox(this.stream, () => {});
  /** Rows of statements with masks that went to the agent. */
  rows = 0;
  readonly exchange = {
    labels: LABELS,
    row: () => {
      this.rows += 1;
    },
  };
  counted = { rows: 0, bytes: 0 };

  constructor({ net = false, masks = true } = {}) {
    this.outbound = new Outbound({
      target: "orders",
      reader: new MessageReader("backend", { whole: "RKvSNEZ", wholeLimit: 64 * 1024 }),
      talk: this.talk,
      own: new OwnQueries(this.talk, () => {}),
      catalog: { failed() {}, ready() {} } as unknown as SessionCatalog,
      outbox: this.#outbox,
      net: net ? Net.of(DEFAULT_DETECTORS) : null,
      masks,
      rested: () => {},
      counted: (rows, bytes) => {
        this.counted = { rows: this.counted.rows + rows, bytes: this.counted.bytes + bytes };
      },
      cut: () => {},
      skipToSync: () => {},
      diverged: () => {},
    });
  }

  /** The agent has sent this. */
  sent(request: Request, parts: Partial<AgentExchange> = {}): void {
    this.talk.sent({ request, ...parts } as AgentExchange);
  }

  masked(request: Request): void {
    this.sent(request, { masked: this.exchange });
  }

  /** The target says this; gives what the agent got. */
  says(...messages: Buffer[]): { name: string; body: Buffer }[] {
    this.outbound.push(Buffer.concat(messages));
    this.#outbox.flush();
    assert.equal(this.stream.malformed, undefined);
    return this.stream.messages.splice(0);
  }

  get boundary(): boolean {
    return this.#outbox.boundary;
  }
}

/** An error as PostgreSQL 15 tells it, with a value in every field that may have one. */
function said(name: "ErrorResponse" | "NoticeResponse", severity: string, state = "23505"): Buffer {
  const letters = ["D", "H", "W", "q", "s", "t", "c", "d", "n", "F", "R"];
  return m.errorFields(name, [
    ["S", severity],
    ["V", severity],
    ["C", state],
    ["M", `bad ${SECRET}`],
    ["P", "17"],
    ["p", "3"],
    ["L", "9"],
    ...letters.map((letter): [string, string] => [letter, SECRET]),
  ]);
}

const error = (severity = "ERROR", state?: string) => said("ErrorResponse", severity, state);
const notice = (severity: string) => said("NoticeResponse", severity);
const ready = (status: "I" | "T" | "E" = "I") => m.readyForQuery(status);
const complete = () => message(m.BACKEND.CommandComplete, cstring("SELECT 1"));
const row = (text: string) => message(m.BACKEND.DataRow, u16(1), u32(text.length), Buffer.from(text));
const copyOut = () => message(m.BACKEND.CopyOutResponse, Uint8Array.of(0), u16(0));
const copyData = (text: string) => message(m.BACKEND.CopyData, Buffer.from(text));

const fieldsOf = ({ body }: { body: Buffer }) => m.parseErrorFields(body, "ErrorResponse");
const named = (messages: { name: string }[]) => messages.map(({ name }) => name).join(" ");

function assertWithheld(one: { name: string; body: Buffer }, severity: string, state: string): void {
  assert.ok(!one.body.includes("alice"));
  const fields = fieldsOf(one);
  assert.deepEqual([...fields.keys()].join(""), "SVCMH");
  assert.deepEqual([fields.get("S"), fields.get("V"), fields.get("C")], [severity, severity, state]);
  assert.match(fields.get("M") ?? "", /withheld.*labelled pii\.email, pii\.ssn/);
}

describe("an error of a statement with masks", () => {
  for (const request of ["query", "bind", "execute", "call"] as const) {
    test(`is told by severity and SQLSTATE only: ${request}`, () => {
      const session = new Session();
      session.masked(request);
      if (request === "bind" || request === "execute") session.sent("sync");
      const answer = session.says(error(), ready());
      assert.equal(named(answer), "ErrorResponse ReadyForQuery");
      assertWithheld(answer[0]!, "ERROR", "23505");
    });
  }

  for (const request of ["parse", "describe"] as const) {
    test(`tells of the text, but not where, as the text is another: ${request}`, () => {
      const session = new Session();
      session.masked(request);
      const [told] = session.says(error());
      assert.equal([...fieldsOf(told!).keys()].sort().join(""), "CDFHLMRSVcdnst");
    });
  }

  test("is replaced as well where it ends the connection", () => {
    for (const severity of ["FATAL", "PANIC"]) {
      const session = new Session();
      session.masked("query");
      assertWithheld(session.says(error(severity, "57P01"))[0]!, severity, "57P01");
    }
  });

  test("is replaced where it is too long to be read whole, in whatever pieces it comes", () => {
    const long = m.errorFields("ErrorResponse", [
      ["S", "ERROR"],
      ["V", "ERROR"],
      ["C", "23505"],
      ["M", SECRET.repeat(10_000)],
    ]);
    for (const cut of [5, 6, 20, 40, 70_000]) {
      const session = new Session();
      session.masked("query");
      const first = session.says(long.subarray(0, cut));
      const answer = [...first, ...session.says(long.subarray(cut), ready())];
      assert.equal(named(answer), "ErrorResponse ReadyForQuery");
      assertWithheld(answer[0]!, "ERROR", cut < 40 ? "XX000" : "23505");
    }
  });

  test("is replaced where a result was cut or the message refused, and the connection ends", () => {
    const limit = new ResultLimit(0, null, true);
    const refusal = Refusal.of("42501", "no");
    for (const parts of [{ limit }, { refusal }]) {
      const session = new Session();
      session.sent("query", { ...parts, masked: session.exchange });
      const rows = "limit" in parts ? [row("a")] : [];
      assertWithheld(session.says(...rows, error("FATAL", "57P01"))[0]!, "FATAL", "57P01");
    }
  });

  test("that a constraint raises at the end of its transaction is replaced too", () => {
    const session = new Session();
    session.masked("query");
    session.says(complete(), ready("T"));
    session.sent("query");
    assertWithheld(session.says(error())[0]!, "ERROR", "23505");
    session.says(ready("I"));
    session.sent("query");
    assert.ok(session.says(error())[0]!.body.includes(SECRET), "the next transaction has nothing to hide");
  });

  test("leaves the errors of other statements as they are", () => {
    const session = new Session();
    session.masked("query");
    session.says(complete(), ready("T"));
    session.sent("query");
    const other = error("ERROR", "42P01");
    assert.deepEqual(session.says(other)[0]!.body, other.subarray(5));
  });
});

describe("a notice", () => {
  test("while a statement with masks runs is told without its text", () => {
    const session = new Session();
    session.masked("query");
    const answer = session.says(notice("WARNING"), notice("NOTICE"), complete(), ready());
    assert.equal(named(answer), "NoticeResponse NoticeResponse CommandComplete ReadyForQuery");
    assertWithheld(answer[0]!, "WARNING", "23505");
    assertWithheld(answer[1]!, "NOTICE", "23505");
  });

  test("as the transaction of one ends is told without its text", () => {
    const session = new Session();
    session.masked("execute");
    session.sent("sync");
    assertWithheld(session.says(complete(), notice("NOTICE"))[1]!, "NOTICE", "23505");
  });

  test("for a log never comes to a session with masks", () => {
    for (const severity of ["LOG", "DEBUG1", "DEBUG5", "DEBUG"]) {
      const session = new Session();
      session.sent("query");
      assert.equal(named(session.says(notice(severity), ready())), "ReadyForQuery");
      assert.equal(named(session.says(notice(severity), m.parameterStatus("a", "b"))), "ParameterStatus");
      const open = new Session({ masks: false });
      open.sent("query");
      assert.equal(named(open.says(notice(severity), ready())), "NoticeResponse ReadyForQuery");
    }
  });

  test("of other statements passes as it came", () => {
    const session = new Session();
    session.sent("query");
    assert.deepEqual(session.says(notice("WARNING"))[0]!.body, notice("WARNING").subarray(5));
  });
});

describe("rows of a statement with masks", () => {
  test("are counted for it, as many as go to the agent", () => {
    const session = new Session();
    session.masked("query");
    session.says(row("a"), row("b"), complete(), copyOut(), copyData("c\n"), complete(), ready());
    assert.equal(session.rows, 3);
    assert.equal(session.counted.rows, 3);
  });

  test("are not counted beyond a limit", () => {
    const session = new Session();
    session.sent("query", { masked: session.exchange, limit: new ResultLimit(2, null, true) });
    session.says(row("a"), row("b"), row("c"), row("d"));
    assert.equal(session.rows, 2);
  });

  test("are counted once, in whatever pieces they come", () => {
    for (const net of [false, true]) {
      const session = new Session({ net });
      session.masked("query");
      for (const byte of row("a value")) session.says(Buffer.of(byte));
      assert.equal(session.rows, 1);
    }
  });
});

describe("the net", () => {
  test("masks what the target sends, and leaves the connector's own answers whole", () => {
    const session = new Session({ net: true });
    session.sent("query");
    const answer = session.says(row(`x ${CARD}`), complete(), ready());
    assert.deepEqual(answer[0]!.body, row(`x ${STARS}`).subarray(5));
    assert.equal(named(answer), "DataRow CommandComplete ReadyForQuery");
  });

  test("gives the same however the target's bytes are cut, and knows when a message has ended", () => {
    const copy = [copyData(`1\t${CARD} x\n`), copyData("2\t41111111"), copyData("11111111 x\n")];
    const stream = Buffer.concat([copyOut(), ...copy, message(m.BACKEND.CopyDone), complete(), ready()]);
    const expected = stream
      .toString("latin1")
      .replace(CARD, STARS)
      .replace(/[14]1111111/g, "********");
    for (const size of [1, 2, 3, 7, 20, 41, 1000]) {
      const session = new Session({ net: true });
      session.sent("query");
      for (let at = 0; at < stream.length; at += size) session.says(stream.subarray(at, at + size));
      assert.ok(session.boundary);
      const got = Buffer.concat(session.stream.frames.map(({ bytes }) => bytes));
      assert.equal(got.toString("latin1"), expected);
    }
  });

  test("says that a message is not over while it holds back a part of it", () => {
    const session = new Session({ net: true });
    session.sent("query");
    session.says(row("a long value").subarray(0, 15));
    assert.ok(!session.boundary);
    session.says(row("a long value").subarray(15));
    assert.ok(session.boundary);
    session.says(copyOut(), copyData("a row that another message"));
    assert.ok(!session.boundary);
    session.says(copyData(" ends\n"));
    assert.ok(session.boundary);
  });

  test("looks through the target's own words in a refusal", () => {
    const session = new Session({ net: true });
    const body = m.errorFields("ErrorResponse", [
      ["S", "ERROR"],
      ["V", "ERROR"],
      ["C", "22P02"],
      ["M", `bad ${CARD}`],
    ]);
    session.sent("query", { refusal: Refusal.byTarget(body.subarray(5)) });
    assert.equal(fieldsOf(session.says(error())[0]!).get("M"), `bad ${STARS}`);
  });
});
