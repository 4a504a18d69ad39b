import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../../../protocol/errors.ts";
import { parseConnectorConfig } from "../../config.ts";
import { DEFAULT_DETECTORS } from "../../mask/detectors/modes.ts";
import { type HttpTargetConfig, hostField } from "./config.ts";

const FILE = "/etc/sallyport/sallyport.yaml";

function read(connection: string): HttpTargetConfig {
  const text = `connector: {name: main}\ntargets:\n  - {name: shop, kind: http, connector: main, connection: ${connection}}\n`;
  const [target] = parseConnectorConfig(text, FILE).targets;
  assert.ok(target?.kind === "http");
  return target;
}

function refusal(connection: string): SallyportError {
  try {
    read(connection);
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    return error;
  }
  assert.fail("it was accepted");
}

describe("an HTTP target in the connector's file", () => {
  test("is read whole, paths relative to the file", () => {
    const config = read(
      "{url: 'https://shop.internal:8443/api/v1/', tls: {ca: ca.pem, certificate: c.pem, key: {file: c.key}}, credential: {bearer: {file: token}}, encodedSlashes: true, timeouts: {connect: 500, response: 60000}, connections: 9}",
    );
    const { labels, maskKey, detectors, ...rest } = config;
    assert.deepEqual(rest, {
      name: "shop",
      kind: "http",
      host: "shop.internal",
      port: 8443,
      basePath: "/api/v1",
      tls: {
        mode: "verify-full",
        ca: "/etc/sallyport/ca.pem",
        serverName: null,
        client: { certificate: "/etc/sallyport/c.pem", key: { file: "/etc/sallyport/c.key" } },
      },
      limits: { connectMs: 500, headMs: 60_000, connections: 9 },
      credential: { type: "bearer", token: { file: "/etc/sallyport/token" } },
      encodedSlashes: true,
    });
    assert.deepEqual([labels.rules, maskKey, detectors], [[], null, DEFAULT_DETECTORS]);
  });

  test("has strict defaults, and no credential where none is given", () => {
    const { host, port, basePath, tls, limits, credential, encodedSlashes } = read("{url: 'https://[::1]'}");
    assert.deepEqual(
      { host, port, basePath, tls, limits, credential, encodedSlashes },
      {
        host: "::1",
        port: 443,
        basePath: "",
        tls: { mode: "verify-full", ca: null, serverName: null, client: null },
        limits: { connectMs: 10_000, headMs: 300_000, connections: 1_000 },
        credential: { type: "none" },
        encodedSlashes: false,
      },
    );
  });

  test("may be without TLS where the file says so twice", () => {
    const { port, tls } = read("{url: 'http://127.0.0.1', tls: {mode: disable}}");
    assert.deepEqual([port, tls], [80, { mode: "disable" }]);
  });

  test("is told by its name as RFC 9110 has it", () => {
    assert.equal(hostField(read("{url: 'https://shop.internal'}")), "shop.internal");
    assert.equal(hostField(read("{url: 'https://SHOP.internal:443'}")), "shop.internal");
    assert.equal(hostField(read("{url: 'https://[::1]:444'}")), "[::1]:444");
    assert.equal(hostField(read("{url: 'http://a:443', tls: {mode: disable}}")), "a:443");
  });

  test("has one of each kind of credential", () => {
    const of = (credential: string) => read(`{url: 'https://a', credential: ${credential}}`).credential;
    assert.deepEqual(of("{header: X-Api-Key, value: {env: KEY}}"), {
      type: "header",
      name: "x-api-key",
      value: { env: "KEY" },
    });
    assert.deepEqual(of("{basic: {user: a b, password: {env: P}}}"), {
      type: "basic",
      user: "a b",
      password: { env: "P" },
    });
    assert.deepEqual(
      of("{sigv4: {region: eu-central-1, service: s3, accessKeyId: {env: I}, secretAccessKey: {env: S}}}"),
      {
        type: "sigv4",
        region: "eu-central-1",
        service: "s3",
        accessKeyId: { env: "I" },
        secretAccessKey: { env: "S" },
        sessionToken: null,
      },
    );
  });

  const FAULTS: [claim: string, connection: string, message: RegExp][] = [
    ["no URL", "{}", /connection\.url is missing/],
    ["no URL of HTTP", "{url: 'ftp://a'}", /url is not a URL/],
    ["half a URL", "{url: 'https://'}", /url is not a URL/],
    ["a user in the URL", "{url: 'https://u:hunter2@a'}", /holds a user/],
    ["a query in the URL", "{url: 'https://a/?x'}", /more than a path/],
    ["a fragment in the URL", "{url: 'https://a/#x'}", /more than a path/],
    ["dots in the URL", "{url: 'https://a/b/../c'}", /more than one way/],
    ["encoded dots in the URL", "{url: 'https://a/b/%2e%2e/c'}", /more than one way/],
    ["encoded slashes in the URL", "{url: 'https://a/b%2Fc'}", /more than one way/],
    ["two slashes in the URL", "{url: 'https://a//b'}", /more than one way/],
    ["a backslash in the URL", "{url: 'https://a\\b'}", /more than one way/],
    ["no TLS by the URL alone", "{url: 'http://a'}", /url is not encrypted/],
    ["no TLS by tls alone", "{url: 'https://a', tls: {mode: disable}}", /tls disables TLS/],
    [
      "half a client certificate",
      "{url: 'https://a', tls: {certificate: c}}",
      /only one of certificate and key/,
    ],
    ["an unknown key", "{url: 'https://a', user: x}", /connection\.user is not known/],
    [
      "two credentials",
      "{url: 'https://a', credential: {bearer: {env: A}, header: X, value: {env: B}}}",
      /exactly one/,
    ],
    ["an empty credential", "{url: 'https://a', credential: {}}", /exactly one/],
    [
      "a value without a header",
      "{url: 'https://a', credential: {bearer: {env: A}, value: {env: B}}}",
      /value is known only/,
    ],
    [
      "a header without a value",
      "{url: 'https://a', credential: {header: X}}",
      /value is (?:missing|not a mapping)/,
    ],
    ["a literal secret", "{url: 'https://a', credential: {bearer: hunter2}}", /bearer is not a mapping/],
    [
      "a header that frames",
      "{url: 'https://a', credential: {header: Content-Length, value: {env: A}}}",
      /no place/,
    ],
    ["a header that routes", "{url: 'https://a', credential: {header: Host, value: {env: A}}}", /no place/],
    [
      "a header that is none",
      "{url: 'https://a', credential: {header: 'X Y', value: {env: A}}}",
      /name of a header/,
    ],
    [
      "a user with a colon",
      "{url: 'https://a', credential: {basic: {user: 'a:b', password: {env: A}}}}",
      /user's name/,
    ],
    ["a region that is none", "{url: 'https://a', credential: {sigv4: {region: 'a/b'}}}", /region is not/],
    ["a time that is none", "{url: 'https://a', timeouts: {connect: 0}}", /connect is not a whole number/],
    ["no connections", "{url: 'https://a', connections: 0}", /connections is not a whole number/],
    [
      "slashes that are neither",
      "{url: 'https://a', encodedSlashes: 'yes'}",
      /encodedSlashes is not true or false/,
    ],
  ];

  for (const [claim, connection, message] of FAULTS) {
    test(`is refused with ${claim}, with the place and what to do`, () => {
      const error = refusal(connection);
      assert.equal(error.code, "invalid_config");
      assert.match(error.message, /^\/etc\/sallyport\/sallyport\.yaml:3:\d+: targets\[0\]\.connection/);
      assert.match(error.message, message);
      assert.ok(error.hint);
      assert.ok(!`${error.message}${error.hint}`.includes("hunter2"));
    });
  }
});
