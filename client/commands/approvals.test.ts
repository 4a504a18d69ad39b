import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { WebSocketServer } from "ws";
import type { Approval } from "../../protocol/approval/approval.ts";
import type { LeaseRecord } from "../../protocol/directory.ts";
import { accessRequest, heldStatement, SESSION, statementQuestion, vote } from "../approvals/testing.ts";
import { summaryOf } from "../approvals/words.ts";
import { CommandProcess, listening } from "./testing.ts";

const ONE = `${SESSION}-1`;
const ACCESS = `${SESSION}-0`;
const MINUTE = 60_000;

let folder: string;
let server: Server;
let edge: string;
/** What the edge has, by id. */
let approvals: Map<string, Approval>;
/** What it answers first, where a test says; null leaves it to the rest. */
let first: (request: IncomingMessage, response: ServerResponse, body: unknown) => unknown;
let asked: { call: string; body: unknown }[];
/** Whom it tells of each call. */
let heard: (call: string) => void;
let leases: LeaseRecord[];
let access: string;
/** What becomes of a tunnel: refused as without a right, or opened and then ended. */
let tunnel: "refused" | "killed";

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-approvals-"));
  server = createServer(async (request, response) => {
    assert.equal(request.headers.authorization, "Bearer token");
    const sent = await text(request);
    const body: unknown = sent === "" ? undefined : JSON.parse(sent);
    const call = `${request.method} ${request.url}`;
    asked.push({ call, body });
    heard(call);
    const answer = (await first(request, response, body)) ?? answered(request, body);
    if (response.destroyed || response.writableEnded) return;
    const status = (answer as { status?: unknown }).status;
    response.writeHead(typeof status === "number" ? status : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(answer));
  });
  const tunnels = new WebSocketServer({ noServer: true });
  server.on("upgrade", (request, socket, head) => {
    if (tunnel === "killed") {
      tunnels.handleUpgrade(request, socket, head, (agent) => {
        const welcome = { type: "welcome", version: 1, session: SESSION, received: 0, resume: "secret" };
        agent.send(JSON.stringify(welcome), () => agent.close(4410, "session_killed: its lease was ended"));
      });
      return;
    }
    const body = JSON.stringify(problem(403, "approval_required", "opening orders needs an approval"));
    socket.end(`HTTP/1.1 403 No\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`);
  });
  edge = await listening(server);
});

after(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  const now = Date.now();
  approvals = new Map([[ONE, heldStatement({ asked: now, expires: now + 15 * MINUTE })]]);
  first = () => null;
  asked = [];
  heard = () => {};
  leases = [];
  access = "approve";
  tunnel = "refused";
});

function problem(status: number, code: string, detail: string) {
  return { status, code, detail };
}

function answered(request: IncomingMessage, body: unknown): unknown {
  const url = new URL(request.url!, edge);
  const [, id = "", verb] = /^\/v1\/approvals\/([^/]+)(?:\/(\w+))?$/.exec(url.pathname) ?? [];
  if (url.pathname === "/v1/approvals") {
    const status = url.searchParams.get("status");
    const items = [...approvals.values()].filter((one) => status === null || one.status === status);
    return { items: items.map(summaryOf), next: null };
  }
  if (url.pathname === "/v1/leases") return { items: leases, next: null };
  if (url.pathname === "/v1/whoami") return { principal: "agent/7", onBehalfOf: "corp/alice" };
  if (url.pathname === "/v1/targets") {
    const target = { name: "orders", kind: "postgres", connector: "main", description: "", allow: [] };
    return { items: [{ ...target, online: true, access }], next: null };
  }
  if (url.pathname === "/v1/targets/orders/explain") {
    const { policies, reason, approvals, expiresMs, lastsMs, scope } = statementQuestion();
    const rule = { policies, reason, approvals, expiresMs, lastsMs, scope, rows: null, bytes: null };
    return {
      policy: { version: "ab".repeat(32), revision: 1 },
      listed: true,
      decision: { verdict: "approve", ...rule },
    };
  }
  if (url.pathname === "/v1/access-requests") {
    const now = Date.now();
    const request = accessRequest({ asked: now, expires: now + 15 * MINUTE });
    approvals.set(ACCESS, request);
    return request;
  }
  const approval = approvals.get(id);
  if (!approval) return problem(404, "not_found", `there is no approval ${id}`);
  const reason = (body as { reason?: string } | undefined)?.reason ?? null;
  if (verb === "approve") approval.votes.push(vote("corp/dana", [0], reason));
  if (verb === "deny") decide(approval, "denied", reason);
  if (verb === "withdraw") decide(approval, "withdrawn", reason);
  if (verb === "revoke") {
    decide(approval, "lapsed", reason);
    return { approval, killed: 2 };
  }
  return approval;
}

function decide(
  approval: Approval,
  status: Approval["status"],
  reason: string | null,
  lastsMs?: number,
): Approval {
  const at = Date.now();
  const until = lastsMs === undefined ? null : at + lastsMs;
  return Object.assign(approval, { status, decided: { at, by: "corp/dana", reason }, until });
}

/** Approves a request for access with everybody's word. */
function grant(lastsMs: number): Approval {
  const approval = approvals.get(ACCESS)!;
  approval.votes = [vote("corp/dana", [0, 1]), vote("corp/erin", [0])];
  return decide(approval, "approved", null, lastsMs);
}

/** A minute's right of agent/7 to open orders. */
function lease(part: Partial<LeaseRecord> = {}): LeaseRecord {
  const now = Date.now();
  return {
    id: ACCESS,
    principal: "agent/7",
    onBehalfOf: null,
    target: "orders",
    granted: now,
    until: now + MINUTE,
    by: ["corp/dana"],
    revoked: null,
    ...part,
  };
}

const start = (...args: string[]) =>
  new CommandProcess(args, { folder, env: { SALLYPORT_EDGE: edge, SALLYPORT_TOKEN: "token" } });
const sallyport = (...args: string[]) => start(...args).end();
const calls = () => asked.map(({ call }) => call);

/** Resolves when the edge has heard this. */
function hearing(pattern: RegExp): Promise<void> {
  return new Promise((resolve) => {
    heard = (call) => {
      if (pattern.test(call)) resolve();
    };
  });
}

describe("approvals", () => {
  test("list shows what waits, filtered by the edge, for people and for programs", async () => {
    const { status, stdout } = await sallyport("approvals", "list", "--target", "orders", "-n", "7");
    assert.equal(status, 0);
    assert.deepEqual(calls(), ["GET /v1/approvals?status=pending&target=orders&limit=7"]);
    assert.match(stdout, /^APPROVAL +STATUS +TIME +ASKED BY +TARGET +NEEDS +WHAT\n/);
    assert.match(
      stdout,
      new RegExp(
        `${ONE} +pending +1[45]m\\S* left +agent/7 for corp/alice +orders +2 of dba or leads and 1 of security +DELETE FROM orders\n`,
      ),
    );
    const json = await sallyport("approvals", "list", "--status", "all", "--json");
    assert.deepEqual(JSON.parse(json.stdout), [summaryOf(approvals.get(ONE)!)]);
    assert.equal(calls().at(-1), "GET /v1/approvals?limit=100");
    assert.equal((await sallyport("approvals", "list", "--status", "open")).status, 2);
  });

  test("show tells the whole of one; what is not there is status 5", async () => {
    const { stdout } = await sallyport("approvals", "show", ONE);
    assert.match(stdout, /^statement\n {2}│ DELETE FROM orders$/m);
    const json = await sallyport("approvals", "show", "3f0c", "--json");
    assert.deepEqual(JSON.parse(json.stdout), approvals.get(ONE));
    const none = await sallyport("approvals", "show", `${"0".repeat(32)}-1`);
    assert.deepEqual([none.status, none.stdout], [5, ""]);
    assert.equal((await sallyport("approvals", "show", "0000")).status, 5);
  });

  test("approve says what was approved and who must still agree", async () => {
    const { status, stdout } = await sallyport("approvals", "approve", ONE, "--reason", "ticket 4711");
    assert.deepEqual(
      [status, stdout],
      [
        0,
        `${ONE} is approved: agent/7 for corp/alice on orders: DELETE FROM orders\nIt still waits for 1 more of dba or leads and 1 more of security.\n`,
      ],
    );
    assert.deepEqual(asked.at(-1), {
      call: `POST /v1/approvals/${ONE}/approve`,
      body: { reason: "ticket 4711" },
    });
  });

  test("approve takes no beginning of an id where nobody is shown what it is", async () => {
    // The session's first question was withdrawn, and its second came since somebody looked.
    for (const args of [["3f0c"], ["3f0c-1", "--yes"], [SESSION, "--yes"]]) {
      const { status, stderr } = await sallyport("approvals", "approve", ...args);
      assert.equal(status, 2);
      assert.match(stderr, /beginning of an id is not enough/);
    }
    assert.deepEqual(asked, []);
    assert.equal((await sallyport("approvals", "approve", ONE, "--yes")).status, 0);
  });

  test("deny and revoke take the beginning of an id, if it is that of one only", async () => {
    approvals.set(`${SESSION}-2`, heldStatement({ id: `${SESSION}-2`, principal: "agent/\u202e8" }));
    const both = await sallyport("approvals", "deny", "3f0c");
    assert.equal(both.status, 1);
    assert.match(both.stderr, /more than one pending approval/);
    assert.match(both.stderr, new RegExp(`${ONE} .*\n.*${SESSION}-2 {2}agent/\\\\u202e8 on orders`));
    const { status, stdout } = await sallyport("approvals", "deny", "3f0c-2", "--reason", "no");
    assert.equal(status, 0);
    assert.match(stdout, new RegExp(`^${SESSION}-2 is denied: `));
    assert.equal((await sallyport("approvals", "revoke", "3f0c-2")).status, 2, "revoking needs a reason");
    decide(approvals.get(ONE)!, "approved", null, MINUTE);
    const revoked = await sallyport("approvals", "revoke", "3f0c", "--reason", "left");
    assert.match(revoked.stdout, new RegExp(`^${ONE} is revoked: `));
  });

  test("what the edge refuses is an exit status that a script can tell apart", async () => {
    for (const [http, code, status] of [
      [403, "forbidden", 3],
      [404, "not_found", 5],
      [409, "conflict", 1],
      [401, "unauthenticated", 4],
    ] as const) {
      first = () => problem(http, code, "no \u001b[2J way");
      for (const verb of ["approve", "deny", "withdraw"]) {
        const refused = await sallyport("approvals", verb, ONE);
        assert.deepEqual([refused.status, refused.stdout], [status, ""]);
        assert.match(refused.stderr, /no \\u001b\[2J way/);
      }
    }
  });

  test("an answer about another approval than was asked about is none", async () => {
    first = () => heldStatement({ id: `${SESSION}-2` });
    const { status, stdout, stderr } = await sallyport("approvals", "show", ONE);
    assert.deepEqual([status, stdout], [1, ""]);
    assert.match(stderr, /something else than was asked for/);
  });

  test("--watch tells what comes and what becomes of it until it is interrupted, which is no failure", async () => {
    const watch = start("approvals", "list", "--watch");
    await watch.says(
      new RegExp(`pending +${ONE} agent/7 for corp/alice on orders · needs .*: DELETE FROM orders`),
    );
    decide(approvals.get(ONE)!, "denied", "not on a \u0007 Friday");
    await watch.says(new RegExp(`denied +${ONE} .* by corp/dana \\(not on a \\\\u0007 Friday\\): DELETE`));
    assert.equal((await watch.end("SIGINT")).status, 0);
  });

  test("--watch --json tells one object a line", async () => {
    const watch = start("approvals", "list", "--watch", "--json");
    const [line] = await watch.says(/^\{.*\}$/m);
    assert.deepEqual(JSON.parse(line), summaryOf(approvals.get(ONE)!));
    assert.equal((await watch.end("SIGTERM")).status, 0);
  });

  test("leases lists who may open what, and for how long yet", async () => {
    const now = Date.now();
    const revoked = { at: now, by: "corp/dana", reason: "done" };
    leases = [
      lease({ until: now + 30 * MINUTE }),
      lease({ until: now - MINUTE }),
      lease({ until: now + MINUTE, revoked }),
    ];
    const { stdout } = await sallyport("leases");
    const states = stdout.split("\n").flatMap((line) => /orders +(\S+)/.exec(line)?.[1] ?? []);
    assert.match(states.join(" "), /^(29m\d+s|30m) over revoked$/);
    assert.deepEqual(JSON.parse((await sallyport("leases", "--json")).stdout), leases);
  });
});

describe("a target that opens only with an approval", () => {
  test("says without --reason that one is needed, and asks nobody", async () => {
    const { status, stdout, stderr } = await sallyport("connect", "orders");
    assert.deepEqual([status, stdout], [3, ""]);
    assert.match(
      stderr,
      /Opening orders needs an approval: It writes every row\.\n.*sallyport connect orders --reason/s,
    );
    assert.ok(!calls().some((call) => call.includes("access-requests")));
    const useless = await sallyport("run", "orders", "--for", "5m", "--", "true");
    assert.equal(useless.status, 2);
  });

  test("is asked for and waited for, over a restart of the edge, and then opened", async () => {
    let waits = 0;
    first = (request, response) => {
      if (!request.url!.includes("wait=25")) return null;
      // The edge goes away under the first wait, and the second finds it on its way up.
      if (++waits === 1) response.destroy();
      return waits === 2 ? problem(503, "storage_failed", "starting") : grant(10 * MINUTE);
    };
    const connect = start("connect", "orders", "--reason", "ticket 4711", "--for", "10m", "--json");
    await connect.says(/"port": \d+/);
    const { status, stderr } = await connect.end("SIGINT");
    assert.equal(status, 0);
    assert.deepEqual(asked.find(({ call }) => call.includes("access-requests"))?.body, {
      target: "orders",
      reason: "ticket 4711",
      lasts: 10 * MINUTE,
    });
    const lines = stderr.split("\n");
    assert.match(
      lines[0]!,
      /^Access to orders needs 2 of dba or leads and 1 of security: It writes every row\.$/,
    );
    assert.match(
      lines[1]!,
      new RegExp(`^Asked as ${ACCESS}, to be answered within 15m; Ctrl-C withdraws it\\.$`),
    );
    assert.match(lines[2]!, /can't be reached: .* The request stands; still waiting\.$/);
    assert.equal(lines[3], "The edge is back.");
    assert.match(lines[4]!, /^orders is open to you for 10m, until .*: approved by corp\/dana, corp\/erin/);
    assert.ok(!calls().some((call) => call.endsWith("/withdraw")));
  });

  test("stays closed when it is denied, with who and why; the command is not run", async () => {
    first = (request) =>
      request.url!.includes("wait=25") ? decide(approvals.get(ACCESS)!, "denied", "use the replica") : null;
    const { status, stdout, stderr } = await sallyport("run", "orders", "--reason", "r", "--", "echo", "ran");
    assert.deepEqual([status, stdout], [3, ""]);
    assert.match(stderr, /corp\/dana denied access to orders: use the replica/);
  });

  test("an interrupt withdraws the request; nothing of it goes on", async () => {
    const withdrawn = Promise.withResolvers<unknown>();
    const told = Promise.withResolvers<void>();
    first = async (request, response) => {
      if (request.url!.includes("wait=25")) {
        response.on("finish", told.resolve);
        return await withdrawn.promise;
      }
      if (!request.url!.endsWith("/withdraw")) return null;
      // As the edge does: whoever waits may hear of the withdrawal before who has withdrawn.
      withdrawn.resolve(decide(approvals.get(ACCESS)!, "withdrawn", null));
      await told.promise;
      return null;
    };
    const waiting = hearing(/wait=25/);
    const connect = start("run", "orders", "--reason", "r", "--", "echo", "ran");
    await waiting;
    const { status, stdout, stderr } = await connect.end("SIGINT");
    assert.deepEqual([status, stdout], [130, ""]);
    assert.match(stderr, /Ctrl-C withdraws it\.\nThe request is withdrawn\.\n$/);
    assert.equal(calls().filter((call) => call === `POST /v1/approvals/${ACCESS}/withdraw`).length, 1);
  });

  test("closes when the right's time is over, and says that a new request is needed", async () => {
    first = (request) => (request.url!.includes("wait=25") ? grant(100) : null);
    const { status, stdout, stderr } = await sallyport("connect", "orders", "--reason", "r");
    assert.equal(status, 3);
    assert.match(stdout, /Listening on/);
    assert.match(
      stderr,
      /The right to open orders is over.*\nA new request is needed: sallyport connect orders --reason/,
    );
  });

  test("closes when the right is revoked: the next client is told, and the command ends", async () => {
    first = (request) => (request.url!.includes("wait=25") ? grant(10 * MINUTE) : null);
    const connect = start("connect", "orders", "--reason", "r", "--json");
    const [, port] = await connect.says(/"port": (\d+)/);
    const client = dial(Number(port), "127.0.0.1");
    // StartupMessage, protocol 3.0, of a user.
    client.write(Buffer.from("\0\0\0\x10\0\x03\0\0user\0a\0\0", "latin1"));
    assert.match(await text(client), /approval.*Say what it is for.*sallyport connect orders --reason/s);
    const { status, stderr } = await connect.end();
    assert.equal(status, 3);
    assert.match(stderr, /The right to open orders is over/);
  });

  test("closes when its sessions are ended and the right is gone, and not while it is there", async () => {
    tunnel = "killed";
    leases = [lease({ onBehalfOf: "corp/alice" })];
    const connect = start("connect", "orders", "--json");
    const [, port] = await connect.says(/"port": (\d+)/);
    const session = async () => {
      const looked = hearing(/\/v1\/leases/);
      const client = dial(Number(port), "127.0.0.1");
      client.on("error", () => {});
      await looked;
    };
    await session();
    assert.equal(connect.child.exitCode, null);
    leases = [];
    await session();
    const { status, stderr } = await connect.end();
    assert.equal(status, 3);
    assert.equal(stderr.match(/session ended: its lease was ended \(session_killed\)/g)?.length, 2);
    assert.match(stderr, /The right to open orders is over/);
  });

  test("needs no request where a right is there already, or the policies ask nobody", async () => {
    leases = [lease({ onBehalfOf: "corp/alice" })];
    const there = start("connect", "orders", "--json");
    await there.says(/"port"/);
    const { status: ended, stderr } = await there.end("SIGINT");
    assert.equal(ended, 0);
    assert.match(stderr, /^orders is open to you for \S+, until .*: approved by corp\/dana/);
    first = (request) => (request.url === "/v1/access-requests" ? { status: "allowed" } : null);
    const { status, stdout } = await sallyport("run", "orders", "--reason", "r", "--", "echo", "ran");
    assert.deepEqual([status, stdout], [0, "ran\n"]);
  });
});
