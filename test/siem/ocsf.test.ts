import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { activityEvents } from "../../protocol/ocsf/activity.ts";
import { OCSF_VERSION, type OcsfEvent } from "../../protocol/ocsf/event.ts";
import { ledgerEvents } from "../../protocol/ocsf/ledger.ts";
import { withoutText } from "../../protocol/ocsf/session.ts";
import { signInEvent } from "../../protocol/ocsf/sign-in.ts";
import { runs, SEED } from "../../protocol/seeded.ts";
import { activities, contexts, entries, refusedSignIns } from "./ocsf-inputs.ts";
import { problemsOf, SCHEMA_VERSION } from "./schema/ocsf-schema.ts";

/** Bytes of an event, whatever an agent wrote. */
const MAX_EVENT = 256 * 1024;
const id = fc.constantFrom("1/0", "7/12", "c3/0");

function sound(events: readonly OcsfEvent[]): void {
  for (const event of events) {
    assert.deepEqual(problemsOf(event as Record<string, unknown>), []);
    const json = JSON.stringify(event);
    assert.ok(Buffer.byteLength(json) <= MAX_EVENT, `${Buffer.byteLength(json)} bytes`);
    assert.ok(json.isWellFormed());
    assert.doesNotMatch(json, /\\ud[89a-f]/, "a lone surrogate is no UTF-8");
  }
}

test(`SEED=${SEED} each activity of each kind of target, whatever its texts, is an event of its class`, () => {
  assert.equal(SCHEMA_VERSION, OCSF_VERSION);
  const classes = new Set<number>();
  fc.assert(
    fc.property(activities, contexts, id, (activity, context, id) => {
      const events = activityEvents(activity, context, id);
      sound(events);
      for (const { class_uid } of events) classes.add(class_uid);
      assert.equal(new Set(events.map(({ metadata }) => metadata.uid)).size, events.length);
      assert.equal(events.length, activity.verdict === "block" ? 2 : 1, "a block is a finding, too");
      assert.deepEqual(activityEvents(activity, context, id), events);
    }),
    { numRuns: runs(120, 20_000) },
  );
  assert.deepEqual([...classes].sort(), [2004, 4002, 4007, 6003, 6005]);
});

test(`SEED=${SEED} without its text an activity is still an event of its class, and has nothing of the text`, () => {
  fc.assert(
    fc.property(activities, contexts, id, (activity, context, id) => {
      const secret = { ...activity, text: `${activity.text} marker_5f0c` };
      const events = activityEvents(withoutText(secret), context, id);
      sound(events);
      assert.ok(!JSON.stringify(events).includes("marker_5f0c"));
      assert.deepEqual(
        events.map(({ class_uid }) => class_uid),
        activityEvents(activity, context, id).map(({ class_uid }) => class_uid),
      );
    }),
    { numRuns: runs(120, 20_000) },
  );
});

for (const [type, arbitrary] of Object.entries(entries)) {
  test(`SEED=${SEED} each entry of the ledger of type ${type} is an event of its class, and tells no nonce`, () => {
    fc.assert(
      fc.property(arbitrary, fc.nat(), (entry, index) => {
        const events = ledgerEvents({ index, entry });
        assert.ok(events.length > 0);
        sound(events);
        assert.ok(!JSON.stringify(events).includes(entry.nonce));
      }),
      { numRuns: runs(40, 5_000) },
    );
  });
}

test(`SEED=${SEED} refused sign-ins are events of Authentication, bounded whatever stands in a token`, () => {
  fc.assert(
    fc.property(refusedSignIns, id, (refused, name) => {
      const event = signInEvent(refused, name);
      sound([event]);
      assert.ok(JSON.stringify(event).length < 16 * 1024);
      const { class_uid, status_id, count, metadata } = event;
      assert.deepEqual(
        [class_uid, status_id, count, metadata.uid],
        [3002, 2, refused.count, `sign-in/${name}`],
      );
    }),
    { numRuns: runs(80, 5_000) },
  );
});

/** Everything in an event that the schema says something of, by its path. */
function* places(value: unknown, path: string[] = []): Generator<string[]> {
  // Each list of profiles is a schema of its own, which takes a while to compile.
  if (path[0] === "unmapped" || path.at(-1) === "data" || path.includes("profiles")) return;
  if (path.length > 0) yield path;
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value))
    yield* places((value as Record<string, unknown>)[key], [...path, key]);
}

function changed(
  event: object,
  path: readonly string[],
  change: (holder: Record<string, unknown>, key: string) => void,
) {
  const copy = structuredClone(event) as Record<string, unknown>;
  let holder = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  change(holder, path.at(-1)!);
  return copy;
}

test("the check can fail: a wrong type, an unknown attribute, an unknown enum value, a lacking attribute", () => {
  const [activity] = fc.sample(activities, { numRuns: 1, seed: 7 });
  const [context] = fc.sample(contexts, { numRuns: 1, seed: 7 });
  const events = (["postgres", "ssh", "http", "kubernetes"] as const).flatMap((kind) =>
    activityEvents(
      { ...activity!, verdict: "block", text: "GET /a?b=c", status: "403" },
      { ...context!, kind, onBehalfOf: "corp/alice", reached: { host: "10.0.0.1", port: 1 } },
      "1/0",
    ),
  );
  let count = 0;
  for (const event of events) {
    assert.deepEqual(problemsOf(event as Record<string, unknown>), []);
    for (const path of places(event)) {
      const wrong = changed(event, path, (holder, key) => {
        holder[key] = typeof holder[key] === "boolean" ? "yes" : true;
      });
      assert.notDeepEqual(problemsOf(wrong), [], `${path.join(".")} of another type`);
      count++;
    }
    assert.notDeepEqual(problemsOf({ ...event, colour: "red" }), []);
    assert.notDeepEqual(problemsOf({ ...event, activity_id: 77 }), []);
    assert.notDeepEqual(problemsOf({ ...event, type_uid: 1 }), []);
    assert.notDeepEqual(problemsOf({ ...event, status_id: 2, status: "Success" }), []);
    for (const lacking of ["time", "metadata", "severity_id", "class_uid", "type_uid", "activity_id"])
      assert.notDeepEqual(
        problemsOf(changed(event, [lacking], (holder, key) => delete holder[key])),
        [],
        lacking,
      );
    assert.notDeepEqual(
      problemsOf(changed(event, ["metadata", "profiles"], (holder, key) => (holder[key] = []))),
      [],
      "attributes of a profile that is not named",
    );
  }
  assert.ok(count > 300, String(count));
});

test("what an agent does for a user is the user's, through the agent, under the profile for AI", () => {
  const [activity] = fc.sample(activities, { numRuns: 1, seed: 1 });
  const [context] = fc.sample(contexts, { numRuns: 1, seed: 1 });
  const of = (kind: "postgres" | "ssh") =>
    activityEvents(
      { ...activity!, verdict: "allow" },
      { ...context!, kind, principal: "service/bot", onBehalfOf: "corp/alice" },
      "1/0",
    )[0]!;
  const statement = of("postgres");
  assert.deepEqual(statement.actor, {
    user: { name: "corp/alice", uid: "corp/alice", type_id: 1, type: "User" },
    app_name: "service/bot",
    app_uid: "service/bot",
  });
  assert.ok((statement.metadata.profiles as string[]).includes("ai_operation"));
  assert.equal((statement.message_context as { ai_role: string }).ai_role, "Agent");
  // OCSF 1.8.0 has the profile for application activities alone.
  assert.ok(!(of("ssh").metadata.profiles as string[]).includes("ai_operation"));
});

test("a masked value is counted, and an approved statement is told as such", () => {
  const [activity] = fc.sample(activities, { numRuns: 1, seed: 2 });
  const [context] = fc.sample(contexts, { numRuns: 1, seed: 2 });
  const [event] = activityEvents(
    {
      ...activity!,
      verdict: "approve",
      masked: { pii: 3 },
      approval: 4,
      actions: ["postgres:delete"],
      outcome: "ok",
    },
    { ...context!, kind: "postgres" },
    "9/0",
  );
  const { action, disposition, status, activity_name, unmapped } = event as Record<string, unknown>;
  assert.deepEqual(
    [action, disposition, status, activity_name],
    ["Modified", "Approved", "Success", "Delete"],
  );
  assert.deepEqual((unmapped as { masked: unknown }).masked, { pii: 3 });
  assert.equal((unmapped as { approval: string }).approval, `${context!.session}-4`);
});
