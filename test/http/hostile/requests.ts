import { TOKEN } from "./rig.ts";

/**
 * What must become of it: the target sees nothing and the sender is refused; the target sees one request, as it was
 * judged; or one of the two, where it is not ours which.
 */
export type Expected = "refused" | "seen" | "either";
export type Case = [name: string, expected: Expected, bytes: string];

const AUTH = `host: edge.test\r\nauthorization: Bearer ${TOKEN}\r\n`;
/** A request with these field lines, as they are. */
const ask = (line: string, lines: string[] = [], body = ""): string =>
  `${line} HTTP/1.1\r\n${AUTH}${lines.map((one) => `${one}\r\n`).join("")}\r\n${body}`;
const post = (lines: string[], body = ""): string => ask("POST /t/shop/in", lines, body);
const get = (...lines: string[]): string => ask("GET /t/shop/get", lines);
const SMUGGLED = `GET /t/shop/smuggled HTTP/1.1\r\nhost: edge.test\r\n\r\n`;
const CHUNKED = "transfer-encoding: chunked";

/** Where one message ends and the next begins. */
export const FRAMING: Case[] = [
  ["content-length before chunked", "either", post(["content-length: 4", CHUNKED], `0\r\n\r\n${SMUGGLED}`)],
  ["chunked before content-length", "either", post([CHUNKED, "content-length: 4"], `0\r\n\r\n${SMUGGLED}`)],
  [
    "content-length of all, and chunked",
    "either",
    post([`content-length: ${5 + SMUGGLED.length}`, CHUNKED], `0\r\n\r\n${SMUGGLED}`),
  ],
  ["content-length twice, the same", "either", post(["content-length: 2", "content-length: 2"], "ab")],
  [
    "content-length twice, different",
    "refused",
    post(["content-length: 2", "content-length: 90"], `ab${SMUGGLED}`),
  ],
  ["content-length as a list of two", "refused", post(["content-length: 2, 90"], `ab${SMUGGLED}`)],
  ["content-length as a list of the same", "either", post(["content-length: 2, 2"], "ab")],
  ...["+2", "-2", "0x2", "2.0", "2e0", "", "two", "99999999999999999999", "2 2", "\u00b2"].map(
    (length): Case => [
      `content-length "${length}"`,
      length === "" ? "either" : "refused",
      post([`content-length: ${length}`], "ab"),
    ],
  ),
  ...[
    "chunked, identity",
    "identity",
    "gzip, chunked",
    "xchunked",
    "chunked\x0b",
    "chunked, chunked",
    "\x0bchunked",
    "chunked;q=1",
  ].map(
    (coding): Case => [
      `transfer-encoding ${JSON.stringify(coding)}`,
      "either",
      post([`transfer-encoding: ${coding}`], `0\r\n\r\n${SMUGGLED}`),
    ],
  ),
  ["transfer-encoding in capitals", "either", post(["TRANSFER-ENCODING: CHUNKED"], "1\r\na\r\n0\r\n\r\n")],
  [
    "transfer-encoding twice",
    "either",
    post([CHUNKED, "transfer-encoding: identity"], `0\r\n\r\n${SMUGGLED}`),
  ],
  [
    "a blank before the colon of transfer-encoding",
    "refused",
    post(["content-length: 3", "transfer-encoding : chunked"], "abc"),
  ],
  ["a tab before the colon of content-length", "refused", post(["content-length\t: 3"], "abc")],
  [
    "transfer-encoding folded (obs-fold)",
    "either",
    post(["transfer-encoding:\r\n chunked", "content-length: 5"], "0\r\n\r\n"),
  ],
  ["a field folded (obs-fold)", "either", post(["x-folded: a\r\n b", "content-length: 1"], "a")],
  ["a field folded with a tab", "either", post(["x-folded: a\r\n\tx-injected: b", "content-length: 1"], "a")],
  ["lines that end in LF alone", "either", `GET /t/shop/get HTTP/1.1\n${AUTH.replaceAll("\r", "")}\n`],
  ["a field's line that ends in LF alone", "either", get("x-a: 1\nx-b: 2")],
  ["a CR alone in a value", "either", get("x-a: 1\rx-injected: 2")],
  ["a null in a value", "refused", get("x-a: 1\0 2")],
  ["a null in a name", "refused", get("x\0a: 1")],
  ["a blank in a name", "refused", get("x a: 1")],
  ["a name of no characters", "refused", get(": 1")],
  ["a line without a colon", "refused", get("nothing")],
  ["controls in a value", "either", get("x-a: \x01\x02\x1b[31m")],
  ["Latin-1 in a value", "either", get("x-a: \xe9\xff")],
  ["a blank line's blank", "either", get(" ")],
  ["a chunk's extension", "either", post([CHUNKED], "1;a=b\r\na\r\n0\r\n\r\n")],
  [
    "a chunk's extension with quotes",
    "either",
    post([CHUNKED], `1;a="\r\n0\r\n\r\n${SMUGGLED}"\r\na\r\n0\r\n\r\n`),
  ],
  ["a long chunk's extension", "either", post([CHUNKED], `1;${"a".repeat(100_000)}\r\na\r\n0\r\n\r\n`)],
  ["a chunk's extension with LF", "either", post([CHUNKED], `1;\n0\r\n\r\n${SMUGGLED}`)],
  ...["0x1", "-1", "+1", " 1", "1 ", "FFFFFFFFFFFFFFFFF", "g", "", "1_0", "00000000000000000001"].map(
    (size): Case => [`a chunk's size "${size}"`, "either", post([CHUNKED], `${size}\r\na\r\n0\r\n\r\n`)],
  ),
  ["a chunk without its line end", "either", post([CHUNKED], "1\r\na0\r\n\r\n")],
  ["a chunk that is longer than told", "either", post([CHUNKED], `1\r\nabc\r\n0\r\n\r\n${SMUGGLED}`)],
  ["a chunk that never ends", "either", post([CHUNKED], "ffff\r\na")],
  ["a chunked body without its last chunk", "either", post([CHUNKED], "1\r\na\r\n")],
  [
    "trailers with framing",
    "either",
    post([CHUNKED], "1\r\na\r\n0\r\ncontent-length: 99\r\ntransfer-encoding: chunked\r\n\r\n"),
  ],
  [
    "trailers with a credential",
    "either",
    post([CHUNKED], "1\r\na\r\n0\r\nauthorization: Bearer x\r\nx-api-key: mine\r\n\r\n"),
  ],
  ["a body that is shorter than told", "either", post(["content-length: 100"], "short")],
  ["a body of GET", "either", ask("GET /t/shop/get", [`content-length: ${SMUGGLED.length}`], SMUGGLED)],
  ["a body of GET that nobody told of", "either", `${get()}${SMUGGLED}`],
  ["the next request without a token", "seen", `${post(["content-length: 1"], "a")}${SMUGGLED}`],
  ["a body of HEAD", "either", ask("HEAD /t/shop/get", ["content-length: 3"], "abc")],
  ["a body of DELETE", "either", ask("DELETE /t/shop/get", ["content-length: 3"], "abc")],
];

/** Sizes, versions and forms of the request line. */
export const LINES: Case[] = [
  ["a field of 64 KiB", "either", get(`x-a: ${"a".repeat(64 * 1024)}`)],
  ["a field of 1 MiB", "refused", get(`x-a: ${"a".repeat(1024 * 1024)}`)],
  ["1,000 fields", "refused", get(...Array.from({ length: 1000 }, (_, index) => `x-a${index}: 1`))],
  ["one field 1,000 times", "either", get(...Array.from({ length: 1000 }, () => "x-a: 1"))],
  ["a name of 10,000 characters", "refused", get(`${"a".repeat(10_000)}: 1`)],
  ["a path of 20,000 characters", "refused", ask(`GET /t/shop/${"a".repeat(20_000)}`)],
  ["a query of 20,000 characters", "refused", ask(`GET /t/shop/?${"a".repeat(20_000)}`)],
  ["a method of 10,000 characters", "refused", ask(`${"A".repeat(10_000)} /t/shop/get`)],
  ...["get", "Get", "CONNECT", "TRACE", "TRACK", "PRI", "GET,POST", "G\u00c9T", "", "DEBUG/1"].map(
    (method): Case => [`method "${method}"`, "refused", ask(`${method} /t/shop/admin/x`)],
  ),
  ["CONNECT to a host", "refused", "CONNECT 127.0.0.1:80 HTTP/1.1\r\nhost: 127.0.0.1:80\r\n\r\n"],
  ["TRACE with credentials", "refused", ask("TRACE /t/shop/get", ["max-forwards: 0"])],
  ["HTTP/0.9", "refused", "GET /t/shop/get\r\n"],
  ["HTTP/1.0", "either", `GET /t/shop/get HTTP/1.0\r\n${AUTH}\r\n`],
  ["HTTP/2's preface", "refused", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["a version of lower case", "refused", `GET /t/shop/admin http/1.1\r\n${AUTH}\r\n`],
  ["an unknown version", "refused", `GET /t/shop/admin HTTP/9.9\r\n${AUTH}\r\n`],
  ["empty lines before", "either", `\r\n\r\n${get()}`],
  ["two blanks in the line", "either", `GET  /t/shop/get HTTP/1.1\r\n${AUTH}\r\n`],
  ["a blank in the path", "refused", ask("GET /t/shop/a /../admin")],
  ["random bytes", "refused", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["no host", "either", `GET /t/shop/get HTTP/1.1\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`],
  ["two hosts", "either", get("host: other.test")],
  [
    "a host with a path",
    "either",
    `GET /t/shop/get HTTP/1.1\r\nhost: edge.test/t/other\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
  ],
  [
    "a host with a user",
    "either",
    `GET /t/shop/get HTTP/1.1\r\nhost: user:pw@edge.test\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
  ],
  [
    "a host with a fragment",
    "either",
    `GET /t/shop/get HTTP/1.1\r\nhost: edge.test#/t/other\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
  ],
  ["absolute form of another host", "either", ask("GET http://169.254.169.254/t/shop/get")],
  ["absolute form with a user", "either", ask("GET http://user:pw@edge.test/t/shop/get")],
  ["absolute form with another scheme", "either", ask("GET file:///t/shop/get")],
  ["authority form", "refused", ask("GET edge.test:80")],
  ["asterisk form", "refused", ask("OPTIONS *")],
];

/** Of these some other path is meant. */
const OTHERS: ReadonlySet<string> = new Set([
  ...["/x#/../admin", "/admin.", "/admin%20", "/x\xe9", "/\xc0\xaf", "/%ef%bd%81dmin", "/x%e2%88%95admin"],
]);

/** Paths below `/admin`, or that some server takes for such: the policies let nobody there. */
export const PATHS: Case[] = [
  ...[
    "/admin",
    "/admin/",
    "/admin/users",
    "/admin?x",
    "/./admin",
    "/x/../admin",
    "/x/%2e%2e/admin",
    "/x/.%2e/admin",
    "/x/%2E%2E/admin",
    "/%2e/admin",
    "/x/..;/admin",
    "/x;a=b/../admin",
    "/admin;x",
    "/;/admin",
    "//admin",
    "///admin",
    "/x//admin",
    "/%61dmin",
    "/%2561dmin",
    "/a%64min",
    "/%2fadmin",
    "/x%2f..%2fadmin",
    "/x/..%2fadmin",
    "/x%5c..%5cadmin",
    "/\\admin",
    "/x\\..\\admin",
    "/%5cadmin",
    "/x/%252e%252e/admin",
    "/x/%25%32%65%25%32%65/admin",
    "/x/..%00/admin",
    "/admin%00",
    "/admin%00.png",
    "/x/%c0%ae%c0%ae/admin",
    "/%c0%afadmin",
    "/%e0%80%afadmin",
    "/x/..%c1%9cadmin",
    "/x/%ef%bc%8e%ef%bc%8e/admin",
    "/%ef%bc%8fadmin",
    "/x%e2%88%95admin",
    "/x/%e2%80%a5/admin",
    "/%ef%bd%81dmin",
    "/adm%u0069n",
    "/admin%0d%0ax-injected:%201",
    "/admin%20",
    "/admin%09",
    "/admin%0a",
    "/admin.",
    "/..%2f..%2fadmin",
    "/x%3b/admin",
    "/x/%2e%2e%3b/admin",
    "/x%ff/admin",
    "/%",
    "/%zz",
    "/x%",
    "/admin#x",
    "/x#/../admin",
    "/ADMIN/../admin",
    "/|admin",
    "/{admin}",
    "/x%7f",
    "/x\xe9",
    "/\xc0\xaf",
    "/x/\t/admin",
    "/a?_method=DELETE",
    "/a?x=1&_METHOD=DELETE",
    "/a?%5fmethod=DELETE",
    "/a?$httpmethod=DELETE",
    "/a?x=%zz",
  ].map(
    (path): Case => [
      `path ${JSON.stringify(path)}`,
      OTHERS.has(path) ? "either" : "refused",
      ask(`GET /t/shop${path}`),
    ],
  ),
  ...[
    "/t/../t/shop/admin",
    "/t/shop/../shop/admin",
    "/t/shop/../../v1/sessions",
    "/T/shop/x",
    "/t/SHOP/x",
    "/t/sh%6fp/admin",
    "/t//shop/x",
    "/t/shop%2fadmin",
    "/t/other/x",
    "/t/",
    "/t",
    "/t/shop;x/admin",
    "/t/shop@evil/x",
    "//evil/t/shop/admin",
    "/t/shop%00/x",
    "/%74/shop/admin",
  ].map((path): Case => [`whole path ${JSON.stringify(path)}`, "refused", ask(`GET ${path}`)]),
];
