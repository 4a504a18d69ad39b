import type { ApprovalAsk } from "../approval/approval.ts";
import type { EndCode } from "../close-reason.ts";
import {
  type ConnectorEvent,
  connectorSealText,
  DEFAULT_LIMITS,
  type EdgeEvent,
  type EdgeSeal,
  edgeSealText,
  type SessionFacts,
  type TargetKind,
} from "../control.ts";
import { chain, chainFrame, EntryKind, frameGenesis, genesis } from "../entry.ts";
import { encodeReset } from "../exchange-payload.ts";
import { encodeFrame, FrameFlag, FrameType } from "../frame.ts";
import type { Approve } from "../policy/decision.ts";
import {
  type RecordedEntry,
  type RecordingTrailer,
  recordingEntry,
  recordingHeader,
  recordingTrailer,
} from "../recording.ts";
import { SEED } from "../seeded.ts";
import { type PrivateKey, publicKey, signText, thumbprint } from "../signatures.ts";
import { type RecordKind, recordHeader } from "../ssh/record.ts";
import type { Keys } from "./keys.ts";

/** A verdict that a request waits by. */
export const HELD: Approve = {
  verdict: "approve",
  policies: ["ask"],
  reason: "ask first",
  approvals: [{ approvers: ["ops"], quorum: 1 }],
  expiresMs: 60_000,
  lastsMs: 60_000,
  scope: "once",
  rows: null,
  bytes: null,
};

/** Composes recordings for tests, as edge and connector would have written them. */
export class Composer {
  readonly facts: SessionFacts;
  readonly entries: RecordedEntry[] = [];
  readonly #edge: PrivateKey;
  readonly #connector: PrivateKey;
  #head: Uint8Array;
  #agentHead: Uint8Array;
  #agentFrames = 0;
  #connectorHead: Uint8Array;
  #connectorFrames = 0;
  #time: number;

  constructor(session: string, edge: PrivateKey, connector: PrivateKey, opened = 1_800_000_000_000) {
    this.facts = {
      session,
      principal: "corp/alice",
      groups: ["engineers"],
      target: "orders",
      kind: "postgres",
      connector: "main",
      opened,
      until: opened + 12 * 60 * 60_000,
      address: "192.0.2.7",
      mode: "framed",
      listed: true,
      policy: { version: "ab".repeat(32), revision: 1 },
    };
    this.#edge = edge;
    this.#connector = connector;
    this.#head = genesis(session);
    this.#agentHead = frameGenesis(session, "agent");
    this.#connectorHead = frameGenesis(session, "connector");
    this.#time = this.facts.opened;
  }

  /** The keys file that goes with what this composes. */
  get keys(): Keys {
    return {
      edge: [publicKey(this.#edge)],
      connectors: [{ name: "main", key: publicKey(this.#connector), revoked: null }],
    };
  }

  /** Makes it a session of another kind; before `opened`. */
  kind(kind: TargetKind): this {
    this.facts.kind = kind;
    return this;
  }

  opened(): this {
    return this.edge({
      event: "opened",
      facts: this.facts,
      limits: DEFAULT_LIMITS,
      edgeKey: thumbprint(this.#edge),
    });
  }

  joined(): this {
    const key = thumbprint(this.#connector);
    return this.edge({ event: "connector_joined", connector: "main", instance: "one", key });
  }

  ended(): this {
    return this.edge({ event: "ended", code: "closed", reason: "the agent closed the tunnel" });
  }

  edge(event: EdgeEvent): this {
    return this.#append(EntryKind.edge, Buffer.from(JSON.stringify(event)));
  }

  /** `reaches`: whether the connector took it before the session ended. */
  agent(bytes: Uint8Array, reaches = true): this {
    const frame = encodeFrame(FrameType.data, 0, 0, bytes);
    if (reaches) {
      this.#agentHead = chainFrame(this.#agentHead, frame);
      this.#agentFrames++;
    }
    return this.#append(EntryKind.agent, frame);
  }

  /** A frame of an exchange's stream, from either side. */
  stream(
    side: "agent" | "target",
    type: FrameType,
    flags: number,
    stream: number,
    payload: Uint8Array,
  ): this {
    const frame = encodeFrame(type, flags, stream, payload);
    if (side === "target") return this.#sent(EntryKind.target, frame);
    this.#agentHead = chainFrame(this.#agentHead, frame);
    this.#agentFrames++;
    return this.#append(EntryKind.agent, frame);
  }

  /** What the edge itself writes to the agent when it ends the session: every stream is over. */
  lastReset(code: EndCode, reason: string): this {
    return this.#append(EntryKind.target, encodeReset(0, code, reason, FrameFlag.edge));
  }

  target(bytes: Uint8Array): this {
    return this.#sent(EntryKind.target, encodeFrame(FrameType.data, 0, 0, bytes));
  }

  connector(event: ConnectorEvent): this {
    return this.#sent(
      EntryKind.connector,
      encodeFrame(FrameType.event, 0, 0, Buffer.from(JSON.stringify(event))),
    );
  }

  /** Bytes of a channel of an SSH session, of either side or the count of those that were withheld. */
  record(kind: RecordKind, channel: number, bytes: Uint8Array | string | number): this {
    const payload = typeof bytes === "number" ? u32(bytes) : Buffer.from(bytes);
    return this.#sent(
      EntryKind.connector,
      encodeFrame(FrameType.event, FrameFlag.record, 0, recordHeader(kind, channel), payload),
    );
  }

  /** What the connector asks of the edge about an approval. */
  ask(event: ApprovalAsk): this {
    const payload = Buffer.from(JSON.stringify(event));
    return this.#sent(EntryKind.connector, encodeFrame(FrameType.event, FrameFlag.ask, 0, payload));
  }

  /** What the edge itself writes to the agent as its last word. */
  lastWord(bytes: Uint8Array): this {
    return this.#append(EntryKind.target, encodeFrame(FrameType.end, FrameFlag.edge, 0, bytes));
  }

  /** Lets time pass, in ms; negative steps the clock back. */
  wait(ms: number): this {
    this.#time += ms;
    return this;
  }

  async edgeSeal(): Promise<EdgeSeal> {
    const head = Buffer.from(this.#head).toString("hex");
    const seal = { key: thumbprint(this.#edge), entries: this.entries.length, head };
    return { ...seal, signature: await signText(this.#edge, edgeSealText(this.facts.session, seal)) };
  }

  async connectorSeal(): Promise<NonNullable<RecordingTrailer["connectorSeal"]>> {
    const seal = {
      key: thumbprint(this.#connector),
      agentFrames: this.#agentFrames,
      agentHead: Buffer.from(this.#agentHead).toString("hex"),
      connectorFrames: this.#connectorFrames,
      connectorHead: Buffer.from(this.#connectorHead).toString("hex"),
    };
    return {
      ...seal,
      signature: await signText(this.#connector, connectorSealText(this.facts.session, seal)),
    };
  }

  async seals(): Promise<RecordingTrailer> {
    return { edgeSeal: await this.edgeSeal(), connectorSeal: await this.connectorSeal() };
  }

  /** The whole file, both seals on it unless another trailer is given. */
  async file(trailer?: RecordingTrailer): Promise<Buffer> {
    return fileOf(this.facts.session, this.entries, trailer ?? (await this.seals()));
  }

  #sent(kind: EntryKind, frame: Uint8Array): this {
    this.#connectorHead = chainFrame(this.#connectorHead, frame);
    this.#connectorFrames++;
    return this.#append(kind, frame);
  }

  #append(kind: EntryKind, frame: Uint8Array): this {
    const entry = { kind, seq: this.entries.length + 1, time: this.#time, frame };
    this.#head = chain(this.#head, entry);
    this.entries.push({ ...entry, hash: this.#head });
    return this;
  }
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A file of these pieces, right or not. */
export function fileOf(session: string, entries: RecordedEntry[], trailer: RecordingTrailer): Buffer {
  return Buffer.concat([
    recordingHeader(session),
    ...entries.map((entry) => recordingEntry(entry, entry.hash)),
    recordingTrailer(trailer),
  ]);
}

/** The file in chunks of the given size, as it might arrive. */
export async function* inChunks(file: Uint8Array, size = 65_536): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < file.length; offset += size) yield file.subarray(offset, offset + size);
}

/** Randomness for a fuzz test, repeatable: it prints its seed, and SEED in the environment sets it. */
export function printedRandom(): (below: number) => number {
  console.log(`SEED=${SEED}`);
  return seededRandom(SEED);
}

/** Numbers of 0 up to `below`, the same for the same seed. */
export function seededRandom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
