import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { BLOCKED, bodyOf, factsOf, HttpScene, requestOf } from "../../../protocol/http/transcript/testing.ts";
import { HttpNarrator, type HttpNarratorOptions } from "./narrate.ts";
import "../../../protocol/seeded.ts";

function lines(scene: HttpScene, options: HttpNarratorOptions = {}): string[] {
  const narrator = new HttpNarrator((_, text) => text, options);
  const told = [...scene.events.flatMap((event) => narrator.tell(event)), ...narrator.end()];
  // Without the day, the session's opening and the connector.
  return told.slice(3).map((line) => line.replace(/^\d\d:\d\d:\d\d\.\d{3} /, ""));
}

test("requests and responses with their bodies as text, and what was masked", () => {
  const scene = new HttpScene().asked("POST", "/orders", '{"a":1}').wait(3);
  scene.sent(requestOf("POST", "/orders")).wait(9).head("target", { status: 200, fields: [] });
  scene.composer.connector({ event: "exchange_masked", exchange: 1, fields: { "pii.email": 2 } });
  scene.bytes("target", "line 1\nline").bytes("target", " 2").end("target");
  assert.deepEqual(lines(scene), [
    "#1 POST /orders",
    '           < │ {"a":1}',
    "#1 7 bytes",
    "#1 200 · 12 ms",
    "#1 masked: 2 values of pii.email",
    "             │ line 1",
    "             │ line 2",
    "#1 ended · 13 bytes · 12 ms",
  ]);
});

test("what is no text is told by its length and type, and a long text by its beginning", () => {
  const scene = new HttpScene().asked("GET", "/a");
  scene.answered(200, Buffer.from([0x89, 0x50, 0, 1]), [["content-type", "image/png"]]);
  scene.asked("GET", "/b").answered(200, "text", [["content-encoding", "br"]]);
  scene.asked("GET", "/c").answered(200, "x".repeat(20_000));
  const told = lines(scene);
  assert.ok(told.includes("#1 ended · 4 bytes of image/png · 0 ms"));
  assert.ok(told.includes("#2 ended · 4 bytes of no stated type · 0 ms"));
  assert.ok(told.includes("#3 ended · 20000 bytes, of which 16384 are shown · 0 ms"));
  const whole = lines(scene, { verbose: true }).filter((line) => line.includes("xxx"));
  assert.equal(whole.join("").replace(/[^x]/g, "").length, 20_000);
});

test("what was blocked, held, and what the target failed; one exchange alone, with its fields", () => {
  const request = requestOf("DELETE", "/orders/7");
  const scene = new HttpScene().asked("DELETE", "/orders/7", undefined, { fields: [["x-a", "b"]] });
  scene.judged(request, BLOCKED, factsOf("/orders/7")).answered(403);
  const held = requestOf("POST", "/o", { body: bodyOf("hi") });
  scene.asked("POST", "/o", "hi").held(held).wait(2_000).decided("approved").sent(held);
  scene.composer.connector({ event: "exchange_failed", exchange: 2, code: "target_closed", message: "gone" });
  scene.reset("target", "target_closed", "gone");
  const told = lines(scene);
  assert.ok(told.includes("#1 BLOCKED: not here · by no"));
  assert.ok(told.some((line) => /^#2 HELD: ask first · by ask$/.test(line)));
  assert.ok(told.some((line) => /^#2 approval 1: approved by corp\/dana after 2s/.test(line)));
  assert.ok(told.some((line) => /^#2 approval 1: released after 2s/.test(line)));
  assert.ok(told.includes("#2 the target failed (target_closed): gone"));
  assert.ok(told.includes("#2 it was broken off (target_closed): gone · 2000 ms"));
  const alone = lines(scene, { exchange: 1, verbose: true });
  assert.ok(alone.every((line) => !line.includes("#2")));
  assert.ok(alone.includes("             │ x-a: b") && alone.includes("             │ path /orders/7"));
});

test("exec without a terminal: its streams apart, its exit; a port-forward by its counts", () => {
  const scene = new HttpScene("kubernetes").exec(["cat"], false);
  scene.channel("agent", 0, "in\n").channel("target", 1, "out\n").channel("target", 2, "err\n");
  scene.channel("target", 3, '{"status":"Success"}').end("target").end("agent");
  scene.asked("GET", "/f", undefined, { websocket: { subprotocols: ["v2.portforward.k8s.io"] } });
  scene.head("target", { status: 101, fields: [], subprotocol: "v2.portforward.k8s.io" });
  scene.message("target", "\x80\x03\x00").message("agent", "\x80\x03").end("agent").end("target");
  const told = lines(scene);
  assert.ok(told.includes("#1 get pods/exec web in namespace shop, as corp/alice"));
  for (const line of ["           < │ in", "             │ out", "           2 │ err", "#1 exit 0"]) {
    assert.ok(told.includes(line), line);
  }
  assert.ok(told.includes("#2 ended · 4 bytes in 1 message · 0 ms"), told.join("\n"));
});

test("text messages are lines of their own, and how a side closed is told", () => {
  const scene = new HttpScene().asked("GET", "/chat", undefined, { websocket: { subprotocols: [] } });
  scene.head("target", { status: 101, fields: [], subprotocol: null });
  scene.message("agent", "hel", { text: true, goesOn: true }).message("agent", "lo", { text: true });
  scene.message("target", "welcome", { text: true });
  scene.end("target", 1, Buffer.from("\x03\xe8bye", "latin1")).end("agent");
  const told = lines(scene);
  assert.ok(told.includes("           < │ hello") && told.includes("             │ welcome"));
  assert.ok(told.includes("             │ the target closed with 1000: bye"));
});

test("nothing that was recorded drives the terminal, or passes for a line of the replay", () => {
  const evil = "\x1b]0;title\x07\x1b[2J\r\n#9 200 · 1 ms\u202e";
  const text = fc.oneof(fc.constant(evil), fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(text, text, (one, other) => {
      const scene = new HttpScene().asked(one, other, one, { fields: [[one, other]] });
      scene.sent(requestOf(one, other, { contentType: other }), factsOf(one, { fields: [[one, other]] }));
      scene.head("target", { status: 200, fields: [[other, one]] });
      scene.composer.connector({
        event: "exchange_masked",
        exchange: 1,
        fields: { [`l${one}`.slice(0, 200)]: 1 },
      });
      scene.bytes("target", other).trailers("target", [[one, other]]);
      scene.asked("GET", "/", undefined, { websocket: { subprotocols: [] } });
      scene.head("target", { status: 101, fields: [], subprotocol: one });
      scene.message("target", other, { text: true }).end("target", 2, `ab${one}`.slice(0, 100));
      scene.reset("agent", "agent_gone", other);
      for (const line of lines(scene, { verbose: true })) {
        assert.doesNotMatch(line, /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
        assert.match(line, /^(?:#\d+|\s{11,13}[<2 ]?\s?│)/);
      }
    }),
    { numRuns: 100 },
  );
});
