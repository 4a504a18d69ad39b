import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { STARTER_POLICIES } from "../../protocol/policy/starter.ts";
import { changeLines } from "./apply.ts";
import { parseConfigFile, parseListen } from "./file.ts";

const FILE = "/etc/sallyport/sallyport.yaml";
const WHOLE = `
edge:
  listen: 127.0.0.1:9000
  state: ./state
  url: https://edge.example.com
  shards: 4
connector:
  name: main
administrators: [group:platform]
issuers:
  - {name: corp, issuer: https://idp.example.com, audience: sallyport, clientId: cli, requiredClaims: {org: acme}}
limits: {idle: 1h30m, bytes: 8GiB, sessions: 100}
targets:
  - name: orders
    kind: postgres
    connector: main
    allow: [service/*]
    connection:
      host: db.internal
      databases: [orders]
      user: sallyport
      password: {env: ORDERS_PASSWORD}
      tls: {key: {file: /secret/key.pem}, certificate: /c.pem}
    labels: {public.customers.email: pii.email}
    masks: {pii.email: {mask: hash, scope: target}}
    maskKey: {env: MASK_KEY}
    detectors: {email: off}
`;

test("the file becomes settings without any connection or label", () => {
  const config = parseConfigFile(WHOLE, FILE);
  assert.deepEqual(config.edge.listen, { host: "127.0.0.1", port: 9000 });
  assert.deepEqual([config.edge.state, config.edge.shards], ["/etc/sallyport/state", 4]);
  assert.deepEqual(config.connector, { name: "main", state: "/etc/sallyport/sallyport-state/connector" });
  assert.deepEqual(config.settings, {
    targets: [{ name: "orders", kind: "postgres", connector: "main", description: "", allow: ["service/*"] }],
    issuers: [
      {
        name: "corp",
        issuer: "https://idp.example.com",
        audience: "sallyport",
        clientId: "cli",
        algorithms: ["RS256"],
        principalClaim: "sub",
        groupsClaim: "groups",
        requiredClaims: { org: "acme" },
        skewSeconds: 30,
      },
    ],
    administrators: ["group:platform"],
    limits: { idleMs: 5_400_000, maxBytes: 8 * 1024 ** 3, sessions: 100 },
    approvals: { slack: { users: [] } },
    policies: STARTER_POLICIES,
  });
  assert.doesNotMatch(
    JSON.stringify({ ...config.settings, policies: "" }),
    /db\.internal|ORDERS_PASSWORD|secret|pii|MASK_KEY|detectors/,
  );
});

const SSH = `targets:
  - name: web
    kind: ssh
    connector: main
    connection:
      host: web.internal
      accounts: [{name: admin, allow: [], credentials: {password: {env: ADMIN_PASSWORD}}}]
      credentials: {key: {file: web-key}, passphrase: {env: PASSPHRASE}}
      hostKeys: {knownHosts: kh}
`;

test("of an SSH target the edge gets neither host nor accounts", () => {
  const { targets } = parseConfigFile(SSH, FILE).settings;
  assert.deepEqual(targets, [{ name: "web", kind: "ssh", connector: "main", description: "", allow: [] }]);
});

test("secrets of an SSH target that stand in the file are refused", () => {
  for (const secret of ["{env: ADMIN_PASSWORD}", "{file: web-key}", "{env: PASSPHRASE}"]) {
    assert.ok(SSH.includes(secret));
    assert.throws(() => parseConfigFile(SSH.replace(secret, "hunter2"), FILE), {
      code: "invalid_config",
      message: /credentials\.(?:password|key|passphrase) is not a mapping$/,
    });
  }
});

const HTTP = `targets:
  - name: shop
    kind: http
    connector: main
    connection: {url: https://shop.internal, credential: {bearer: {file: token}}}
  - name: keyed
    kind: http
    connector: main
    connection: {url: https://shop.internal, credential: {header: X-Api-Key, value: {env: API_KEY}}}
  - name: basic
    kind: http
    connector: main
    connection: {url: https://shop.internal, credential: {basic: {user: a, password: {env: BASIC}}}}
  - name: aws
    kind: http
    connector: main
    connection:
      url: https://s3.eu-central-1.amazonaws.com
      credential: {sigv4: {region: eu-central-1, service: s3, accessKeyId: {env: ID}, secretAccessKey: {env: AWS}, sessionToken: {env: SESSION}}}
  - name: cluster
    kind: kubernetes
    connector: main
    connection: {server: https://k8s.internal, token: {file: k8s-token}}
  - name: certified
    kind: kubernetes
    connector: main
    connection: {server: https://k8s.internal, certificate: c.pem, key: {file: key.pem}}
`;

test("of HTTP and Kubernetes targets the edge gets no address", () => {
  const { targets } = parseConfigFile(HTTP, FILE).settings;
  assert.deepEqual(
    targets.map(({ name, kind }) => `${kind} ${name}`),
    ["http shop", "http keyed", "http basic", "http aws", "kubernetes cluster", "kubernetes certified"],
  );
  assert.doesNotMatch(JSON.stringify(targets), /internal|amazonaws|API_KEY/);
});

test("secrets of HTTP and Kubernetes targets that stand in the file are refused", () => {
  for (const secret of HTTP.match(/\{(?:env|file): [^}]*\}/g)!) {
    for (const literal of ["hunter2", "[hunter2]", "{value: hunter2}"]) {
      assert.throws(
        () => parseConfigFile(HTTP.replace(secret, literal), FILE),
        (error: Error) => {
          assert.match(error.message, /connection\.[\w.]+ is not (?:a mapping|known here)/);
          assert.doesNotMatch(error.message, /hunter2/);
          return true;
        },
      );
    }
  }
});

test("an empty file has defaults", () => {
  const config = parseConfigFile("edge: {}\n", FILE);
  assert.deepEqual(config.edge.listen, { host: "127.0.0.1", port: 7843 });
  assert.equal(config.edge.state, "/etc/sallyport/sallyport-state");
  assert.equal(config.connector, null);
});

const WRONG: [what: string, text: string, message: RegExp][] = [
  ["an unknown section", "target: []", /:1:\d+: target is not known here/],
  [
    "a literal password",
    WHOLE.replace("{env: ORDERS_PASSWORD}", "hunter2"),
    /:22:\d+: targets\[0\]\.connection\.password is not a mapping/,
  ],
  [
    "a literal key",
    WHOLE.replace("{file: /secret/key.pem}", "hunter2"),
    /targets\[0\]\.connection\.tls\.key is not a mapping/,
  ],
  [
    "a literal key of masks",
    WHOLE.replace("{env: MASK_KEY}", "hunter2"),
    /targets\[0\]\.maskKey is not a mapping/,
  ],
  ["a limit without a unit", "limits: {idle: '15'}", /limits\.idle is not a duration/],
  ["an unknown limit", "limits: {idel: 15s}", /limits\.idel is not known/],
  ["an address without a port", "edge: {listen: localhost}", /edge\.listen is not an address/],
  ["broken YAML", "targets: [", /not valid YAML/],
];

for (const [what, text, message] of WRONG) {
  test(`${what} is refused with its place and what to do, without its value`, () => {
    assert.throws(
      () => parseConfigFile(text, FILE),
      (error: { code: string; message: string; hint: string }) => {
        assert.equal(error.code, "invalid_config");
        assert.match(error.message, message);
        assert.ok(error.hint);
        assert.doesNotMatch(`${error.message}${error.hint}`, /hunter2/);
        return true;
      },
    );
  });
}

test("problems that the edge finds get their place in the file", () => {
  const { locate } = parseConfigFile(WHOLE, FILE);
  assert.equal(
    locate("settings.targets[0].allow[0] must be a principal"),
    `${FILE}:17:13: targets[0].allow[0] must be a principal`,
  );
  assert.equal(
    locate("settings.limits.idleMs must be a whole number"),
    `${FILE}:12:16: limits.idle must be a whole number (milliseconds)`,
  );
  assert.equal(locate("dryRun must be true or false"), "dryRun must be true or false");
});

test("policies are the text of a file beside the configuration, and their problems get its name", (context) => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-config-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const text = "permit (principal, action, resource); // é\n";
  writeFileSync(join(folder, "p.cedar"), text);
  const read = (value: string) => parseConfigFile(`policies: ${value}\n`, join(folder, "sallyport.yaml"));
  const config = read("./p.cedar");
  assert.equal(config.settings.policies, text);
  assert.match(
    config.locate("settings.policies:3:7 there is no attribute x. Did you mean y?"),
    /\/p\.cedar:3:7: there is no attribute x\. Did you mean y\?$/,
  );
  assert.equal(
    parseConfigFile("{}", FILE).locate("settings.policies:1:2 no"),
    "the starter policies:1:2: no",
  );
  assert.throws(() => read("absent.cedar"), {
    message: /:1:\d+: policies names .*absent\.cedar, which can't be read \(ENOENT\)/,
  });
  writeFileSync(join(folder, "binary.cedar"), Buffer.from([0xff, 0xfe]));
  assert.throws(() => read("binary.cedar"), { message: /not UTF-8/ });
});

test("addresses to listen on", () => {
  assert.deepEqual(parseListen("[::1]:80"), { host: "::1", port: 80 });
  assert.deepEqual(parseListen("0.0.0.0:0"), { host: "0.0.0.0", port: 0 });
  for (const text of ["80", ":80", "host:", "host:99999", "a b:1"])
    assert.equal(parseListen(text), undefined);
});

test("a change shows the members that differ", () => {
  assert.deepEqual(
    changeLines({
      action: "update",
      subject: "target/orders",
      before: { name: "orders", allow: ["a"], description: "" },
      after: { name: "orders", allow: ["a", "b"], description: "" },
    }),
    ["~ target/orders", '    allow: ["a"] -> ["a","b"]'],
  );
});

test("changed policies show their versions and lines, which can't drive the terminal", () => {
  const [before, after] = ["a".repeat(64), "b".repeat(64)];
  assert.deepEqual(
    changeLines({
      action: "update",
      subject: "policies",
      before: { version: before },
      after: { version: after, lines: ["-permit\u001b[2J;", "+\tforbid;"] },
    }),
    ["~ policies", "    version: aaaaaaaaaaaa -> bbbbbbbbbbbb", "    -permit\\u001b[2J;", "    +    forbid;"],
  );
});
