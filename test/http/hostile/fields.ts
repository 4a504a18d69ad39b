import { KEY, type Seen, TOKEN } from "./rig.ts";

const ask = (lines: string[], line = "GET /t/shop/get", body = ""): string =>
  `${line} HTTP/1.1\r\nhost: edge.test\r\nauthorization: Bearer ${TOKEN}\r\n${lines.map((one) => `${one}\r\n`).join("")}\r\n${body}`;

/** A path as servers that forgive most read it. */
export function loosePath(url: string): string {
  let path = url.split("?")[0]!;
  for (let round = 0; round < 3; round++) path = unescaped(path);
  const plain = path
    .replaceAll("\\", "/")
    .replace(/;[^/]*/g, "")
    .replace(/\0.*/s, "");
  const segments: string[] = [];
  for (const segment of plain.split("/")) {
    if (segment === "..") segments.pop();
    else if (segment !== "." && segment !== "") segments.push(segment);
  }
  return `/${segments.join("/")}`.toLowerCase();
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** What no request at the target may have, whatever the agent sent: but for the connector's own. */
const NEVER =
  /^(?:authorization|proxy-.*|cookie2?|impersonate-.*|x-remote-.*|sallyport-.*|cf-.*|x-forwarded-.*|forwarded|x-real-ip|true-client-ip|expect|keep-alive|http2-settings|sec-websocket-(?:accept|protocol|extensions)|x-http-method.*|x-method-override|x-original-.*|x-rewrite-.*|x-amz-(?:date|security-token))$/;

/** Whether a request has at the target only what may go there: one credential, one host, one framing. */
export function wrongFields({ rawHeaders }: Seen, port: number): string[] {
  const names: string[] = [];
  const wrong: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!.toLowerCase().replace(/[^a-z0-9]/g, "-");
    const value = rawHeaders[index + 1]!;
    if (NEVER.test(name)) wrong.push(`${name}: ${value}`);
    if (name === "x-api-key" && value !== KEY) wrong.push(`another credential: ${value}`);
    if (name === "te" && value !== "trailers") wrong.push(`${name}: ${value}`);
    if (name === "upgrade" && value !== "websocket") wrong.push(`${name}: ${value}`);
    if (name === "sec-websocket-version" && value !== "13") wrong.push(`${name}: ${value}`);
    if (name === "sec-websocket-key" && value.length !== 24) wrong.push(`${name}: ${value}`);
    if (name === "host" && value !== `127.0.0.1:${port}`) wrong.push(`host: ${value}`);
    if (name === "connection" && !/^(?:keep-alive|close|upgrade)(?:, TE)?$/i.test(value))
      wrong.push(`${name}: ${value}`);
    names.push(name);
  }
  for (const single of ["host", "content-length", "transfer-encoding", "x-api-key", "content-type"]) {
    if (names.filter((name) => name === single).length > 1) wrong.push(`${single} stands twice`);
  }
  if (names.includes("content-length") && names.includes("transfer-encoding"))
    wrong.push("framed in two ways");
  if (!names.includes("x-api-key")) wrong.push("no credential of the connector's");
  return wrong;
}

/** Fields that must not get to the target, or change what does: it sees the request without them, or nothing. */
export const FIELDS: [name: string, expected: "seen" | "refused" | "either", bytes: string][] = [
  ...[
    "X-API-KEY: mine",
    "x-api-key: mine",
    "x_api_key: mine",
    "X_Api_Key: mine",
    "x.api.key: mine",
    "x-api_key: mine",
    "Cookie: session=1",
    "cookie2: a",
    "COOKIE: x",
    "Proxy-Authorization: Basic eA==",
    "proxy-connection: keep-alive",
    "proxy_authorization: x",
    "Impersonate-User: root",
    "IMPERSONATE-GROUP: system:masters",
    "impersonate_user: root",
    "Impersonate-Extra-x: y",
    "impersonate-uid: 0",
    "x-remote-user: root",
    "X-Forwarded-For: 127.0.0.1",
    "x-forwarded-host: evil",
    "x_forwarded_for: 127.0.0.1",
    "Forwarded: for=127.0.0.1;host=evil",
    "x-real-ip: 127.0.0.1",
    "true-client-ip: 127.0.0.1",
    "cf-connecting-ip: 127.0.0.1",
    "CF-Access-Jwt-Assertion: x",
    "cf_ray: x",
    "cf-worker: evil",
    "cdn-loop: cloudflare",
    'sallyport-exchange: {"method":"GET","target":"/admin","base":"","fields":[],"body":false}',
    "sallyport-refused: session_ended",
    "Sallyport-Upgrade: spdy/3.1",
    "sallyport_exchange: {}",
    "x-amz-security-token: x",
    "x-client-cert: x",
    "ssl-client-cert: x",
    "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAAP__",
    "Upgrade: TLS/1.2\r\nConnection: upgrade",
    "upgrade: nonsense\r\nconnection: upgrade",
    "Upgrade: SPDY/3.1\r\nConnection: upgrade",
    "Keep-Alive: timeout=99999",
    "TE: trailers, deflate;q=0.5",
    "Trailer: content-length",
    "Max-Forwards: 0",
    "Connection: x-api-key",
    "Connection: authorization",
    "Connection: host",
    "Connection: content-length, content-type",
    "Connection: close, x-custom\r\nx-custom: 1",
    "Connection: te\r\nTE: trailers",
    "Connection: keep-alive, cookie\r\ncookie: a=b",
    "Connection: transfer-encoding",
    "Connection: sallyport-exchange",
    "Connection: ,,,",
    "Connection: a b c",
    "Expect: 100-continue",
    "Expect: 200-ok",
    "Expect: 100-continue, 100-continue",
    "Prefer: wait=99999999999999999999",
    "Prefer: wait=-1",
    "Prefer: wait=0x10",
    "Content-Type: text/plain, application/json",
    "Range: bytes=0-",
    "If-Range: x\r\nRange: bytes=0-0,1-1,2-2",
    "Accept-Encoding: ,,,*;q=0",
    "Via: 1.1 evil",
    "Authorization : Basic eA==",
  ].map((lines): [string, "either", string] => [
    `field ${JSON.stringify(lines)}`,
    "either",
    ask(lines.split("\r\n")),
  ]),
  ...[
    "X-HTTP-Method-Override: DELETE",
    "x-http-method: DELETE",
    "X-METHOD-OVERRIDE: PUT",
    "x_http_method_override: DELETE",
    "X-Original-URL: /admin",
    "x-rewrite-url: /admin",
    "x-original-method: DELETE",
  ].map((line): [string, "refused", string] => [`override ${line}`, "refused", ask([line])]),
  ["two Authorization fields", "either", ask(["authorization: Bearer other"])],
  [
    "Authorization of another scheme",
    "refused",
    `GET /t/shop/get HTTP/1.1\r\nhost: e\r\nauthorization: Digest ${TOKEN}\r\n\r\n`,
  ],
  ["the token in the URL", "refused", `GET /t/shop/get?access_token=${TOKEN} HTTP/1.1\r\nhost: e\r\n\r\n`],
  [
    "the token as a user of the URL",
    "refused",
    `GET http://x:${TOKEN}@e/t/shop/get HTTP/1.1\r\nhost: e\r\n\r\n`,
  ],
  [
    "the token in a cookie",
    "refused",
    `GET /t/shop/get HTTP/1.1\r\nhost: e\r\ncookie: token=${TOKEN}\r\n\r\n`,
  ],
  [
    "a WebSocket without a key",
    "either",
    ask(["upgrade: websocket", "connection: upgrade", "sec-websocket-version: 13"]),
  ],
  [
    "a WebSocket with a short key",
    "either",
    ask([
      "upgrade: websocket",
      "connection: upgrade",
      "sec-websocket-version: 13",
      "sec-websocket-key: eA==",
    ]),
  ],
  [
    "a WebSocket of version 12",
    "either",
    ask([
      "upgrade: websocket",
      "connection: upgrade",
      "sec-websocket-version: 12",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]),
  ],
  [
    "a WebSocket by POST",
    "either",
    ask(
      [
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "content-length: 0",
      ],
      "POST /t/shop/in",
    ),
  ],
  [
    "a WebSocket and h2c",
    "either",
    ask([
      "upgrade: websocket, h2c",
      "connection: upgrade",
      "sec-websocket-version: 13",
      "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
    ]),
  ],
  [
    "a WebSocket to a forbidden path",
    "refused",
    ask(
      [
        "upgrade: websocket",
        "connection: upgrade",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
      ],
      "GET /t/shop/admin",
    ),
  ],
];
