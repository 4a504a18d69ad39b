import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { describe, test } from "node:test";
import { SallyportError } from "../../protocol/errors.ts";
import { WINDOW } from "../../protocol/frame.ts";
import { localListener, RawClient } from "./testing.ts";

const MB = 1024 * 1024;

async function response(sent: ClientRequest): Promise<IncomingMessage> {
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

async function text(answer: IncomingMessage): Promise<string> {
  let all = "";
  for await (const chunk of answer.setEncoding("latin1")) all += chunk;
  return all;
}

/** Waits until nothing moves any more, for some turns of the event loop; the kernel's buffers take some of what is sent. */
async function standstill(count: () => number): Promise<void> {
  let before = -1;
  for (let turns = 0; turns < 20; turns++) {
    if (count() !== before) turns = 0;
    before = count();
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("a request through the local listener", () => {
  test("goes with its fields but those of the connection and of who asks, and comes back", async (context) => {
    const local = await localListener(context, (served) => served.answer(201, "made", [["x-one", "1"]]));
    const sent = request(`${local.url}/a/b?c=%2F`, {
      method: "POST",
      headers: {
        authorization: "Bearer secret",
        cookie: "a=b",
        "impersonate-user": "root",
        "content-type": "text/plain",
        "sallyport-upgrade": "spdy/3.1",
        te: "trailers",
      },
    });
    sent.end("body");
    const answer = await response(sent);
    assert.equal(answer.statusCode, 201);
    assert.equal(answer.headers["x-one"], "1");
    assert.equal(await text(answer), "made");
    const [served] = local.served;
    assert.equal(served!.body, "body");
    const { fields, ...head } = served!.head;
    assert.deepEqual(head, { method: "POST", target: "/a/b?c=%2F", base: "", body: true });
    assert.deepEqual(
      fields.map(([name]) => name),
      ["content-type", "content-length", "te"],
    );
    assert.equal(local.tunnels.length, 1);
  });

  test("trailers go both ways", async (context) => {
    const local = await localListener(context, (served) => {
      void served.ended.promise.then(() => {
        served.stream.head({ status: 200, fields: [["trailer", "digest"]] });
        served.stream.send([Buffer.from("body")]);
        served.stream.end({ trailers: [["digest", "d"]] });
      });
    });
    const sent = request(local.url, { method: "PUT", headers: { trailer: "checksum" } });
    sent.write("part");
    sent.addTrailers([
      ["Checksum", "c"],
      ["Authorization", "x"],
    ]);
    sent.end();
    const answer = await response(sent);
    assert.equal(await text(answer), "body");
    assert.deepEqual(answer.trailers, { digest: "d" });
    assert.deepEqual(local.served[0]!.trailers, [["checksum", "c"]]);
  });

  test("trailers that can't be sent on are told, and the request never ends as if it were whole", async (context) => {
    const local = await localListener(context);
    const trailers = Array.from({ length: 201 }, (_, index) => `x-${index}: 1\r\n`).join("");
    const raw = new RawClient(local).send(
      `POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n${trailers}\r\n`,
    );
    assert.match(await raw.until('"invalid_request"'), /^HTTP\/1\.1 400 /);
    raw.socket.destroy();
    assert.equal((await local.served[0]!.reset.promise).code, "agent_gone");
  });

  test("a client that leaves in the middle of a body resets its stream", async (context) => {
    const local = await localListener(context);
    const raw = new RawClient(local).send(
      "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf",
    );
    const served = await local.next();
    while (served.bytes < 4) await new Promise((resolve) => setImmediate(resolve));
    raw.socket.end();
    assert.equal((await served.reset.promise).code, "agent_gone");
    assert.equal(served.trailers, undefined);
  });

  test("a body whose length was told has no place for trailers: they are left out", async (context) => {
    const local = await localListener(context, (served) => {
      served.stream.head({
        status: 200,
        fields: [
          ["content-length", "2"],
          ["trailer", "digest"],
        ],
      });
      served.stream.send([Buffer.from("ok")]);
      served.stream.end({ trailers: [["digest", "d"]] });
    });
    const answer = await response(request(local.url).end());
    assert.equal(await text(answer), "ok");
    assert.deepEqual(answer.trailers, {});
  });

  test("interim responses come before the final one, to clients that know them", async (context) => {
    const local = await localListener(context, (served) => {
      served.stream.head({ status: 100, fields: [] });
      served.stream.head({ status: 102, fields: [] });
      served.stream.head({
        status: 103,
        fields: [
          ["link", "</a.css>; rel=preload"],
          ["link", "</b.css>; rel=preload"],
        ],
      });
      served.answer(200, "done");
    });
    const sent = request(local.url).end();
    const interim: unknown[] = [];
    sent.on("information", ({ statusCode, rawHeaders }) => interim.push([statusCode, rawHeaders]));
    assert.equal(await text(await response(sent)), "done");
    assert.deepEqual(interim, [
      [102, []],
      [103, ["link", "</a.css>; rel=preload,</b.css>; rel=preload"]],
    ]);
    const old = await new RawClient(local).send("GET / HTTP/1.0\r\n\r\n").whole();
    assert.match(old, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(old, /\r\n\r\ndone$/);
  });

  test("who waits for a 100 gets it once there is a session, and no other", async (context) => {
    const local = await localListener(context, (served) => {
      void served.ended.promise.then(() => served.answer(200, served.body));
    });
    const sent = request(local.url, { method: "POST", headers: { expect: "100-continue" } });
    sent.flushHeaders();
    await once(sent, "continue");
    assert.deepEqual(local.served[0]?.head.fields.map(([name]) => name) ?? [], []);
    sent.end("sent after it");
    assert.equal(await text(await response(sent)), "sent after it");
  });

  test("who waits for a 100 and may not is told so instead", async (context) => {
    const local = await localListener(context, () => {}, {
      open: () => Promise.reject(new SallyportError("forbidden", "not you")),
    });
    const sent = request(local.url, { method: "POST", headers: { expect: "100-continue" } });
    sent.flushHeaders();
    let continued = false;
    sent.on("continue", () => {
      continued = true;
    });
    assert.equal((await response(sent)).statusCode, 403);
    assert.equal(continued, false);
    sent.destroy();
  });

  for (const [method, status] of [
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ] as const) {
    test(`${method} with ${status} has no body, whatever came, and the connection goes on`, async (context) => {
      const local = await localListener(context, (served) => {
        const fields: [string, string][] = status === 204 ? [] : [["content-length", "5"]];
        if (served.head.target === "/first") served.answer(status, "hello", fields);
        else served.answer(200, "next");
      });
      const raw = new RawClient(local);
      raw.send(`${method} /first HTTP/1.1\r\nHost: localhost\r\n\r\n`);
      await raw.until("\r\n\r\n");
      raw.send("GET /second HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      const all = await raw.whole();
      assert.ok(!all.includes("hello"));
      assert.match(all, /HTTP\/1\.1 200 OK[\s\S]*next/);
      assert.equal(all.includes("content-length: 5"), status !== 204);
    });
  }

  test("a response that is longer than it said breaks: it is not the beginning of the next", async (context) => {
    const local = await localListener(context, (served) => {
      served.stream.head({ status: 200, fields: [["content-length", "2"]] });
      served.stream.send([Buffer.from("okHTTP/1.1 200 OK\r\n\r\n")]);
    });
    const raw = new RawClient(local).send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const all = await raw.whole();
    assert.ok(!all.includes("okHTTP"));
    assert.equal((await local.served[0]!.reset.promise).code, "protocol_violation");
  });

  test("a response that is shorter than it said breaks", async (context) => {
    const local = await localListener(context, (served) =>
      served.answer(200, "ok", [["content-length", "3"]]),
    );
    const answer = await response(request(local.url).end());
    await assert.rejects(text(answer));
  });

  for (const [what, head] of [
    ["a 101 that nobody asked for", { status: 101, fields: [], subprotocol: null }],
    ["a field with a line end", { status: 200, fields: [["x", "a\r\nset-cookie: b"]] }],
    ["a status of none", { status: 42, fields: [] }],
    ["chunked framing of its own", { status: 200, fields: [["transfer-encoding", "chunked"]] }],
    ["a string", "200 OK"],
  ] as const) {
    test(`${what} from the connector is a 502`, async (context) => {
      const local = await localListener(context, (served) => served.stream.head(head as never));
      const answer = await response(request(local.url).end());
      assert.equal(answer.statusCode, 502);
      assert.equal(answer.headers["content-type"], "application/problem+json");
      assert.equal((await local.served[0]!.reset.promise).code, "protocol_violation");
    });
  }

  test("an upload of 100 MB passes a slow target in bounded memory", async (context) => {
    const local = await localListener(context);
    const sent = request(local.url, { method: "POST" });
    const served = local.next();
    const chunk = Buffer.alloc(MB, 7);
    let written = 0;
    const write = () => {
      while (written < 100) {
        written++;
        if (!sent.write(chunk)) {
          sent.once("drain", write);
          return;
        }
      }
      sent.end();
    };
    write();
    const target = await served;
    target.consumes = false;
    let most = 0;
    let consumed = 0;
    while (consumed < 100 * MB) {
      await standstill(() => target.bytes);
      most = Math.max(most, target.bytes - consumed);
      target.stream.consumed(target.bytes - consumed);
      consumed = target.bytes;
    }
    target.answer(200, "all");
    assert.equal(await text(await response(sent)), "all");
    assert.ok(most <= 2 * WINDOW, `${most} bytes were in flight`);
  });
  test("a download waits for its reader: the target is stopped at the window", async (context) => {
    const local = await localListener(context);
    const sent = request(local.url).end();
    const served = await local.next();
    served.stream.head({ status: 200, fields: [] });
    const answer = await response(sent);
    let through = 0;
    const fill = () => {
      while (served.stream.credit > 0 && through < 40) {
        served.stream.send([Buffer.alloc(MB)]);
        through++;
      }
      if (through === 40) served.stream.end();
    };
    served.onDrain = fill;
    fill();
    await standstill(() => through);
    assert.ok(through < 40, "it was stopped");
    let read = 0;
    for await (const chunk of answer) read += chunk.length;
    assert.equal(read, 40 * MB);
  });

  test("a client that leaves resets its stream", async (context) => {
    const local = await localListener(context);
    const sent = request(local.url).end();
    sent.on("error", () => {});
    const served = await local.next();
    sent.destroy();
    assert.equal((await served.reset.promise).code, "agent_gone");
    assert.deepEqual(local.tunnels[0]!.size, [0, 0]);
  });

  test("a reset before the head is an answer, after it a broken connection", async (context) => {
    const local = await localListener(context, (served) => {
      if (served.head.target === "/late") {
        served.stream.head({ status: 200, fields: [] });
        served.stream.send([Buffer.from("begin")]);
      }
      if (served.head.target === "/early") served.stream.reset("target_unreachable", "nobody there");
    });
    const early = await response(request(`${local.url}/early`).end());
    assert.equal(early.statusCode, 502);
    assert.deepEqual(JSON.parse(await text(early)), {
      type: "urn:sallyport:error:target_unreachable",
      title: "target unreachable",
      status: 502,
      code: "target_unreachable",
      detail: "nobody there",
    });
    const late = await response(request(`${local.url}/late`).end());
    await once(late, "readable");
    local.served[1]!.stream.reset("target_closed", "gone");
    await assert.rejects(text(late));
  });

  test("a response may end before the request: what is left is passed over", async (context) => {
    const local = await localListener(context, (served) => served.answer(413, "too much"));
    const sent = request(local.url, { method: "POST" });
    sent.write("some");
    const answer = await response(sent);
    assert.equal(await text(answer), "too much");
    assert.equal((await local.served[0]!.reset.promise).code, "closed");
    sent.end("more");
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(local.tunnels[0]!.size, [0, 0]);
  });
});

describe("the session of a listener", () => {
  test("is one for all requests, and another after it has ended", async (context) => {
    const local = await localListener(context, (served) => {
      if (served.head.target !== "/wait") served.answer(200, "ok");
    });
    await Promise.all([1, 2, 3].map(async () => text(await response(request(local.url).end()))));
    assert.equal(local.tunnels.length, 1);
    const waiting = request(`${local.url}/wait`).end();
    while (local.served.length < 4) await local.next();
    local.tunnels[0]!.end("idle", "nothing was sent for too long");
    const answer = await response(waiting);
    assert.deepEqual([answer.statusCode, answer.headers["retry-after"]], [503, "1"]);
    assert.deepEqual(local.endings, [{ code: "idle", reason: "nothing was sent for too long" }]);
    assert.equal((await response(request(local.url).end())).statusCode, 200);
    assert.equal(local.tunnels.length, 2);
  });

  test("that can't be opened is told, in the words of the target's kind; the next request tries again", async (context) => {
    let fails = true;
    const local = await localListener(context, (served) => served.answer(200, "ok"), {
      kind: "kubernetes",
      open: async () => {
        if (fails)
          throw new SallyportError("approval_required", "Somebody must agree.", "Ask with --reason.");
      },
    });
    const answer = await response(request(local.url).end());
    assert.equal(answer.statusCode, 403);
    const status = JSON.parse(await text(answer));
    assert.deepEqual([status.kind, status.reason, status.code], ["Status", "Forbidden", 403]);
    assert.equal(status.message, "Sallyport: Somebody must agree. (Ask with --reason.)");
    assert.equal(local.refused[0]?.code, "approval_required");
    fails = false;
    assert.equal((await response(request(local.url).end())).statusCode, 200);
  });

  test("ends with the listener", async (context) => {
    const local = await localListener(context, (served) => served.answer(200));
    await response(request(local.url).end());
    await local.listener.close();
    assert.deepEqual(local.endings, [{ code: "closed", reason: "the listener stops" }]);
  });
});
