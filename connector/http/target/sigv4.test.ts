import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { createServer } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type CertificateAuthority, createAuthority } from "../../../test/certificates.ts";
import type { HttpCredential } from "./config.ts";
import { type Signable, signedFields } from "./sigv4.ts";
import { ask, failure, portOf, recording, serve, upstreamAt } from "./testing.ts";

/** Of AWS's Signature Version 4 test suite. */
const SUITE = {
  keys: {
    accessKeyId: "AKIDEXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
    sessionToken: null,
  },
  scope: { region: "us-east-1", service: "service" },
  now: new Date("2015-08-30T12:36:00Z"),
  host: "example.amazonaws.com",
};
/** Of the Amazon S3 API Reference, "Signature Calculations for the Authorization Header". */
const S3 = {
  keys: {
    accessKeyId: "AKIAIOSFODNN7EXAMPLE",
    secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    sessionToken: null,
  },
  scope: { region: "us-east-1", service: "s3" },
  now: new Date("2013-05-24T00:00:00Z"),
  host: "examplebucket.s3.amazonaws.com",
};

const UNRESERVED = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

const VECTORS: [name: string, from: typeof SUITE, request: Partial<Signable>, signature: string][] = [
  ["get-vanilla", SUITE, {}, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"],
  [
    "post-vanilla",
    SUITE,
    { method: "POST" },
    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  ],
  [
    "get-vanilla-query-order-key-case",
    SUITE,
    { path: "/?Param2=value2&Param1=value1" },
    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
  ],
  [
    "get-vanilla-empty-query-key",
    SUITE,
    { path: "/?Param1=value1" },
    "a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb",
  ],
  [
    "get-vanilla-query-unreserved",
    SUITE,
    { path: `/?${UNRESERVED}=${UNRESERVED}` },
    "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197",
  ],
  [
    "get-vanilla-utf8-query",
    SUITE,
    { path: "/?%E1%88%B4=bar" },
    "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04",
  ],
  [
    "post-vanilla-query",
    SUITE,
    { method: "POST", path: "/?Param1=value1" },
    "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11",
  ],
  [
    "post-x-www-form-urlencoded",
    SUITE,
    {
      method: "POST",
      fields: [["content-type", "application/x-www-form-urlencoded"]],
      body: Buffer.from("Param1=value1"),
    },
    "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  ],
  [
    "GET Bucket Lifecycle",
    S3,
    { path: "/?lifecycle" },
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  ],
  [
    "GET Bucket (List Objects)",
    S3,
    { path: "/?prefix=J&max-keys=2" },
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  ],
];

describe("AWS Signature Version 4", () => {
  for (const [name, { keys, scope, now, host }, change, signature] of VECTORS) {
    test(`signs as published: ${name}`, async () => {
      const request = { method: "GET", path: "/", host, fields: [], body: new Uint8Array(), ...change };
      const fields = new Map(await signedFields(keys, scope, request, now));
      assert.equal(fields.get("authorization")?.split("Signature=")[1], signature);
    });
  }

  for (const path of ["/?a=%ff", "/?%ff", "/?__proto__=1", "/?a&__pr%6fto__"]) {
    test(`does not sign ${path}`, async () => {
      const request = { method: "GET", path, host: "h", fields: [], body: null };
      const error = await failure(signedFields(SUITE.keys, SUITE.scope, request, SUITE.now));
      assert.equal(error.code, "invalid_request");
    });
  }
});

/** The signature that a request should have, from what is on the wire alone. Without the library that signs. */
function expected(request: IncomingMessage, body: Buffer, secret: string): string {
  const authorization = request.headers.authorization!;
  const [, scope, names] = /Credential=[^/]+\/([^,]+), SignedHeaders=([^,]+),/.exec(authorization)!;
  const [date, region, service] = scope!.split("/") as [string, string, string];
  const [path, query = ""] = request.url!.split("?") as [string, string?];
  const strict = (text: string) =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const plain = (text: string) => decodeURIComponent(text.replaceAll("+", " "));
  const isS3 = service.startsWith("s3");
  const told = request.headers["x-amz-content-sha256"];
  const canonical = [
    request.method,
    path
      .split("/")
      .map((part) => strict(isS3 ? decodeURIComponent(part) : part))
      .join("/"),
    query
      .split("&")
      .filter((pair) => pair !== "")
      .map((pair) => {
        const [name, ...value] = pair.split("=");
        return `${strict(plain(name!))}=${strict(plain(value.join("=")))}`;
      })
      .sort()
      .join("&"),
    ...names!.split(";").map((name) => `${name}:${String(request.headers[name]).replace(/ +/g, " ")}`),
    "",
    names,
    isS3 ? told : createHash("sha256").update(body).digest("hex"),
  ].join("\n");
  const hash = createHash("sha256").update(canonical).digest("hex");
  const key = [date, region, service, "aws4_request"].reduce<Buffer | string>(
    (one, part) => createHmac("sha256", one).update(part).digest(),
    `AWS4${secret}`,
  );
  return createHmac("sha256", key)
    .update(`AWS4-HMAC-SHA256\n${request.headers["x-amz-date"]}\n${scope}\n${hash}`)
    .digest("hex");
}

describe("a target that takes signed requests", () => {
  let folder: string;
  let authority: CertificateAuthority;
  const SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "sallyport-sigv4-"));
    authority = createAuthority();
    for (const [name, text] of Object.entries({
      id: "AKIDEXAMPLE",
      secret: SECRET,
      token: "session/token==",
    })) {
      writeFileSync(join(folder, name), `${text}\n`);
    }
  });
  after(() => {
    rmSync(folder, { recursive: true });
    authority.remove();
  });

  const credential = (service: string, withToken = true): HttpCredential => ({
    type: "sigv4",
    region: "eu-central-1",
    service,
    accessKeyId: { file: join(folder, "id") },
    secretAccessKey: { file: join(folder, "secret") },
    sessionToken: withToken ? { file: join(folder, "token") } : null,
  });

  for (const service of ["execute-api", "s3"]) {
    test(`accepts what is signed for ${service}, whatever the agent sends of signatures`, async (t) => {
      const wrong: string[] = [];
      const port = await serve(t, (request, response) => {
        const chunks: Buffer[] = [];
        request.on("data", (chunk) => chunks.push(chunk));
        request.on("end", () => {
          const signature = request.headers.authorization?.split("Signature=")[1];
          if (signature !== expected(request, Buffer.concat(chunks), SECRET)) wrong.push(request.url!);
          if (request.headers["x-amz-security-token"] !== "session/token==") wrong.push("token");
          response.end();
        });
      });
      const upstream = upstreamAt(t, port, { credential: credential(service), basePath: "/stage" });
      const targets = [
        "/",
        "/a%20b/%C3%A4",
        "/a:b/(c)*'!",
        "/x?b=2&a=1&a=0&c",
        "/x?q=a+b%2Bc&d=%2F%3D=",
        "/x/y/?constructor=1",
      ];
      for (const target of targets) {
        const fields = [
          ["authorization", "AWS4-HMAC-SHA256 Credential=evil"],
          ["x-amz-date", "20000101T000000Z"],
          ["x_amz_date", "20000101T000000Z"],
          ["x-amz-security-token", "evil"],
          ["x-amz-content-sha256", "UNSIGNED-PAYLOAD"],
          ["x-amz-meta-a", "1  2"],
          ["content-type", "text/plain"],
        ] as const;
        await ask(upstream, { target, fields: fields.filter(([name]) => name !== "x-amz-meta-a") });
        await ask(upstream, { target, method: "PUT", fields, body: Buffer.from("hello") });
      }
      assert.deepEqual(wrong, []);
    });
  }

  test("gets streamed bodies over TLS alone, and only of S3", async (t) => {
    const { seen, listener } = recording();
    const plain = await serve(t, listener);
    for (const service of ["s3", "execute-api"]) {
      const upstream = upstreamAt(t, plain, { credential: credential(service, false) });
      assert.equal(upstream.streamsBodies, false);
      const error = await failure(ask(upstream, { method: "PUT", body: "stream" }));
      assert.equal(error.code, "invalid_request");
    }
    assert.equal(seen.length, 0);
    const { certificate, key } = authority.issue({ name: "s3", alternatives: ["IP:127.0.0.1"] });
    let hash: unknown;
    let isRight = false;
    const server = createServer(
      { cert: readFileSync(certificate), key: readFileSync(key) },
      (request, response) => {
        hash = request.headers["x-amz-content-sha256"];
        isRight = request.headers.authorization!.endsWith(expected(request, Buffer.alloc(0), SECRET));
        request.resume().on("end", () => response.end());
      },
    );
    const port = await portOf(t, server);
    const tls = { mode: "verify-full", ca: authority.certificate, serverName: null, client: null } as const;
    const upstream = upstreamAt(t, port, { tls, credential: credential("s3", false) });
    assert.equal(upstream.streamsBodies, true);
    await ask(upstream, { method: "PUT", body: "stream" }, (call) => {
      call.write(Buffer.from("body"));
      call.end();
    });
    assert.deepEqual([hash, isRight], ["UNSIGNED-PAYLOAD", true]);
  });
});
