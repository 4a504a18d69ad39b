import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { EdgeApi } from "../../client/edge-api.ts";
import { watchSession } from "../../client/recordings/follow.ts";
import { EntryKind } from "../../protocol/entry.ts";
import { decodeHeader, FRAME_HEADER, FrameFlag, FrameType } from "../../protocol/frame.ts";
import type { RecordedEntry } from "../../protocol/recording.ts";
import { RecordKind, readRecord } from "../../protocol/ssh/record.ts";
import { SshClient } from "./clients.ts";
import { type SshGateway, startSshGateway } from "./gateway.ts";

const POLICIES = `
@id("most") permit (principal, action, resource) unless { action == Action::"ssh:shell" };
@id("shell") @watched permit (principal, action == Action::"ssh:shell", resource);
`;

/** Somebody who watches, with what the shell said meanwhile. */
class Watcher {
  readonly over: Promise<unknown>;
  said = "";
  readonly #leaving = new AbortController();
  #look: () => void = () => {};

  constructor(edge: URL, token: string, session: string) {
    const read = async () => {
      const options = { signal: this.#leaving.signal, watching: () => {} };
      for await (const entry of watchSession(new EdgeApi(edge, async () => token), session, options)) {
        this.said += outputOf(entry);
        this.#look();
      }
    };
    this.over = read().catch((error) => error);
  }

  leave(): void {
    this.#leaving.abort();
  }

  async sees(what: RegExp): Promise<void> {
    while (!what.test(this.said)) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

function outputOf({ kind, frame }: RecordedEntry): string {
  if (kind !== EntryKind.connector) return "";
  const bytes = Buffer.from(frame);
  const { type, flags } = decodeHeader(bytes);
  if (type !== FrameType.event || !(flags & FrameFlag.record)) return "";
  const record = readRecord(bytes.subarray(FRAME_HEADER));
  return record.kind === RecordKind.output ? Buffer.from(record.bytes).toString() : "";
}

describe("a shell that somebody must watch", { timeout: 300_000 }, () => {
  let gateway: SshGateway;
  let token: string;
  const clients: SshClient[] = [];

  before(async () => {
    gateway = await startSshGateway({ policies: POLICIES });
    token = await gateway.edge.serviceToken("watcher");
  });

  after(async () => {
    for (const client of clients) client.kill();
    await gateway?.stop();
  });

  const shell = async () => {
    const client = new SshClient(gateway.config, ["-tt", "through"]);
    clients.push(client);
    await client.says(/waiting for one/);
    return { client, session: (await gateway.sessions())[0]!.id };
  };
  const watch = (session: string) => new Watcher(gateway.edge.edge.url, token, session);

  test("waits for a watcher, stands still when the watcher leaves, and goes on when one comes", async () => {
    const { client, session } = await shell();
    client.type("echo typed-$((20 + 22)) before\n");
    const first = watch(session);
    assert.ok(await client.says(/typed-42 before/));
    await first.sees(/typed-42 before/);
    // It goes on to say things, and is asked for more, when nobody looks.
    client.type("(for i in 1 2 3 4 5 6 7 8 9; do sleep .1; echo loud-$i; done) &\n");
    await client.says(/loud-1/);
    first.leave();
    await first.over;
    assert.ok(await client.says(/nobody watches this session/));
    const frozen = client.stdout.length;
    client.type("echo typed-$((20 + 23)) frozen\n");
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    assert.equal(client.stdout.length, frozen, client.stdout.slice(frozen));
    const second = watch(session);
    assert.ok(await client.says(/typed-43 frozen/));
    await client.says(/loud-9/);
    await second.sees(/typed-43 frozen/);
    client.type("exit 5\n");
    assert.equal((await client.done).status, 5);
    await second.over;
    const events = (await gateway.recording(session)).flatMap(({ kind, frame }) => {
      const bytes = Buffer.from(frame);
      if (kind !== EntryKind.connector || decodeHeader(bytes).flags & FrameFlag.record) return [];
      if (decodeHeader(bytes).type !== FrameType.event) return [];
      const { event } = JSON.parse(bytes.subarray(FRAME_HEADER).toString()) as { event: string };
      return /frozen|thawed/.test(event) ? [event] : [];
    });
    assert.deepEqual(events, ["frozen", "thawed"]);
  });

  test("ends with 130 by Ctrl-C while it waits", async () => {
    const { client } = await shell();
    client.type("\x03");
    assert.equal((await client.done).status, 130);
  });

  test("commands that need no watcher run meanwhile", async () => {
    const { client } = await shell();
    const ran = await gateway.run("ssh", ["through", "echo free"]);
    assert.deepEqual([ran.status, ran.stdout.toString()], [0, "free\n"]);
    client.type("\x03");
    assert.equal((await client.done).status, 130);
  });
});
