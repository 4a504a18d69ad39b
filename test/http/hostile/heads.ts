import { MAX_HEAD } from "../../../protocol/http/head.ts";

const GOOD = {
  method: "GET",
  target: "/get",
  base: "/t/shop",
  fields: [] as [string, string][],
  body: false,
};
const target = (path: string) => ({ ...GOOD, target: path });
const fields = (...lines: unknown[]) => ({ ...GOOD, fields: lines });
const field = (name: unknown, value: unknown = "1") => fields([name, value]);
const method = (name: unknown) => ({ ...GOOD, method: name });
const socket = (subprotocols: unknown, part = {}) => ({ ...GOOD, websocket: { subprotocols }, ...part });

export const GOOD_HEAD = GOOD;

/** Heads by which nothing gets to the target. */
export const REFUSED_HEADS: [name: string, head: unknown][] = [
  ["null", null],
  ["a list", [GOOD]],
  ["a text", "GET /"],
  ["nothing", {}],
  ["no fields", { ...GOOD, fields: undefined }],
  ["fields as an object", { ...GOOD, fields: { host: "x" } }],
  ["a member that is not known", { ...GOOD, host: "169.254.169.254" }],
  ["a port", { ...GOOD, port: 22 }],
  [
    "a member named __proto__",
    Buffer.from(
      `{"__proto__":{"body":true},"method":"GET","target":"/get","base":"","fields":[],"body":false}`,
    ),
  ],
  ["body as a text", { ...GOOD, body: "false" }],
  ["body as null", { ...GOOD, body: null }],
  ["a base that climbs", { ...GOOD, base: "/t/../v1" }],
  ["a base of a host", { ...GOOD, base: "//evil" }],
  ["a base with CRLF", { ...GOOD, base: "/t\r\nx" }],
  ["a base as a number", { ...GOOD, base: 1 }],
  ...[
    "get",
    "Get",
    "CONNECT",
    "TRACE",
    "TRACK",
    "PRI",
    "GET /admin HTTP/1.1\r\nx:",
    "GET\r\n",
    "G T",
    "",
    "A".repeat(41),
    "G\u0130T",
  ].map((name): [string, unknown] => [`method ${JSON.stringify(name)}`, method(name)]),
  ["a method that is none", method(null)],
  ...[
    "",
    "get",
    "*",
    "http://169.254.169.254/",
    "//evil/x",
    "/\\evil",
    "evil:80",
    "/x y",
    "/x\r\nx-a: 1",
    "/x\n",
    "/x\0",
    "/x\t",
    "/\u00e9",
    "/\ud800",
    "/admin",
    "/x/../admin",
    "/x/%2e%2e/admin",
    "/%61dmin",
    "/admin#x",
    "/x%00",
    "/x;/../admin",
    "/x%2fadmin",
    "/x//admin",
    "/%",
    "/x HTTP/1.1\r\nhost: evil\r\n\r\nGET /smuggled",
    `/${"a".repeat(20_000)}`,
  ].map((path): [string, unknown] => [`target ${JSON.stringify(path).slice(0, 60)}`, target(path)]),
  ["a target that is no text", { ...GOOD, target: ["/get"] }],
  ...["X-Upper", "x a", "x:a", "x\r\ny", "", "x\0", "\u00e9", "a".repeat(300), ":path", "x\u017f"].map(
    (name): [string, unknown] => [`field name ${JSON.stringify(name).slice(0, 40)}`, field(name)],
  ),
  ...[
    "a\r\nx-injected: 1",
    "a\nb",
    "a\rb",
    "a\0b",
    "\x7f",
    " a",
    "a ",
    "\u0100",
    "a\u2028b",
    "\ud800",
    "a".repeat(40_000),
  ].map((value): [string, unknown] => [
    `field value ${JSON.stringify(value).slice(0, 40)}`,
    field("x-a", value),
  ]),
  ["a field that is a triple", fields(["a", "b", "c"])],
  ["a field that is a text", fields("a: b")],
  ["a field's value that is a number", field("a", 1)],
  ["a field's value that is a list", field("a", ["b", "c"])],
  ["201 fields", fields(...Array.from({ length: 201 }, (_, index) => [`x-a${index}`, "1"]))],
  ...[
    "connection",
    "transfer-encoding",
    "keep-alive",
    "upgrade",
    "proxy-connection",
    "transfer_encoding",
    "sec-websocket-key",
  ].map((name): [string, unknown] => [`the field ${name}`, field(name, "chunked")]),
  ...["x-http-method-override", "x-original-url", "x_http_method_override", "x-rewrite-url"].map(
    (name): [string, unknown] => [`the field ${name}`, field(name, "/admin")],
  ),
  ["content-length without a body", field("content-length", "5")],
  ["content-length that is no number", { ...fields(["content-length", "5, 5"]), body: true }],
  ["content-length twice", { ...fields(["content-length", "1"], ["content-length", "2"]), body: true }],
  [
    "content-length and content_length",
    { ...fields(["content-length", "1"], ["content_length", "2"]), body: true },
  ],
  [
    "content-type twice",
    {
      ...fields(["content-type", "text/plain"], ["content-type", "application/json"]),
      body: true,
      method: "PUT",
    },
  ],
  ["host twice", fields(["host", "a"], ["host", "b"])],
  ["a WebSocket by POST", socket([], { method: "POST" })],
  ["a WebSocket as true", { ...GOOD, websocket: true }],
  ["a WebSocket with more members", { ...GOOD, websocket: { subprotocols: [], url: "ws://evil" } }],
  ["a subprotocol with CRLF", socket(["a\r\nx: y"])],
  ["a subprotocol twice", socket(["a", "a"])],
  ["a subprotocol that is a credential", socket(["base64url.bearer.authorization.k8s.io.eA"])],
  ["33 subprotocols", socket(Array.from({ length: 33 }, (_, index) => `p${index}`))],
];

/** Heads with what agents' sides take off: the target sees the request without it. */
export const CLEANED_HEADS: [name: string, head: unknown][] = [
  ...[
    "authorization",
    "cookie",
    "proxy-authorization",
    "impersonate-user",
    "impersonate_user",
    "x-remote-user",
    "x-api-key",
    "x_api_key",
    "x.api.key",
    "x-forwarded-for",
    "forwarded",
    "x-real-ip",
    "cf-connecting-ip",
    "sallyport-upgrade",
    "sallyport-exchange",
    "host",
    "expect",
    "x-amz-date",
    "te",
  ].map((name): [string, unknown] => [`the field ${name}`, field(name, "mine")]),
  ["a good one", GOOD],
];

/** Payloads of head frames that end the session: no agent's side sends them. */
export const VIOLATING_HEADS: [name: string, payload: Buffer][] = [
  ["no JSON", Buffer.from("GET / HTTP/1.1")],
  ["JSON cut short", Buffer.from('{"method":"GET"')],
  ["no UTF-8", Buffer.from('{"method":"\xff"}', "latin1")],
  ["nothing", Buffer.alloc(0)],
  ["too long", Buffer.from(JSON.stringify({ ...GOOD, fields: [["x-a", "a".repeat(MAX_HEAD)]] }))],
];
