import { BACKEND, FRONTEND } from "../../protocol/postgres/message-types.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { cstring, message, u16, u32 } from "../../protocol/postgres/wire.ts";

/** Random choices of one fuzzing run. */
export class Chance {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** A whole number below `limit`. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  one<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }

  bytes(length: number): Buffer {
    return Buffer.from(Array.from({ length }, () => this.below(256)));
  }

  /** The bytes with some changed, lost, doubled or cut off. */
  damaged(bytes: Buffer): Buffer {
    let result = Buffer.from(bytes);
    for (let count = 1 + this.below(4); count > 0; count--) {
      const at = this.below(result.length);
      const what = this.below(4);
      if (what === 0) result[at] = this.below(256);
      else if (what === 1) result = Buffer.concat([result.subarray(0, at), result.subarray(at + 1)]);
      else if (what === 2)
        result = Buffer.concat([result.subarray(0, at), result.subarray(this.below(at + 1))]);
      else result = result.subarray(0, at + 1);
    }
    return result;
  }
}

const conversation = Buffer.concat([
  m.query("SELECT 1"),
  m.parse({ statement: "s", sql: "SELECT $1::int", parameterTypes: [] }),
  m.bind({
    portal: "",
    statement: "s",
    parameterFormats: [],
    parameters: [Buffer.from("7")],
    resultFormats: [],
  }),
  m.describe({ kind: "portal", name: "" }),
  m.execute({ portal: "", maxRows: 0 }),
  m.sync(),
  m.query("CREATE TEMP TABLE fuzzed (t text)"),
  m.query("COPY fuzzed FROM STDIN"),
  m.copyData(Buffer.from("a\nb\n")),
  m.copyDone(),
  m.query("SELECT repeat('x', 100000)"),
]);

/** What an agent may do to harm after its startup message. */
export const HOSTILE_AGENT: Record<string, (chance: Chance) => Buffer> = {
  garbage: (chance) => chance.bytes(1 + chance.below(2_000)),
  "a damaged conversation": (chance) => chance.damaged(conversation),
  "a message cut short": (chance) => conversation.subarray(0, 1 + chance.below(conversation.length - 1)),
  "an impossible length": (chance) =>
    Buffer.concat([
      Buffer.of(chance.one(Object.values(FRONTEND)).type),
      chance.one([Buffer.alloc(4), Buffer.from("7fffffff", "hex"), Buffer.from("ffffffff", "hex")]),
      chance.bytes(100),
    ]),
  "messages out of order": (chance) =>
    Buffer.concat(
      Array.from({ length: 1 + chance.below(10) }, () =>
        chance.one([
          m.passwordMessage("hunter2"),
          m.copyData(chance.bytes(50)),
          m.copyDone(),
          m.copyFail("no"),
          m.sync(),
          m.flush(),
          m.execute({ portal: "none", maxRows: 1 }),
          m.startupMessage(m.PROTOCOL_3_0, [["user", "again"]]),
          m.terminate(),
          m.query("SELECT 1"),
        ]),
      ),
    ),
};

const answer = Buffer.concat([
  message(BACKEND.RowDescription, u16(0)),
  message(BACKEND.DataRow, u16(1), u32(1), Buffer.from("1")),
  message(BACKEND.CommandComplete, cstring("SELECT 1")),
  m.readyForQuery("I"),
]);

/** What a false target may say once it is asked for something. */
export const HOSTILE_TARGET: Record<string, (chance: Chance) => Buffer> = {
  garbage: (chance) => chance.bytes(1 + chance.below(2_000)),
  "a damaged answer": (chance) => chance.damaged(answer),
  "an answer cut short": (chance) => answer.subarray(0, 1 + chance.below(answer.length - 1)),
  "an impossible length": (chance) =>
    Buffer.concat([
      Buffer.of(chance.one(Object.values(BACKEND)).type),
      chance.one([Buffer.alloc(4), Buffer.from("7fffffff", "hex"), Buffer.from("ffffffff", "hex")]),
      chance.bytes(100),
    ]),
  "messages out of order": (chance) =>
    Buffer.concat(
      Array.from({ length: 1 + chance.below(10) }, () =>
        chance.one([
          m.authenticationOk(),
          m.backendKeyData({ processId: 1, secret: Buffer.alloc(4) }),
          m.readyForQuery("T"),
          message(BACKEND.DataRow, u16(0)),
          message(BACKEND.CommandComplete, cstring("NONSENSE")),
          m.errorFields("ErrorResponse", []),
          m.parameterStatus("client_encoding", "KLINGON"),
          Buffer.from("W\0\0\0\x07\0\0\0"),
        ]),
      ),
    ),
  "data without an end": (chance) => {
    const long = Buffer.alloc(1_000_000, chance.below(256));
    return Buffer.concat([Buffer.from("D"), Buffer.from("3ffffffe", "hex"), long]);
  },
};
