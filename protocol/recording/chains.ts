import { type ConnectorSeal, connectorSealText } from "../control.ts";
import { chainFrame, EntryKind, frameGenesis } from "../entry.ts";
import { SallyportError } from "../errors.ts";
import { decodeHeader, FrameFlag, FrameType, WINDOW } from "../frame.ts";
import { verifyText } from "../signatures.ts";
import type { EdgeEvents } from "./events.ts";
import type { Findings } from "./findings.ts";
import { RecentHeads } from "./heads.ts";
import { findConnectorKey, type Keys } from "./keys.ts";

type Seal = Omit<ConnectorSeal, "type">;

/** The connector's half of the double entry: its two chains, computed again from the recording's frames. */
export class ConnectorChains {
  readonly #session: string;
  readonly #keys: Keys;
  readonly #findings: Findings;
  /** The connector can't lag by more frames than a full window has bytes. */
  readonly #agent: RecentHeads;
  #head: Uint8Array;
  #frames = 0;
  #edgeSpoke = false;
  #joined: EdgeEvents["connector_joined"] | null = null;

  constructor(session: string, keys: Keys, findings: Findings) {
    this.#session = session;
    this.#keys = keys;
    this.#findings = findings;
    this.#agent = new RecentHeads(WINDOW, frameGenesis(session, "agent"));
    this.#head = frameGenesis(session, "connector");
  }

  /** Takes the event by which the connector joined, at `time` in ms; `expected` is the target's connector. */
  joined(
    event: EdgeEvents["connector_joined"],
    expected: string | undefined,
    time: number,
    place: number,
  ): void {
    const { connector, key } = event;
    const listed = findConnectorKey(this.#keys, connector, key);
    if (this.#joined) {
      this.#findings.fail("connector-key", `entry ${place} names a second connector`, place);
    } else if (connector !== expected) {
      this.#findings.fail(
        "connector-key",
        `entry ${place} names a connector that is not the target's`,
        place,
      );
    } else if (!listed) {
      this.#findings.fail(
        "connector-key",
        `the key ${key} is not among those given for connector "${connector}"`,
        place,
      );
    } else if (listed.revoked !== null && listed.revoked < time) {
      this.#findings.fail("connector-key", `the key of entry ${place} had been revoked before`, place);
    } else if (listed.revoked !== null) {
      this.#findings.note(`the key of connector "${connector}" has been revoked since it joined`);
    }
    this.#joined ??= event;
  }

  /** Takes the frame of an entry of kind 1 to 3. */
  frame(kind: EntryKind, frame: Uint8Array, place: number): void {
    const fault = frameFault(kind, frame);
    if (fault) {
      this.#findings.fail("frames", `entry ${place}: ${fault}`, place);
    } else if (kind === EntryKind.agent) {
      this.#agent.push(chainFrame(this.#agent.newest, frame));
    } else if (frame[1]! & FrameFlag.edge) {
      this.#edgeSpoke = true;
    } else {
      if (kind === EntryKind.target && this.#edgeSpoke) {
        this.#findings.fail("frames", `entry ${place}: the target speaks after the edge's last word`, place);
      }
      this.#frames++;
      this.#head = chainFrame(this.#head, frame);
    }
  }

  /** Judges the seal. */
  async finish(seal: Seal | undefined): Promise<void> {
    const findings = this.#findings;
    if (!this.#joined) {
      if (seal || this.#frames > 0) {
        findings.fail("connector-seal", "a connector spoke or sealed that never joined the session");
      }
      findings.ok("connector-key", "no connector took part");
      findings.ok("connector-seal", "no connector took part, so there is nothing for one to seal");
      return;
    }
    const { connector, key } = this.#joined;
    const listed = findConnectorKey(this.#keys, connector, key);
    findings.ok("connector-key", `connector "${connector}" joined with a key that is known`);
    if (!seal) {
      findings.absent("connector-seal", "the connector has not sealed this recording");
      return;
    }
    const fault =
      seal.key === key ? this.#sealFault(seal) : "the seal is by another key than the connector joined with";
    if (fault) {
      findings.fail("connector-seal", fault);
    } else if (
      !listed ||
      !(await verifyText(listed.key, connectorSealText(this.#session, seal), seal.signature))
    ) {
      findings.fail("connector-seal", "the connector's signature is wrong, or its key unknown");
    } else {
      this.#noteUndelivered(seal);
      findings.ok(
        "connector-seal",
        `the connector signed the ${seal.agentFrames} frames it received and the ${seal.connectorFrames} it sent`,
      );
    }
  }

  #sealFault(seal: Seal): string | null {
    const { count } = this.#agent;
    if (seal.connectorFrames !== this.#frames) {
      return `the connector sent ${seal.connectorFrames} frames; the file holds ${this.#frames}`;
    }
    if (seal.connectorHead !== hex(this.#head)) return "the connector sent other frames than these";
    if (seal.agentFrames > count) {
      return `the connector received ${seal.agentFrames} frames of the agent; the file holds ${count}`;
    }
    const head = this.#agent.at(seal.agentFrames);
    if (!head) return "the connector's count of the agent's frames is further back than a window allows";
    return seal.agentHead === hex(head) ? null : "the connector received other frames than these";
  }

  #noteUndelivered(seal: Seal): void {
    const undelivered = this.#agent.count - seal.agentFrames;
    if (undelivered === 0) return;
    this.#findings.note(
      `the last ${undelivered} of the agent's ${this.#agent.count} frames never reached the connector: ` +
        "they had no effect on the target, and the edge alone attests them",
    );
  }
}

/** Why a frame can't be of this kind, or null. */
function frameFault(kind: EntryKind, frame: Uint8Array): string | null {
  try {
    const { type, flags } = decodeHeader(frame);
    const right =
      kind === EntryKind.connector
        ? type === FrameType.event
        : type === FrameType.data || type === FrameType.end || type === FrameType.reset;
    if (!right) return `a frame of type ${type} can't be of kind ${kind}`;
    if (flags & FrameFlag.edge && kind !== EntryKind.target) return "the edge writes to the agent only";
    return null;
  } catch (error) {
    if (error instanceof SallyportError) return error.message;
    throw error;
  }
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
