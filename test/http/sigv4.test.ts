import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const sha256 = (bytes: string | Buffer) => createHash("sha256").update(bytes).digest("hex");

/**
 * Why AWS would refuse a request (IAM's User Guide, "Create a signed AWS API request"), from what is on the wire alone;
 * null where it would take it. Without the library that signs.
 */
function wrong(request: IncomingMessage, body: Buffer): string | null {
  const authorization = request.headers.authorization ?? "";
  const [, scope, names, signature] =
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      authorization,
    ) ?? [];
  if (scope === undefined || names === undefined) return `malformed: ${authorization}`;
  const date = String(request.headers["x-amz-date"]);
  const at = Date.parse(date.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - at) < 15 * 60_000)) return `not of now: ${date}`;
  const signed = names.split(";");
  const unsigned = Object.keys(request.headers).filter(
    (name) => (name === "host" || name.startsWith("x-amz-")) && !signed.includes(name),
  );
  if (unsigned.length > 0) return `not signed: ${unsigned.join()}`;
  const strict = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
  const plain = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
  const [path, query = ""] = request.url!.split("?") as [string, string?];
  const parameters = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const [name, ...value] = pair.split("=");
      return `${strict(plain(name!))}=${strict(plain(value.join("=")))}`;
    });
  const canonical = [
    request.method,
    path.split("/").map(strict).join("/"),
    parameters.sort().join("&"),
    ...signed.map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, " ")}`),
    "",
    names,
    sha256(body),
  ].join("\n");
  const key = scope
    .split("/")
    .reduce<Buffer | string>((one, part) => createHmac("sha256", one).update(part).digest(), `AWS4${SECRET}`);
  const toSign = `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`;
  return createHmac("sha256", key).update(toSign).digest("hex") === signature
    ? null
    : "SignatureDoesNotMatch";
}

describe("a service that takes requests signed as AWS does", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let seen: { url: string; body: string; why: string | null }[] = [];

  before(async () => {
    process.env.SALLYPORT_TEST_ID = "AKIDEXAMPLE";
    process.env.SALLYPORT_TEST_SECRET = SECRET;
    process.env.SALLYPORT_TEST_SESSION = "session/token==";
    server = await startServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const body = Buffer.concat(chunks);
        const why = wrong(request, body);
        seen.push({ url: request.url!, body: String(body), why });
        response.writeHead(why === null ? 200 : 403, { "content-type": "text/plain" }).end(why ?? "taken");
      });
    });
    const credential = {
      type: "sigv4",
      region: "eu-central-1",
      service: "execute-api",
      accessKeyId: { env: "SALLYPORT_TEST_ID" },
      secretAccessKey: { env: "SALLYPORT_TEST_SECRET" },
      sessionToken: { env: "SALLYPORT_TEST_SESSION" },
    } as const;
    gateway = await startHttpGateway({ target: { ...server.target, basePath: "/stage", credential } });
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  const HOSTILE = {
    "x-amz-date": "20000101T000000Z",
    "x-amz-security-token": "evil",
    "x-amz-content-sha256": "UNSIGNED-PAYLOAD",
    x_amz_date: "20000101T000000Z",
  };
  for (const path of [
    "/",
    "/a%20b/%C3%A4",
    "/a:b/(c)*'!",
    "/x?b=2&a=1&a=0&c",
    "/x?q=a+b%2Bc&d=%2F%3D=",
    "/y/?constructor=1",
  ]) {
    for (const [method, body] of [
      ["GET", ""],
      ["POST", "hello"],
      ["PUT", '{"a":"ä"}'],
      ["DELETE", ""],
    ] as const) {
      test(`takes ${method} ${path}, whatever the agent sends of signatures`, async () => {
        seen = [];
        const response = await gateway.fetch(path, {
          method,
          headers: { ...HOSTILE, "x-amz-meta-a": "1  2", "content-type": "text/plain" },
          ...(body !== "" && { body }),
        });
        assert.equal(await response.text(), "taken");
        assert.deepEqual(seen, [{ url: `/stage${path}`, body, why: null }]);
      });
    }
  }

  test("gets no body that can't be signed, since it is too long to be read", async () => {
    seen = [];
    const response = await gateway.fetch("/x", { method: "PUT", body: Buffer.alloc(5_000_000) });
    assert.ok(response.status >= 400 && response.status < 500, String(response.status));
    assert.equal((await response.text()).includes(SECRET), false);
    assert.deepEqual(seen, []);
  });
});
