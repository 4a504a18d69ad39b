import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, test } from "node:test";
import { gunzipSync } from "node:zlib";
import type { Fetch } from "../approval/post.ts";
import type { Outgoing } from "./destination.ts";
import { HecDestination } from "./hec.ts";
import { postBatch } from "./http.ts";
import { R2Destination } from "./r2.ts";
import { destinationsOf, isSiemOn, type SiemEnv } from "./settings.ts";
import { namedEvent } from "./testing.ts";
import { WebhookDestination } from "./webhook.ts";

const NOW = 1_700_000_000_000;
const KEY = Buffer.alloc(32, 7);
const SECRET = `whsec_${KEY.toString("base64")}`;

function outgoing(...uids: string[]): Outgoing[] {
  return uids.map((uid, item) => {
    const event = { ...namedEvent(uid), time: NOW };
    const json = JSON.stringify(event);
    return { event, json, bytes: json.length, source: "a".repeat(32), position: { seq: 3, item } };
  });
}

/** A service that answers what it is told to, and what it was asked. */
function service(status: number, body = "", headers: Record<string, string> = {}) {
  const requests: { url: string; init: RequestInit; headers: Headers }[] = [];
  const fetcher: Fetch = async (url, init) => {
    requests.push({ url, init, headers: new Headers(init.headers) });
    return new Response(body || null, { status, headers });
  };
  return { requests, fetcher };
}

describe("Splunk's collector", () => {
  const send = (status: number, body = "", headers = {}) => {
    const { fetcher, requests } = service(status, body, headers);
    const hec = new HecDestination(
      new URL("https://splunk.example.com:8088"),
      "token",
      "edge.example.com",
      fetcher,
    );
    return { requests, sent: hec.send(outgoing("one", "two")) };
  };

  test("gets JSON objects one after another, at its path, with its token, and follows nobody elsewhere", async () => {
    const { requests, sent } = send(200, '{"text":"Success","code":0}');
    assert.deepEqual(await sent, { outcome: "delivered" });
    const [{ url, init, headers }] = requests as [(typeof requests)[number]];
    assert.equal(url, "https://splunk.example.com:8088/services/collector/event");
    assert.equal(headers.get("authorization"), "Splunk token");
    assert.equal(init.redirect, "manual");
    const lines = String(init.body)
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      lines.map(({ time, host, sourcetype, event }) => [time, host, sourcetype, event.metadata.uid]),
      [
        [NOW / 1_000, "edge.example.com", "sallyport:ocsf", "one"],
        [NOW / 1_000, "edge.example.com", "sallyport:ocsf", "two"],
      ],
    );
  });

  const answers: [status: number, body: string, outcome: string, why: string][] = [
    [200, "", "delivered", "collectors of others say nothing"],
    [200, '{"text":"Server error","code":8}', "failed", "it says that it failed"],
    [400, '{"text":"Invalid data format","code":6,"invalid-event-number":1}', "refused", "an event is wrong"],
    [400, '{"text":"Event field is required","code":12}', "refused", "an event is wrong"],
    [413, "", "refused", "it is too much"],
    [400, '{"text":"Incorrect index","code":7}', "failed", "the settings are wrong, not the events"],
    [400, '{"text":"Data channel is missing","code":10}', "failed", "the settings are wrong, not the events"],
    [401, '{"text":"Token is required","code":2}', "failed", "the settings are wrong"],
    [403, '{"text":"Invalid token","code":4}', "failed", "the settings are wrong"],
    [302, "", "failed", "nobody is followed elsewhere"],
    [429, "", "failed", "it has too much to do"],
    [503, '{"text":"Server is busy","code":9}', "failed", "it has too much to do"],
  ];
  for (const [status, body, outcome, why] of answers)
    test(`${status} ${body}: ${outcome}, as ${why}`, async () => {
      const sent = await send(status, body, status === 302 ? { location: "http://169.254.169.254/" } : {})
        .sent;
      assert.equal(sent.outcome, outcome);
    });

  test("what it says of the time to come again is heeded, and its words only where they are plain", async () => {
    const busy = await send(503, '{"text":"<b>one</b> token=hunter2","code":9}', { "retry-after": "7" }).sent;
    assert.deepEqual(busy, { outcome: "failed", detail: "HTTP 503, code 9", retryAfterMs: 7_000 });
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const later = (await send(503, "", { "retry-after": date }).sent) as { retryAfterMs: number };
    assert.equal(later.retryAfterMs, 15 * 60_000, "no longer than a quarter of an hour");
  });
});

describe("a webhook of one's own", () => {
  test("is signed as Standard Webhooks says, and the same batch has the same id", async () => {
    const { fetcher, requests } = service(204);
    const webhook = new WebhookDestination(new URL("https://siem.example.com/in"), KEY, fetcher);
    assert.deepEqual(await webhook.send(outgoing("one"), NOW), { outcome: "delivered" });
    await webhook.send(outgoing("one"), NOW + 60_000);
    await webhook.send(outgoing("one", "two"), NOW);
    const ids = requests.map(({ headers }) => headers.get("webhook-id")!);
    assert.equal(ids[0], ids[1]);
    assert.notEqual(ids[0], ids[2]);
    const [{ init, headers }] = requests as [(typeof requests)[number]];
    const signed = `${ids[0]}.${headers.get("webhook-timestamp")}.${init.body}`;
    const signature = createHmac("sha256", KEY).update(signed).digest("base64");
    assert.equal(headers.get("webhook-signature"), `v1,${signature}`);
    const { type, data } = JSON.parse(String(init.body));
    assert.deepEqual([type, data[0].metadata.uid], ["ocsf.events", "one"]);
  });

  test("a refusal of the content is told from one of the sender", async () => {
    for (const [status, outcome] of [
      [400, "refused"],
      [413, "refused"],
      [422, "refused"],
      [401, "failed"],
      [404, "failed"],
      [500, "failed"],
    ] as const) {
      const webhook = new WebhookDestination(
        new URL("https://siem.example.com/in"),
        KEY,
        service(status).fetcher,
      );
      assert.equal((await webhook.send(outgoing("one"), NOW)).outcome, outcome, String(status));
    }
  });
});

test("a service that hangs, or drops the connection, has not taken anything", async () => {
  const server = createServer((request) => {
    if (request.url === "/drop") request.socket.destroy();
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const ask = (path: string) => postBatch(fetch, `http://127.0.0.1:${port}${path}`, "{}", {}, 50);
  assert.deepEqual(await ask("/hang"), { status: 0, text: "", detail: "no answer within 0.05 s" });
  assert.deepEqual((await ask("/drop")).status, 0);
  server.closeAllConnections();
  server.close();
});

describe("files in R2", () => {
  test("are named by what they begin with, so that a batch that comes again replaces itself", async () => {
    const objects = new Map<string, Uint8Array>();
    const bucket = {
      put: async (name: string, bytes: ArrayBuffer) => void objects.set(name, new Uint8Array(bytes)),
    } as unknown as R2Bucket;
    const r2 = new R2Destination(bucket);
    assert.deepEqual(await r2.send(outgoing("one")), { outcome: "delivered" });
    await r2.send(outgoing("one", "two"));
    const name = `events/2023/11/14/${"a".repeat(32)}-0000000003-0.ndjson.gz`;
    assert.deepEqual([...objects.keys()], [name]);
    const lines = gunzipSync(objects.get(name)!).toString().trimEnd().split("\n");
    assert.deepEqual(
      lines.map((line) => JSON.parse(line).metadata.uid),
      ["one", "two"],
    );
  });

  test("what the store does not take is told again", async () => {
    const bucket = { put: () => Promise.reject(new Error("no")) } as unknown as R2Bucket;
    assert.equal((await new R2Destination(bucket).send(outgoing("one"))).outcome, "failed");
  });
});

describe("the settings", () => {
  const env = (texts: Partial<SiemEnv>) => ({ RECORDINGS: {} as R2Bucket, ...texts });
  const faultOf = (texts: Partial<SiemEnv>) => destinationsOf(env(texts), fetch)[0]!.fault;

  test("without any nothing is delivered", () => {
    assert.deepEqual([isSiemOn(env({})), destinationsOf(env({}), fetch)], [false, []]);
  });

  test("what is wrong is said, without the address or the token, and events wait", async () => {
    const wrong: [Partial<SiemEnv>, RegExp][] = [
      [{ SIEM_URL: "http://siem.example.com", SIEM_TOKEN: SECRET }, /SIEM_URL is not an https URL/],
      [{ SIEM_URL: "https://u:p@siem.example.com", SIEM_TOKEN: SECRET }, /SIEM_URL/],
      [{ SIEM_URL: "https://siem.example.com", SIEM_TOKEN: "hunter2" }, /SIEM_TOKEN has not the form/],
      [{ SIEM_URL: "https://siem.example.com", SIEM_FORMAT: "cef" }, /SIEM_FORMAT/],
      [{ SIEM_URL: "https://siem.example.com", SIEM_FORMAT: "hec", SIEM_TOKEN: "a\nb" }, /SIEM_TOKEN/],
    ];
    for (const [texts, words] of wrong) {
      const [one] = destinationsOf(env(texts), fetch);
      assert.match(one!.fault!, words);
      assert.doesNotMatch(one!.fault!, /hunter2|u:p/);
      assert.deepEqual(await one!.destination.send(outgoing("one"), NOW), {
        outcome: "failed",
        detail: one!.fault,
      });
      assert.ok(isSiemOn(env(texts)));
    }
    assert.equal(faultOf({ SIEM_URL: "https://siem.example.com/in", SIEM_TOKEN: SECRET }), null);
    assert.equal(faultOf({ SIEM_URL: "https://s.example.com", SIEM_FORMAT: "hec", SIEM_TOKEN: "t" }), null);
  });
});
