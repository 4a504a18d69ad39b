import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { seedOf } from "../seeded.ts";
import { MAX_FIELDS, type RequestHead, type ResponseHead } from "./head.ts";
import { readFields, readRequestHead, readResponseHead, readTrailers } from "./reading.ts";
import { codeOf } from "./testing.ts";

const HEAD: RequestHead = { method: "POST", target: "/a?b", base: "/t/shop", fields: [], body: true };

const request = (change: object) => codeOf(() => readRequestHead({ ...HEAD, ...change }));
const fieldsOf = (...fields: [string, string][]) => request({ fields });

describe("the head of a request", () => {
  test("is read as it was written", () => {
    const head: RequestHead = {
      ...HEAD,
      fields: [
        ["content-type", 'application/json; charset="utf-8"'],
        ["content-length", "12"],
        ["x-a", "é\t1"],
        ["x-a", ""],
        ["te", "trailers"],
        ["sallyport-upgrade", "spdy/3.1"],
      ],
    };
    assert.deepEqual(readRequestHead(structuredClone(head)), head);
    const websocket = {
      ...HEAD,
      method: "GET",
      body: false,
      websocket: { subprotocols: ["v5.channel.k8s.io"] },
    };
    assert.deepEqual(readRequestHead(structuredClone(websocket)), websocket);
  });

  test("has no credential, nor anything of the route, whatever it says", () => {
    const fields = [
      ["authorization", "x"],
      ["cookie", "a"],
      ["impersonate-user", "root"],
      ["x-remote-user", "root"],
      ["x-forwarded-for", "1"],
      ["proxy_authorization", "x"],
    ];
    assert.deepEqual(readRequestHead({ ...HEAD, fields }).fields, []);
  });

  const violations: [what: string, change: object][] = [
    ["no method", { method: undefined }],
    ["a method that is no text", { method: ["GET"] }],
    ["a method with a blank", { method: "GET /" }],
    ["a method with a line end", { method: "GET\r\nX: 1" }],
    ["an empty method", { method: "" }],
    ["a target that is no path", { target: "http://evil/" }],
    ["an empty target", { target: "" }],
    ["a target with a blank", { target: "/a HTTP/1.1" }],
    ["a target with a line end", { target: "/a\r\nHost: evil" }],
    ["a target that is no ASCII", { target: "/é" }],
    ["a target that is too long", { target: `/${"a".repeat(16 * 1024)}` }],
    ["a base with dot segments", { base: "/t/.." }],
    ["a base of another host", { base: "//evil" }],
    ["no base", { base: undefined }],
    ["a body that is no boolean", { body: 1 }],
    ["a member that isn't known", { trailers: [] }],
    ["a WebSocket that is none", { method: "GET", websocket: true }],
    ["a WebSocket by POST", { websocket: { subprotocols: [] } }],
    ["a WebSocket whose subprotocols are no tokens", { method: "GET", websocket: { subprotocols: ["a b"] } }],
    ["a WebSocket with a subprotocol twice", { method: "GET", websocket: { subprotocols: ["a", "a"] } }],
    [
      "a WebSocket with a bearer token",
      { method: "GET", websocket: { subprotocols: ["base64url.bearer.authorization.k8s.io.dG9r"] } },
    ],
    ["no fields", { fields: undefined }],
    ["fields that are no list", { fields: { a: "1" } }],
    ["fields that are no pairs", { fields: [["a"]] }],
    ["fields of three", { fields: [["a", "1", "2"]] }],
    ["too many fields", { fields: Array.from({ length: MAX_FIELDS + 1 }, (_, i) => [`x-${i}`, "1"]) }],
    ["a length where there is no body", { body: false, fields: [["content-length", "1"]] }],
  ];
  for (const [what, change] of violations) {
    test(`can't have ${what}`, () => assert.equal(request(change), "protocol_violation"));
  }

  const badNames = [
    "",
    "A",
    "Content-Length",
    "a b",
    "a:",
    "a\r\nb",
    "a\0",
    "é",
    "content-length ",
    " a",
    "a\t",
    "(a)",
    "a/b",
    "a@b",
    '"a"',
    "[a]",
    "a;b",
    "x".repeat(257),
  ];
  for (const name of badNames) {
    test(`can't have the field name ${JSON.stringify(name).slice(0, 30)}`, () => {
      assert.equal(fieldsOf([name, "1"]), "protocol_violation");
    });
  }

  const badValues = [
    "a\r\nX: 1",
    "a\nX: 1",
    "a\rX: 1",
    "a\r\n b",
    "a\n\tb",
    "a\0b",
    "a\x0bb",
    "a\x7f",
    " a",
    "a ",
    "\ta",
    "a\t",
    "\u0100",
    "\u560a\u560d",
    "😀",
    "x".repeat(32 * 1024 + 1),
  ];
  for (const value of badValues) {
    test(`can't have the field value ${JSON.stringify(value).slice(0, 30)}`, () => {
      assert.equal(fieldsOf(["x-a", value]), "protocol_violation");
    });
  }

  const hopByHop = [
    "transfer-encoding",
    "transfer_encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "http2-settings",
    "sec-websocket-key",
  ];
  for (const name of hopByHop) {
    test(`can't have the field ${name} of one connection`, () => {
      assert.equal(fieldsOf([name, "chunked"]), "protocol_violation");
    });
  }

  const badLengths = [
    "",
    "-1",
    "+1",
    "0x10",
    "1e3",
    "1,1",
    "5, 5",
    "1 ",
    "1.0",
    "٣",
    "99999999999999999999",
    "0;a",
    "chunked",
  ];
  for (const value of badLengths) {
    test(`can't tell the length ${JSON.stringify(value)}`, () => {
      assert.equal(fieldsOf(["content-length", value]), "protocol_violation");
    });
  }

  const twice = [
    "content-length",
    "content-type",
    "content-encoding",
    "content-range",
    "range",
    "if-match",
    "if-none-match",
    "if-modified-since",
    "if-unmodified-since",
    "if-range",
    "origin",
    "user-agent",
  ];
  for (const name of twice) {
    test(`can't have ${name} twice`, () =>
      assert.equal(fieldsOf([name, "1"], [name, "1"]), "invalid_request"));
  }

  test("can't have a name that some servers take for another", () => {
    for (const name of ["content_length", "content_type", "if_match", "content-_length".replace("-_", "_")]) {
      assert.equal(fieldsOf([name, "1"]), "invalid_request");
    }
    assert.equal(fieldsOf(["x-role", "user"], ["x_role", "admin"]), "invalid_request");
    assert.equal(fieldsOf(["x_role", "user"]), "accepted");
  });

  const overrides = [
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x_http_method_override",
    "x-tunneled-method",
    "x-original-url",
    "x-rewrite-url",
    "x-original-uri",
    "x_rewrite_url",
    "x-override-url",
  ];
  for (const name of overrides) {
    test(`can't say by ${name} that it is another`, () =>
      assert.equal(fieldsOf([name, "DELETE"]), "invalid_request"));
  }

  const methods = [
    "CONNECT",
    "TRACE",
    "TRACK",
    "PRI",
    "get",
    "Get",
    "gET",
    "delete",
    "A".repeat(21),
    "1GET",
    "-",
    "GET_",
    "PATCH!",
  ];
  for (const method of methods) {
    test(`can't have the method ${method}`, () => assert.equal(request({ method }), "invalid_request"));
  }
  test("can have the methods of WebDAV and others", () => {
    for (const method of [
      "GET",
      "HEAD",
      "OPTIONS",
      "PROPFIND",
      "M-SEARCH",
      "VERSION-CONTROL",
      "QUERY",
      "A".repeat(20),
    ]) {
      assert.equal(request({ method }), "accepted");
    }
  });

  const contentTypes = [
    "json",
    "application/json, text/plain",
    "application/json text/plain",
    "/json",
    "application/",
    "application/json; charset",
    "application/json; =utf-8",
    'a/b; c="d',
    "a/b;c=d;e",
    "a/b\t\tc",
    `a/b; ${"c=d;".repeat(300)}`,
  ];
  for (const value of contentTypes) {
    test(`can't have the content type ${value.slice(0, 40)}`, () => {
      assert.equal(fieldsOf(["content-type", value]), "invalid_request");
    });
  }

  test("of whatever JSON is read or refused, soon", (t) => {
    const seed = seedOf(t);
    const member = fc.constantFrom("method", "target", "base", "fields", "body", "websocket", "x");
    fc.assert(
      fc.property(member, fc.jsonValue(), (name, value) => {
        request({ [name]: value });
        codeOf(() => readRequestHead(value));
        codeOf(() => readResponseHead(value));
        codeOf(() => readTrailers(value));
      }),
      { seed, numRuns: 3000 },
    );
    const started = process.cpuUsage().user;
    assert.equal(fieldsOf(["content-type", `a/b${" ;".repeat(500)}!`]), "invalid_request");
    assert.equal(fieldsOf(["x-a", `${"a\t".repeat(16_000)}\u0100`]), "protocol_violation");
    assert.ok(process.cpuUsage(undefined).user - started < 1_000_000);
  });
});

describe("the head of a response", () => {
  const response = (change: object) => codeOf(() => readResponseHead({ status: 200, fields: [], ...change }));

  test("is read as it was written", () => {
    const heads: ResponseHead[] = [
      {
        status: 200,
        fields: [
          ["content-length", "0"],
          ["content-type", "text/html"],
        ],
      },
      {
        status: 103,
        fields: [
          ["link", "</a>"],
          ["link", "</b>"],
        ],
      },
      { status: 101, fields: [], subprotocol: null },
      { status: 101, fields: [], subprotocol: "v5.channel.k8s.io" },
    ];
    for (const head of heads) assert.deepEqual(readResponseHead(structuredClone(head)), head);
  });

  test("has no cookie, whatever it says", () => {
    const fields = [
      ["set-cookie", "a=b"],
      ["alt-svc", "clear"],
      ["www-authenticate", "Basic"],
    ];
    assert.deepEqual(readResponseHead({ status: 200, fields }).fields, []);
  });

  const violations: [what: string, change: object][] = [
    ["no status", { status: undefined }],
    ["a status as text", { status: "200" }],
    ["a status below 100", { status: 99 }],
    ["a status over 599", { status: 600 }],
    ["a status and a half", { status: 200.5 }],
    ["a subprotocol without a WebSocket", { subprotocol: null }],
    ["a WebSocket without a subprotocol", { status: 101 }],
    ["a subprotocol that is no token", { status: 101, subprotocol: "a b" }],
    ["a member that isn't known", { body: true }],
    ["framing", { fields: [["transfer-encoding", "chunked"]] }],
    ["a length that is none", { fields: [["content-length", "5,6"]] }],
    ["a line end in a value", { fields: [["location", "/a\r\nset-cookie: b"]] }],
  ];
  for (const [what, change] of violations) {
    test(`can't have ${what}`, () => assert.equal(response(change), "protocol_violation"));
  }
});

test("trailers can't hold what changes how the message is taken", () => {
  for (const name of [
    "content-length",
    "transfer-encoding",
    "host",
    "authorization",
    "content-encoding",
    "set-cookie",
    "te",
    "trailer",
    "cache-control",
  ]) {
    assert.equal(
      codeOf(() => readTrailers([[name, "1"]])),
      "protocol_violation",
      name,
    );
  }
  assert.deepEqual(readTrailers([["grpc-status", "0"]]), [["grpc-status", "0"]]);
});

test("what is no list of fields is none", () => {
  for (const value of [null, {}, "a", [null], [[1, "a"]], [["a", 1]], [[["a"], "b"]]]) {
    assert.equal(
      codeOf(() => readFields(value)),
      "protocol_violation",
    );
  }
});
