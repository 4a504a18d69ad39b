import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EntryKind } from "../../entry.ts";
import { encodeFrame, FrameFlag, FrameType } from "../../frame.ts";
import { HELD, inChunks } from "../../recording/testing.ts";
import { verifyRecording } from "../../recording/verify.ts";
import { MAX_OPEN } from "./exchanges.ts";
import { BLOCKED, bodyOf, HttpScene, requestOf } from "./testing.ts";
import { HttpTranscript } from "./transcript.ts";
import "../../seeded.ts";

type Told = { type: string; exchange?: number | null; [name: string]: unknown };
const told = (scene: HttpScene) => scene.told as Told[];
const types = (scene: HttpScene) => told(scene).map(({ type, exchange }) => `${type} ${exchange ?? "-"}`);

test("an exchange: heads, bodies, what it was taken for, its end and its times", () => {
  const scene = new HttpScene().asked("POST", "/orders?a=1", '{"a":', { fields: [["x", "1"]] }).wait(5);
  scene.sent(requestOf("POST", "/orders?a=1")).wait(10);
  scene.head("target", { status: 103, fields: [["link", "</a>"]] });
  scene.answered(201, "made", [["content-type", "text/plain"]]);
  const [request, bytes, end, sent, early, response, body, answered, over] = told(scene);
  assert.deepEqual(request, {
    type: "request",
    exchange: 1,
    head: { method: "POST", target: "/orders?a=1", base: "/t/shop", fields: [["x", "1"]], body: true },
  });
  assert.equal(Buffer.from(bytes!.bytes as Uint8Array).toString(), '{"a":');
  assert.deepEqual(end, {
    type: "end",
    exchange: 1,
    from: "agent",
    trailers: null,
    close: null,
    duration: 0,
  });
  assert.equal(sent!.type, "sent");
  assert.deepEqual([early!.duration, (early!.head as { status: number }).status], [15, 103]);
  assert.equal((response!.head as { status: number }).status, 201);
  assert.equal(body!.from, "target");
  assert.deepEqual([answered!.from, answered!.duration], ["target", 15]);
  assert.deepEqual(over, { type: "over", exchange: 1, outcome: "complete" });
});

test("the last bytes may come with the end, and trailers instead of them", () => {
  const scene = new HttpScene().asked("GET", "/a");
  scene.head("target", { status: 200, fields: [] }).end("target", 1, "last");
  scene
    .asked("GET", "/b")
    .head("target", { status: 200, fields: [] })
    .trailers("target", [["grpc-status", "0"]]);
  assert.deepEqual(types(scene).slice(2, 6), ["response 1", "bytes 1", "end 1", "over 1"]);
  assert.deepEqual(told(scene).findLast(({ type }) => type === "end")?.trailers, [["grpc-status", "0"]]);
});

test("a WebSocket: messages in their parts, and how each side closed", () => {
  const scene = new HttpScene().asked("GET", "/chat", undefined, { websocket: { subprotocols: ["chat"] } });
  scene.sent(requestOf("GET", "/chat", { websocket: true }));
  scene.head("target", { status: 101, fields: [], subprotocol: "chat" });
  scene.message("agent", "he", { text: true, goesOn: true }).message("target", Uint8Array.of(1));
  scene.message("agent", "llo", { text: true }).message("agent", "", { text: true });
  scene.end("agent", 1, Buffer.from([3, 232, 98, 121, 101])).end("target");
  const messages = told(scene).filter(({ type }) => type === "message");
  assert.deepEqual(
    messages.map(({ from, isText, begins, goesOn, bytes }) => [
      ...[from, isText, begins, goesOn],
      Buffer.from(bytes as Uint8Array).toString(),
    ]),
    [
      ["agent", true, true, true, "he"],
      ["target", false, true, false, "\x01"],
      ["agent", true, false, false, "llo"],
      ["agent", true, true, false, ""],
    ],
  );
  const [agent, target] = told(scene).filter(({ type }) => type === "end");
  assert.deepEqual([agent?.close, target?.close], [{ code: 1000, reason: "bye" }, null]);
});

test("a reset ends one exchange, one of stream 0 all, and the session's end what is left", () => {
  const scene = new HttpScene().asked("GET", "/a").asked("GET", "/b").asked("GET", "/c");
  scene.reset("target", "target_closed", "it broke off", 2);
  scene.composer.lastReset("session_killed", "killed");
  scene.composer.ended();
  const resets = told(scene).filter(({ type }) => type === "reset");
  assert.deepEqual(
    resets.map(({ exchange, by, code, reason }) => [exchange, by, code, reason]),
    [
      [2, "target", "target_closed", "it broke off"],
      [1, "edge", "session_killed", "killed"],
      [3, "edge", "session_killed", "killed"],
    ],
  );
  const left = new HttpScene().asked("GET", "/a");
  left.composer.ended();
  assert.deepEqual(types(left).slice(-2), ["over 1", "edge -"]);
});

test("frames of exchanges are verified as all others", async () => {
  const scene = new HttpScene().asked("POST", "/", "x").sent(requestOf("POST", "/")).answered(200, "y");
  scene.asked("GET", "/", undefined, { websocket: { subprotocols: [] } });
  scene.head("target", { status: 101, fields: [], subprotocol: null });
  scene.message("target", "a", { text: true, goesOn: true }).reset("agent", "agent_gone", "gone");
  scene.asked("GET", "/").composer.lastReset("session_killed", "killed").ended();
  const file = await scene.composer.file();
  const result = await verifyRecording(inChunks(file), scene.composer.keys);
  assert.deepEqual([result.verdict, result.firstWrong], ["verified", null]);
});

test("an approval is told of the exchange that asked, by its body, and of that which it released", () => {
  const [one, two] = [bodyOf("1"), bodyOf("2")].map((body) => requestOf("POST", "/o", { body }));
  const scene = new HttpScene().asked("POST", "/o", "1").asked("POST", "/o", "2").held(two!).wait(700);
  scene.composer.connector({
    event: "exchange_judged",
    exchange: 2,
    request: two!,
    decision: HELD,
    facts: null,
    unreadable: null,
  });
  scene.answered(403, "wait").asked("POST", "/o", "2").wait(300).decided("approved").sent(two!).answered(200);
  scene.judged(one!, BLOCKED, null, null, 1);
  const approvals = told(scene).filter(({ type }) => type === "approval");
  assert.deepEqual(
    approvals.map(({ exchange, waited, entry }) => [exchange, waited, (entry as { event: string }).event]),
    [
      [2, 0, "approval_asked"],
      [2, 1_000, "approval_decided"],
      [3, 1_000, "approval_used"],
    ],
  );
  const judged = told(scene).filter(({ type }) => type === "judged");
  assert.deepEqual(
    judged.map(({ exchange, afterApproval }) => [exchange, afterApproval]),
    [
      [2, true],
      [1, false],
    ],
  );
});

test("an approval is told of the exchange that asked, where its body went on in another form", () => {
  const fields: [string, string][] = [["content-type", "application/vnd.kubernetes.protobuf"]];
  const asked = requestOf("POST", "/o", { contentType: "application/json", body: bodyOf("{}") });
  const json: [string, string][] = [["content-type", "application/json"]];
  const scene = new HttpScene().asked("POST", "/o", "[]", { fields: json });
  scene.asked("POST", "/o", "k8s", { fields }).held(asked).wait(500).decided("approved");
  const approvals = told(scene).filter(({ type }) => type === "approval");
  assert.deepEqual(
    approvals.map(({ exchange, waited }) => [exchange, waited]),
    [
      [2, 0],
      [2, 500],
      [2, 500],
    ],
  );
});

test("a question about a response is of the exchange that waits with it", () => {
  const request = requestOf("GET", "/picture");
  const scene = new HttpScene().asked("GET", "/picture").asked("GET", "/picture");
  scene.sent(request, null, 2).held(request, ["http:unreadable"]).decided("approved");
  const approvals = told(scene).filter(({ type }) => type === "approval");
  assert.deepEqual(
    approvals.map(({ exchange }) => exchange),
    [2, 2, 2],
  );
});

test("what belongs to no exchange, or comes too late, is told as what can't be read", () => {
  const scene = new HttpScene();
  scene.bytes("agent", "early", 1).head("target", { status: 200, fields: [] }, 7);
  scene.asked("GET", "/").head("agent", { method: "GET", target: "/", base: "", fields: [], body: false });
  scene
    .answered(200)
    .bytes("target", "late")
    .head("agent", { method: "G", target: "/", base: "", fields: [], body: false }, 1);
  scene.composer.stream("agent", FrameType.data, FrameFlag.head, 2, Buffer.from("{"));
  scene.composer.stream("agent", FrameType.reset, 0, 2, Buffer.from("{}"));
  scene.composer.stream("agent", FrameType.data, 0, 0, Buffer.from("x"));
  assert.equal(types(scene).filter((type) => type.startsWith("undecodable")).length, 7);
  assert.deepEqual(
    told(scene).filter(({ type }) => type === "late"),
    [{ type: "late", exchange: 1, from: "target", length: 4 }],
  );
});

test("a recording with exchanges without end takes bounded memory: the oldest counts as unfinished", () => {
  const transcript = new HttpTranscript();
  const head = Buffer.from(JSON.stringify({ method: "POST", target: "/", base: "", fields: [], body: true }));
  let unfinished = 0;
  for (let stream = 1; stream <= 2_000; stream++) {
    const frame = encodeFrame(FrameType.data, FrameFlag.head, stream, head);
    const events = transcript.push({ kind: EntryKind.agent, seq: stream, time: stream, frame });
    unfinished += events.filter((event) => event.type === "over" && event.outcome === "unfinished").length;
  }
  assert.equal(unfinished, 2_000 - MAX_OPEN);
});

test("whatever entries hold, nothing is thrown, and each byte of a body is told once", () => {
  const json = fc.oneof(
    fc.constantFrom(
      '{"method":"GET","target":"/","base":"","fields":[],"body":true}',
      '{"status":200,"fields":[["a","b"]]}',
      '{"status":101,"fields":[],"subprotocol":null}',
      '{"code":"closed","reason":""}',
      '{"event":"exchange_masked","exchange":1,"fields":{"a":1}}',
    ),
    fc.json(),
  );
  const payload = fc.oneof(
    json.map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 40 }),
  );
  const frame = fc
    .tuple(
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom(0, 1, 2, 4, 8, 32, 64, 65, 255),
      fc.integer({ min: 0, max: 3 }),
      payload,
    )
    .map(([type, flags, stream, bytes]) => encodeFrame(type as FrameType, flags, stream, bytes));
  const entry = fc.record({ kind: fc.constantFrom(...Object.values(EntryKind)), frame });
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 60 }), (entries) => {
      const transcript = new HttpTranscript();
      entries.forEach(({ kind, frame: bytes }, index) => {
        const events = transcript.push({ kind, frame: bytes, seq: index + 1, time: index });
        const passed = events.filter(({ type }) => type === "bytes" || type === "message");
        assert.ok(passed.length <= 1);
      });
    }),
    { numRuns: 500 },
  );
});
