import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { SallyportError } from "../../protocol/errors.ts";
import { WINDOW } from "../../protocol/frame.ts";
import type { PolicyInForce } from "../../protocol/hub-messages.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { ALLOW_ALL } from "../../protocol/policy/starter.ts";
import * as m from "../../protocol/postgres/messages.ts";
import { MessageReader } from "../../protocol/postgres/reader.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import type { PostgresTargetConfig } from "../config.ts";
import { PolicyHolder } from "../guard/policy-holder.ts";
import { DEFAULT_DETECTORS } from "../mask/detectors/modes.ts";
import { NO_LABELS } from "../mask/settings.ts";
import { CancelRegistry } from "./cancel.ts";
import { type PostgresDeps, servePostgres } from "./gate.ts";
import { Guard } from "./guard/guard.ts";

/** For tests: an agent, and the tunnel between it and the gate, in memory. */

export interface Received {
  name: m.BackendName;
  body: Buffer;
}

let sessions = 0;

export function facts(principal = "corp/alice"): SessionFacts {
  sessions += 1;
  return {
    session: `s${sessions}`,
    principal,
    groups: [],
    target: "orders",
    kind: "postgres",
    connector: "main",
    opened: 0,
    until: Number.MAX_SAFE_INTEGER,
    address: "192.0.2.1",
    mode: "framed",
    listed: true,
    policy: { version: "ab".repeat(32), revision: 1 },
  };
}

export function targetConfig(parts: Partial<PostgresTargetConfig> = {}): PostgresTargetConfig {
  return {
    name: "orders",
    kind: "postgres",
    host: "127.0.0.1",
    port: 1,
    databases: ["postgres"],
    user: "admin",
    password: null,
    tls: { mode: "disable" },
    channelBinding: "prefer",
    trustedFunctions: [],
    labels: NO_LABELS,
    maskKey: null,
    detectors: DEFAULT_DETECTORS,
    ...parts,
  };
}

/** A guard under this policy text, whose clock stands. */
export function testGuard(text: string = ALLOW_ALL, now: () => number = () => 0): Guard {
  const holder = new PolicyHolder(
    (one) => PolicySet.load(nodeCedar(), one),
    () => {},
  );
  holder.put(policyInForce(text, 1));
  return new Guard(holder, now, () => {});
}

/** A guard that never connects to a target itself: for targets that are no PostgreSQL. */
export function guardWithoutCatalog(): Guard {
  const query = () => Promise.reject(new SallyportError("target_unreachable", "there is no catalog"));
  return new Guard(
    testGuard().policies,
    () => 0,
    () => {},
    { query, onLost() {}, end() {} },
  );
}

/** What the edge sends of a policy set. */
export function policyInForce(text: string, revision: number): PolicyInForce {
  return { type: "policy", text, revision, version: createHash("sha256").update(text).digest("hex") };
}

export interface TestDeps extends PostgresDeps {
  cancels: CancelRegistry;
  logged: string[];
  elsewhere: Parameters<PostgresDeps["cancelElsewhere"]>[];
}

export function testDeps(parts: Partial<PostgresDeps> = {}): TestDeps {
  const logged: string[] = [];
  const elsewhere: TestDeps["elsewhere"] = [];
  return {
    guard: testGuard(),
    cancels: new CancelRegistry(),
    cancelElsewhere: (...key) => void elsewhere.push(key),
    log: (message) => void logged.push(message),
    logged,
    elsewhere,
    ...parts,
  };
}

/** The connector's end of a tunnel, and the agent at the other end of it. */
export class TestStream implements ConnectorStream {
  readonly facts: SessionFacts;
  handlers!: StreamHandlers;
  /** Every `send` and `end` of the gate. */
  readonly frames: { bytes: Buffer; partial: boolean }[] = [];
  readonly events: ConnectorEvent[] = [];
  readonly asks: ApprovalAsk[] = [];
  readonly messages: Received[] = [];
  /** What the agent could not read of what it was sent. */
  malformed: unknown;
  consumedBytes = 0;
  sentBytes = 0;
  ended = false;
  closed: { code: EndCode; reason: string } | undefined;
  /** Whether the agent takes what comes at once. */
  reading = true;
  onBytes: ((bytes: Buffer) => void) | undefined;
  onClosed: (() => void) | undefined;
  readonly #reader = new MessageReader("backend", { whole: "RKvSZTDCE1N2tGHWAcd3nsIV", wholeLimit: 2 ** 30 });
  #answers = 0;
  #acknowledged = 0;
  #watchers = new Set<() => void>();

  constructor(who = facts()) {
    this.facts = who;
  }

  get credit(): number {
    return WINDOW - (this.sentBytes - this.#acknowledged);
  }

  send(chunks: Uint8Array[], partial = false): void {
    const bytes = Buffer.concat(chunks);
    this.frames.push({ bytes, partial });
    this.sentBytes += bytes.length;
    if (this.ended) throw new Error("the gate sent after its end");
    if (this.onBytes) this.onBytes(bytes);
    else this.#read(bytes);
    if (this.reading) this.acknowledge();
    this.#changed();
  }

  end(chunks: Uint8Array[] = []): void {
    if (chunks.length > 0) this.send(chunks);
    if (this.ended) throw new Error("the gate ended twice");
    this.ended = true;
    this.#changed();
  }

  consumed(bytes: number): void {
    this.consumedBytes += bytes;
    this.#changed();
  }

  close(code: EndCode, reason: string): void {
    if (this.closed) throw new Error("the gate closed twice");
    this.closed = { code, reason };
    this.onClosed?.();
    this.#changed();
  }

  record(): void {
    throw new Error("PostgreSQL's bytes are recorded as they are");
  }

  askEdge(ask: ApprovalAsk): void {
    this.asks.push(ask);
    this.#changed();
  }

  event(event: ConnectorEvent): void {
    this.events.push(event);
    this.#changed();
  }

  /** The agent's bytes arrive. */
  say(...messages: Uint8Array[]): void {
    this.handlers.onData(Buffer.concat(messages));
  }

  /** The agent asks for encryption, which is answered by one byte that is no message. */
  ask(request: Buffer): void {
    this.#answers += 1;
    this.say(request);
  }

  startup(parameters: Record<string, string> = {}, version: number = m.PROTOCOL_3_0): void {
    this.say(m.startupMessage(version, Object.entries({ user: "me", ...parameters })));
  }

  /** The agent has taken all that was sent so far. */
  acknowledge(): void {
    const stalled = this.credit <= 0;
    this.#acknowledged = this.sentBytes;
    if (stalled) queueMicrotask(() => this.handlers.onDrain());
  }

  /** Waits until the condition holds; it is asked again after everything that the gate does. */
  async until(condition: () => boolean, what = String(condition)): Promise<void> {
    if (condition()) return;
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`in vain: ${what}; ${this.#state()}`)), 60_000);
      const watch = () => {
        if (!condition()) return;
        this.#watchers.delete(watch);
        clearTimeout(late);
        resolve();
      };
      this.#watchers.add(watch);
    });
  }

  /** Takes the messages up to and including the next of this name. */
  async take(name: m.BackendName): Promise<Received[]> {
    await this.until(() => this.messages.some((message) => message.name === name), name);
    return this.messages.splice(0, this.messages.findIndex((message) => message.name === name) + 1);
  }

  /** Opens the session, and gives what came up to the first ReadyForQuery. */
  async open(parameters?: Record<string, string>, version?: number): Promise<Received[]> {
    this.startup(parameters, version);
    return await this.take("ReadyForQuery");
  }

  /** Runs a simple query; gives the messages up to ReadyForQuery. */
  async query(sql: string): Promise<Received[]> {
    this.say(m.query(sql));
    return await this.take("ReadyForQuery");
  }

  /** The rows of a simple query, as text. */
  async rows(sql: string): Promise<(string | undefined)[][]> {
    const messages = await this.query(sql);
    const rows = messages.filter(({ name }) => name === "DataRow");
    return rows.map(({ body }) => m.parseDataRow(body).map((value) => value?.toString()));
  }

  /** Waits for the end, and gives the error that was told last. */
  async refusal(): Promise<m.ErrorFields> {
    await this.until(() => this.closed !== undefined, "the end");
    const error = this.messages.findLast(({ name }) => name === "ErrorResponse");
    if (error === undefined) throw new Error(`no error was told; ${this.#state()}`);
    return m.parseErrorFields(error.body, "ErrorResponse");
  }

  #read(bytes: Buffer): void {
    try {
      this.#decode(bytes);
    } catch (error) {
      this.malformed ??= error;
    }
  }

  #decode(bytes: Buffer): void {
    const skip = Math.min(this.#answers, bytes.length);
    this.#answers -= skip;
    this.#reader.push(bytes.subarray(skip));
    while (this.#reader.next()) {
      const name = m.messageName("backend", this.#reader.type)!;
      this.messages.push({ name, body: Buffer.from(this.#reader.body()!) });
    }
  }

  #changed(): void {
    for (const watch of [...this.#watchers]) watch();
  }

  #state(): string {
    const names = this.messages.map(({ name }) => name);
    return JSON.stringify({ names, events: this.events, ended: this.ended, closed: this.closed });
  }
}

/** A session of its own. */
export function serve(target: PostgresTargetConfig, deps = testDeps(), who = facts()): TestStream {
  const stream = new TestStream(who);
  servePostgres(stream, target, deps);
  return stream;
}

/** A listener whose connections each are a session: what a client of PostgreSQL can talk to. */
export async function listen(target: PostgresTargetConfig, deps = testDeps()) {
  const server = createServer({ noDelay: true }, (socket) => {
    const stream = new TestStream();
    stream.onBytes = (bytes) => {
      stream.reading = false;
      socket.write(bytes, () => stream.acknowledge());
    };
    stream.onClosed = () => socket.end();
    servePostgres(stream, target, deps);
    socket.on("data", (chunk) => stream.handlers.onData(chunk));
    socket.on("end", () => stream.handlers.onEnd());
    socket.on("error", () => {});
    socket.on("close", () => stream.handlers.onClose("agent_gone", "the agent closed"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, stop: () => void server.close() };
}
