import type { ConnectorSeal } from "../../../protocol/control.ts";
import { chain, chainFrame, type Entry, EntryKind, frameGenesis, genesis } from "../../../protocol/entry.ts";
import { FrameFlag } from "../../../protocol/frame.ts";
import type { Judged } from "./machine.ts";

/** What edge and connector each count of a recording, after some entry; hashes are hex (docs/recording.md, "Hashes"). */
export interface Tallies {
  /** Entries, and the edge's chain. */
  entries: number;
  head: string;
  agentFrames: number;
  agentHead: string;
  connectorFrames: number;
  connectorHead: string;
  /** Bytes of frames of all entries. */
  bytes: number;
  /** The agent's chain where the connector's seal ends, once that has been passed; the seal may cover less than the log. */
  sealedAgentHead: string | null;
}

type Seal = Omit<ConnectorSeal, "type">;

/** Before the first entry. */
export function talliesAtStart(session: string): Tallies {
  return {
    entries: 0,
    head: hex(genesis(session)),
    agentFrames: 0,
    agentHead: hex(frameGenesis(session, "agent")),
    connectorFrames: 0,
    connectorHead: hex(frameGenesis(session, "connector")),
    bytes: 0,
    sealedAgentHead: null,
  };
}

/** Counts on from an earlier state, entry by entry: the edge's chain and both of the connector's. */
export class Counting {
  readonly #to: number | null;
  readonly #tallies: Tallies;
  #head: Uint8Array;
  #agentHead: Uint8Array;
  #connectorHead: Uint8Array;

  /** `seal`: the connector's, if it is known. */
  constructor(from: Tallies, seal: Seal | null) {
    this.#to = seal?.agentFrames ?? null;
    this.#tallies = { ...from };
    this.#head = Buffer.from(from.head, "hex");
    this.#agentHead = Buffer.from(from.agentHead, "hex");
    this.#connectorHead = Buffer.from(from.connectorHead, "hex");
    this.#passSeal();
  }

  /** Takes the next entry; whether it follows from what was before it. */
  add(entry: Entry & { hash: Uint8Array }): boolean {
    const { kind, frame } = entry;
    const tallies = this.#tallies;
    this.#head = chain(this.#head, entry);
    tallies.entries++;
    tallies.bytes += frame.length;
    if (kind === EntryKind.agent) {
      this.#agentHead = chainFrame(this.#agentHead, frame);
      tallies.agentFrames++;
      this.#passSeal();
    } else if (kind !== EntryKind.edge && (frame[1]! & FrameFlag.edge) === 0) {
      this.#connectorHead = chainFrame(this.#connectorHead, frame);
      tallies.connectorFrames++;
    }
    return entry.seq === tallies.entries && Buffer.from(entry.hash).equals(this.#head);
  }

  get tallies(): Tallies {
    return {
      ...this.#tallies,
      head: hex(this.#head),
      agentHead: hex(this.#agentHead),
      connectorHead: hex(this.#connectorHead),
    };
  }

  #passSeal(): void {
    if (this.#tallies.agentFrames === this.#to) this.#tallies.sealedAgentHead = hex(this.#agentHead);
  }
}

/**
 * Compares what both sides say of a whole recording. `isAuthentic`: the connector's seal is signed with the key with which it
 * joined. The connector may have received fewer of the agent's frames than were logged, never more.
 */
export function judgeSeal(whole: Tallies, seal: Seal | null, isAuthentic: boolean): Judged {
  if (seal === null) return { agreement: "absent", edgeHeads: null };
  const isShort = whole.sealedAgentHead !== null && seal.agentFrames <= whole.agentFrames;
  const edgeHeads = {
    agentFrames: isShort ? seal.agentFrames : whole.agentFrames,
    agentHead: isShort ? whole.sealedAgentHead! : whole.agentHead,
    connectorFrames: whole.connectorFrames,
    connectorHead: whole.connectorHead,
  };
  const same =
    seal.agentFrames === edgeHeads.agentFrames &&
    seal.agentHead === edgeHeads.agentHead &&
    seal.connectorFrames === edgeHeads.connectorFrames &&
    seal.connectorHead === edgeHeads.connectorHead;
  return same && isAuthentic ? { agreement: "agreed", edgeHeads: null } : { agreement: "differs", edgeHeads };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
