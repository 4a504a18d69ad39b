import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { SearchHit } from "../../protocol/activity/search.ts";
import { type SearchRig, startSearchRig } from "./rig.ts";

let rig: SearchRig;

before(async () => {
  rig = await startSearchRig();
});

after(() => rig?.stop());

function brief(items: SearchHit[]): string[] {
  return items.map(({ verdict, target, excerpt, isLive }) =>
    [verdict, target, excerpt, ...(isLive ? ["live"] : [])].join(" | "),
  );
}

test("what agents ask is found while it goes on and when it is sealed, with where to replay it; what they got is not", async () => {
  const { client, end } = await rig.database();
  await client.query("CREATE TABLE order_items (id int)");
  await client.query("SELECT 'can' || 'ary-returned', * FROM order_items");
  await assert.rejects(client.query("DROP TABLE order_items"), { code: "42501" });
  const response = await rig.request("/order_items/7?expand=yes", rig.other);
  assert.match(await response.text(), /hidden.*canary-returned/);

  const live = await rig.search({ text: "order_items" });
  assert.deepEqual(brief(live.items), [
    "allow | shop | GET /order_items/7?expand=yes | live",
    "block | orders | DROP TABLE order_items | live",
    "allow | orders | SELECT 'can' || 'ary-returned', * FROM order_items | live",
    "allow | orders | CREATE TABLE order_items (id int) | live",
  ]);
  assert.deepEqual([live.next, live.partial], [null, []]);
  for (const word of ["canary", "jo.canary", "hidden", "example.com"]) {
    assert.deepEqual((await rig.search({ text: word })).items, [], word);
  }

  await end();
  const requests = (await rig.search({ kind: "request" })).items;
  await rig.gateway.edge.api("POST", `/v1/sessions/${requests[0]!.session}/kill`, { reason: "enough" });
  await rig.sealed();
  const sealed = await rig.search({ text: '"order_items"' });
  assert.deepEqual(
    sealed.items,
    live.items.map((hit) => ({ ...hit, isLive: false })),
  );
  for (const word of ["canary", "jo.canary", "hidden", "example.com"]) {
    assert.deepEqual((await rig.search({ text: word })).items, [], word);
  }

  const blocked = await rig.search({ verdict: "block", target: "orders", kind: "statement" });
  assert.deepEqual(brief(blocked.items), ["block | orders | DROP TABLE order_items"]);
  const [hit] = blocked.items;
  const entries = await rig.gateway.edge.recording(hit!.session);
  const entry = entries.find(({ seq }) => seq === hit!.seq)!;
  assert.equal(entry.time, hit!.time);
  assert.ok(Buffer.from(entry.frame).includes("DROP TABLE order_items"));
});

test("pages of few, over live and sealed sessions, are the whole in order", async () => {
  const { client, end } = await rig.database();
  for (let index = 0; index < 25; index++) await client.query(`SELECT ${index} AS page_of_few`);
  const whole = (await rig.search({})).items;
  const pages: SearchHit[] = [];
  for (let cursor = ""; ; ) {
    const { items, next } = await rig.search({ limit: "7", ...(cursor !== "" && { cursor }) });
    pages.push(...items);
    if (next === null) break;
    cursor = next;
  }
  assert.deepEqual(pages, whole);
  assert.ok(new Set(whole.map(({ isLive }) => isLive)).size === 2 && whole.length > 28);
  await end();
});

test("agents find their own alone; words of a query language are words", async () => {
  const own = await rig.search({}, rig.other);
  assert.deepEqual(new Set(own.items.map(({ principal }) => principal)), new Set(["service/other"]));
  assert.deepEqual((await rig.search({ principal: "service/agent" }, rig.other)).items, []);
  for (const text of [
    '" OR text:*',
    "a* NEAR(b c)",
    "%",
    "_",
    '"""',
    "'; DROP TABLE activities; --",
    "x\\",
  ]) {
    const { items } = await rig.search({ text });
    for (const { excerpt } of items) assert.ok(excerpt.includes(text.replaceAll('"', "").trim()), text);
  }
  for (const query of [
    { text: "" },
    { kind: "x" },
    { verdict: "deny" },
    { since: "-1" },
    { limit: "0" },
    { cursor: "x" },
    { other: "1" },
    { text: "a ".repeat(99) },
  ]) {
    await assert.rejects(rig.search(query as Record<string, string>), /: 400 /, JSON.stringify(query));
  }
  await assert.rejects(rig.search({}, "nobody"), /: 401 /);
});

test("the command prints what is found, one line for programs, and that there is nothing", async () => {
  const [found, json, none] = await Promise.all([
    rig.command("--text", "order_items", "--verdict", "block", "--since", "1h"),
    rig.command("--text", "page_of_few", "-n", "3", "--json"),
    rig.command("--text", "nowhere-at-all"),
  ]);
  assert.equal(found.status, 0, found.stderr);
  assert.match(
    found.stdout,
    /^[\dT:-]{19}Z {2}block {4}statement {2}service\/agent on orders {2}[0-9a-f]{32} #\d+\n {2}DROP TABLE order_items\n$/,
  );
  assert.deepEqual(
    json.stdout
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as SearchHit).excerpt),
    [24, 23, 22].map((index) => `SELECT ${index} AS page_of_few`),
  );
  assert.match(json.stderr, /the newest 3/);
  assert.deepEqual([none.status, none.stdout, none.stderr], [0, "", "There are none.\n"]);
});
