import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { test } from "node:test";
import { authenticationOk, errorFields, readyForQuery } from "../../protocol/postgres/backend.ts";
import { PROTOCOL_3_0, parseStartup } from "../../protocol/postgres/frontend.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { DEFAULT_DETECTORS } from "../mask/detectors/modes.ts";
import { NO_LABELS } from "../mask/settings.ts";
import { openTarget } from "./target.ts";

test("a target that can't look for its client is opened without asking it to", async () => {
  const asked: (string | undefined)[] = [];
  const server = createServer((socket) => {
    const reader = new MessageReader("frontend");
    socket.on("data", (chunk) => {
      reader.push(chunk);
      while (reader.next()) {
        const packet = parseStartup(reader.body()!);
        assert.equal(packet.kind, "startup");
        const value = new Map(packet.parameters).get("client_connection_check_interval");
        asked.push(value);
        if (value === undefined) socket.write(Buffer.concat([authenticationOk(), readyForQuery("I")]));
        else socket.end(UNRECOGNIZED);
      }
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const target: PostgresTargetConfig = {
    name: "old",
    kind: "postgres",
    host: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    databases: ["app"],
    user: "app",
    password: null,
    tls: { mode: "disable" },
    channelBinding: "prefer",
    trustedFunctions: [],
    labels: NO_LABELS,
    maskKey: null,
    detectors: DEFAULT_DETECTORS,
  };
  const startup = { version: PROTOCOL_3_0, parameters: [["user", "app"]] as [string, string][] };
  const { socket, status } = await openTarget(target, startup, new AbortController().signal);
  assert.equal(status, "I");
  assert.deepEqual(asked, ["1s", undefined]);
  socket.destroy();
  server.close();
});

const UNRECOGNIZED = errorFields("ErrorResponse", [
  ["S", "FATAL"],
  ["V", "FATAL"],
  ["C", "42704"],
  ["M", 'unrecognized configuration parameter "client_connection_check_interval"'],
]);
