import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { SallyportError } from "../errors.ts";
import { SEED } from "../seeded.ts";
import { errorResponse } from "./error-response.ts";
import * as m from "./messages.ts";
import { cstring, i32, message, u16, u32 } from "./wire.ts";

console.log(`messages fuzz: SEED=${SEED}`);

/** The body of a typed message. */
const body = (bytes: Uint8Array) => bytes.subarray(5);

const BIND: m.Bind = {
  portal: "p",
  statement: "s",
  parameterFormats: [0, 1],
  parameters: [Buffer.from("a"), null],
  resultFormats: [1],
};
const CALL: m.FunctionCall = {
  function: 1598,
  argumentFormats: [1],
  arguments: [Buffer.from([0, 0, 0, 4]), null],
  resultFormat: 1,
};
const COLUMN: m.Column = {
  name: "id",
  table: 16384,
  attribute: 1,
  type: 23,
  typeSize: 4,
  typeModifier: -1,
  format: 0,
};

/** A valid body for each parser; what the fuzz cuts and bends. */
const VALID: [name: string, parse: (bytes: Uint8Array) => unknown, bytes: Uint8Array, expected: unknown][] = [
  ["Query", m.parseQuery, body(m.query("SELECT 'ä'")), { sql: "SELECT 'ä'" }],
  [
    "Parse",
    m.parseParse,
    body(m.parse({ statement: "s", sql: "SELECT $1", parameterTypes: [23, 0] })),
    { statement: "s", sql: "SELECT $1", parameterTypes: [23, 0] },
  ],
  ["Bind", m.parseBind, body(m.bind(BIND)), BIND],
  ["Describe", m.parseDescribe, body(m.describe({ kind: "portal", name: "" })), { kind: "portal", name: "" }],
  ["Close", m.parseClose, body(m.close({ kind: "statement", name: "s" })), { kind: "statement", name: "s" }],
  ["Execute", m.parseExecute, body(m.execute({ portal: "p", maxRows: 100 })), { portal: "p", maxRows: 100 }],
  ["FunctionCall", m.parseFunctionCall, body(m.functionCall(CALL)), CALL],
  ["CopyFail", m.parseCopyFail, body(m.copyFail("no more")), { reason: "no more" }],
  ["AuthenticationOk", m.parseAuthentication, body(m.authenticationOk()), { kind: "ok" }],
  [
    "AuthenticationMD5Password",
    m.parseAuthentication,
    Buffer.concat([u32(5), u32(0x01020304)]),
    { kind: "md5", salt: Buffer.from([1, 2, 3, 4]) },
  ],
  [
    "AuthenticationSASL",
    m.parseAuthentication,
    Buffer.concat([u32(10), cstring("SCRAM-SHA-256-PLUS"), cstring("SCRAM-SHA-256"), Buffer.alloc(1)]),
    { kind: "sasl", mechanisms: ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"] },
  ],
  ["AuthenticationGSS", m.parseAuthentication, u32(7), { kind: "other", code: 7 }],
  [
    "BackendKeyData",
    m.parseBackendKeyData,
    body(m.backendKeyData({ processId: 42, secret: Buffer.alloc(32, 3) })),
    { processId: 42, secret: Buffer.alloc(32, 3) },
  ],
  [
    "NegotiateProtocolVersion",
    m.parseNegotiateProtocolVersion,
    body(m.negotiateProtocolVersion({ version: m.PROTOCOL_3_0, unknownOptions: ["_pq_.x"] })),
    { version: m.PROTOCOL_3_0, unknownOptions: ["_pq_.x"] },
  ],
  [
    "ParameterStatus",
    m.parseParameterStatus,
    body(m.parameterStatus("TimeZone", "UTC")),
    { name: "TimeZone", value: "UTC" },
  ],
  ["ReadyForQuery", m.parseReadyForQuery, body(m.readyForQuery("T")), { status: "T" }],
  [
    "ErrorResponse",
    (bytes) => m.parseErrorFields(bytes, "ErrorResponse"),
    body(m.errorFields("ErrorResponse", new Map([["M", "no"]]))),
    new Map([["M", "no"]]),
  ],
  [
    "RowDescription",
    m.parseRowDescription,
    Buffer.concat([u16(1), cstring("id"), u32(16384), u16(1), u32(23), u16(4), i32(-1), u16(0)]),
    [COLUMN],
  ],
  [
    "DataRow",
    m.parseDataRow,
    Buffer.concat([u16(2), i32(-1), i32(1), Buffer.from("x")]),
    [null, Buffer.from("x")],
  ],
  ["CommandComplete", m.parseCommandComplete, cstring("SELECT 1"), { tag: "SELECT 1" }],
  ["ParameterDescription", m.parseParameterDescription, Buffer.concat([u16(2), u32(23), u32(25)]), [23, 25]],
  [
    "CopyOutResponse",
    m.parseCopyResponse,
    Buffer.concat([Buffer.from([1]), u16(2), u16(1), u16(1)]),
    { format: 1, columnFormats: [1, 1] },
  ],
  [
    "FunctionCallResponse",
    m.parseFunctionCallResponse,
    Buffer.concat([i32(1), Buffer.from("x")]),
    Buffer.from("x"),
  ],
  [
    "NotificationResponse",
    m.parseNotification,
    Buffer.concat([i32(9), cstring("news"), cstring("hello")]),
    { processId: 9, channel: "news", payload: "hello" },
  ],
];

describe("parsers", () => {
  for (const [name, parse, bytes, expected] of VALID) {
    test(`${name} is read as it was written`, () => assert.deepEqual(parse(bytes), expected));
  }

  test("no parser accepts a body with a byte too many or too few, where the form tells", () => {
    const openEnded = new Set(["BackendKeyData", "AuthenticationGSS"]);
    for (const [name, parse, bytes] of VALID) {
      if (openEnded.has(name)) continue;
      for (let end = 0; end < bytes.length; end++) {
        assert.throws(() => parse(bytes.subarray(0, end)), SallyportError, `${name}, ${end} bytes`);
      }
      assert.throws(() => parse(Buffer.concat([bytes, Buffer.alloc(1)])), SallyportError, name);
    }
  });

  test("a text never reads past its message into the bytes behind it", () => {
    const stream = Buffer.from("SELECT 1\0");
    assert.throws(() => m.parseQuery(stream.subarray(0, 8)), SallyportError);
  });

  test("a count is no reason to allocate", () => {
    assert.throws(
      () => m.parseNegotiateProtocolVersion(Buffer.concat([u32(0), u32(0xffff_ffff)])),
      SallyportError,
    );
    assert.throws(() => m.parseDataRow(u16(65535)), SallyportError);
  });

  test("bent bodies make the parsers throw nothing but SallyportError", () => {
    const edit = fc.record({ at: fc.nat({ max: 100 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(fc.constantFrom(...VALID), fc.array(edit, { maxLength: 4 }), ([, parse, bytes], edits) => {
        const bent = Buffer.from(bytes);
        for (const { at, byte } of edits) if (bent.length > 0) bent[at % bent.length] = byte;
        try {
          parse(bent);
        } catch (error) {
          assert.ok(error instanceof SallyportError, String(error));
        }
      }),
      { seed: SEED, numRuns: 5000 },
    );
  });
});

describe("startup", () => {
  const startup = (bytes: Buffer) => m.parseStartup(bytes.subarray(4));

  test("parameters keep their order", () => {
    const parameters: [string, string][] = [
      ["user", "a"],
      ["database", "b"],
      ["database", "c"],
    ];
    assert.deepEqual(startup(m.startupMessage(m.PROTOCOL_3_2, parameters)), {
      kind: "startup",
      version: m.PROTOCOL_3_2,
      parameters,
    });
  });
  test("requests for encryption and cancel are told apart", () => {
    assert.deepEqual(startup(m.sslRequest()), { kind: "ssl" });
    assert.deepEqual(startup(m.gssencRequest()), { kind: "gssenc" });
    assert.deepEqual(startup(m.cancelRequest(-5, Buffer.from([1, 2, 3, 4]))), {
      kind: "cancel",
      processId: -5,
      secret: Buffer.from([1, 2, 3, 4]),
    });
  });
  test("of another major version only the version is read", () => {
    assert.deepEqual(m.parseStartup(Buffer.concat([u32(0x2_0000), Buffer.from("anything")])), {
      kind: "startup",
      version: 0x2_0000,
      parameters: [],
    });
  });
  test("a list without its end is refused", () => {
    assert.throws(
      () => m.parseStartup(Buffer.concat([u32(m.PROTOCOL_3_0), cstring("user")])),
      SallyportError,
    );
  });
});

describe("errorResponse", () => {
  test("tells code, message and hint, and nothing of the connector", () => {
    const error = new SallyportError("target_closed", "it closed", "try again");
    assert.deepEqual(
      m.parseErrorFields(body(errorResponse(error)), "ErrorResponse"),
      new Map([
        ["S", "FATAL"],
        ["V", "FATAL"],
        ["C", "08006"],
        ["M", "it closed"],
        ["H", "try again"],
      ]),
    );
  });
  test("a zero byte in a message can't end its field early and start another", () => {
    const fields = m.parseErrorFields(
      body(errorResponse(new SallyportError("internal", "a\0Hforged"))),
      "ErrorResponse",
    );
    assert.equal(fields.get("M"), "a");
    assert.equal(fields.has("H"), false);
  });
});

test("builders write what the type's rule allows", () => {
  assert.deepEqual(m.sync(), message(m.FRONTEND.Sync));
  assert.deepEqual(m.passwordMessage("x"), Buffer.from("p\0\0\0\x06x\0"));
});
