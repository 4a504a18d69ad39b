import { createHash } from "node:crypto";
import { PolicyHolder } from "../../connector/guard/policy-holder.ts";
import { REAL_TIMERS } from "../../connector/guard/timers.ts";
import { DEFAULT_DETECTORS } from "../../connector/mask/detectors/modes.ts";
import { serveSsh } from "../../connector/ssh/gate.ts";
import type { SshTargetConfig } from "../../connector/ssh/target/config.ts";
import type { ApprovalAsk } from "../../protocol/approval/approval.ts";
import type { EndCode } from "../../protocol/close-reason.ts";
import type { ConnectorEvent, SessionFacts } from "../../protocol/control.ts";
import { WINDOW } from "../../protocol/frame.ts";
import { nodeCedar } from "../../protocol/policy/node-cedar.ts";
import { PolicySet } from "../../protocol/policy/policy-set.ts";
import { Principals } from "../../protocol/policy/usage.ts";
import { type ChannelRecord, readRecord } from "../../protocol/ssh/record.ts";
import type { ConnectorStream, StreamHandlers } from "../../protocol/stream.ts";
import { ed25519Pair } from "../ssh-keys.ts";
import type { SshServer } from "../ssh-server.ts";
import { RawClient } from "./raw-client.ts";

export const ALLOW = "permit (principal, action, resource);";

/** One session of the connector's, without an edge: what the edge would log, and when it tells of it, is the test's. */
export class Tunnel implements ConnectorStream {
  readonly facts: SessionFacts;
  readonly events: ConnectorEvent[] = [];
  readonly records: ChannelRecord[] = [];
  readonly asked: ApprovalAsk[] = [];
  /** How it ended. */
  readonly ended: Promise<{ code: EndCode; reason: string }>;
  /** While true nothing is told to be logged, as when the edge's disk is full. */
  isLogFrozen = false;
  /** While true the agent takes nothing. */
  isAgentFrozen = false;
  /** Bytes that went to the agent. */
  sent = 0;
  handlers!: StreamHandlers;
  onBytes: (bytes: Buffer) => void = () => {};
  onEnded: () => void = () => {};
  #credit = WINDOW;
  #untold: (() => void)[] = [];
  #untaken: Buffer[] = [];
  #uncredited = 0;
  #isOver = false;
  #resolveEnded!: (end: { code: EndCode; reason: string }) => void;
  #room: (() => void)[] = [];
  #looks = new Set<() => void>();

  constructor(facts: SessionFacts) {
    this.facts = facts;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get credit(): number {
    return this.#credit;
  }

  send(chunks: Uint8Array[]): void {
    const bytes = Buffer.concat(chunks);
    this.#credit -= bytes.length;
    this.sent += bytes.length;
    this.#untaken.push(bytes);
    this.#deliver();
  }

  end(chunks: Uint8Array[] = []): void {
    if (chunks.length > 0) this.send(chunks);
  }

  event(event: ConnectorEvent, logged?: () => void): void {
    if (this.#isOver) return;
    this.events.push(event);
    this.#log(logged);
  }

  record(chunks: Uint8Array[], logged?: () => void): void {
    if (this.#isOver) return;
    this.records.push(readRecord(Buffer.concat(chunks)));
    this.#log(logged);
  }

  askEdge(ask: ApprovalAsk): void {
    this.asked.push(ask);
    this.#look();
  }

  consumed(bytes: number): void {
    this.#uncredited -= bytes;
    if (this.#uncredited < WINDOW) for (const call of this.#room.splice(0)) call();
  }

  close(code: EndCode, reason: string): void {
    this.finish(code, reason);
  }

  /** The session ends, as the edge would say. */
  finish(code: EndCode, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.handlers.onClose(code, reason);
    this.#resolveEnded({ code, reason });
    this.onEnded();
    this.#look();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The agent's bytes; resolves when there is room for more. */
  async fromAgent(bytes: Uint8Array): Promise<void> {
    if (this.#isOver) return;
    this.#uncredited += bytes.length;
    this.handlers.onData(bytes);
    if (this.#uncredited >= WINDOW && !this.#isOver) {
      await Promise.race([new Promise<void>((resolve) => this.#room.push(resolve)), this.ended]);
    }
  }

  /** Bytes of the agent's that the connector has not taken. */
  get untakenFromAgent(): number {
    return this.#uncredited;
  }

  thawLog(): void {
    this.isLogFrozen = false;
    for (const logged of this.#untold.splice(0)) logged();
  }

  thawAgent(): void {
    this.isAgentFrozen = false;
    this.#deliver();
  }

  /** Waits until this holds of what has come. */
  async until(what: () => boolean): Promise<void> {
    while (!what()) {
      await new Promise<void>((resolve) => {
        const look = () => {
          this.#looks.delete(look);
          resolve();
        };
        this.#looks.add(look);
      });
    }
  }

  /** What channels said and heard, by the recording. */
  recorded(kind: ChannelRecord["kind"], channel = 1): Buffer {
    return Buffer.concat(
      this.records.filter((one) => one.kind === kind && one.channel === channel).map(({ bytes }) => bytes),
    );
  }

  #log(logged: (() => void) | undefined): void {
    this.#look();
    if (logged === undefined) return;
    if (this.isLogFrozen) this.#untold.push(logged);
    else {
      setImmediate(() => {
        if (this.#isOver) return;
        if (this.isLogFrozen) this.#untold.push(logged);
        else logged();
      });
    }
  }

  #deliver(): void {
    if (this.isAgentFrozen) return;
    setImmediate(() => {
      if (this.isAgentFrozen) return;
      let size = 0;
      for (const bytes of this.#untaken.splice(0)) {
        size += bytes.length;
        this.onBytes(bytes);
      }
      const stalled = this.#credit <= 0;
      this.#credit += size;
      if (stalled && this.#credit > 0 && !this.#isOver) this.handlers.onDrain();
    });
  }

  #look(): void {
    for (const look of [...this.#looks]) look();
  }
}

/** A connector's SSH gate in this process, with a target of the test's, for agents who say what they like. */
export interface HostileRig {
  readonly policies: PolicyHolder;
  /** What the operator was told. */
  readonly log: string[];
  /** Puts other policies in force. */
  apply(policies: string): void;
  /** A session that nobody has spoken in yet. */
  tunnel(): Tunnel;
  /** A session with a hand-made client that has shaken hands and logged in. */
  client(): Promise<{ tunnel: Tunnel; client: RawClient }>;
}

export function hostileRig(
  target: Pick<SshServer, "host" | "port" | "user" | "clientKey" | "knownHosts">,
  options: { policies?: string; config?: Partial<SshTargetConfig> } = {},
): HostileRig {
  const log: string[] = [];
  const policies = new PolicyHolder(
    (text) => PolicySet.load(nodeCedar(), text),
    (line) => void log.push(line),
  );
  const hostKey = ed25519Pair().private;
  const principals = new Principals();
  const config: SshTargetConfig = {
    name: "web1",
    kind: "ssh",
    host: target.host,
    port: target.port,
    accounts: [
      {
        name: target.user,
        allow: ["*"],
        credentials: {
          key: { secret: { file: target.clientKey }, passphrase: null, certificate: null },
          password: null,
        },
      },
    ],
    hostKeys: { knownHosts: target.knownHosts, fingerprints: [] },
    environment: ["LC_*"],
    algorithms: "modern",
    detectors: DEFAULT_DETECTORS,
    ...options.config,
  };
  let revision = 0;
  let sessions = 0;
  const rig: HostileRig = {
    policies,
    log,
    apply(text) {
      revision += 1;
      policies.put({
        type: "policy",
        text,
        version: createHash("sha256").update(text).digest("hex"),
        revision,
      });
    },
    tunnel() {
      sessions += 1;
      const tunnel = new Tunnel({
        session: `s${sessions}`,
        principal: "service/agent",
        groups: [],
        target: "web1",
        kind: "ssh",
        connector: "main",
        opened: Date.now(),
        until: Date.now() + 3_600_000,
        address: "127.0.0.1",
        mode: "framed",
        listed: true,
        policy: { version: "0".repeat(64), revision },
      });
      serveSsh(tunnel, config, {
        policies,
        principals,
        hostKey,
        log: (line) => void log.push(line),
        now: Date.now,
        timers: REAL_TIMERS,
        dialLimits: { connectMs: 10_000, loginMs: 10_000, keepAliveMs: 15_000 },
      });
      return tunnel;
    },
    async client() {
      const tunnel = rig.tunnel();
      const client = new RawClient((bytes) => tunnel.fromAgent(bytes));
      tunnel.onBytes = (bytes) => client.received(bytes);
      tunnel.onEnded = () => client.over();
      await client.login();
      return { tunnel, client };
    },
  };
  rig.apply(options.policies ?? ALLOW);
  return rig;
}
