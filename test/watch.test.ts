import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocket from "ws";
import { EdgeApi } from "../client/edge-api.ts";
import { followSession, watchSession } from "../client/recordings/follow.ts";
import type { ConnectorIdentity } from "../connector/identity.ts";
import type { ConnectorSession } from "../connector/session.ts";
import type { Uplink } from "../connector/uplink.ts";
import { Path } from "../protocol/control.ts";
import type { ChangeRecord, ListedTarget, Page } from "../protocol/directory.ts";
import { EntryKind } from "../protocol/entry.ts";
import { passwordMessage, startupMessage } from "../protocol/postgres/frontend.ts";
import { u32 } from "../protocol/postgres/wire.ts";
import { edgeEvent } from "../protocol/recording/events.ts";
import type { RecordedEntry } from "../protocol/recording.ts";
import { openTunnel } from "../protocol/tunnel/join.ts";
import { startTestEdge, startUplink, type TestEdge, testTarget } from "./gateway.ts";
import { A_SECOND_MS } from "./run/second.ts";

const COMMAND = fileURLToPath(import.meta.resolve("../sallyport.mjs"));
const TARGET = { ...testTarget("web"), kind: "ssh" as const };
const POLICIES = `permit (principal, action, resource);
forbid (principal, action == Action::"connect", resource) unless { context.listed };
forbid (principal, action == Action::"watch", resource) unless {
  principal.name like "service/watcher*" && context.of == "service/agent" && context.kind == "ssh"
};
`;

/** A connector's end of a session, which knows how many watch. */
class Served {
  readonly told: number[] = [];
  readonly session: ConnectorSession;
  #look: () => void = () => {};

  constructor(session: ConnectorSession) {
    this.session = session;
    session.handlers = {
      onData: (chunk) => session.consumed(chunk.length),
      onDrain() {},
      onEnd: () => session.end(),
      onClose: () => this.#look(),
      onWatched: (watchers) => {
        this.told.push(watchers);
        this.#look();
      },
    };
  }

  /** Waits until so many watch, by the last word of the edge. */
  async watchers(count: number): Promise<void> {
    while (this.told.at(-1) !== count) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }
}

/** Somebody who watches in this process. */
class Watcher {
  readonly entries: RecordedEntry[] = [];
  readonly states: boolean[] = [];
  readonly over: Promise<Error | null>;
  readonly #leaving = new AbortController();
  #look: () => void = () => {};

  constructor(edge: URL, token: string, session: string) {
    const options = { signal: this.#leaving.signal, watching: (now: boolean) => void this.states.push(now) };
    const read = async () => {
      const api = new EdgeApi(edge, async () => token);
      for await (const entry of watchSession(api, session, options)) {
        this.entries.push(entry);
        this.#look();
      }
    };
    this.over = read().then(
      () => null,
      (error: Error) => error,
    );
  }

  leave(): void {
    this.#leaving.abort();
  }

  /** Waits until the log has told so often of watching. */
  async has(count: number): Promise<void> {
    while (this.told.length < count) {
      await new Promise<void>((resolve) => {
        this.#look = resolve;
      });
    }
  }

  /** Who the log says began (`+`) and ended (`-`) to watch. */
  get told(): string[] {
    return this.entries.flatMap(({ kind, frame }) => {
      const event = kind === EntryKind.edge ? edgeEvent(frame) : null;
      if (event?.event === "watch_begun") return [`+${event.by}`];
      return event?.event === "watch_ended" ? [`-${event.by}`] : [];
    });
  }
}

describe("watching", { timeout: 300_000 }, () => {
  let gateway: TestEdge;
  let identity: ConnectorIdentity;
  let uplink: Uplink;
  let agent: string;
  let watcher: string;
  let newest: (served: Served) => void;
  const closing: (() => Promise<void>)[] = [];

  before(async () => {
    gateway = await startTestEdge();
    await gateway.apply({ targets: [TARGET], policies: POLICIES });
    identity = await gateway.enroll("main");
    uplink = await startUplink(gateway.edge.url, identity, (session) => newest(new Served(session)), {
      targets: ["web"],
    });
    [agent, watcher] = await Promise.all([gateway.serviceToken("agent"), gateway.serviceToken("watcher")]);
  });

  after(async () => {
    await Promise.all(closing.map((close) => close()));
    uplink?.stop();
    await gateway?.stop();
  });

  /** A session of the agent, from the connector's side. */
  const open = async (token = agent): Promise<Served> => {
    const served = new Promise<Served>((resolve) => {
      newest = resolve;
    });
    const tunnel = await openTunnel({ edge: gateway.edge.url, target: "web", token });
    const closed = new Promise<void>((resolve) => {
      tunnel.handlers = { onData() {}, onDrain() {}, onEnd() {}, onClose: () => resolve() };
    });
    closing.push(async () => {
      tunnel.close("closed", "the test is over");
      await closed;
    });
    return served;
  };
  const watch = (served: Served, token = watcher) =>
    new Watcher(gateway.edge.url, token, served.session.session);
  const refused = async (served: Served, token: string): Promise<string | undefined> =>
    ((await watch(served, token).over) as { code?: string } | null)?.code;

  test("the connector is told who comes and who leaves; the recording says who it was", async () => {
    const served = await open();
    const one = watch(served);
    await served.watchers(1);
    const other = watch(served, await gateway.serviceToken("watcher-2"));
    await served.watchers(2);
    one.leave();
    assert.equal(await one.over, null);
    await served.watchers(1);
    await gateway.api("POST", `/v1/sessions/${served.session.session}/kill`, { reason: "enough" });
    assert.equal(await other.over, null);
    assert.deepEqual(served.told, [1, 2, 1]);
    assert.deepEqual(other.told, ["+service/watcher", "+service/watcher-2", "-service/watcher"]);
    assert.deepEqual(other.states, [true, false]);
    assert.equal(await refused(served, watcher), "session_ended");
  });

  test("nobody watches their own session, nor without the right; who administers needs it too", async () => {
    const served = await open();
    assert.equal(await refused(served, agent), "forbidden");
    assert.equal(await refused(served, await gateway.serviceToken("stranger")), "not_found");
    assert.equal(await refused(served, gateway.edge.adminToken), "forbidden");
    const { session } = served.session;
    const mine = new Watcher(gateway.edge.url, watcher, (await open(watcher)).session.session);
    assert.equal(((await mine.over) as { code?: string }).code, "forbidden");
    const bare = await fetch(new URL(`/v1/sessions/${session}/watch`, gateway.edge.url), {
      headers: { authorization: `Bearer ${watcher}` },
    });
    assert.equal(bare.status, 400);
    const byUrl = await fetch(new URL(`/v1/sessions/${session}/watch?token=${watcher}`, gateway.edge.url));
    assert.equal(byUrl.status, 401);
    assert.deepEqual(served.told, []);
  });

  test("who only follows does not count", async () => {
    const served = await open();
    const api = new EdgeApi(gateway.edge.url, async () => agent);
    for await (const { seq } of followSession(api, served.session.session)) if (seq === 2) break;
    const one = watch(served);
    await served.watchers(1);
    one.leave();
    await served.watchers(0);
    assert.deepEqual(served.told, [1, 0]);
  });

  test("the command watches, and killed without a word it has left", async () => {
    const served = await open();
    const child = spawn(process.execPath, [COMMAND, "sessions", "watch", served.session.session], {
      env: {
        ...process.env,
        SALLYPORT_EDGE: gateway.edge.url.origin,
        SALLYPORT_TOKEN: watcher,
        NO_COLOR: "1",
      },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const [words] = await once(child.stderr, "data");
    assert.match(String(words), /^You watch session [0-9a-f]{32}/);
    await served.watchers(1);
    child.kill("SIGKILL");
    await served.watchers(0);
  });

  test("Ctrl-C leaves, and that is no failure", async () => {
    const served = await open();
    const child = spawn(process.execPath, [COMMAND, "sessions", "watch", served.session.session], {
      env: {
        ...process.env,
        SALLYPORT_EDGE: gateway.edge.url.origin,
        SALLYPORT_TOKEN: watcher,
        NO_COLOR: "1",
      },
      stdio: "ignore",
    });
    await served.watchers(1);
    child.kill("SIGINT");
    const [status] = await once(child, "exit");
    assert.equal(status, 0);
    await served.watchers(0);
  });

  test("after the edge was killed watchers come back, and the connector is told anew", async () => {
    const served = await open();
    const one = watch(served);
    await served.watchers(1);
    await gateway.edge.restart();
    await one.has(3);
    one.leave();
    assert.deepEqual(one.told, ["+service/watcher", "-service/watcher", "+service/watcher"]);
    await served.watchers(0);
  });

  test("a watcher whose token is revoked has left within a second, and can't come back", async () => {
    const served = await open();
    const token = await gateway.serviceToken("watcher-3");
    const one = watch(served, token);
    await served.watchers(1);
    const begun = performance.now();
    await Promise.all([gateway.api("DELETE", "/v1/tokens/watcher-3"), served.watchers(0)]);
    assert.ok(performance.now() - begun < A_SECOND_MS, `${performance.now() - begun} ms`);
    assert.equal(((await one.over) as { code?: string }).code, "unauthenticated");
  });

  test("nor does one whose principal is disabled, or whom new policies don't permit it", async () => {
    const served = await open();
    const one = watch(served, await gateway.serviceToken("watcher-4"));
    await served.watchers(1);
    await Promise.all([
      gateway.api("POST", "/v1/principals/service%2Fwatcher-4/disable", {}),
      served.watchers(0),
    ]);
    assert.equal(((await one.over) as { code?: string }).code, "forbidden");

    const other = watch(served);
    await served.watchers(1);
    const none = `${POLICIES}forbid (principal, action == Action::"watch", resource);`;
    await Promise.all([gateway.apply({ targets: [TARGET], policies: none }), served.watchers(0)]);
    assert.equal(((await other.over) as { code?: string }).code, "not_found");
    await gateway.apply({ targets: [TARGET], policies: POLICIES });
  });

  test("an event for which the connector waits is confirmed once it is in the recording", async () => {
    const served = await open();
    const one = watch(served);
    await served.watchers(1);
    const bytes = Buffer.from([2, 0, 0, 0, 1, ...Buffer.from("masked output")]);
    served.session.event({ event: "channel_opened", channel: 1, type: "session" });
    await new Promise<void>((resolve) => served.session.record([bytes], resolve));
    await gateway.edge.restart();
    await new Promise<void>((resolve) =>
      served.session.event({ event: "channel_closed", channel: 1 }, resolve),
    );
    await gateway.api("POST", `/v1/sessions/${served.session.session}/kill`, { reason: "enough" });
    await one.over;
    const frames = one.entries.filter(({ kind }) => kind === EntryKind.connector).map(({ frame }) => frame);
    assert.deepEqual(frames[1]?.subarray(6), bytes);
    assert.equal(frames.length, 3);
  });

  test("agents are told the host key of a target's connector, and another one stands in the changes", async () => {
    const listed = async () => {
      const { items } = await gateway.api<Page<ListedTarget>>("GET", "/v1/targets", undefined, agent);
      return items[0]?.hostKey ?? null;
    };
    const first = await listed();
    assert.match(first ?? "", /^ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI[\w+/]{43}$/);
    const hostKey = anotherKey();
    const other = await startUplink(gateway.edge.url, identity, () => {}, { hostKey, targets: ["none"] });
    while ((await listed()) === first);
    other.stop();
    assert.equal(await listed(), hostKey);
    const { items } = await gateway.api<Page<ChangeRecord>>("GET", "/v1/changes");
    const { action, principal, before, after } = items[0]!;
    assert.deepEqual(
      { action, principal, before, after },
      {
        action: "connector.host-key",
        principal: "connector/main",
        before: { hostKey: first },
        after: { hostKey },
      },
    );
  });

  test("a Postgres driver at the door of an SSH target is refused before anything is opened", async () => {
    const url = new URL(Path.tunnel("web"), gateway.edge.url);
    url.protocol = "ws:";
    const socket = new WebSocket(url);
    await once(socket, "open");
    socket.send(startupMessage(0x30000, [["user", "agent"]]));
    await once(socket, "message");
    socket.send(passwordMessage(agent));
    const [words] = await once(socket, "message");
    assert.match(String(words), /kind ssh/);
    await once(socket, "close");
  });
});

/** An Ed25519 key that no connector has, as OpenSSH writes it. */
function anotherKey(): string {
  const x = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x!;
  const blob = Buffer.concat([u32(11), Buffer.from("ssh-ed25519"), u32(32), Buffer.from(x, "base64url")]);
  return `ssh-ed25519 ${blob.toString("base64")}`;
}
