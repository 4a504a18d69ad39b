import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CommandProcess, type CommandResult } from "../client/commands/testing.ts";
import type { Label } from "../connector/mask/labels.ts";
import type { Page, Session } from "../protocol/directory.ts";
import { type Guarded, startGuarded } from "./guard/rig.ts";

/** What a real guard did, audited by the command. */

const EMAIL: Label = { name: "pii.email", mask: { kind: "hash", scope: "session" }, lookup: null };
const POLICIES = `
@id("all") permit (principal, action, resource) unless { action == Action::"unmask" };
@id("no-drop") @reason("Nothing is dropped.") forbid (principal, action == Action::"postgres:drop", resource);`;
const SETTINGS = `
targets:
  - name: TARGET
    kind: postgres
    labels: {public.customers.email: pii.email}
`;
const FIXTURE = `CREATE TABLE customers (id int PRIMARY KEY, email text);
INSERT INTO customers SELECT n, 'canary-' || n || '@mail.test' FROM generate_series(1, 20) n;`;

let guarded: Guarded;
const folder = mkdtempSync(join(tmpdir(), "sallyport-audit-"));

before(async () => {
  guarded = await startGuarded({
    fixture: FIXTURE,
    policies: POLICIES,
    target: {
      labels: {
        rules: [{ schema: "public", relation: "customers", column: "email", path: null, label: EMAIL }],
        labels: new Map([[EMAIL.name, EMAIL]]),
      },
    },
  });
  await guarded.session(async (session) => {
    await session.query("SELECT id, email FROM customers ORDER BY id LIMIT 3");
    await session.query("SELECT count(*) FROM customers");
    const { errors } = await session.query("DROP TABLE customers");
    assert.equal(errors[0]?.sqlstate, "42501");
  });
  const state = async () => (await edge().api<Page<Session>>("GET", "/v1/sessions?limit=1")).items[0]!;
  while ((await state()).ended === null) await sleep(20);
});

after(async () => {
  await guarded?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const edge = () => guarded.gateway.edge;

function sallyport(...args: string[]): Promise<CommandResult> {
  const env = {
    SALLYPORT_EDGE: edge().edge.url.href,
    SALLYPORT_TOKEN_FILE: edge().edge.adminTokenFile,
  };
  return new CommandProcess(args, { folder, env }).end();
}

interface Report {
  verdict: string;
  controls: { control: string; state: string; items: number; deviations: number; sessions: string[] }[];
}

async function ended(): Promise<Session> {
  return (await edge().api<Page<Session>>("GET", "/v1/sessions?state=ended&limit=1")).items[0]!;
}

test("of a session at the edge every control that bears on it is met, with the session as evidence", async () => {
  const { id, target } = await ended();
  writeFileSync(join(folder, "connector.yaml"), SETTINGS.replace("TARGET", target));
  const settings = ["--settings", "connector.yaml"];
  const { stdout, stderr } = await sallyport("audit", "--since", "1h", ...settings, "--format", "json");
  const report = JSON.parse(stdout) as Report;
  const byName = new Map(report.controls.map((one) => [one.control, one]));
  for (const control of ["conformance", "masking", "policies"]) {
    const { state, deviations, sessions } = byName.get(control)!;
    assert.deepEqual([state, deviations, sessions.includes(id)], ["met", 0, true], `${control} ${stderr}`);
  }
  assert.equal(byName.get("recordings")!.deviations, 0);
  assert.equal(byName.get("masking")!.items, 1);
});

test("other policies show what would not conform, in Markdown, with exit status 10", async () => {
  const { id } = await ended();
  writeFileSync(
    join(folder, "strict.cedar"),
    `${POLICIES}\n@id("no-read") @reason("No.") forbid (principal, action == Action::"postgres:select", resource);`,
  );
  const { status, stderr } = await sallyport(
    ...["audit", "--since", "1h", "--policy", "strict.cedar", "-o", "report.md"],
  );
  assert.equal(status, 10, stderr);
  const report = readFileSync(join(folder, "report.md"), "utf8");
  assert.match(report, /^\*\*There are exceptions\.\*\*$/m);
  assert.ok(report.includes(`| exception | \`${id}\` |`), report.slice(0, 2_000));
  assert.match(report, /it was allowed, and by the policies it is blocked/);
});

test("files alone do, with keys and the policies of then", async () => {
  const { id } = await ended();
  await sallyport("sessions", "export", id, "-o", "one.sallyport");
  const keys = await fetch(new URL("/v1/keys", edge().edge.url));
  writeFileSync(join(folder, "keys.json"), await keys.text());
  const { text } = await edge().api<{ text: string }>("GET", "/v1/policies");
  writeFileSync(join(folder, "then.cedar"), text);
  const files = ["--recording", "one.sallyport", "--keys", "keys.json", "--policy-history", "then.cedar"];
  const audit = await new CommandProcess(["audit", ...files, "--format", "json"], { folder, env: {} }).end();
  const report = JSON.parse(audit.stdout) as Report;
  assert.equal(report.controls.find(({ control }) => control === "conformance")!.state, "met");
  const without = await sallyport("audit", "--recording", "one.sallyport");
  assert.equal(without.status, 2);
  assert.match(without.stderr, /--recording needs --keys/);
});
