import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decide, FACTS, prepared, TOKEN } from "../testing/registering.ts";
import { openSessions } from "./open-sessions.ts";
import { register } from "./registration.ts";
import { addInstance, getSession, listSessions, markEnded } from "./sessions.ts";

describe("the list of sessions", () => {
  test("names every process that was asked to join, once each, and none after the end", async () => {
    const { db } = await prepared();
    await register(db, FACTS, TOKEN, decide);
    for (const instance of ["j", "j", "i"]) await addInstance(db, FACTS.session, instance);
    assert.equal((await openSessions(db))[0]?.instance, "i j");
    await markEnded(db, FACTS.session, "closed", "done", 2_000);
    await addInstance(db, FACTS.session, "k");
    assert.deepEqual(await openSessions(db), []);
  });

  test("keeps the first end of a session, and a refused one as ended", async () => {
    const { db } = await prepared();
    assert.equal(await register(db, FACTS, TOKEN, decide), "ok");
    assert.equal((await openSessions(db)).length, 1);
    await markEnded(db, FACTS.session, "session_killed", "enough", 2_000);
    await markEnded(db, FACTS.session, "closed", "later", 3_000);
    const ended = await getSession(db, FACTS.session);
    assert.deepEqual([ended?.ended, ended?.endCode, ended?.endReason], [2_000, "session_killed", "enough"]);

    const refused = { ...FACTS, session: "1".repeat(32), target: "nothing" };
    assert.notEqual(await register(db, refused, TOKEN, decide), "ok");
    assert.equal((await getSession(db, refused.session))?.endCode, "unknown_target");
    assert.deepEqual(await openSessions(db), []);
  });

  test("is paged latest first, and an id can't register twice", async () => {
    const { db } = await prepared();
    const ids = Array.from({ length: 5 }, (_, index) => String(index).repeat(32));
    for (const session of ids) {
      await register(db, { ...FACTS, session, opened: session < "2" ? 1_000 : 1_001 }, TOKEN, decide);
    }
    const first = await listSessions(db, {}, { limit: 3, cursor: null });
    const second = await listSessions(db, {}, { limit: 3, cursor: first.next });
    assert.deepEqual(
      [...first.items, ...second.items].map(({ id }) => id[0]),
      ["4", "3", "2", "1", "0"],
    );
    assert.equal(second.next, null);
    await assert.rejects(register(db, FACTS, TOKEN, decide), /UNIQUE/);
  });
});
