import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOCKED, bodyOf, factsOf, HttpScene, requestOf } from "../../protocol/http/transcript/testing.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import { HELD } from "../../protocol/recording/testing.ts";
import { differs, judgementLines } from "./report.ts";
import type { Judgement } from "./session-judge.ts";
import { replayed } from "./testing.ts";

const ways = (judgements: Judgement[]) =>
  judgements.map(
    ({ then, now, statement }) => `${statement?.split("\n")[0]}: ${then.verdict} -> ${now?.verdict ?? "?"}`,
  );

/** A request that went to the target, and its answer. */
function went(scene: HttpScene, method: string, target: string, answer = "ok"): HttpScene {
  const [path = ""] = target.split("?");
  return scene.asked(method, target).sent(requestOf(method, target), factsOf(path)).answered(200, answer);
}

const NO_ADMIN = `${ALLOW_ALL} @id("no-admin") @reason("Nobody goes there.")
forbid(principal, action == Action::"http:get", resource) when { context.under.contains("/admin") };`;

test("requests are judged with the facts of then, and differ where the set decides otherwise", async () => {
  const scene = went(went(new HttpScene(), "GET", "/orders"), "GET", "/admin/users");
  const judgements = await replayed(NO_ADMIN, scene);
  assert.deepEqual(ways(judgements), ["GET /orders: allow -> allow", "GET /admin/users: allow -> block"]);
  const [same, other] = judgements as [Judgement, Judgement];
  assert.deepEqual([differs(same), differs(other), other.basis], [false, true, "recorded"]);
  const lines = judgementLines(other, { facts: scene.composer.facts, database: "" }).join("\n");
  assert.match(lines, /allow -> block\n.*GET \/admin\/users\n.*Nobody goes there\./);
});

test("what was refused or held then is told as what it was; what people approved was held, and went", async () => {
  const held = requestOf("POST", "/o", { contentType: "text/plain", body: bodyOf("x") });
  const scene = new HttpScene().asked("GET", "/a").judged(requestOf("GET", "/a"), BLOCKED, factsOf("/a"));
  // It asks, is told to come again, and passes when it does.
  scene.asked("POST", "/o", "x").held(held).judged(held, HELD, factsOf("/o"));
  scene.asked("POST", "/o", "x").decided("approved").sent(held, factsOf("/o"));
  scene.asked("POST", "/o", "x").sent(held, factsOf("/o"));
  assert.deepEqual(ways(await replayed(ALLOW_ALL, scene)), [
    "GET /a: block -> allow",
    "POST /o, content type text/plain, with a body of 1 bytes:: approve -> allow",
    "POST /o, content type text/plain, with a body of 1 bytes:: approve -> allow",
    "POST /o, content type text/plain, with a body of 1 bytes:: allow -> allow",
  ]);
});

test("what people denied did not release the same request when policies let it pass later", async () => {
  const held = requestOf("POST", "/o", { body: bodyOf("x") });
  const scene = new HttpScene().asked("POST", "/o", "x").held(held).decided("denied");
  scene.judged(held, HELD, factsOf("/o")).asked("POST", "/o", "x").sent(held, factsOf("/o"));
  const judgements = await replayed(ALLOW_ALL, scene);
  assert.deepEqual(
    judgements.map(({ then, run }) => [then.verdict, run.outcome]),
    [
      ["approve", "refused"],
      ["allow", "done"],
    ],
  );
});

test("a response that could not be looked into is judged as that; without facts nothing can be said", async () => {
  const request = requestOf("GET", "/picture");
  const scene = new HttpScene().asked("GET", "/picture").sent(request, factsOf("/picture"));
  scene.judged(request, BLOCKED, factsOf("/picture"), "image/png");
  scene.asked("GET", "/a").sent(requestOf("GET", "/a"), null);
  const unheard = requestOf("POST", "/o", { body: bodyOf("x") });
  scene.asked("POST", "/o", "x").held(unheard);
  const pictures = `${ALLOW_ALL} forbid(principal, action == Action::"http:unreadable", resource)
    unless { context.contentType == "image/png" };`;
  const judgements = await replayed(pictures, scene);
  assert.deepEqual(
    judgements.map(({ then, now, basis }) => [then.verdict, now?.verdict ?? null, basis]),
    [
      ["allow", "allow", "recorded"],
      ["block", "allow", "recorded"],
      ["allow", null, "unknown"],
      ["approve", null, "unknown"],
    ],
  );
});

test("what was counted and what was delivered bear on the verdict, refusals don't", async () => {
  const policies = `${ALLOW_ALL}
    @id("much") forbid(principal, action == Action::"http:get", resource) when { context.session.bytes > 9 };
    @id("loop") forbid(principal, action == Action::"http:get", resource)
    when { context.principalUsage.repeatedLastMinute > 1 };`;
  const refused = new HttpScene().asked("GET", "/a").judged(requestOf("GET", "/a"), BLOCKED, factsOf("/a"));
  refused.answered(403, "a long refusal of the connector's own");
  assert.deepEqual(
    ways(await replayed(policies, went(refused, "GET", "/b"))).at(-1),
    "GET /b: allow -> allow",
  );
  const much = went(went(new HttpScene(), "GET", "/a", "0123456789"), "GET", "/b");
  assert.deepEqual(ways(await replayed(policies, much)).at(-1), "GET /b: allow -> block");
  const loop = went(went(went(new HttpScene(), "GET", "/a", ""), "GET", "/a", ""), "GET", "/a", "");
  assert.deepEqual(ways(await replayed(policies, loop)).at(-1), "GET /a: allow -> block");
});
