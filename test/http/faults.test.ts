import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { EntryKind } from "../../protocol/entry.ts";
import { decodeHeader, FRAME_HEADER, FrameFlag, FrameType } from "../../protocol/frame.ts";
import { type HttpGateway, startHttpGateway } from "./gateway.ts";
import { startServer, type TestServer } from "./server.ts";

const MiB = 1024 * 1024;
const CONNECTOR = fileURLToPath(new URL("../../connector/main.ts", import.meta.url));
/** A process that serves as a connector by what it is given. */
const SERVE = `const { startConnector } = await import(process.argv[1]);
const config = JSON.parse(process.argv[2]);
config.edge = new URL(config.edge);
config.targets[0].labels = { labels: new Map(), rules: [] };
startConnector(config, config.edge, () => {}).online.then(() => console.log("online"));`;

/** How an exchange ended at the target. */
interface AtTarget {
  /** Of the request: all its bytes came. */
  isWhole: boolean;
  received: number;
  gone: Promise<void>;
  response: ServerResponse;
}

describe("exchanges, when something on their way fails", { timeout: 300_000 }, () => {
  let server: TestServer;
  let gateway: HttpGateway;
  let arrived = Promise.withResolvers<AtTarget>();
  const pattern = randomBytes(64 * 1024);

  before(async () => {
    server = await startServer((incoming, response) => {
      const { promise: gone, resolve } = Promise.withResolvers<void>();
      const seen: AtTarget = { isWhole: false, received: 0, gone, response };
      response.on("close", resolve);
      incoming.on("error", () => {});
      incoming.on("data", (chunk: Buffer) => {
        seen.received += chunk.length;
      });
      incoming.on("end", () => {
        seen.isWhole = true;
        if (incoming.url === "/upload") response.end("taken");
      });
      if (incoming.url === "/endless") {
        response.writeHead(200, { "content-type": "application/octet-stream" });
        const go = () => {
          while (!response.destroyed && response.write(pattern));
        };
        response.on("drain", go);
        go();
      } else if (incoming.url === "/events") {
        response.writeHead(200, { "content-type": "text/event-stream" }).write("data: 1\n\n");
      } else if (incoming.url === "/told") {
        response.writeHead(200, { "content-type": "application/octet-stream", "content-length": `${MiB}` });
        response.write(pattern);
      } else if (incoming.url === "/ok") {
        response.end("ok");
      }
      if (incoming.url !== "/ok") arrived.resolve(seen);
    });
    gateway = await startHttpGateway({ target: server.target });
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
  });

  beforeEach(() => {
    arrived = Promise.withResolvers();
  });

  const ask = (path: string, method = "GET"): ClientRequest =>
    request(gateway.url + path, {
      method,
      headers: { authorization: `Bearer ${gateway.token}` },
      agent: false,
    });

  interface Reading {
    body: Buffer[];
    /** Resolves at so many bytes. */
    has(bytes: number): Promise<void>;
    /** How it ended: as a whole body, or not. */
    end: Promise<"whole" | "broken">;
  }

  async function read(path: string): Promise<Reading> {
    const asked = ask(path);
    asked.on("error", () => {});
    asked.end();
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    assert.equal(response.statusCode, 200);
    const body: Buffer[] = [];
    let bytes = 0;
    const end = Promise.withResolvers<"whole" | "broken">();
    response.on("data", (chunk: Buffer) => {
      body.push(chunk);
      bytes += chunk.length;
    });
    response.on("error", () => {});
    response.on("close", () => end.resolve(response.complete ? "whole" : "broken"));
    return {
      body,
      end: end.promise,
      async has(wanted) {
        while (bytes < wanted) await once(response, "data");
      },
    };
  }

  /** An upload that goes on until its connection ends; how that was. */
  async function upload(): Promise<{ end: Promise<string>; seen: AtTarget }> {
    const asked = ask("/upload", "POST");
    const end = Promise.withResolvers<string>();
    asked.on("error", () => end.resolve("broken"));
    asked.on("response", (response) => {
      response.resume();
      end.resolve(String(response.statusCode));
    });
    let isOver = false;
    void end.promise.then(() => {
      isOver = true;
    });
    const go = () => {
      while (!isOver && !asked.destroyed && asked.write(pattern));
    };
    asked.on("drain", go);
    go();
    const seen = await arrived.promise;
    while (seen.received < 3 * MiB) await sleep(5);
    return { end: end.promise, seen };
  }

  /** That all bytes that the client has are in the recording, which may have more. */
  async function assertRecorded({ body }: Reading): Promise<void> {
    const got = Buffer.concat(body);
    const [session] = await gateway.sessions();
    const streams = new Map<number, Buffer[]>();
    for (const { kind, frame } of await gateway.recording(session!.id)) {
      if (kind !== EntryKind.target) continue;
      const { type, flags, stream } = decodeHeader(frame);
      if ((type !== FrameType.data && type !== FrameType.end) || (flags & FrameFlag.head) !== 0) continue;
      streams.set(stream, [...(streams.get(stream) ?? []), Buffer.from(frame.subarray(FRAME_HEADER))]);
    }
    const isThere = [...streams.values()].some((chunks) =>
      Buffer.concat(chunks).subarray(0, got.length).equals(got),
    );
    assert.ok(isThere, `${got.length} bytes at the client, which the recording has not`);
  }

  /** The path is whole again. */
  async function serves(): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const response = await gateway.fetch("/ok").catch(() => null);
      if (response !== null && (await response.text().catch(() => "")) === "ok") return;
      await sleep(50);
    }
    assert.fail("nothing is served any more");
  }

  describe("the edge is killed", () => {
    test("in a download: the client sees a broken body, the target is told, all is recorded", async () => {
      const reading = await read("/endless");
      await reading.has(3 * MiB);
      const { gone } = await arrived.promise;
      await gateway.edge.edge.restart();
      assert.equal(await reading.end, "broken");
      await gone;
      await assertRecorded(reading);
      await serves();
    });

    test("in an upload: the target never sees its end", async () => {
      const { end, seen } = await upload();
      await gateway.edge.edge.restart();
      assert.equal(await end, "broken");
      await seen.gone;
      assert.equal(seen.isWhole, false);
      await serves();
    });

    test("among events: the client sees that they broke off", async () => {
      const reading = await read("/events");
      await reading.has(1);
      const { gone } = await arrived.promise;
      await gateway.edge.edge.restart();
      assert.equal(await reading.end, "broken");
      await gone;
      await assertRecorded(reading);
      await serves();
    });
  });

  describe("the target breaks off", () => {
    for (const path of ["/endless", "/told", "/events"]) {
      test(`in ${path}: so does the body`, async () => {
        const reading = await read(path);
        await reading.has(1);
        const { response } = await arrived.promise;
        response.socket!.resetAndDestroy();
        assert.equal(await reading.end, "broken");
        await assertRecorded(reading);
      });
    }

    test("without a word, by closing in the middle: so does the body", async () => {
      for (const path of ["/events", "/told"]) {
        arrived = Promise.withResolvers();
        const reading = await read(path);
        await reading.has(1);
        const { response } = await arrived.promise;
        response.socket!.destroySoon();
        assert.equal(await reading.end, "broken", path);
      }
    });

    test("in an upload: the client is told", async () => {
      const { end, seen } = await upload();
      seen.response.socket!.resetAndDestroy();
      assert.match(await end, /^(?:502|broken)$/);
      await serves();
    });
  });

  describe("the connector is killed", () => {
    let child: ChildProcess;

    const start = async () => {
      const config = {
        name: "main",
        edge: gateway.edge.edge.url.href,
        state: join(gateway.edge.state, "connector-main"),
        targets: [server.target],
      };
      child = spawn(
        process.execPath,
        ["--input-type=module", "-e", SERVE, CONNECTOR, JSON.stringify(config)],
        {
          stdio: ["ignore", "pipe", "inherit"],
        },
      );
      await once(child.stdout!, "data");
      await serves();
    };
    const kill = async () => {
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    };

    before(async () => {
      const allow = ["service/*"];
      const targets = [{ name: "shop", kind: "http", connector: "main", description: "", allow } as const];
      await gateway.edge.apply({ targets: [...targets], limits: { resumeMs: 1_000 } });
      gateway.connector.stop();
      await start();
    });

    after(() => kill());

    test("in a download: the client sees a broken body, and no byte that is not recorded", async () => {
      const reading = await read("/endless");
      await reading.has(3 * MiB);
      const { gone } = await arrived.promise;
      await kill();
      assert.equal(await reading.end, "broken");
      await gone;
      await assertRecorded(reading);
      await start();
    });

    test("in an upload: the target never sees its end", async () => {
      const { end, seen } = await upload();
      await kill();
      assert.match(await end, /^(?:50[0-9]|broken)$/);
      await seen.gone;
      assert.equal(seen.isWhole, false);
      await start();
    });
  });
});
