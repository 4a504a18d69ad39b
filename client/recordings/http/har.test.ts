import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { BLOCKED, HttpScene, requestOf } from "../../../protocol/http/transcript/testing.ts";
import { Composer, inChunks } from "../../../protocol/recording/testing.ts";
import { generateKey } from "../../../protocol/signatures.ts";
import { recordedEntries } from "../source.ts";
import { exportHar } from "./export-har.ts";
import { writeHar } from "./har.ts";
import "../../../protocol/seeded.ts";

interface Entry {
  startedDateTime: string;
  time: number;
  request: {
    url: string;
    postData?: { text: string; _encoding?: string };
    queryString: unknown[];
    headers: unknown[];
  };
  response: { status: number; content: { size: number; text?: string; encoding?: string } };
  timings: { wait: number; receive: number };
  _webSocketMessages?: { type: string; time: number; opcode: number; data: string }[];
  [name: string]: unknown;
}

async function har(scene: HttpScene): Promise<Entry[]> {
  let text = "";
  const written = await writeHar(asIterable(scene), "1.0", async (part) => {
    text += part;
  });
  assert.doesNotMatch(text.replaceAll("\n", ""), /[\p{Cc}\u2028]/u);
  const { log } = JSON.parse(text) as { log: { version: string; creator: object; entries: Entry[] } };
  assert.deepEqual([log.version, log.creator], ["1.2", { name: "sallyport", version: "1.0" }]);
  assert.equal(log.entries.length, written);
  return log.entries;
}

async function* asIterable({ entries }: HttpScene) {
  yield* entries;
}

test("an exchange with its heads, bodies, times, and what was decided of it", async () => {
  const scene = new HttpScene().asked("POST", "/o?a=b%20c", "é", {
    fields: [["content-type", "text/plain"]],
  });
  scene.judged(requestOf("POST", "/o?a=b%20c"), BLOCKED).wait(7).head("target", { status: 403, fields: [] });
  scene
    .wait(3)
    .bytes("target", Buffer.from([0xff, 0xfe, 1, 2]))
    .trailers("target", [["x", "y"]]);
  const [entry] = await har(scene);
  assert.deepEqual(entry?.request, {
    method: "POST",
    url: "http://shop/o?a=b%20c",
    httpVersion: "HTTP/1.1",
    cookies: [],
    headers: [{ name: "content-type", value: "text/plain" }],
    queryString: [{ name: "a", value: "b c" }],
    headersSize: -1,
    bodySize: 2,
    postData: { mimeType: "text/plain", params: [], text: "é" },
  });
  assert.deepEqual(entry?.response.content, {
    size: 4,
    mimeType: "x-unknown",
    encoding: "base64",
    text: Buffer.from([0xff, 0xfe, 1, 2]).toString("base64"),
  });
  assert.deepEqual([entry?.time, entry?.timings], [10, { send: 0, wait: 7, receive: 3 }]);
  assert.deepEqual(
    [entry?._exchange, entry?._refused, entry?._outcome],
    [1, "blocked: not here", "complete"],
  );
  assert.deepEqual(entry?._responseTrailers, [["x", "y"]]);
});

test("long bodies that interleave come out whole, each its own", async () => {
  const scene = new HttpScene().asked("GET", "/a").asked("GET", "/b");
  for (const exchange of [1, 2]) scene.head("target", { status: 200, fields: [] }, exchange);
  const pieces = Array.from({ length: 9 }, (_, i) => Buffer.alloc(50_001, 65 + i));
  for (const piece of pieces) {
    scene.bytes("target", piece, 1).bytes("target", Buffer.from(piece.map((byte) => byte | 0x80)), 2);
  }
  scene.end("target", 2).end("target", 1);
  const [second, first] = await har(scene);
  const whole = Buffer.concat(pieces);
  assert.equal(first?.response.content.text, whole.toString());
  assert.ok(
    Buffer.from(second?.response.content.text ?? "", "base64").equals(
      Buffer.from(whole.map((byte) => byte | 0x80)),
    ),
  );
});

test("the messages of a WebSocket, whole though their parts interleave; binary ones in base64", async () => {
  const scene = new HttpScene().asked("GET", "/f", undefined, { websocket: { subprotocols: [] } });
  scene.head("target", { status: 101, fields: [], subprotocol: null });
  scene
    .message("agent", "he", { text: true, goesOn: true })
    .message("target", Uint8Array.of(1), { goesOn: true });
  scene.wait(5).message("agent", "llo", { text: true }).message("target", Uint8Array.of(2));
  const [entry] = await har(scene);
  assert.deepEqual(entry?._webSocketMessages, [
    { type: "send", time: 1_800_000_000, opcode: 1, data: "hello" },
    { type: "receive", time: 1_800_000_000, opcode: 2, data: "AQI=" },
  ]);
  assert.equal(entry?._outcome, "unfinished");
});

test("whatever bodies, fields and messages hold, the JSON is sound and has them", async () => {
  const bytes = fc.uint8Array({ maxLength: 20 });
  const text = fc.string({ unit: "binary" });
  const given = fc.tuple(fc.array(bytes, { maxLength: 4 }), text, text);
  await fc.assert(
    fc.asyncProperty(given, async ([pieces, name, value]) => {
      const scene = new HttpScene().asked(name, `/${value}`, value, { fields: [[name, value]] });
      scene.head("target", { status: 200, fields: [["content-type", value]] });
      for (const piece of pieces) scene.bytes("target", piece);
      const [entry] = await har(scene.end("target"));
      const { size, text: told = "", encoding } = entry!.response.content;
      const whole = Buffer.concat(pieces);
      assert.equal(size, whole.length);
      assert.ok(Buffer.from(told, encoding === "base64" ? "base64" : "utf8").equals(whole));
      assert.deepEqual(entry?.request.headers, [{ name, value }]);
    }),
    { numRuns: 60 },
  );
});

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "sallyport-har-test-"));
});
after(() => rmSync(folder, { recursive: true }));

test("the file is there whole or not at all, and for no other kind of target", async () => {
  const output = join(folder, "session.har");
  const scene = new HttpScene().asked("GET", "/").answered(200, "hi");
  const entries = recordedEntries(inChunks(await scene.composer.file()));
  const words = await exportHar("x", entries, { output, version: "1" });
  assert.equal(words, `${output}: HAR 1.2, 1 exchange`);
  assert.equal(
    (JSON.parse(readFileSync(output, "utf8")) as { log: { entries: unknown[] } }).log.entries.length,
    1,
  );
  const database = await new Composer("ab".repeat(16), await generateKey(), await generateKey())
    .opened()
    .file();
  const cut = (await scene.composer.file()).subarray(0, -10);
  for (const [file, code] of [
    [database, "invalid_request"],
    [cut, "protocol_violation"],
  ] as const) {
    const none = join(folder, "none.har");
    await assert.rejects(exportHar("x", recordedEntries(inChunks(file)), { output: none, version: "1" }), {
      code,
    });
  }
  assert.deepEqual(readdirSync(folder), ["session.har"]);
});
