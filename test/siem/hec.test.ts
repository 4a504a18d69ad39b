import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type Mode, startHec } from "./receivers.ts";
import { counts, type Rig, startRig } from "./rig.ts";
import { problemsOf } from "./schema/ocsf-schema.ts";

const TOKEN = "0b9e3c52-9a0f-4a0c-8f9f-1d1f7f5f2b11";

describe("events to Splunk's collector", { timeout: 300_000 }, () => {
  let one: Rig;

  before(async () => {
    one = await startRig(await startHec(TOKEN), { SIEM_FORMAT: "hec", SIEM_TOKEN: TOKEN, SIEM_R2: "on" });
  });

  after(async () => {
    await one?.stop();
  });

  test("everything that a session tells arrives while it lives, is of its class, and none is lost at its end", async () => {
    const { gateway, receiver } = one;
    assert.equal((await gateway.fetch("/a?b=c")).status, 200);
    assert.equal((await gateway.fetch("/a", { method: "DELETE" })).status, 403);
    const { id } = (await gateway.sessions())[0]!;
    const find = (classUid: number) =>
      receiver.events.find(
        ({ metadata, class_uid }) => metadata.correlation_uid === id && class_uid === classUid,
      );
    await receiver.until(() => find(2004) !== undefined);
    assert.equal((await gateway.sessions())[0]!.endCode, null, "the session lives");
    const finding = find(2004) as unknown as { finding_info: { analytic: { name: string }; desc: string } };
    assert.deepEqual(
      [finding.finding_info.analytic.name, finding.finding_info.desc],
      ["no-deletes", "nothing is deleted here"],
    );
    const expected = await one.ended();
    await receiver.until(() => expected.every((uid) => receiver.uids().has(uid)));
    for (const event of receiver.events) assert.deepEqual(problemsOf(event), []);
    assert.deepEqual(receiver.complaints, []);
    const own = receiver.events
      .filter(({ metadata }) => metadata.uid.startsWith(id))
      .map(({ metadata }) => metadata.uid);
    assert.deepEqual(own, expected, "each once, in order, and no other");
  });

  test("the ledger tells of sessions, policies and changes", async () => {
    const { receiver, gateway } = one;
    const { id } = (await gateway.sessions())[0]!;
    const told = (start: string) => [...receiver.uids()].some((uid) => uid.startsWith(`ledger/${start}`));
    await receiver.until(() =>
      [`session_started/${id}`, `session_sealed/${id}`, "policy/", "change/", "edge_key/"].every(told),
    );
  });

  test("a sign-in that is refused is told, an event of its class, with nothing of the token", async () => {
    const { gateway, receiver } = one;
    const token = `syp_${"not-a-token-that-is-known-".repeat(2)}`;
    const answer = await fetch(new URL("/v1/sessions", gateway.edge.edge.url), {
      headers: { authorization: `Bearer ${token}` },
    });
    assert.equal(answer.status, 401);
    const find = () => receiver.events.find(({ metadata }) => metadata.uid.startsWith("sign-in/"));
    await receiver.until(() => find() !== undefined);
    const event = find()!;
    assert.deepEqual(problemsOf(event), []);
    assert.deepEqual(
      [event.class_uid, event.status, event.status_code, event.count],
      [3002, "Failure", "unknown_token", 1],
    );
    assert.ok(!JSON.stringify(receiver.events).includes("not-a-token"));
  });

  test("the status tells what was delivered, to both destinations", async () => {
    const { receiver } = one;
    let status = await one.status();
    const { events } = receiver;
    // Each object reports some seconds apart at most.
    while (status.destinations.some(({ delivered }) => delivered < 5)) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      status = await one.status();
    }
    const [http, r2] = status.destinations;
    assert.deepEqual([http!.name, http!.format, http!.place], ["http", "hec", receiver.url.host]);
    assert.deepEqual([r2!.name, r2!.format, r2!.state], ["r2", "ndjson", "ok"]);
    assert.ok(http!.delivered <= events.length);
    assert.deepEqual(status.quarantined, []);
    const asAgent = gatewayFetch(one, "/v1/siem");
    assert.equal((await asAgent).status, 403, "it is for administrators");
  });

  test("what fails is told again, also after the edge was killed: all arrives, and a duplicate has the same name", async () => {
    const { gateway, receiver } = one;
    const faults: Mode[] = [{ status: 500 }, "lost", "dropped", { status: 503, retryAfterS: 1 }];
    receiver.modes.push(...faults);
    const before = receiver.requests;
    for (let number = 0; number < 5; number++) await gateway.fetch(`/fault/${number}`);
    await receiver.until(() => receiver.requests >= before + 2);
    await gateway.edge.edge.restart();
    await gateway.fetch("/after-the-restart");
    const expected = await one.ended();
    assert.ok(expected.length >= 7, String(expected.length));
    await receiver.until(() => expected.every((uid) => receiver.uids().has(uid)));
    const id = expected[0]!.split("/")[0]!;
    const own = [...counts(receiver)].filter(([uid]) => uid.startsWith(id));
    assert.deepEqual(
      own.map(([uid]) => uid).sort(),
      [...expected].sort(),
      "the set is what the recording gives",
    );
    // What was taken, and not said, comes again: the session's or the ledger's.
    await receiver.until(() => [...counts(receiver).values()].some((count) => count > 1));
  });
});

function gatewayFetch({ gateway }: Rig, path: string): Promise<Response> {
  return fetch(new URL(path, gateway.edge.edge.url), {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
}
