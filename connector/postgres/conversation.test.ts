import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BACKEND, type BackendName } from "../../protocol/postgres/message-types.ts";
import { Conversation, type Exchange, type Request } from "./conversation.ts";

/** A conversation, and what became of each request in the order told. */
function talk(...requests: Request[]) {
  const conversation = new Conversation("I");
  const told: string[] = [];
  const readied: string[] = [];
  const ask = (request: Request): Exchange => {
    const exchange: Exchange = {
      request,
      done: () => told.push(`${request} done`),
      failed: () => told.push(`${request} failed`),
      readied: () => readied.push(`${request} ${conversation.status}`),
    };
    conversation.sent(exchange);
    return exchange;
  };
  const exchanges = requests.map(ask);
  const hear = (name: BackendName, status: "I" | "T" | "E" | null = null) =>
    conversation.received(BACKEND[name].type, status).exchange;
  return { conversation, told, readied, ask, exchanges, hear };
}

describe("a conversation", () => {
  test("gives each answer to the request that it answers, in order", () => {
    const { exchanges, hear, told, conversation } = talk("parse", "bind", "describe", "execute", "sync");
    const [parse, bind, describe, execute, sync] = exchanges;
    assert.equal(hear("ParseComplete"), parse);
    assert.equal(hear("BindComplete"), bind);
    assert.equal(hear("RowDescription"), describe);
    assert.equal(hear("DataRow"), execute);
    assert.equal(hear("CommandComplete"), execute);
    assert.equal(conversation.answered, false);
    assert.equal(hear("ReadyForQuery", "T"), sync);
    assert.equal(conversation.answered, true);
    assert.equal(conversation.status, "T");
    assert.deepEqual(told, ["parse done", "bind done", "describe done", "execute done", "sync done"]);
  });

  test("describes a statement in two messages, and one that returns nothing too", () => {
    const { exchanges, hear } = talk("describe", "describe");
    assert.equal(hear("ParameterDescription"), exchanges[0]);
    assert.equal(hear("NoData"), exchanges[0]);
    assert.equal(hear("RowDescription"), exchanges[1]);
  });

  test("after an error nothing is answered until the Sync, and what follows it is", () => {
    const { exchanges, hear, told } = talk("parse", "bind", "execute", "sync", "parse", "sync");
    assert.equal(hear("ErrorResponse"), exchanges[0]);
    assert.deepEqual(told, ["parse failed", "bind failed", "execute failed"]);
    assert.equal(hear("ReadyForQuery", "I"), exchanges[3]);
    assert.equal(hear("ParseComplete"), exchanges[4]);
  });

  test("what is sent after an error and before the Sync is never answered", () => {
    const { conversation, hear, ask, told } = talk("bind");
    hear("ErrorResponse");
    assert.equal(conversation.skipping, true);
    ask("execute");
    assert.deepEqual(told, ["bind failed", "execute failed"]);
    const sync = ask("sync");
    assert.equal(conversation.skipping, false);
    assert.equal(hear("ReadyForQuery", "E"), sync);
  });

  test("a simple query that the target skips tells nothing of the transaction; the Sync does", () => {
    const { exchanges, hear, told, readied } = talk("execute", "query", "sync");
    hear("ErrorResponse");
    assert.deepEqual(told, ["execute failed", "query failed"]);
    assert.deepEqual(readied, []);
    assert.equal(hear("ReadyForQuery", "E"), exchanges[2]);
    assert.deepEqual(readied, ["sync E"]);
  });

  test("an error of a simple query is followed by its own ReadyForQuery", () => {
    const { exchanges, hear, told } = talk("query", "query");
    assert.equal(hear("RowDescription"), exchanges[0]);
    assert.equal(hear("ErrorResponse"), exchanges[0]);
    assert.equal(hear("ReadyForQuery", "I"), exchanges[0]);
    assert.equal(hear("CommandComplete"), exchanges[1]);
    assert.equal(hear("ReadyForQuery", "I"), exchanges[1]);
    assert.deepEqual(told, ["query failed", "query done"]);
  });

  test("a commit that fails at its Sync is the Sync's error", () => {
    const { exchanges, hear, told } = talk("execute", "sync");
    hear("CommandComplete");
    assert.equal(hear("ErrorResponse"), exchanges[1]);
    hear("ReadyForQuery", "I");
    assert.deepEqual(told, ["execute done", "sync failed"]);
  });

  test("what a server says unasked answers nothing", () => {
    const { conversation, hear } = talk();
    for (const name of [
      "NoticeResponse",
      "ParameterStatus",
      "NotificationResponse",
      "ErrorResponse",
    ] as const) {
      assert.equal(hear(name), undefined);
    }
    assert.equal(conversation.answered, true);
  });

  test("a message that answers nothing is a fault of the target", () => {
    for (const [request, name] of [
      [undefined, "CommandComplete"],
      ["parse", "BindComplete"],
      ["sync", "CommandComplete"],
      ["execute", "ReadyForQuery"],
      ["bind", "DataRow"],
    ] as const) {
      const { hear } = talk(...(request === undefined ? [] : [request]));
      assert.throws(() => hear(name, name === "ReadyForQuery" ? "I" : null), /answers nothing/);
    }
  });

  test("knows when the target waits for CopyData", () => {
    const { conversation, hear } = talk("execute");
    hear("CopyInResponse");
    assert.equal(conversation.copyIn, true);
    conversation.copyEnded();
    assert.equal(conversation.copyIn, false);
    hear("CommandComplete");
    assert.equal(conversation.answered, true);
  });
});
