import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { after, before, describe, test } from "node:test";
import WebSocket from "ws";
import { A_SECOND_MS } from "../run/second.ts";
import { bodyOf, type EdgeService, type Served, startEdgeService } from "./edge-service.ts";

describe("how exchanges at the edge's own address end", { timeout: 300_000 }, () => {
  let service: EdgeService;

  before(async () => {
    service = await startEdgeService();
  });

  after(async () => {
    await service?.stop();
  });

  /** A response that has begun, and goes on. */
  const streaming = async (target = "web"): Promise<{ served: Served; response: IncomingMessage }> => {
    const answer = service.request(`/t/${target}/stream`);
    const served = await service.next();
    served.respond(200);
    served.stream.send([Buffer.from("begun")]);
    const { response } = await answer;
    await once(response, "readable");
    return { served, response };
  };

  test("a client that hangs up resets its exchange, before the response and in it", async () => {
    const waiting = service.request("/t/web/wait", {}, (request) => {
      request.on("error", () => {});
      request.end();
      void service.next().then((served) => {
        arrived.resolve(served);
        request.socket?.resetAndDestroy();
      });
    });
    const arrived = Promise.withResolvers<Served>();
    await assert.rejects(waiting);
    assert.equal((await (await arrived.promise).reset).code, "agent_gone");

    const { served, response } = await streaming();
    response.on("error", () => {});
    response.socket.resetAndDestroy();
    assert.equal((await served.reset).code, "agent_gone");
  });

  test("a client that has closed quietly is found out by the next bytes", async () => {
    const { served, response } = await streaming();
    response.on("error", () => {});
    response.socket.destroy();
    let over = false;
    void served.reset.then(() => {
      over = true;
    });
    await served.until(() => {
      if (!over) served.stream.send([Buffer.from("anyone?")]);
      return over;
    });
  });

  test("a client that breaks off its request never sends its end", async () => {
    const answer = service.request("/t/web/up", { method: "POST" }, (request) => {
      request.on("error", () => {});
      request.write("half");
      void service.next().then(async (served) => {
        arrived.resolve(served);
        await served.until(() => served.received === 4);
        request.socket?.destroy();
      });
    });
    const arrived = Promise.withResolvers<Served>();
    await assert.rejects(answer);
    const served = await arrived.promise;
    const first = await Promise.race([
      served.ended.then(() => "ended"),
      served.reset.then(({ code }) => code),
    ]);
    assert.equal(first, "agent_gone");
  });

  test("an exchange that its connector resets is an error, or a body that breaks off, never a whole one", async () => {
    const answer = service.fetch("/t/web/x");
    (await service.next()).stream.reset("target_unreachable", "nobody listens there");
    const refused = await answer;
    assert.equal(refused.status, 502);
    assert.match(await refused.text(), /target_unreachable.*nobody listens there/s);
    const status = service.fetch("/t/kube/x");
    (await service.next()).stream.reset("target_unreachable", "nobody listens there");
    assert.equal(((await (await status).json()) as { kind: string }).kind, "Status");

    const { served, response } = await streaming();
    served.stream.reset("target_closed", "it broke off");
    await assert.rejects(bodyOf(response));
  });

  test("a response that is complete before its request ends the request", async () => {
    const answer = service.request("/t/web/up", { method: "POST" }, (request) => {
      request.on("error", () => {});
      request.write("part");
    });
    const served = await service.next();
    await served.until(() => served.received === 4);
    served.answer(413, [], "too much");
    const { request, response } = await answer;
    assert.equal(response.statusCode, 413);
    assert.equal(String(await bodyOf(response)), "too much");
    assert.equal((await served.reset).code, "closed");
    request.destroy();
  });

  test("a kill ends what is open within a second, and the next request opens a session anew", async () => {
    const { served, response } = await streaming("kube");
    const held = service.fetch("/t/kube/held");
    const waiting = await service.next();
    const socket = new WebSocket(
      new URL("/t/kube/exec", service.gateway.edge.url.href.replace("http", "ws")),
      {
        headers: { authorization: `Bearer ${service.token}` },
      },
    );
    (await service.next()).stream.head({ status: 101, fields: [], subprotocol: null });
    await once(socket, "open");
    const closed = once(socket, "close");
    const broken = assert.rejects(bodyOf(response));
    const { session } = served.session;
    const start = performance.now();
    await service.gateway.api("POST", `/v1/sessions/${session}/kill`, { reason: "enough" });
    const refused = await held;
    assert.equal(refused.status, 403);
    assert.match(await refused.text(), /"kind":"Status".*enough/s);
    await broken;
    const [code, reason] = await closed;
    assert.deepEqual([code, String(reason)], [4410, "session_killed: enough"]);
    await Promise.all([served.reset, waiting.reset]);
    assert.ok(performance.now() - start < A_SECOND_MS, `${performance.now() - start} ms`);
    const again = service.fetch("/t/kube/again", { method: "POST", body: "with a body" });
    const next = await service.next();
    await next.ended;
    next.answer(204);
    assert.equal((await again).status, 204);
    assert.notEqual(next.session.session, session);
  });

  test("a revoked token ends what it has open within a second, and opens nothing more", async () => {
    const { api, serviceToken, edge } = service.gateway;
    const authorization = `Bearer ${await serviceToken("revoked")}`;
    const ask = (path: string) => service.request(path, { headers: { authorization } });
    const answer = ask("/t/web/stream");
    const served = await service.next();
    served.respond(200);
    served.stream.send([Buffer.from("begun")]);
    const broken = assert.rejects(bodyOf((await answer).response));
    const start = performance.now();
    await api("DELETE", "/v1/tokens/revoked");
    await broken;
    await served.reset;
    const { response } = await ask("/t/web/more");
    assert.equal(response.statusCode, 401);
    assert.ok(performance.now() - start < A_SECOND_MS, `${performance.now() - start} ms`);
    assert.ok(edge.url);
  });
});
