import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, type TestContext, test } from "node:test";
import { type WebSocket, WebSocketServer } from "ws";
import { SallyportError } from "../protocol/errors.ts";
import type { Answer, PolicyInForce, PolicyTaken, Presence } from "../protocol/hub-messages.ts";
import { generateKey } from "../protocol/signatures.ts";
import { Uplink, type UplinkOptions } from "./uplink.ts";

const request = { target: "orders", principal: "corp/alice", groups: [], sql: "SELECT 1" };

describe("the control socket of a connector", () => {
  let server: Server;
  let edge: WebSocketServer;
  let socket: WebSocket;
  let log: string[];

  async function start(context: TestContext, options: Partial<UplinkOptions>): Promise<Uplink> {
    const { port } = server.address() as AddressInfo;
    log = [];
    const joined = once(edge, "connection");
    const uplink = new Uplink({
      edge: new URL(`http://127.0.0.1:${port}`),
      name: "main",
      key: await generateKey(),
      targets: [],
      hostKey: "ssh-ed25519 AAAA",
      spares: 0,
      token: async () => "token",
      serve: () => {},
      cancelHere: () => false,
      policies: () => {},
      explain: async () => ({ statements: [] }),
      scanLabels: () => Promise.reject(new SallyportError("internal", "nothing to scan")),
      log: (line) => log.push(line),
      ...options,
    });
    context.after(() => uplink.stop());
    [socket] = (await joined) as [WebSocket];
    return uplink;
  }

  /** The answers that come, as many as given. */
  async function answers(count: number): Promise<Answer[]> {
    const found: Answer[] = [];
    for await (const [data] of on(socket)) {
      const message = JSON.parse(data.toString()) as Answer | { type: "presence" };
      if (message.type !== "presence") found.push(message);
      if (found.length === count) break;
    }
    return found;
  }

  before(async () => {
    server = createServer().listen(0, "127.0.0.1");
    edge = new WebSocketServer({ server });
    await once(server, "listening");
  });
  after(() => {
    edge.close();
    server.close();
  });
  test("says with its presence which key its SSH targets show", async (context) => {
    const presence = Promise.withResolvers<Presence>();
    edge.once("connection", (joined: WebSocket) =>
      joined.once("message", (data: Buffer) => presence.resolve(JSON.parse(data.toString()))),
    );
    await start(context, { targets: ["web"] });
    assert.deepEqual(await presence.promise, {
      type: "presence",
      targets: ["web"],
      sessions: 0,
      hostKey: "ssh-ed25519 AAAA",
    });
  });

  test("gives on the policies that the edge sends, in their order", async (context) => {
    const seen: number[] = [];
    const both = Promise.withResolvers<void>();
    await start(context, {
      policies: ({ revision }) => {
        if (seen.push(revision) === 2) both.resolve();
      },
    });
    for (const revision of [3, 4]) {
      const message: PolicyInForce = { type: "policy", revision, version: "", text: "x".repeat(600_000) };
      socket.send(JSON.stringify(message));
    }
    await both.promise;
    assert.deepEqual(seen, [3, 4]);
  });

  test("says which policies it took once they are in force, and nothing of those that it failed on", async (context) => {
    const steps: string[] = [];
    await start(context, {
      policies: ({ revision }) => {
        if (revision === 4) throw new Error("it can't be held");
        steps.push(`holds ${revision}`);
      },
    });
    const told = (async () => {
      for await (const [data] of on(socket)) {
        const message = JSON.parse(data.toString()) as PolicyTaken | { type: "presence" };
        if (message.type === "policy_taken") return steps.push(`told ${message.revision}`);
      }
      return 0;
    })();
    const put = (revision: number) =>
      socket.send(
        JSON.stringify({ type: "policy", revision, version: "", text: "" } satisfies PolicyInForce),
      );
    put(3);
    await told;
    const heard: string[] = [];
    socket.on("message", (data: Buffer) => heard.push(data.toString()));
    const again = once(edge, "connection");
    put(4);
    [socket] = (await again) as [WebSocket];
    assert.deepEqual(steps, ["holds 3", "told 3"]);
    assert.deepEqual(heard, []);
  });

  test("comes again when the edge says what can't be read", async (context) => {
    await start(context, {});
    for (const garbage of ["{", "null", '{"type":"policy"']) {
      const again = once(edge, "connection");
      socket.send(garbage);
      [socket] = (await again) as [WebSocket];
    }
    assert.ok(log.some((line) => /can't be read/.test(line)));
  });

  test("answers a bounded number of questions at once", async (context) => {
    const busy = Promise.withResolvers<{ statements: [] }>();
    await start(context, { explain: () => busy.promise });
    const told = answers(1);
    for (let i = 0; i < 5; i++) socket.send(JSON.stringify({ type: "explain", id: `q${i}`, request }));
    const [refused] = await told;
    assert.equal(refused!.id, "q4");
    assert.equal("error" in refused!.answer && refused!.answer.error.code, "too_many");
    const rest = answers(4);
    busy.resolve({ statements: [] });
    assert.deepEqual(
      (await rest).map(({ id }) => id),
      ["q0", "q1", "q2", "q3"],
    );
    const free = answers(1);
    socket.send(JSON.stringify({ type: "explain", id: "q5", request }));
    assert.deepEqual((await free)[0]!.answer, { statements: [] });
  });

  test("looks for labels one scan at a time, whatever else is asked", async (context) => {
    const busy = Promise.withResolvers<never>();
    await start(context, { scanLabels: () => busy.promise });
    const told = answers(2);
    const ask = (type: string, id: string) => socket.send(JSON.stringify({ type, id, request }));
    ask("scan_labels", "s0");
    ask("scan_labels", "s1");
    ask("explain", "q0");
    const given = await told;
    assert.deepEqual(
      given.map(({ type, id, answer }) => [type, id, "error" in answer ? answer.error.code : "answered"]),
      [
        ["labels_scanned", "s1", "too_many"],
        ["explained", "q0", "answered"],
      ],
    );
    const failed = answers(1);
    busy.reject(new SallyportError("target_unreachable", "it is away"));
    assert.deepEqual((await failed)[0]!.answer, {
      error: { code: "target_unreachable", message: "it is away" },
    });
  });

  test("stops to look for labels when it ends", async (context) => {
    const begun = Promise.withResolvers<AbortSignal>();
    const uplink = await start(context, {
      scanLabels: (_request, signal) => {
        begun.resolve(signal);
        return new Promise(() => {});
      },
    });
    socket.send(JSON.stringify({ type: "scan_labels", id: "s", request }));
    const signal = await begun.promise;
    assert.equal(signal.aborted, false);
    uplink.stop();
    assert.equal(signal.aborted, true);
  });

  test("tells its own errors and no other's words", async (context) => {
    let failure: Error = new SallyportError("target_unreachable", "it is away", "Start it.");
    await start(context, { explain: () => Promise.reject(failure) });
    const ask = async () => {
      const told = answers(1);
      socket.send(JSON.stringify({ type: "explain", id: "q", request }));
      return (await told)[0]!.answer;
    };
    assert.deepEqual(await ask(), {
      error: { code: "target_unreachable", message: "it is away", hint: "Start it." },
    });
    failure = new Error("password=hunter2");
    assert.doesNotMatch(JSON.stringify(await ask()), /hunter2/);
  });
});

/** Messages of a socket, from now on. */
async function* on(socket: WebSocket): AsyncGenerator<[Buffer]> {
  const queue: Buffer[] = [];
  let wake = () => {};
  const take = (data: Buffer) => {
    queue.push(data);
    wake();
  };
  socket.on("message", take);
  try {
    for (;;) {
      const next = queue.shift();
      if (next) yield [next];
      else {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    }
  } finally {
    socket.off("message", take);
  }
}
