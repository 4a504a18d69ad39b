import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SallyportError } from "../protocol/errors.ts";
import { parseConnectorConfig, readConnectorConfig } from "./config.ts";
import { DEFAULT_DETECTORS } from "./mask/detectors/modes.ts";
import { NO_LABELS } from "./mask/settings.ts";

const FILE = "/etc/sallyport/sallyport.yaml";

const WHOLE = `
edge: {listen: 127.0.0.1:7843}
connector:
  name: main
  edge: https://edge.example.com
  state: ./keys
administrators: [group:platform]
targets:
  - name: orders
    kind: postgres
    connector: main
    allow: [service/*]
    connection:
      host: db.internal
      port: 5433
      databases: [orders, archive]
      user: sallyport
      password: {env: ORDERS_PASSWORD}
      tls: {mode: verify-ca, ca: ca.pem, serverName: db.example, certificate: client.pem, key: {file: client.key}}
      channelBinding: require
      trustedFunctions: [public.order_total, app.Übersicht]
    labels: {public.customers.email: pii.email}
    masks: {pii.email: {mask: hash, scope: target}}
    maskKey: {file: mask.key}
    detectors: {email: off}
  - {name: small, kind: postgres, connector: main, connection: {host: "::1", databases: [app], user: app}}
  - {name: elsewhere, kind: postgres, connector: other}
`;

const EMAIL = { name: "pii.email", mask: { kind: "hash", scope: "target" }, lookup: null } as const;

/** The file with one text in it replaced. */
function changed(from: string, to: string): string {
  assert.ok(WHOLE.includes(from), from);
  return WHOLE.replace(from, to);
}

function refusal(text: string): SallyportError {
  try {
    parseConnectorConfig(text, FILE);
  } catch (error) {
    assert.ok(error instanceof SallyportError, String(error));
    assert.equal(error.code, "invalid_config");
    return error;
  }
  assert.fail("it was accepted");
}

describe("the connector's configuration", () => {
  test("is read with its own targets only, paths relative to the file, the strict defaults", () => {
    assert.deepEqual(parseConnectorConfig(WHOLE, FILE), {
      name: "main",
      edge: new URL("https://edge.example.com"),
      state: "/etc/sallyport/keys",
      targets: [
        {
          name: "orders",
          kind: "postgres",
          host: "db.internal",
          port: 5433,
          databases: ["orders", "archive"],
          user: "sallyport",
          password: { env: "ORDERS_PASSWORD" },
          tls: {
            mode: "verify-ca",
            ca: "/etc/sallyport/ca.pem",
            serverName: "db.example",
            client: { certificate: "/etc/sallyport/client.pem", key: { file: "/etc/sallyport/client.key" } },
          },
          channelBinding: "require",
          trustedFunctions: ["public.order_total", "app.Übersicht"],
          labels: {
            rules: [{ schema: "public", relation: "customers", column: "email", path: null, label: EMAIL }],
            labels: new Map([["pii.email", EMAIL]]),
          },
          maskKey: { file: "/etc/sallyport/mask.key" },
          detectors: { ...DEFAULT_DETECTORS, email: "off" },
        },
        {
          name: "small",
          kind: "postgres",
          host: "::1",
          port: 5432,
          databases: ["app"],
          user: "app",
          password: null,
          tls: { mode: "verify-full", ca: null, serverName: null, client: null },
          channelBinding: "prefer",
          trustedFunctions: [],
          labels: NO_LABELS,
          maskKey: null,
          detectors: DEFAULT_DETECTORS,
        },
      ],
    });
  });

  const FAULTS: [claim: string, text: string, message: RegExp, hint: RegExp][] = [
    [
      "a literal secret",
      changed("{env: ORDERS_PASSWORD}", "hunter2"),
      /sallyport\.yaml:18:17: targets\[0\]\.connection\.password is not a mapping/,
      /env: NAME/,
    ],
    [
      "a number as a secret",
      changed("{env: ORDERS_PASSWORD}", "12345"),
      /:18:17: targets\[0\]\.connection\.password/,
      /env: NAME/,
    ],
    ["two sources of a secret", changed("{env: O", "{file: x, env: O"), /exactly one source/, /env: NAME/],
    ["an empty command", changed("{env: ORDERS_PASSWORD}", "{command: []}"), /empty command/, /env: NAME/],
    ["an unknown key", changed("tls: {mode: v", "tsl: {mode: v"), /:19:12: .*\.tsl is not known/, /tls/],
    [
      "an unknown TLS mode",
      changed("mode: verify-ca", "mode: prefer"),
      /tls\.mode is not one of/,
      /verify-full/,
    ],
    [
      "TLS settings with TLS disabled",
      changed("mode: verify-ca", "mode: disable"),
      /tls\.\w+ is not known/,
      /nothing else/,
    ],
    [
      "channel binding without TLS",
      changed(
        "tls: {mode: verify-ca, ca: ca.pem, serverName: db.example, certificate: client.pem, key: {file: client.key}}",
        "tls: {mode: disable}",
      ),
      /channelBinding needs TLS/,
      /prefer/,
    ],
    ["a certificate without its key", changed(", key: {file: client.key}", ""), /only one of/, /both/],
    [
      "a trusted function without its schema",
      changed("public.order_total", "order_total"),
      /trustedFunctions\[0\] is not a function as SCHEMA\.NAME/,
      /./,
    ],
    [
      "a trusted function with arguments",
      changed("public.order_total", '"public.total(int)\\nx"'),
      /trustedFunctions\[0\] is not a function/,
      /./,
    ],
    [
      "a trusted function of whatever temporary schema",
      changed("public.order_total", "pg_temp.order_total"),
      /trustedFunctions\[0\] is not a function/,
      /./,
    ],
    ["no databases", changed("[orders, archive]", "[]"), /databases is empty/, /Name/],
    [
      "a label of no column",
      changed("public.customers.e", "public.e"),
      /:\d+:\d+: targets\[0\]\.labels\.public\.email is not/,
      /SCHEMA\.RELATION/,
    ],
    ["a port out of range", changed("5433", "70000"), /port is not a whole number/, /65535/],
    ["a missing host", changed("      host: db.internal\n", ""), /connection\.host is missing/, /host name/],
    [
      "a missing connection",
      changed("connector: other", "connector: main"),
      /targets\[2\]\.connection is missing/,
      /host/,
    ],
    [
      "a kind that isn't served",
      changed("kind: postgres", "kind: mysql"),
      /kind is not one of postgres, ssh/,
      /postgres/,
    ],
    [
      "a name twice",
      changed("name: small", "name: orders"),
      /targets\[1\]\.name is the name of another/,
      /own/,
    ],
    ["a user name that is a number", changed("user: sallyport", "user: 7"), /user is not a text/, /quotes/],
    ["an edge without TLS", changed("https://edge", "http://edge"), /edge is not encrypted/, /https/],
    ["a token in the edge's URL", changed("https://edge", "https://u:p@edge"), /more than an origin/, /key/],
    [
      "a key twice",
      changed("name: main\n", "name: main\n  name: main\n"),
      /:5:3: .*duplicate key/,
      /Correct/,
    ],
    ["broken YAML", "connector: {name: [}", /not valid YAML/, /Correct/],
    ["no mapping at all", "just words", /the document is not a mapping/, /mapping/],
    ["no connector", "edge: {}", /:1:1: connector is missing/, /name, edge, state/],
  ];
  for (const [claim, text, message, hint] of FAULTS) {
    test(`refuses ${claim}, and says where and what to do`, () => {
      const error = refusal(text);
      assert.match(error.message, message);
      assert.match(error.hint ?? "", hint);
      assert.doesNotMatch(`${error.message} ${error.hint}`, /hunter2|12345/);
    });
  }

  test("accepts an edge without TLS on loopback", () => {
    const config = parseConnectorConfig(changed("https://edge.example.com", "http://127.0.0.1:7843"), FILE);
    assert.equal(config.edge?.port, "7843");
  });

  test("under dev there is no edge, and state has a default", () => {
    const config = parseConnectorConfig("connector: {name: main}", FILE);
    assert.equal(config.edge, null);
    assert.equal(config.state, "/etc/sallyport/sallyport-state/connector");
    assert.deepEqual(config.targets, []);
  });

  test("a secret in text that is no YAML is not quoted", () => {
    assert.doesNotMatch(refusal("connector:\n  password: hunter2: x\n hunter2").message, /hunter2/);
  });

  test("aliases can't be used to fill the memory", () => {
    const bomb = ["a: &a [x,x,x,x,x,x,x,x,x,x]"];
    for (const [from, to] of ["ab", "bc", "cd", "de", "ef", "fg"].map((pair) => [...pair])) {
      bomb.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(",")}]`);
    }
    assert.match(refusal(bomb.join("\n")).message, /aliases/);
  });

  test("a file that isn't there is a clear error", () => {
    assert.throws(() => readConnectorConfig("/absent/sallyport.yaml"), /can't be read \(ENOENT\)/);
  });

  test("where events go, and how log lines are written", () => {
    const parse = (more: string) => parseConnectorConfig(`connector: {name: main, ${more}}`, FILE);
    assert.deepEqual(parse("events: {file: events.ndjson}, log: json").events, {
      file: "/etc/sallyport/events.ndjson",
    });
    assert.deepEqual(
      [parse("events: {file: stdout}").events, parse("log: text").log],
      [{ file: null }, "text"],
    );
    assert.deepEqual(
      Object.keys(parse("state: x")).filter((key) => key === "events" || key === "log"),
      [],
    );
    for (const [wrong, words] of [
      ["events: {}", /connector\.events\.file/],
      ["events: {file: ''}", /connector\.events\.file is not a text/],
      ["events: {path: x}", /connector\.events\.path/],
      ["log: xml", /connector\.log/],
    ] as const)
      assert.throws(() => parse(wrong), { code: "invalid_config", message: words });
  });
});
