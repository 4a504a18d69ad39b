import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { applyConfig, changeLines } from "../client/config/apply.ts";
import { parseConfigFile } from "../client/config/file.ts";
import { EdgeApi } from "../client/edge-api.ts";
import { PolicyHolder } from "../connector/guard/policy-holder.ts";
import { type ConnectorIdentity, connectorToken } from "../connector/identity.ts";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import { Header, Path, type PolicyStamp } from "../protocol/control.ts";
import type { ChangeRecord, Page, PolicyRecord, Settings } from "../protocol/directory.ts";
import { SallyportError } from "../protocol/errors.ts";
import type {
  ExplainedStatement,
  ExplainRequest,
  HubMessage,
  PolicyInForce,
  PolicyTaken,
} from "../protocol/hub-messages.ts";
import { nodeCedar } from "../protocol/policy/node-cedar.ts";
import { PolicySet } from "../protocol/policy/policy-set.ts";
import { STARTER_POLICIES } from "../protocol/policy/starter.ts";
import { factsOf } from "../protocol/sql/facts.ts";
import { connect } from "../protocol/tunnel/dial.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";
import { ALLOW_LISTED } from "./policies.ts";

const TARGET = "orders";
const version = (text: string) => createHash("sha256").update(text).digest("hex");
const closedTonight = `${ALLOW_LISTED}
@id("closed-tonight")
@reason("Orders is closed tonight.")
forbid (principal, action == Action::"connect", resource == Target::"orders");
`;

/** What comes, in order; a test takes one after the other. */
class Queue<T> {
  readonly #items: T[] = [];
  readonly #waiting: ((item: T) => void)[] = [];

  readonly put = (item: T): void => {
    const next = this.#waiting.shift();
    if (next) next(item);
    else this.#items.push(item);
  };

  next(): Promise<T> {
    const [item] = this.#items.splice(0, 1);
    return item === undefined ? new Promise((resolve) => this.#waiting.push(resolve)) : Promise.resolve(item);
  }
}

function newHolder(): PolicyHolder {
  return new PolicyHolder(
    (text) => PolicySet.load(nodeCedar(), text),
    () => {},
  );
}

describe("policies at the edge", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let identity: ConnectorIdentity;
  let token: string;
  const settings = (policies: string): Settings => ({
    targets: [testTarget(TARGET), { ...testTarget("hidden"), allow: ["corp/*"] }],
    issuers: [],
    administrators: [],
    limits: {},
    policies,
  });
  const apply = (policies: string) => gateway.apply(settings(policies));
  const inForce = () => gateway.api<PolicyRecord>("GET", "/v1/policies");

  before(async () => {
    gateway = await startTestEdge({ bindings: { POLICY_TAKE_MS: "4000" } });
    identity = await gateway.enroll("main");
    token = await gateway.serviceToken("agent");
  });
  after(() => gateway.stop());

  test("of a fresh edge are the starter set, and a connector gets them first of all", async () => {
    const { text, revision, principal, ...rest } = await inForce();
    assert.deepEqual([text, revision, principal], [STARTER_POLICIES, 1, "starter set"]);
    assert.equal(rest.version, version(STARTER_POLICIES));
    const { socket, messages } = await controlSocket(gateway, identity);
    assert.deepEqual(await messages.next(), {
      type: "policy",
      version: version(STARTER_POLICIES),
      revision: 1,
      text: STARTER_POLICIES,
    });
    socket.terminate();
  });

  test("that are not valid are refused with file, line and a suggestion, and nothing changes", async (context) => {
    await apply(ALLOW_LISTED);
    const folder = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    writeFileSync(
      join(folder, "mine.cedar"),
      `${ALLOW_LISTED}
@id("reads")
permit (principal, action == Action::"connect", resource)
when { context.lsted };
`,
    );
    const config = parseConfigFile("policies: mine.cedar\n", join(folder, "sallyport.yaml"));
    const api = new EdgeApi(gateway.edge.url, async () => gateway.edge.adminToken);
    const before = [await inForce(), await gateway.api("GET", "/v1/settings")];
    for (const dryRun of [true, false]) {
      await assert.rejects(applyConfig(api, config, dryRun), {
        code: "invalid_config",
        message: /mine\.cedar:6:\d+: .*`lsted`.*Did you mean `listed`\?/,
      });
    }
    assert.deepEqual([await inForce(), await gateway.api("GET", "/v1/settings")], before);

    writeFileSync(join(folder, "mine.cedar"), "permit (principal, action, resource);\n");
    const good = parseConfigFile("policies: mine.cedar\n", join(folder, "sallyport.yaml"));
    const { changes } = await applyConfig(api, good, true);
    const lines = changes.flatMap(changeLines);
    assert.ok(lines.includes("~ policies"), lines.join("\n"));
    assert.ok(
      lines.includes("    +permit (principal, action, resource);") ||
        lines.some((line) => /^ +-forbid/.test(line)),
    );
    assert.deepEqual(await inForce(), before[0], "a dry run changes nothing");
  });

  test("reach every connector before whoever changed them is answered, once each", async () => {
    const other = await gateway.enroll("other");
    const [first, second, third] = [
      new Queue<PolicyInForce>(),
      new Queue<PolicyInForce>(),
      new Queue<PolicyInForce>(),
    ];
    const holder = newHolder();
    const uplinks = await Promise.all([
      startUplink(gateway.edge.url, identity, () => {}, {
        policies: (message) => {
          holder.put(message);
          first.put(message);
        },
      }),
      startUplink(gateway.edge.url, identity, () => {}, { policies: second.put }),
      startUplink(gateway.edge.url, other, () => {}, { policies: third.put }),
    ]);
    const queues = [first, second, third];
    const begin = await Promise.all(queues.map((queue) => queue.next()));
    const { revision } = await inForce();
    assert.deepEqual(
      begin.map((message) => message.revision),
      Array(3).fill(revision),
    );

    await apply(closedTonight);
    await apply(closedTonight);
    await apply(ALLOW_LISTED);
    for (const queue of queues) {
      const [one, two] = [await queue.next(), await queue.next()];
      assert.deepEqual([one.revision, one.text], [revision + 1, closedTonight]);
      assert.deepEqual(
        [two.revision, two.text],
        [revision + 2, ALLOW_LISTED],
        "the same text is no revision",
      );
    }
    assert.equal((await holder.atLeast(revision + 2, 1_000)).version, version(ALLOW_LISTED));
    for (const uplink of uplinks) uplink.stop();
  });

  test("are answered with who took them; who says nothing is cut off, and comes again with them", async () => {
    const uplink = await startUplink(gateway.edge.url, identity, () => {});
    const mute = await controlSocket(gateway, identity);
    await mute.messages.next();
    const closed = once(mute.socket, "close") as Promise<[number, Buffer]>;
    const before = performance.now();
    const { policies } = await apply(closedTonight);
    assert.ok(performance.now() - before < 20_000);
    const states = policies!.connectors.filter(({ connector }) => connector === "main");
    assert.deepEqual(states.map(({ state }) => state).sort(), ["cut_off", "taken"]);
    assert.equal(states.find(({ state }) => state === "cut_off")!.instance, mute.instance);
    assert.equal(policies!.version, version(closedTonight));
    const [code, reason] = await closed;
    assert.equal(code, 4451);
    assert.match(reason.toString(), /did not take the policies in time/);
    const again = await controlSocket(gateway, identity);
    assert.equal(((await again.messages.next()) as PolicyInForce).text, closedTonight);
    again.socket.terminate();
    uplink.stop();
    await apply(ALLOW_LISTED);
  });

  test("are not taken by who takes older ones; who says that it took later ones is shut out", async () => {
    const { socket, messages } = await controlSocket(gateway, identity);
    const { revision } = (await messages.next()) as PolicyInForce;
    socket.send(taken(revision));
    const applied = apply(closedTonight);
    assert.equal(((await messages.next()) as PolicyInForce).revision, revision + 1);
    socket.send(taken(revision));
    assert.deepEqual(
      (await applied).policies!.connectors.map(({ state }) => state),
      ["cut_off"],
    );

    const liar = await controlSocket(gateway, identity);
    const closed = once(liar.socket, "close") as Promise<[number]>;
    liar.socket.send(taken(revision + 2));
    assert.equal((await closed)[0], 4402);
    await apply(ALLOW_LISTED);
  });

  test("of two changes at once, each is answered by who takes the later one", async () => {
    const { socket, messages } = await controlSocket(gateway, identity);
    const { revision } = (await messages.next()) as PolicyInForce;
    const first = apply(closedTonight);
    await messages.next();
    const second = apply(ALLOW_LISTED);
    await messages.next();
    socket.send(taken(revision + 2));
    for (const { policies } of await Promise.all([first, second])) {
      assert.deepEqual(
        policies!.connectors.map(({ state }) => state),
        ["taken"],
      );
    }
    socket.terminate();
  });

  test("are taken too by who registers while they are told, and who leaves then is not waited for", async () => {
    const leaving = await controlSocket(gateway, identity);
    await leaving.messages.next();
    const applied = apply(closedTonight);
    await leaving.messages.next();
    const coming = await controlSocket(gateway, identity);
    const { revision, text } = (await coming.messages.next()) as PolicyInForce;
    assert.equal(text, closedTonight);
    coming.socket.send(taken(revision));
    leaving.socket.close(1000);
    assert.deepEqual((await applied).policies!.connectors, [
      { connector: "main", instance: coming.instance, state: "taken", ended: 0 },
    ]);
    coming.socket.terminate();
    await apply(ALLOW_LISTED);
  });

  test("are told to a connector that was away", async () => {
    const queue = new Queue<PolicyInForce>();
    const uplink = await startUplink(gateway.edge.url, identity, () => {}, { policies: queue.put });
    await queue.next();
    uplink.stop();
    await apply(closedTonight);
    const again = await startUplink(gateway.edge.url, identity, () => {}, { policies: queue.put });
    assert.equal((await queue.next()).text, closedTonight);

    await gateway.edge.restart();
    assert.equal((await queue.next()).text, closedTonight, "after the edge's restart, too");
    again.stop();
    await apply(ALLOW_LISTED);
  });

  test("are kept with their history, and changes of them are recorded", async () => {
    const { items } = await gateway.api<Page<ChangeRecord>>("GET", "/v1/changes?limit=1");
    const { principal, subject, before, after: now } = items[0]!;
    assert.deepEqual(
      [principal, subject, before],
      ["bootstrap", "policies", { version: version(closedTonight) }],
    );
    const { lines, ...rest } = now as { version: string; lines: string[] };
    assert.deepEqual(rest, { version: version(ALLOW_LISTED) });
    assert.ok(lines.includes('-@reason("Orders is closed tonight.")'), lines.join("\n"));

    const old = await gateway.api<PolicyRecord>("GET", `/v1/policies/${version(STARTER_POLICIES)}`);
    assert.deepEqual([old.text, old.revision], [STARTER_POLICIES, 1]);
    await assert.rejects(gateway.api("GET", `/v1/policies/${version("never")}`), /not_found/);
    await assert.rejects(gateway.api("GET", "/v1/policies/latest"), /invalid_request/);
    for (const path of ["/v1/policies", `/v1/policies/${version(STARTER_POLICIES)}`]) {
      await assert.rejects(gateway.api("GET", path, undefined, token), /403.*not an administrator/);
    }
  });
});

describe("opening by policies", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let uplink: Uplink;
  let token: string;
  const sessions = new Queue<ConnectorSession>();
  const apply = (policies: string) =>
    gateway.apply({
      targets: [testTarget(TARGET), { ...testTarget("hidden"), allow: ["corp/*"] }],
      policies,
    });
  const open = (target = TARGET) => openTunnel({ edge: gateway.edge.url, target, token });
  const inForce = async (): Promise<PolicyStamp> => {
    const { version, revision } = await gateway.api<PolicyRecord>("GET", "/v1/policies");
    return { version, revision };
  };

  before(async () => {
    gateway = await startTestEdge({ bindings: { POLICY_TAKE_MS: "4000" } });
    const identity = await gateway.enroll("main");
    uplink = await startUplink(gateway.edge.url, identity, sessions.put, { targets: [TARGET, "hidden"] });
    token = await gateway.serviceToken("agent");
  });
  after(async () => {
    uplink.stop();
    await gateway.stop();
  });

  test("a session carries the policies it was opened under, and that it is listed", async () => {
    await apply(ALLOW_LISTED);
    const tunnel = await open();
    const { facts } = await sessions.next();
    assert.deepEqual([facts.policy, facts.listed], [await inForce(), true]);
    tunnel.close("closed", "done");

    await apply("permit (principal, action, resource);\n");
    const unlisted = await open("hidden");
    assert.equal((await sessions.next()).facts.listed, false);
    unlisted.close("closed", "done");
  });

  test("a policy's forbid is told with its reason to who is listed, and nothing to others", async () => {
    await apply(closedTonight);
    await assert.rejects(open(), {
      code: "forbidden",
      message: /service\/agent may not open orders: Orders is closed tonight\./,
      hint: /closed-tonight/,
    });
    await assert.rejects(open("hidden"), { code: "unknown_target", message: /no target "hidden"/ });
    await assert.rejects(open("absent"), { code: "unknown_target", message: /no target "absent"/ });
  });

  test("an approval is needed: a refusal that says so", async () => {
    await apply(`@reason("Two eyes see little.") @approvers("dba")
permit (principal, action == Action::"connect", resource) when { context.approved };
`);
    await assert.rejects(open(), {
      code: "approval_required",
      message: /needs an approval: Two eyes see little\./,
      hint: /sallyport connect orders --reason/,
    });
  });

  test("a driver without the client is judged as raw", async () => {
    await apply(`${ALLOW_LISTED}
@reason("Use sallyport connect.")
forbid (principal, action == Action::"connect", resource) when { context.mode == "raw" };
`);
    const url = new URL(Path.tunnel(TARGET), gateway.edge.url);
    const { status, body } = await rawAnswer(url, token);
    assert.equal(status, 403);
    assert.match(body, /Use sallyport connect\./);
    (await open()).close("closed", "done");
    await sessions.next();
  });

  test("what the edge remembers of older policies opens nothing once others forbid", async () => {
    for (let round = 0; round < 5; round++) {
      await apply(ALLOW_LISTED);
      const warm = await open();
      await sessions.next();
      warm.close("closed", "done");
      await apply(closedTonight);
      await assert.rejects(open(), { code: "forbidden", message: /closed tonight/ });
    }
  });

  test("of sessions that open while policies change, none was let in by those that forbid", async () => {
    for (let round = 0; round < 5; round++) {
      await apply(ALLOW_LISTED);
      const { revision } = await inForce();
      const opening = Array.from({ length: 12 }, () =>
        open().then(
          (tunnel) => tunnel,
          (error: Error) => error,
        ),
      );
      const applied = apply(closedTonight);
      const opened = await Promise.all(opening);
      await applied;
      await assert.rejects(open(), { code: "forbidden" });
      for (const one of opened) {
        if (one instanceof Error) {
          assert.match(one.message, /closed tonight/);
          continue;
        }
        assert.equal((await sessions.next()).facts.policy.revision, revision);
        one.close("closed", "done");
      }
    }
  });
});

describe("explaining", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let identity: ConnectorIdentity;
  let token: string;
  const asked = new Queue<ExplainRequest>();
  let explain: (request: ExplainRequest) => Promise<{ statements: ExplainedStatement[] }>;
  let uplink: Uplink;
  const ask = (body: unknown, by?: string, target = TARGET) =>
    gateway.api<{ policy: PolicyStamp; statements: ExplainedStatement[] }>(
      "POST",
      `/v1/targets/${target}/explain`,
      body,
      by,
    );

  before(async () => {
    gateway = await startTestEdge({ bindings: { POLICY_TAKE_MS: "4000" } });
    identity = await gateway.enroll("main");
    token = await gateway.serviceToken("agent");
    await gateway.apply({ targets: [testTarget(TARGET), { ...testTarget("hidden"), allow: ["corp/*"] }] });
    uplink = await startUplink(gateway.edge.url, identity, () => {}, {
      targets: [TARGET],
      explain: (request) => {
        asked.put(request);
        return explain(request);
      },
    });
  });
  after(async () => {
    uplink.stop();
    await gateway.stop();
  });

  test("a connector is asked for whom the question is about, and its answer comes back", async () => {
    explain = async ({ text }) => ({ statements: [statement(text)] });
    const { policy, statements } = await ask({ sql: "SELECT 1;\n-- x", database: "shop" }, token);
    assert.deepEqual(statements, [statement("SELECT 1;\n-- x")]);
    assert.equal(policy.version, version(ALLOW_LISTED));
    assert.deepEqual(await asked.next(), {
      target: TARGET,
      database: "shop",
      principal: "service/agent",
      groups: [],
      text: "SELECT 1;\n-- x",
    });

    await ask({ text: "SELECT 2", as: "corp/agent", onBehalfOf: "corp/alice", groups: ["dba"] });
    assert.deepEqual(await asked.next(), {
      target: TARGET,
      principal: "corp/agent",
      onBehalfOf: "corp/alice",
      groups: ["dba"],
      text: "SELECT 2",
    });
  });

  test("only an administrator asks for others, and nobody about a target that it may not open", async () => {
    for (const other of [{ as: "corp/alice" }, { groups: ["dba"] }, { onBehalfOf: "corp/alice" }]) {
      await assert.rejects(ask({ sql: "SELECT 1", ...other }, token), /403.*may ask for itself only/);
    }
    explain = async () => ({ statements: [] });
    await ask({ sql: "SELECT 1", as: "service/agent" }, token);
    assert.equal((await asked.next()).principal, "service/agent");
    for (const body of [{ sql: "SELECT 1" }, { action: "connect" }]) {
      await assert.rejects(ask(body, token, "hidden"), /404.*no target/);
      await assert.rejects(ask(body, token, "absent"), /404.*no target/);
    }
    await assert.rejects(ask({ sql: "SELECT 1" }, "syp_made-up"), /401/);
  });

  test("of opening is answered by the edge itself", async () => {
    const about = (body: object, by?: string, target?: string) =>
      ask({ action: "connect", ...body }, by, target) as unknown as Promise<{
        listed: boolean;
        decision: { verdict: string; policies: string[] };
      }>;
    const own = await about({}, token);
    assert.deepEqual([own.listed, own.decision.verdict], [true, "allow"]);
    const other = await about({ as: "service/agent" }, undefined, "hidden");
    assert.deepEqual([other.listed, other.decision.verdict], [false, "block"]);
    assert.equal((await about({ as: "corp/alice" }, undefined, "hidden")).decision.verdict, "allow");
  });

  test("bad questions are refused before anybody is asked", async () => {
    for (const body of [
      {},
      { sql: "SELECT 1", action: "connect" },
      { sql: "SELECT 1", text: "SELECT 1" },
      { text: "ls\0" },
      { sql: "SELECT '\0'" },
      { sql: "SELECT '\ud800'" },
      { sql: "x".repeat(300_000) },
      { sql: 1 },
      { action: "approve" },
      { sql: "SELECT 1", database: "x".repeat(64) },
      { sql: "SELECT 1", target: "other" },
    ]) {
      await assert.rejects(ask(body), /400.*invalid_request/s);
    }
  });

  test("the connector's errors come through; what it can't say is told as such", async () => {
    explain = async () => {
      throw new SallyportError("target_unreachable", "the database is away", "Start it.");
    };
    await assert.rejects(ask({ sql: "SELECT 1" }), /502.*target_unreachable.*the database is away.*Start it/);
    explain = async () => {
      throw new Error("password=hunter2");
    };
    await assert.rejects(ask({ sql: "SELECT 1" }), (error: Error) => {
      assert.match(error.message, /500.*the connector failed/);
      assert.doesNotMatch(error.message, /hunter2/);
      return true;
    });
    explain = async () => ({ statements: [statement("x".repeat(1_100_000))] });
    await assert.rejects(ask({ sql: "SELECT 1" }), /limit_exceeded.*longer than 1 MiB/);
    explain = async () => ({ statements: [statement("x".repeat(1_000_000))] });
    assert.equal((await ask({ sql: "SELECT 1" })).statements[0]!.text.length, 1_000_000);
  });

  test("without a connector there is no answer", async () => {
    await gateway.apply({ targets: [{ ...testTarget(TARGET), connector: "nobody" }] });
    await assert.rejects(ask({ sql: "SELECT 1" }), /503.*connector_offline/);
  });

  describe("by a hostile connector", () => {
    let hostile: WebSocket;
    const garbage: [string, (id: string) => string][] = [
      ["an answer of no shape", (id) => JSON.stringify({ type: "explained", id, answer: 7 })],
      [
        "an answer without statements",
        (id) => JSON.stringify({ type: "explained", id, answer: { rows: [] } }),
      ],
      [
        "an answer with a verdict of its own",
        (id) =>
          JSON.stringify({
            type: "explained",
            id,
            answer: { statements: [{ ...statement("x"), decision: { verdict: "sure" } }] },
          }),
      ],
      [
        "an error code of its own",
        (id) => JSON.stringify({ type: "explained", id, answer: { error: { code: "ok", message: "" } } }),
      ],
      [
        "an answer that is too long",
        (id) =>
          JSON.stringify({
            type: "explained",
            id,
            answer: { statements: [statement("x".repeat(1_100_000))] },
          }),
      ],
      ["what is not JSON", () => "explained"],
    ];

    before(async () => {
      await gateway.apply({ targets: [{ ...testTarget(TARGET), connector: "hostile" }] });
    });

    async function question() {
      const control = await controlSocket(gateway, await hostileIdentity(gateway));
      hostile = control.socket;
      const answer = ask({ sql: "SELECT 1" }).then(
        () => "answered",
        (error: Error) => error.message,
      );
      for (;;) {
        const message = await control.messages.next();
        if (message.type === "explain") return { answer, id: message.id };
      }
    }

    /** The hub knows that a socket is gone when it has answered its closing. */
    async function leave() {
      const closed = once(hostile, "close");
      hostile.close(1000);
      await closed;
    }

    for (const [what, write] of garbage) {
      test(`${what} closes its socket, and the question ends in an error`, async () => {
        const { answer, id } = await question();
        const closed = once(hostile, "close");
        hostile.send(write(id));
        const [code] = (await closed) as [number];
        assert.equal(code, 4402);
        assert.match(await answer, /502.*connector_lost/);
      });
    }

    test("an answer under another id is none; the right one still counts", async () => {
      const { answer, id } = await question();
      const other = { type: "explained", id: "0".repeat(32), answer: { statements: [statement("forged")] } };
      hostile.send(JSON.stringify(other));
      hostile.send(JSON.stringify({ ...other, id, answer: { statements: [] } }));
      assert.equal(await answer, "answered");
      hostile.send(JSON.stringify({ ...other, id }));
      await leave();
    });

    test("an answer in another replica's name is none", async () => {
      const { answer, id } = await question();
      const { socket: replica } = await controlSocket(gateway, await hostileIdentity(gateway));
      replica.send(JSON.stringify({ type: "explained", id, answer: { statements: [statement("forged")] } }));
      // The hub reads one socket's messages in their order: what follows the forged answer shows that it was read.
      replica.send("not JSON");
      await once(replica, "close");
      await leave();
      assert.match(await answer, /502.*connector_lost/);
    });
  });
});

function statement(text: string): ExplainedStatement {
  return {
    text,
    decision: { verdict: "allow", policies: ["policy1@1"], rows: null, bytes: null },
    facts: factsOf("SELECT", "postgres:select", { fingerprint: "0123456789abcdef0123456789abcdef" }),
    plan: null,
  };
}

let hostileOne: Promise<ConnectorIdentity> | undefined;

function hostileIdentity(gateway: TestEdge): Promise<ConnectorIdentity> {
  hostileOne ??= gateway.enroll("hostile");
  return hostileOne;
}

/** A control socket of its own, open, and what the edge says on it from the first message on. */
async function controlSocket(
  gateway: TestEdge,
  identity: ConnectorIdentity,
): Promise<{ socket: WebSocket; messages: Queue<HubMessage>; instance: string }> {
  const instance = randomBytes(16).toString("hex");
  const socket = connect(
    gateway.edge.url,
    Path.control,
    {
      authorization: `Bearer ${await connectorToken(gateway.edge.url, identity)}`,
      [Header.instance]: instance,
    },
    1024 * 1024,
  );
  // The first message may come with the answer that opens the socket.
  const messages = new Queue<HubMessage>();
  socket.on("message", (data: Buffer) => messages.put(JSON.parse(data.toString()) as HubMessage));
  await once(socket, "open");
  return { socket, messages, instance };
}

/** What a connector says when it judges by policies of this revision. */
function taken(revision: number): string {
  return JSON.stringify({ type: "policy_taken", revision } satisfies PolicyTaken);
}

/** How the edge answers a WebSocket without our subprotocol. */
function rawAnswer(url: URL, token: string): Promise<{ status: number; body: string }> {
  const socket = new WebSocket(url.href.replace(/^http/, "ws"), {
    headers: { authorization: `Bearer ${token}` },
  });
  socket.on("error", () => {});
  return new Promise((resolve, reject) => {
    socket.on("open", () => reject(new Error("it opened")));
    socket.on("unexpected-response", async (_request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk);
      resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() });
    });
  });
}
