import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { Journal } from "../../connector/events/journal.ts";
import { type HttpGateway, startHttpGateway } from "../http/gateway.ts";
import { startServer, type TestServer } from "../http/server.ts";
import type { Told } from "./receivers.ts";
import { POLICIES } from "./rig.ts";
import { problemsOf } from "./schema/ocsf-schema.ts";

describe("events that the connector writes", { timeout: 300_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-events-"));
  const file = join(folder, "events.ndjson");
  const lines: string[] = [];
  let wake: () => void = () => {};
  let server: TestServer;
  let gateway: HttpGateway;
  let journal: Journal;

  before(async () => {
    server = await startServer((request, response) => {
      request.resume();
      response.statusCode = request.url === "/missing" ? 404 : 200;
      response.end("as asked");
    });
    journal = new Journal({ file }, () => {});
    const add = journal.add.bind(journal);
    journal.add = (line) => {
      lines.push(line);
      add(line);
      wake();
    };
    gateway = await startHttpGateway({ target: server.target, policies: POLICIES, told: { journal } });
  });

  after(async () => {
    await gateway?.stop();
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const told = () => lines.map((line) => JSON.parse(line) as Told);
  const until = (condition: () => boolean) =>
    new Promise<void>((resolve) => {
      wake = () => condition() && resolve();
      wake();
    });

  test("what is asked stands in the file as it happens, each line an event of its class", async () => {
    await gateway.fetch("/orders?id=7");
    await gateway.fetch("/missing");
    assert.equal((await gateway.fetch("/orders/7", { method: "DELETE" })).status, 403);
    await until(() => told().some(({ class_uid }) => class_uid === 2004));
    const requests = told().filter(({ class_uid }) => class_uid === 4002);
    assert.deepEqual(
      requests.map(({ activity_name, status_code, disposition }) => [
        activity_name,
        status_code,
        disposition,
      ]),
      [
        ["Get", "200", "Allowed"],
        ["Get", "404", "Allowed"],
        ["Delete", requests[2]!.status_code, "Blocked"],
      ],
    );
    const { id } = (await gateway.sessions())[0]!;
    for (const event of told()) {
      assert.deepEqual(problemsOf(event), []);
      assert.equal(event.metadata.correlation_uid, id);
    }
    assert.match(requests[0]!.metadata.uid, new RegExp(`^${id}/c\\d+/0$`));
  });

  test("the end of a session is told, and nothing is left out when the connector stops", async () => {
    const { id } = (await gateway.sessions())[0]!;
    await gateway.edge.api("POST", `/v1/sessions/${id}/kill`, { reason: "the test is over" });
    await until(() => told().some(({ metadata }) => metadata.uid === `${id}/ended`));
    gateway.connector.stop();
    await journal.close();
    assert.deepEqual(readFileSync(file, "utf8"), lines.map((line) => `${line}\n`).join(""));
    assert.equal(journal.dropped, 0);
  });
});
