import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CommandProcess } from "../../client/commands/testing.ts";
import { type ConnectorTelemetry, connectorTelemetry } from "../../connector/telemetry/telemetry.ts";
import { type SshGateway, startSshGateway, TARGET } from "../ssh/gateway.ts";
import { unavailable } from "../system-packages.ts";
import { type Collector, startCollector } from "./collector.ts";
import { nameOf, paths } from "./paths.ts";

const MARKER = "canary4711";
const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("one trace from ssh to the host", { skip: unavailable("openssh-server"), timeout: 300_000 }, () => {
  let gateway: SshGateway;
  let collector: Collector;
  let telemetry: ConnectorTelemetry | null;

  before(async () => {
    collector = await startCollector();
    telemetry = await connectorTelemetry(collector.variables("connector"), () => {});
    gateway = await startSshGateway({ edge: { bindings: collector.variables("edge") }, told: { telemetry } });
  });

  after(async () => {
    await gateway?.stop();
    await telemetry?.close();
    await collector?.stop();
  });

  test("`ssh` hands it to its ProxyCommand; a command is a span with its status, and no word of it", async () => {
    const { status } = await new CommandProcess(["ssh", TARGET, `echo ${MARKER}; exit 7`], {
      folder: gateway.edge.state,
      env: {
        SALLYPORT_EDGE: gateway.edge.edge.url.href,
        SALLYPORT_TOKEN: gateway.token,
        TRACEPARENT: `00-${TRACE}-${SPAN}-01`,
        ...collector.variables("client"),
      },
    }).end();
    assert.equal(status, 7);
    const has = (name: string) => collector.spans.some((span) => nameOf(span) === name);
    const last = ["client ssh", "edge session", "connector session"];
    await collector.until(() => last.every(has));
    const opening = "client ssh > client open tunnel > edge /v1/tunnel/:target";
    assert.deepEqual(
      paths(collector.spans, SPAN).filter((path) => !/> edge [a-z]+(?: connector| session)?$/.test(path)),
      [
        "client ssh",
        "client ssh > client open tunnel",
        opening,
        `${opening} > edge session > connector session`,
        `${opening} > edge session > connector session > connector dial target`,
        `${opening} > edge session > connector session > connector ssh:exec`,
      ],
    );
    const command = collector.spans.find(({ name }) => name === "ssh:exec")!;
    const { id } = (await gateway.sessions())[0]!;
    assert.deepEqual(
      [command.attributes["process.exit.code"], command.attributes["sallyport.session.id"]],
      [7, id],
    );
    for (const secret of [MARKER, gateway.token]) assert.ok(!collector.bytes.join().includes(secret));
  });
});
