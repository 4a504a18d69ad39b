import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { Command } from "commander";
import type { Session } from "../../protocol/directory.ts";
import {
  type WrittenExchange,
  writtenApiRequest,
  writtenExchange,
} from "../../protocol/http/written-facts.ts";
import { readWrittenRequest } from "../../protocol/http/written-request.ts";
import type { Decision } from "../../protocol/policy/decision.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import { Composer } from "../../protocol/recording/testing.ts";
import { lineFacts } from "../../protocol/shell/line.ts";
import { generateKey } from "../../protocol/signatures.ts";
import { BLOCKED, HELD, Scene, selectFacts } from "../policy-replay/testing.ts";
import { UNKNOWN_FACTS } from "../policy-replay/without-catalog.ts";
import { addPolicySessionCommands } from "./policy-sessions.ts";
import { CommandProcess, type CommandResult, listening } from "./testing.ts";

const HOUR = 3_600_000;
const POLICY = { version: "ab".repeat(32), revision: 3 };
const ALLOWED: Decision = { verdict: "allow", policies: ["reads"], rows: 100, bytes: null };

let folder: string;
let server: Server;
let edge: string;
/** Recordings by session, and what the listing says of them. */
let recordings: Map<string, Buffer>;
let listing: Session[];
let explanation: unknown;
let asked: { path: string; body: unknown }[];

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-policy-"));
  writeFileSync(join(folder, "all.cedar"), ALLOW_ALL);
  const strict = `${ALLOW_ALL}\n@id("no-delete")\n@reason("Nothing is deleted.")\nforbid(principal, action == Action::"postgres:delete", resource);`;
  writeFileSync(join(folder, "strict.cedar"), strict);
  writeFileSync(join(folder, "wrong.cedar"), "permit(principal, action, nothing);");
  server = createServer(async (request, response) => {
    const answer = await answered(request);
    response.writeHead(answer === null ? 404 : 200, { "content-type": "application/json" });
    const problem = { code: "not_found", detail: "there is no such session" };
    response.end(Buffer.isBuffer(answer) ? answer : JSON.stringify(answer ?? problem));
  });
  edge = await listening(server);
});

after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  recordings = new Map();
  listing = [];
  explanation = null;
  asked = [];
});

async function answered(request: IncomingMessage): Promise<unknown> {
  const url = new URL(request.url!, edge);
  assert.equal(request.headers.authorization, "Bearer token");
  const body = await text(request);
  asked.push({
    path: url.pathname,
    body: body === "" ? Object.fromEntries(url.searchParams) : JSON.parse(body),
  });
  if (url.pathname.endsWith("/explain")) return explanation;
  const id = /^\/v1\/sessions\/(\w+)\/recording$/.exec(url.pathname)?.[1];
  if (id !== undefined) return recordings.get(id) ?? null;
  const open = url.searchParams.get("state") === "open";
  const items = listing.filter(({ ended }) => (ended === null) === open);
  const from = Number(url.searchParams.get("cursor") ?? 0);
  const next = from + 2 < items.length ? String(from + 2) : null;
  return { items: items.slice(from, from + 2), next };
}

function sallyport(args: string[], input = ""): Promise<CommandResult> {
  const env = { SALLYPORT_EDGE: edge, SALLYPORT_TOKEN: "token" };
  return new CommandProcess(args, { folder, env, input }).end();
}

function explained(sql: string, decision: Decision, part = {}) {
  return { text: sql, decision, facts: selectFacts(part), plan: { rows: 7, cost: 12 } };
}

describe("policy explain", () => {
  test("tells the verdict, why, and what the parser proved, and ends with the worst verdict's status", async () => {
    explanation = {
      policy: POLICY,
      statements: [
        explained("SELECT\n1", ALLOWED, { reads: ["public.c"], limit: 5 }),
        explained("DELETE FROM c", HELD, { tag: "DELETE", where: "missing", opaque: ["a view"] }),
      ],
    };
    const args = ["--as", "corp/alice", "--group", "dba", "--group", "dev", "--on-behalf-of", "corp/carol"];
    const { status, stdout } = await sallyport(
      ["policy", "explain", ...args, "--database", "x", "orders", "-"],
      "SELECT\n1; DELETE FROM c",
    );
    assert.deepEqual(asked, [
      {
        path: "/v1/targets/orders/explain",
        body: {
          text: "SELECT\n1; DELETE FROM c",
          as: "corp/alice",
          groups: ["dba", "dev"],
          onBehalfOf: "corp/carol",
          database: "x",
        },
      },
    ]);
    assert.deepEqual(stdout.split("\n"), [
      "allow   SELECT",
      "        1",
      "  policies       reads",
      "  most rows      100",
      "  tag            SELECT",
      "  actions        postgres:select",
      "  complete       yes",
      "  reads          public.c",
      "  limit          5",
      "  fingerprint    0123456789abcdef0123456789abcdef",
      "  plan           7 rows, cost 12",
      "",
      "approve DELETE FROM c",
      "  reason         ask",
      "  needs          approval by 1 of dba, within 1m, for this time only",
      "  policies       ask",
      "  tag            DELETE",
      "  actions        postgres:select",
      "  complete       no: a view",
      "  where          missing",
      "  fingerprint    0123456789abcdef0123456789abcdef",
      "  plan           7 rows, cost 12",
      "",
      "by policy set abababababab (revision 3)",
      "",
    ]);
    assert.equal(status, 8);
  });

  test("as JSON is what the edge answered; a block ends with its status", async () => {
    explanation = { policy: POLICY, statements: [explained("DROP TABLE c", BLOCKED)] };
    const { status, stdout } = await sallyport(["policy", "explain", "orders", "DROP TABLE c", "--json"]);
    assert.deepEqual([status, JSON.parse(stdout)], [9, explanation]);
    assert.deepEqual(asked[0]?.body, { text: "DROP TABLE c" });
  });

  test("of a command line tells each command, what it does, and what isn't known of it", async () => {
    const facts = lineFacts("sudo rm -r '/srv/a b' | frobnicate --fast");
    const decision = { ...HELD, watched: true as const };
    explanation = { policy: POLICY, statements: [{ text: "sudo rm", decision, facts }] };
    const { status, stdout } = await sallyport(["policy", "explain", "--account", "root", "web1", "sudo rm"]);
    assert.deepEqual(asked[0]?.body, { text: "sudo rm", account: "root" });
    assert.match(stdout, /^approve sudo rm\n/);
    assert.match(stdout, /\n {2}watched +only while somebody watches\n/);
    assert.match(stdout, /\n {2}command +sudo rm -r '\/srv\/a b'\n/);
    assert.match(stdout, /\n {2}command +rm -r '\/srv\/a b'\n {4}run by +sudo\n {4}as +root\n/);
    assert.match(stdout, /\n {4}effects +delete\n {4}writes +\/srv\/a b\n/);
    assert.match(
      stdout,
      /\n {2}command +frobnicate --fast\n {4}input +pipe\n {4}not known +What this program does/,
    );
    assert.equal(status, 8);
  });

  test("of a request tells what was proved of it", async () => {
    const of = (text: string, { facts }: WrittenExchange) => {
      explanation = { policy: POLICY, statements: [{ text, decision: HELD, facts }] };
      return sallyport(["policy", "explain", "billing", text]);
    };
    const post = 'POST /v1/orders?dry=1\n\n{"item": 7}';
    const http = await of(post, writtenExchange(readWrittenRequest(post)));
    assert.deepEqual(asked[0]?.body, { text: post });
    assert.match(http.stdout, /^approve POST \/v1\/orders\?dry=1\n/);
    assert.match(http.stdout, /\n {2}path +\/v1\/orders\n {2}parameters +dry=1\n {2}body +json\n/);
    assert.match(http.stdout, /\n {2}fields +item=7\n {2}complete +yes\n/);
    assert.equal(http.status, 8);
    const scale = 'PATCH /apis/apps/v1/namespaces/a/deployments/b?dryRun=All\n\n{"spec":{"replicas":0}}';
    const { stdout } = await of(scale, writtenApiRequest(readWrittenRequest(scale)));
    assert.match(
      stdout,
      /\n {2}replicas +0\n(?:.*\n)*? {2}dry run +nothing would be kept\n {2}complete +yes\n/,
    );
  });

  test("of a connection asks no text", async () => {
    explanation = { policy: POLICY, listed: true, decision: ALLOWED };
    const { status, stdout } = await sallyport(["policy", "explain", "--action", "connect", "orders"]);
    assert.deepEqual(asked[0]?.body, { action: "connect" });
    assert.match(stdout, /^allow {3}connect to orders\n {2}policies +reads\n.*\n {2}listed +yes/);
    assert.equal(status, 0);
    assert.equal(
      (await sallyport(["policy", "explain", "--action", "connect", "orders", "SELECT 1"])).status,
      2,
    );
    assert.equal((await sallyport(["policy", "explain", "orders"])).status, 2);
  });

  test("an answer can't drive the terminal, and one that is none is refused", async () => {
    const evil = "\u001b[2J\u202eevil";
    const decision = { ...BLOCKED, reason: evil, policies: [evil] };
    explanation = {
      policy: POLICY,
      statements: [explained(evil, decision, { reads: [evil], opaque: [evil] })],
    };
    const { stdout } = await sallyport(["policy", "explain", "orders", "x"]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    assert.match(stdout, /evil/);
    explanation = { policy: POLICY, statements: [{ text: "x", decision: { verdict: "allow" } }] };
    const { status, stderr } = await sallyport(["policy", "explain", "orders", "x"]);
    assert.equal(status, 6);
    assert.match(stderr, /did not explain/);
  });
});

describe("policy replay", () => {
  const [first, second, third] = ["a".repeat(32), "b".repeat(32), "c".repeat(32)];

  async function record(id: string, opened: number, ended: number | null, sql: string): Promise<void> {
    const key = await generateKey();
    const scene = new Scene(new Composer(id, key, key), { opened });
    scene.wait(opened - 1_800_000_000_000);
    scene.ran("SELECT 1").ran(sql, ["DELETE 3"]).ended();
    recordings.set(id, await scene.composer.file());
    listing.unshift({
      ...{
        id,
        target: "orders",
        kind: "postgres",
        principal: "corp/alice",
        onBehalfOf: null,
        connector: "main",
      },
      ...{ address: "192.0.2.7", opened, ended, endCode: null, endReason: null },
      ...{ sealed: null, agreement: null, sealFault: null, deletion: null },
    });
  }

  test("of the sessions since a time lists what would be different, and says so in its status", async () => {
    const now = Date.now();
    await record(first!, now - 40 * HOUR, now - 39 * HOUR, "DELETE FROM old");
    await record(second!, now - 2 * HOUR, now - HOUR / 2, "DELETE FROM\n c -- \u001b[2J");
    await record(third!, now - HOUR / 4, null, "SELECT 2");
    const args = [
      "--since",
      "1h",
      "--target",
      "orders",
      "--principal",
      "corp/alice",
      "--policy",
      "strict.cedar",
    ];
    const { status, stdout, stderr } = await sallyport(["policy", "replay", ...args]);
    assert.equal(stderr, "");
    assert.equal(status, 0, "what ran before the time is not told");
    assert.match(stdout, /^0 differences in 2 statements of 2 sessions\n/);
    assert.deepEqual(
      asked.filter(({ path }) => path.endsWith("/recording")).map(({ path }) => path.split("/")[3]),
      [second, third],
    );
    const earlier = await sallyport(["policy", "replay", "--since", "3h", "--policy", "strict.cedar"]);
    assert.equal(earlier.status, 10);
    const lines = earlier.stdout.split("\n");
    assert.match(
      lines[0]!,
      new RegExp(`^[0-9T:-]+Z ${second} entry 7 corp/alice on orders: allow -> block$`),
    );
    assert.deepEqual(lines.slice(1), [
      "    DELETE FROM c -- \\u001b[2J",
      "    Nothing is deleted. · by no-delete",
      `    (the recording has no facts of it, so it was judged by its text alone. Not known are ${UNKNOWN_FACTS}; context.complete is false. It may be blocked for that alone.)`,
      "1 difference in 4 statements of 2 sessions: 1 allow -> block",
      `4 statements judged by text alone, as the recording has no facts of them; not known are ${UNKNOWN_FACTS}, and context.complete is false`,
      "",
    ]);
  });

  test("of a file needs no edge, and tells programs each difference on a line", async () => {
    await record(first!, Date.now() - HOUR, null, "DELETE FROM c");
    writeFileSync(join(folder, "one.sallyport"), recordings.get(first!)!);
    const args = ["--recording", "one.sallyport", "--policy", "strict.cedar", "--json"];
    const { status, stdout } = await sallyport(["policy", "replay", ...args]);
    const [difference, summary, ...rest] = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      [difference.type, difference.session, difference.entry, difference.statement, difference.now.policies],
      ["difference", first, 7, "DELETE FROM c", ["no-delete"]],
    );
    assert.deepEqual(
      [summary.type, summary.statements, summary.differences, rest],
      ["summary", 2, { "allow -> block": 1 }, []],
    );
    assert.deepEqual([status, asked], [10, []]);
    const all = await sallyport([
      "policy",
      "replay",
      "--recording",
      "one.sallyport",
      "--policy",
      "all.cedar",
      "--all",
      "--json",
    ]);
    assert.equal(all.stdout.trim().split("\n").length, 3);
    assert.equal(all.status, 0);
  });

  test("goes on after a recording that can't be read, and is then incomplete", async () => {
    await record(first!, Date.now() - HOUR, null, "SELECT 2");
    await record(second!, Date.now() - HOUR, null, "SELECT 2");
    recordings.delete(second!);
    const { status, stdout, stderr } = await sallyport([
      "policy",
      "replay",
      "--since",
      "2h",
      "--policy",
      "all.cedar",
    ]);
    assert.match(stderr, new RegExp(`recording ${second}:\nsallyport: there is no such session`));
    assert.match(stdout, /0 differences in 2 statements of 1 session\n.*\n1 recording could not be read\n$/);
    assert.equal(status, 7);
  });

  test("one session that is not there, wrong policies and contradictory options are errors", async () => {
    const missing = await sallyport(["policy", "replay", "--session", first!, "--policy", "all.cedar"]);
    assert.equal(missing.status, 5);
    const wrong = await sallyport(["policy", "replay", "--since", "1h", "--policy", "wrong.cedar"]);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /1:/);
    assert.equal(asked.length, 1, "nothing is fetched for policies that are none");
  });

  for (const [what, args] of [
    ["nothing to replay", []],
    ["a time that is none", ["--since", "soon"]],
    ["an end before the beginning", ["--since", "1h", "--until", "2h"]],
    ["sessions named and chosen", ["--session", first!, "--since", "1h"]],
    ["a choice among named sessions", ["--session", first!, "--target", "orders"]],
    ["a session that is none", ["--session", "x", "--edge", "http://127.0.0.1:1"]],
  ] as const) {
    test(`refuses ${what} before it does anything`, async () => {
      const program = new Command()
        .option("--edge <url>")
        .exitOverride()
        .configureOutput({ writeErr: () => {} });
      const policy = program.command("policy").exitOverride();
      addPolicySessionCommands(policy);
      for (const command of policy.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
      const words = ["policy", "replay", "--policy", join(folder, "all.cedar"), ...args];
      await assert.rejects(program.parseAsync(words, { from: "user" }), ({ code }: { code: string }) =>
        ["invalid_request", "commander.invalidArgument"].includes(code),
      );
    });
  }
});
