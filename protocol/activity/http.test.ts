import assert from "node:assert/strict";
import { test } from "node:test";
import { bodyOf, HttpScene, requestOf } from "../http/transcript/testing.ts";
import { requestInfo } from "../kubernetes/reading-request-info.ts";
import { HELD } from "../recording/testing.ts";
import { activitiesOf, brief, OPENED } from "./testing.ts";

test("an exchange with its status, its time without the wait, and what was masked; nothing of bodies", () => {
  const held = requestOf("POST", "/o?x=1", { body: bodyOf("canary-sent") });
  const scene = new HttpScene()
    .asked("POST", "/o?x=1", "canary-sent")
    .held(held)
    .wait(5_000)
    .decided("approved");
  scene
    .sent(held)
    .wait(20)
    .head("target", { status: 201, fields: [["x", "canary-field"]] });
  scene.composer.connector({ event: "exchange_masked", exchange: 1, fields: { card: 2 } });
  scene.bytes("target", "canary-returned").end("target");
  assert.deepEqual(activitiesOf(scene.entries), [
    {
      seq: 3,
      item: 0,
      time: OPENED,
      kind: "request",
      text: "POST /o?x=1",
      isCut: false,
      verdict: "approve",
      actions: ["http:post"],
      policies: ["ask"],
      reason: "ask first",
      approval: 1,
      outcome: "ok",
      status: "201",
      durationMs: 20,
      masked: { card: 2 },
    },
  ]);
});

test("what was blocked, held, refused by the connector itself, failed, given up, or has no end", () => {
  const request = requestOf("GET", "/");
  const scene = new HttpScene().asked("GET", "/1").judged(request).answered(403);
  scene.asked("GET", "/2").judged(request, HELD).answered(403);
  scene.asked("GET", "/3").answered(400);
  scene.asked("GET", "/4").sent(request);
  scene.composer.connector({
    event: "exchange_failed",
    exchange: 4,
    code: "target_unreachable",
    message: "no",
  });
  scene.answered(502).asked("GET", "/5").sent(request).reset("agent", "agent_gone", "bye");
  scene.asked("GET", "/6").sent(request).answered(404).asked("GET", "/7").sent(request);
  scene.asked("GET", "/8");
  assert.deepEqual(brief(activitiesOf(scene.entries)), [
    "GET /1 | block | refused",
    "GET /2 | block | refused",
    "GET /3 | block | refused",
    "GET /4 | allow | error",
    "GET /5 | allow | unknown",
    "GET /6 | allow | error | 404",
    "GET /7 | allow | unknown",
    "GET /8 | allow | unknown",
  ]);
  scene.composer.ended();
  assert.equal(brief(activitiesOf(scene.entries)).at(-1), "GET /8 | block | refused");
});

test("the same request, sent again, passes by the approval of the first", () => {
  const held = requestOf("GET", "/o");
  const scene = new HttpScene().asked("GET", "/o").held(held).judged(held, HELD).answered(403);
  scene.asked("GET", "/o").decided("approved").sent(held).answered(200);
  assert.deepEqual(
    activitiesOf(scene.entries).map(({ verdict, outcome, approval }) => [verdict, outcome, approval]),
    [
      ["block", "refused", 1],
      ["approve", "ok", 1],
    ],
  );
});

test("a response that could not be looked into was refused; the request was not", () => {
  const request = requestOf("GET", "/pdf");
  const scene = new HttpScene().asked("GET", "/pdf").sent(request);
  scene.judged(request, undefined, null, "application/pdf").answered(403);
  const [activity] = activitiesOf(scene.entries);
  assert.deepEqual(brief([activity!]), ["GET /pdf | block | unknown"]);
  assert.deepEqual(activity?.actions, ["http:get", "http:unreadable"]);
});

test("of Kubernetes, what the API server takes it for, and the command of exec", () => {
  const scene = new HttpScene("kubernetes").exec(["rm", "-rf", "/srv"]).end("agent").end("target");
  const target = "/api/v1/namespaces/shop/pods/web";
  const kubernetes = requestInfo("DELETE", target);
  scene
    .asked("DELETE", target)
    .sent(requestOf("DELETE", target, { kubernetes }))
    .answered(200);
  const [exec, remove] = activitiesOf(scene.entries);
  assert.match(exec!.text, /^get pods\/exec web in namespace shop: rm -rf \/srv\nGET \/api/);
  assert.deepEqual([exec?.actions, exec?.status], [["kubernetes:connect"], "101"]);
  assert.equal(remove?.text, `delete pods web in namespace shop\nDELETE ${target}`);
});
