import assert from "node:assert/strict";
import { test } from "node:test";
import { BLOCKED, bodyOf, HttpScene, requestOf } from "../../../protocol/http/transcript/testing.ts";
import { requestInfo } from "../../../protocol/kubernetes/reading-request-info.ts";
import { HELD } from "../../../protocol/recording/testing.ts";
import { HttpSummarizer, type HttpSummary } from "./summary.ts";

function summary(scene: HttpScene, limit = 100): HttpSummary {
  const summarizer = new HttpSummarizer(limit);
  for (const event of scene.events) summarizer.take(event);
  return summarizer.summary;
}

test("each exchange with its status, bytes, time without that for which it was held, and what was masked", () => {
  const held = requestOf("POST", "/o", { body: bodyOf("four") });
  const scene = new HttpScene().asked("POST", "/o", "four").held(held).wait(5_000).decided("approved");
  scene.sent(held).wait(20).head("target", { status: 201, fields: [] });
  scene.composer.connector({ event: "exchange_masked", exchange: 1, fields: { card: 2 } });
  scene.bytes("target", "sixsix").end("target");
  const { listed, held: count, maskedValues, approvals } = summary(scene);
  assert.deepEqual(listed, [
    {
      number: 1,
      time: 1_800_000_000_000,
      method: "POST",
      target: "/o",
      websocket: false,
      api: null,
      status: 201,
      bytesIn: 4,
      bytesOut: 6,
      messagesIn: 0,
      messagesOut: 0,
      duration: 20,
      outcome: "held: ask first; approved by corp/dana",
      failed: false,
      masked: { card: 2 },
    },
  ]);
  assert.deepEqual([count, maskedValues, approvals.used], [1, { card: 2 }, 1]);
});

test("what was blocked, held without an answer, broken off, given up, or has no end", () => {
  const request = requestOf("GET", "/");
  const scene = new HttpScene().asked("GET", "/").judged(request).answered(403);
  scene.asked("GET", "/").judged(request, HELD).answered(403);
  scene.asked("GET", "/").sent(request);
  scene.composer.connector({
    event: "exchange_failed",
    exchange: 3,
    code: "target_unreachable",
    message: "no",
  });
  scene.answered(502).asked("GET", "/").reset("agent", "agent_gone", "bye").asked("GET", "/");
  scene.composer.ended();
  const { listed, exchanges, blocked, held, failed } = summary(scene);
  assert.deepEqual([exchanges, blocked, held, failed], [5, 1, 1, 1]);
  assert.deepEqual(
    listed.map(({ outcome, failed: isFailed }) => [outcome, isFailed]),
    [
      [`blocked: ${BLOCKED.reason}`, true],
      [`held: ${HELD.reason}`, true],
      ["target_unreachable: no", true],
      ["given up: bye", true],
      ["no end", true],
    ],
  );
});

test("of a Kubernetes session, what the API server took requests for and as whom; the latest alone, with all counted", () => {
  const scene = new HttpScene("kubernetes");
  for (const name of ["a", "b", "c"]) {
    const target = `/api/v1/namespaces/shop/pods/${name}`;
    scene
      .asked("GET", target)
      .sent(requestOf("GET", target, { kubernetes: requestInfo("GET", target) }))
      .answered(200);
  }
  const { listed, exchanges, impersonated } = summary(scene, 2);
  assert.deepEqual(
    listed.map(({ number, api }) => [number, api]),
    [
      [2, "get pods b in namespace shop"],
      [3, "get pods c in namespace shop"],
    ],
  );
  assert.deepEqual([exchanges, impersonated], [3, "corp/alice"]);
});

test("messages of a WebSocket are counted, each once", () => {
  const scene = new HttpScene().asked("GET", "/", undefined, { websocket: { subprotocols: [] } });
  scene.head("target", { status: 101, fields: [], subprotocol: null });
  scene
    .message("agent", "ab", { goesOn: true })
    .message("agent", "c")
    .message("target", "xyz")
    .message("target", "");
  const [row] = summary(scene).listed;
  assert.deepEqual([row?.bytesIn, row?.messagesIn, row?.bytesOut, row?.messagesOut], [3, 1, 3, 2]);
});

test("an agent that closed its WebSocket and left before the target closed it, too, did not fail", () => {
  const scene = new HttpScene().asked("GET", "/", undefined, { websocket: { subprotocols: [] } });
  scene.head("target", { status: 101, fields: [], subprotocol: null }).wait(9);
  scene.end("agent", 1, Uint8Array.of(3, 232)).reset("agent", "agent_gone", "gone");
  const [row] = summary(scene).listed;
  assert.deepEqual([row?.outcome, row?.failed, row?.duration], ["", false, 9]);
});
