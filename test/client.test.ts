import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { CommandProcess, listening } from "../client/commands/testing.ts";
import { type Edge, startEdge } from "../client/local-edge/host.ts";
import { STARTER_POLICIES } from "../protocol/policy/starter.ts";
import { AUDIENCE, CLI_CLIENT, startIssuer, type TestIssuer } from "./oidc-provider.ts";
import "./connection-each.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-cli-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const start = (env: Record<string, string>, ...args: string[]) => new CommandProcess(args, { folder, env });
const sallyport = (env: Record<string, string>, ...args: string[]) => start(env, ...args).end();

describe("the command against a real edge", () => {
  let edge: Edge;
  let issuer: TestIssuer;
  let admin: Record<string, string>;
  let person: Record<string, string>;
  const config = join(folder, "sallyport.yaml");

  before(async () => {
    issuer = await startIssuer();
    edge = await startEdge({ state: join(folder, "state") });
    admin = { SALLYPORT_EDGE: edge.url.href, SALLYPORT_TOKEN_FILE: edge.adminTokenFile };
    person = { XDG_CONFIG_HOME: join(folder, "config") };
    writeFileSync(
      config,
      `issuers:
  - {name: corp, issuer: "${issuer.issuer}", audience: ${AUDIENCE}, clientId: ${CLI_CLIENT}}
targets:
  - name: orders
    kind: postgres
    connector: main
    allow: [corp/alice, service/ci]
    connection: {host: db.internal, databases: [orders], user: u, password: {env: ORDERS_PASSWORD}}
`,
    );
  });

  after(async () => {
    await edge?.dispose();
    await issuer?.stop();
  });

  test("apply asks first, shows the difference, and is idempotent", async () => {
    const refused = await sallyport(admin, "apply");
    assert.equal(refused.status, 2);
    assert.match(refused.stdout, /\+ target\/orders\n {4}kind: "postgres"/);
    assert.match(refused.stderr, /--yes/);
    const dry = await sallyport(admin, "apply", "--dry-run", "--json");
    assert.deepEqual(
      JSON.parse(dry.stdout).changes.map(({ action, subject }: { action: string; subject: string }) => [
        action,
        subject,
      ]),
      [
        ["create", "target/orders"],
        ["create", "issuer/corp"],
      ],
    );
    const applied = await sallyport(admin, "apply", "--yes");
    assert.deepEqual([applied.status, applied.stderr], [0, "Applied.\n"]);
    const again = await sallyport(admin, "apply", "--yes");
    assert.deepEqual([again.status, again.stdout, again.stderr], [0, "", "Nothing to change.\n"]);
    const { stdout } = await sallyport(admin, "changes", "--json");
    assert.deepEqual(
      JSON.parse(stdout)
        .map(({ subject }: { subject: string }) => subject)
        .sort(),
      ["issuer/corp", "target/orders"],
    );
  });

  test("problems that the edge finds stand in the file's terms", async () => {
    const wrong = join(folder, "wrong.yaml");
    writeFileSync(wrong, "limits:\n  idle: 1s\n");
    const { status, stderr } = await sallyport(admin, "apply", "-f", wrong, "--yes");
    assert.equal(status, 2);
    assert.match(stderr, /wrong\.yaml:2:\d+: limits\.idle must be .* \(milliseconds\)/);
  });

  test("tokens: made once, listed without their text, revoked", async () => {
    const made = await sallyport(admin, "tokens", "create", "ci", "--expires", "1h");
    assert.match(made.stdout, /^syp_[\w-]{43}\n$/);
    const env = { SALLYPORT_EDGE: edge.url.href, SALLYPORT_TOKEN: made.stdout.trim() };
    assert.equal((await sallyport(env, "whoami")).stdout, "service/ci\n");
    assert.match((await sallyport(env, "targets")).stdout, /^orders +postgres +allow +offline +main/m);
    const forbidden = await sallyport(env, "tokens", "list");
    assert.deepEqual([forbidden.status, forbidden.stdout], [3, ""]);
    assert.match(forbidden.stderr, /service\/ci is not an administrator/);
    const list = await sallyport(admin, "tokens", "list", "--json");
    assert.equal(JSON.parse(list.stdout)[0].name, "ci");
    assert.ok(!list.stdout.includes(made.stdout.trim()));
    assert.equal((await sallyport(admin, "principals", "disable", "service/ci")).status, 0);
    assert.equal((await sallyport(env, "whoami")).status, 3);
    assert.equal((await sallyport(admin, "principals", "enable", "service/ci")).status, 0);
    assert.equal((await sallyport(env, "whoami")).status, 0);
    const revoked = await sallyport(admin, "tokens", "revoke", "ci");
    assert.match(revoked.stderr, /0 sessions ended/);
    const shut = await sallyport(env, "whoami");
    assert.equal(shut.status, 4);
    assert.match((await sallyport(admin, "connectors", "enrol-token", "main")).stdout, /^sye_[\w-]{43}\n$/);
    assert.equal((await sallyport(admin, "connectors", "revoke", "nobody")).status, 5);
  });

  test("login in a browser; the token is refreshed, by one process only", async () => {
    const login = start(person, "login", "--no-browser", "--edge", edge.url.href);
    const [url] = await login.says(/^http:\S+$/m);
    const redirect = await issuer.browse(url, "alice");
    assert.equal(redirect?.hostname, "127.0.0.1");
    const foreign = new URL(redirect!);
    foreign.searchParams.set("state", "guessed");
    assert.equal((await fetch(foreign)).status, 400);
    const page = await fetch(redirect!);
    assert.match(await page.text(), /You are logged in/);
    const { status, stderr } = await login.end();
    assert.equal(status, 0, stderr);
    const stored = () =>
      JSON.parse(readFileSync(join(folder, "config/sallyport/credentials.json"), "utf8")).edges[
        edge.url.origin
      ];
    const first = stored();
    assert.ok(first.refresh, "offline access was granted");
    // As if its time had passed.
    const file = join(folder, "config/sallyport/credentials.json");
    writeFileSync(file, readFileSync(file, "utf8").replace(String(first.expires), String(Date.now())));
    const results = await Promise.all([1, 2, 3].map(() => sallyport(person, "whoami")));
    for (const result of results) assert.equal(result.stdout, "corp/alice\n", result.stderr);
    assert.notEqual(stored().bearer, first.bearer);
    assert.notEqual(stored().refresh, first.refresh);
    const logout = await sallyport(person, "logout");
    assert.equal(logout.stderr, `Logged out of ${edge.url.origin}.\n`);
    const out = await sallyport({ ...person, SALLYPORT_EDGE: edge.url.href }, "whoami");
    assert.equal(out.status, 4);
    assert.match(out.stderr, /sallyport login --edge/);
  });

  test("login with the device grant", async () => {
    const login = start(person, "login", "--device", "--edge", edge.url.href);
    const [, url, code] = await login.says(/^Open (\S+) .* code (\S+)$/m);
    await issuer.browse(url!, "bob", code!);
    const { status, stderr } = await login.end();
    assert.equal(status, 0, stderr);
    assert.equal((await sallyport(person, "whoami")).stdout, "corp/bob\n");
    const hidden = await sallyport(person, "connect", "orders");
    assert.deepEqual([hidden.status, hidden.stdout], [5, ""]);
  });

  test("a login that is refused says so", async () => {
    const login = start(person, "login", "--no-browser", "--edge", edge.url.href);
    const [url] = await login.says(/^http:\S+$/m);
    const parameters = new URL(url).searchParams;
    const redirect = new URL(parameters.get("redirect_uri")!);
    redirect.search = String(
      new URLSearchParams({
        state: parameters.get("state")!,
        iss: issuer.issuer,
        error: "access_denied",
        error_description: "no \x1b[31mway",
      }),
    );
    await fetch(redirect);
    const { status, stderr } = await login.end();
    assert.equal(status, 4);
    assert.match(stderr, /The login at corp failed: no \\u001b\[31mway\./);
  });

  test("run passes on status and signal, and its command has no token", async () => {
    const env = { ...admin, PGPASSWORD: "x" };
    const shell = (script: string) => sallyport(env, "run", "orders", "--", "sh", "-c", script);
    assert.equal((await shell("exit 7")).status, 7);
    assert.equal((await shell("kill -TERM $$")).status, 143);
    const seen = await shell("env");
    assert.match(seen.stdout, /^PGHOST=127\.0\.0\.1$/m);
    assert.doesNotMatch(seen.stdout, /SALLYPORT_TOKEN|PGPASSWORD/);
    assert.equal((await sallyport(env, "run", "orders", "--", "no-such-command")).status, 5);
    const waiting = start(
      env,
      ...["run", "orders", "--", "sh", "-c", "trap 'exit 9' TERM; echo up >&2; while :; do sleep 0.05; done"],
    );
    await waiting.says(/^up$/m);
    assert.equal((await waiting.end("SIGTERM")).status, 9);
  });

  test("connect tells its address, and ends with status 0", async () => {
    await sallyport(admin, "tokens", "create", "connecting", "--principal", "corp/alice");
    const { stdout } = await sallyport(admin, "tokens", "create", "two", "--principal", "corp/alice");
    const env = { SALLYPORT_EDGE: edge.url.href, SALLYPORT_TOKEN: stdout.trim() };
    const connect = start(env, "connect", "orders", "--listen", "0.0.0.0:0");
    await connect.says(/Warning: everyone who reaches 0\.0\.0\.0:\d+ uses orders as you/);
    await connect.says(/No connector is online/);
    await connect.says(/psql "host=0\.0\.0\.0 port=\d+ user=sallyport sslmode=disable/);
    assert.equal((await connect.end("SIGTERM")).status, 0);
  });
});

describe("the command without an edge", () => {
  let server: Server;
  let answer: (request: IncomingMessage) => {
    status: number;
    headers?: Record<string, string>;
    body: string;
  };
  let env: Record<string, string>;
  before(async () => {
    server = createServer((request, response) => {
      const { status, headers, body } = answer(request);
      response.writeHead(status, headers).end(body);
    });
    env = { SALLYPORT_EDGE: await listening(server), SALLYPORT_TOKEN: "syp_secret" };
  });
  after(() => server.close());

  const run = async (args: string[], more: Record<string, string> = {}) => {
    const result = await sallyport({ ...env, ...more }, ...args);
    assert.doesNotMatch(result.stdout + result.stderr, /syp_secret|\n\s+at /);
    return result;
  };

  test("errors: what happened, why, what to do, and an exit status", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const gone = await run(["whoami"], { SALLYPORT_EDGE: `http://127.0.0.1:${port}` });
    assert.equal(gone.status, 6);
    assert.match(gone.stderr, /The edge http:\/\/127\.0\.0\.1:\d+ can't be reached: .*ECONNREFUSED/);
    answer = () => ({ status: 502, body: "<h1>Bad gateway</h1>" });
    const proxy = await run(["whoami"]);
    assert.equal(proxy.status, 6);
    assert.match(proxy.stderr, /HTTP status 502, and not as an edge/);
    answer = () => ({ status: 302, headers: { location: "https://evil.example/" }, body: "" });
    const redirect = await run(["whoami"]);
    assert.equal(redirect.status, 6);
    assert.match(redirect.stderr, /it redirects to https:\/\/evil\.example/);
    answer = () => ({
      status: 403,
      body: JSON.stringify({ code: "forbidden", detail: "no \x1b[2J way", hint: "ask" }),
    });
    const refused = await run(["whoami"]);
    assert.equal(refused.status, 3);
    assert.equal(refused.stderr, "sallyport: no \\u001b[2J way\nask\n");
    assert.equal((await run(["frobnicate"])).status, 2);
    assert.equal((await run(["connect", "x", "--listen", "5432"])).status, 2);
    assert.equal((await run(["dev", "-c", "none.yaml"])).status, 2);
    assert.equal((await run(["--help"])).status, 0);
    assert.equal((await run(["whoami"], { SALLYPORT_EDGE: "http://edge.example" })).status, 2);
  });

  test("listings follow the pages up to the limit", async () => {
    const asked: string[] = [];
    answer = (request) => {
      asked.push(request.url!);
      const cursor = new URL(request.url!, "http://x").searchParams.get("cursor");
      const item = (name: string) => ({ name, firstSeen: 0, disabled: null, disabledBy: null });
      const page = cursor
        ? { items: [item("b"), item("c")], next: "more" }
        : { items: [item("a\x07")], next: "n" };
      return { status: 200, body: JSON.stringify(page) };
    };
    const { stdout } = await run(["principals", "list", "-n", "3"]);
    assert.deepEqual(asked, ["/v1/principals?limit=3", "/v1/principals?limit=2&cursor=n"]);
    assert.match(stdout, /^PRINCIPAL +STATE/);
    assert.match(stdout, /^a\\u0007 +enabled +1970-01-01T00:00:00Z/m);
  });

  test("apply sends no part of a connection", async () => {
    const file = join(folder, "secret.yaml");
    writeFileSync(
      file,
      `targets:
  - name: orders
    kind: postgres
    connector: main
    connection: {host: db.internal, databases: [hidden], user: dbuser, password: {file: /run/secrets/p}}
connector: {name: main, state: /var/lib/private}
edge: {state: /var/lib/edge}
`,
    );
    const bodies: string[] = [];
    const received = new Promise<void>((resolve) => {
      server.once("request", (request: IncomingMessage) => {
        request.on("data", (chunk) => bodies.push(String(chunk)));
        request.on("end", resolve);
      });
    });
    answer = () => ({ status: 200, body: JSON.stringify({ changes: [] }) });
    assert.equal((await run(["apply", "-f", file])).status, 0);
    await received;
    assert.deepEqual(JSON.parse(bodies.join("")), {
      settings: {
        targets: [{ name: "orders", kind: "postgres", connector: "main", description: "", allow: [] }],
        issuers: [],
        administrators: [],
        limits: {},
        approvals: { slack: { users: [] } },
        policies: STARTER_POLICIES,
      },
      dryRun: true,
    });
  });
});
