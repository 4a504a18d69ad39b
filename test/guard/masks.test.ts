import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Label, Labels } from "../../connector/mask/labels.ts";
import type { Page, Session } from "../../protocol/directory.ts";
import * as wire from "../../protocol/postgres/messages.ts";
import { bound, unnamed } from "../compatibility/corpus/case.ts";
import { type Guarded, startGuarded } from "./rig.ts";
import type { Answer } from "./wire.ts";

/** Masks over the life of a session: what changes under it, what is counted, what stands in its recording. */

const EMAIL: Label = {
  name: "pii.email",
  mask: { kind: "hash", scope: "session" },
  lookup: { perMinute: 3 },
};
const LABELS: Labels = {
  rules: [{ schema: "public", relation: "customers", column: "email", path: null, label: EMAIL }],
  labels: new Map([[EMAIL.name, EMAIL]]),
};

const FIXTURE = `
CREATE TABLE customers (id int PRIMARY KEY, name text, email text UNIQUE CHECK (email LIKE '%@%'));
INSERT INTO customers SELECT n, 'name ' || n, 'canary-' || n || '@mail.test' FROM generate_series(1, 20) n;
CREATE TABLE plain (id int, email text);
INSERT INTO plain VALUES (1, 'shown');
CREATE VIEW people AS SELECT id, email FROM plain;
`;

const HIDDEN = '@id("all") permit(principal, action, resource) unless { action == Action::"unmask" };';
const SEEN = '@id("all") permit(principal, action, resource);';

const SYNC = wire.sync();
const READ = "SELECT id, email FROM customers ORDER BY id LIMIT 2";
const HASH = /^masked_[0-9a-f]{32}$/;

describe("masks over the life of a session", { timeout: 340_000 }, () => {
  let guarded: Guarded;

  before(async () => {
    guarded = await startGuarded({ fixture: FIXTURE, policies: HIDDEN, target: { labels: LABELS } });
  });

  after(() => guarded.stop());

  function isMasked(answer: Answer): void {
    assert.deepEqual(answer.errors, []);
    assert.equal(answer.rows.length, 2);
    for (const [, email] of answer.rows) assert.match(email ?? "", HASH);
  }

  test("a hash is the same within a session, and another in the next", async () => {
    const seen = new Set<string>();
    for (let count = 0; count < 2; count += 1) {
      await guarded.session(async (session) => {
        const first = await session.query(READ);
        isMasked(first);
        assert.deepEqual((await session.query(READ)).rows, first.rows);
        seen.add(first.rows[0]![1]!);
      });
    }
    assert.equal(seen.size, 2);
  });

  test("a session ends where the policies change what it may see, in both directions", async () => {
    for (const [from, to] of [
      [HIDDEN, SEEN],
      [SEEN, HIDDEN],
    ] as const) {
      await guarded.policies(from);
      await guarded.session(async (session) => {
        await session.query(READ);
        await guarded.policies(to);
        const { status, errors } = await session.query(READ);
        assert.equal(status, null);
        assert.match(errors.map(({ message }) => message).join(), /which labelled columns may be seen/);
      });
    }
    await guarded.policies(SEEN);
    await guarded.session(async (session) => {
      assert.deepEqual((await session.query(READ)).rows[0], ["1", "canary-1@mail.test"]);
    });
    await guarded.policies(HIDDEN);
  });

  test("what was prepared before a view came to show labelled values is prepared anew, or refused", async () => {
    const sql = "SELECT id, email FROM people ORDER BY id LIMIT 2";
    await guarded.session(async (session) => {
      await session.ask(wire.parse({ statement: "s", sql, parameterTypes: [] }), SYNC);
      await session.query(`PREPARE q AS ${sql}`);
      const run = () => session.ask(bound("", "s"), wire.execute({ portal: "", maxRows: 0 }), SYNC);
      assert.deepEqual((await run()).rows, [["1", "shown"]]);
      await guarded.admin.query("CREATE OR REPLACE VIEW people AS SELECT id, email FROM customers");
      try {
        const deadline = performance.now() + 60_000;
        let answer = await run();
        // Others' changes are noticed within about a second, which an attacker without DDL can't use.
        while (answer.errors.length === 0 && performance.now() < deadline) answer = await run();
        assert.equal(answer.errors[0]?.sqlstate, "0A000");
        assert.equal((await session.query("EXECUTE q")).errors[0]?.sqlstate, "0A000");
        isMasked(await session.query(sql));
      } finally {
        await guarded.admin.query("CREATE OR REPLACE VIEW people AS SELECT id, email FROM plain");
      }
    });
  });

  test("exact values are looked up so often a minute, over all of a principal's sessions", async () => {
    const ask = (sql: string) => guarded.session((session) => session.query(sql));
    const one = await ask("SELECT id, email FROM customers WHERE email = 'canary-7@mail.test'");
    assert.equal(one.rows[0]?.[0], "7");
    assert.match(one.rows[0]?.[1] ?? "", HASH);
    assert.deepEqual((await ask("SELECT id FROM customers WHERE email LIKE 'canary-7%'")).rows, []);
    assert.equal((await ask("SELECT id FROM customers WHERE email IN ('a', 'b')")).errors.length, 0);
    await guarded.session(async (session) => {
      const sql = "SELECT id FROM customers WHERE email = $1";
      const answer = await session.ask(...unnamed({ sql, values: ["canary-8@mail.test"] }), SYNC);
      assert.equal(answer.errors[0]?.sqlstate, "42501");
      assert.match(
        answer.errors[0].message,
        /more than 3 exact values asked for in a minute \(masked: pii\.email\)/,
      );
    });
  });

  test("an error that could quote a row is told by its SQLSTATE alone", async () => {
    await guarded.session(async (session) => {
      const answer = await session.query(
        "UPDATE customers SET email = NULL, name = 'x' WHERE id = 1; SELECT 1",
      );
      assert.deepEqual(answer.errors, []);
      await session.query("UPDATE customers SET email = 'canary-1@mail.test' WHERE id = 1");
      const { errors } = await session.query("UPDATE customers SET name = 'x', email = 'wrong' WHERE id = 2");
      assert.equal(errors[0]?.sqlstate, "23514");
      assert.match(errors[0].message, /withheld/);
      assert.doesNotMatch(JSON.stringify(errors), /canary|Failing row/);
    });
  });

  test("a fault of the text itself is told as PostgreSQL tells it", async () => {
    await guarded.session(async (session) => {
      const { errors } = await session.query("SELECT email + 1 FROM customers");
      assert.equal(errors[0]?.sqlstate, "42883");
      assert.match(errors[0].message, /operator does not exist: text \+ integer/);
    });
  });

  test("the recording has both texts and counts, and neither values nor keys", async () => {
    const { items } = await guarded.gateway.edge.api<Page<Session>>("GET", "/v1/sessions?state=open");
    const open = new Set(items.map(({ id }) => id));
    await guarded.session(async (session) => {
      isMasked(await session.query(READ));
      isMasked(await session.query(READ));
      const all = await guarded.gateway.edge.api<Page<Session>>("GET", "/v1/sessions?state=open");
      const id = all.items.find((one) => !open.has(one.id))!.id;
      const { edge } = guarded.gateway.edge;
      const response = await fetch(new URL(`/v1/sessions/${id}/recording`, edge.url), {
        headers: { authorization: `Bearer ${edge.adminToken}` },
      });
      const text = Buffer.from(await response.arrayBuffer()).toString("latin1");
      assert.match(text, /SELECT id, email FROM customers ORDER BY id LIMIT 2/);
      assert.match(text, /"event":"masked".*pg_catalog\.sha256.*"fields":\{"pii\.email":2\}/);
      assert.doesNotMatch(text, /canary-/);
      const keys = [...text.matchAll(/E'([^']{60,})'::pg_catalog\.text OPERATOR/g)].map(([, key]) => key);
      assert.deepEqual([...new Set(keys)], ["0".repeat(64)]);
    });
  });
});
