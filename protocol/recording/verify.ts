import { type EdgeEvent, type EdgeSeal, edgeSealText } from "../control.ts";
import { chain, EntryKind, genesis } from "../entry.ts";
import { SallyportError } from "../errors.ts";
import type { RecordedEntry, RecordingTrailer } from "../recording.ts";
import { verifyText } from "../signatures.ts";
import { ConnectorChains } from "./chains.ts";
import { type EdgeEvents, edgeEvent } from "./events.ts";
import { CHECK_NAMES, type Check, Findings, type Verdict } from "./findings.ts";
import { findEdgeKey, type Keys } from "./keys.ts";
import { readRecording } from "./reader.ts";

/** What an export file proves. */
export interface Verification {
  /** `verified` only if every check is ok; `incomplete` if none failed but a seal or the end is absent. */
  verdict: Verdict;
  /** The session the file claims to be of, or null when it has no readable header. */
  session: string | null;
  /** Entries read. */
  entries: number;
  /** The first entry that is wrong, by its place in the file counted from 1; null when no one entry is. */
  firstWrong: number | null;
  checks: Check[];
  /** What is unusual but proves no change. */
  notes: string[];
}

/** Is shown what a recording says while it is verified; nothing of it is proven before the end. */
export interface RecordingObserver {
  edge(event: EdgeEvent, time: number): void;
  /** A frame of kind 3. */
  connector(frame: Uint8Array): void;
  trailer(trailer: RecordingTrailer): void;
}

/**
 * Verifies an export file as it streams, from nothing but the file and public keys. Memory is bounded (see
 * `RecentHeads`). Never throws for what the file holds; an error of the input, such as a file that can't be read,
 * passes through.
 */
export async function verifyRecording(
  chunks: AsyncIterable<Uint8Array>,
  keys: Keys,
  observer?: RecordingObserver,
): Promise<Verification> {
  const findings = new Findings(CHECK_NAMES);
  let judge: Judge | null = null;
  try {
    for await (const part of readRecording(chunks)) {
      if (part.part === "header") judge = new Judge(part.header.session, keys, findings, observer);
      else if (part.part === "entry") judge?.entry(part.entry);
      else await judge?.finish(part.trailer);
    }
    findings.ok("format", "the file is whole and laid out as format 1 says");
  } catch (error) {
    if (!(error instanceof SallyportError && error.code === "protocol_violation")) throw error;
    findings.fail("format", error.message, (judge?.entries ?? 0) + 1);
  }
  return { ...findings.result(), session: judge?.session ?? null, entries: judge?.entries ?? 0 };
}

/** Judges the entries of one session in order. */
class Judge {
  readonly session: string;
  entries = 0;
  readonly #keys: Keys;
  readonly #findings: Findings;
  readonly #observer: RecordingObserver | undefined;
  readonly #connector: ConnectorChains;
  #head: Uint8Array;
  #opened: EdgeEvents["opened"] | null = null;
  #ended = false;
  #time = 0;

  constructor(session: string, keys: Keys, findings: Findings, observer?: RecordingObserver) {
    this.session = session;
    this.#keys = keys;
    this.#findings = findings;
    this.#observer = observer;
    this.#connector = new ConnectorChains(session, keys, findings);
    this.#head = genesis(session);
  }

  entry(entry: RecordedEntry): void {
    const place = ++this.entries;
    if (entry.seq !== place) {
      this.#findings.fail("sequence", `where entry ${place} belongs stands entry ${entry.seq}`, place);
    }
    this.#head = chain(this.#head, entry);
    if (!Buffer.from(this.#head).equals(entry.hash)) {
      this.#findings.fail(
        "chain",
        `the hash of entry ${place} does not follow from what is before it`,
        place,
      );
    }
    if (entry.time < this.#time) {
      this.#findings.note(`the edge's clock went back by ${this.#time - entry.time} ms at entry ${place}`);
    }
    this.#time = entry.time;
    if (this.#ended) this.#findings.fail("ending", `entry ${place} follows the end of the session`, place);
    if (entry.kind === EntryKind.edge) this.#edge(entry.frame, place);
    else this.#connector.frame(entry.kind, entry.frame, place);
    if (entry.kind === EntryKind.connector) this.#observer?.connector(entry.frame);
    if (!this.#opened) this.#findings.fail("opening", "the first entry does not open the session", 1);
  }

  /** Judges what only the whole tells. */
  async finish(trailer: RecordingTrailer): Promise<void> {
    const { entries } = this;
    const { edgeSeal, connectorSeal } = trailer;
    this.#observer?.trailer(trailer);
    const findings = this.#findings;
    if (entries === 0) findings.fail("opening", "there is no entry", 1);
    findings.ok("sequence", `the entries count from 1 to ${entries} without a gap`);
    findings.ok("chain", "each entry's hash follows from the one before and its own bytes");
    findings.ok("frames", "each entry holds what its kind says");
    findings.ok("opening", "the first entry opens this session, under an edge key that is known");
    if (this.#ended) findings.ok("ending", "the last entry ends the session, and nothing follows it");
    else findings.absent("ending", "the session had not ended when this was exported");
    await this.#edgeSeal(edgeSeal);
    await this.#connector.finish(connectorSeal);
  }

  #edge(json: Uint8Array, place: number): void {
    const event = edgeEvent(json);
    if (event) this.#observer?.edge(event, this.#time);
    if (!event) this.#findings.fail("frames", `entry ${place} is no event of the edge`, place);
    else if (event.event === "opened") this.#open(event, place);
    else if (event.event === "connector_joined") {
      this.#connector.joined(event, this.#opened?.facts.connector, this.#time, place);
    } else if (event.event === "ended") this.#ended = true;
  }

  #open(event: EdgeEvents["opened"], place: number): void {
    const fail = (sentence: string) => this.#findings.fail("opening", sentence, place);
    if (place !== 1) fail(`entry ${place} opens the session again`);
    else if (event.facts.session !== this.session) fail("the first entry opens another session");
    else if (!findEdgeKey(this.#keys, event.edgeKey)) {
      fail(`the edge's key ${event.edgeKey} is not among the keys given`);
    }
    this.#opened = event;
  }

  async #edgeSeal(seal: EdgeSeal | undefined): Promise<void> {
    if (!seal) {
      this.#findings.absent("edge-seal", "the edge has not sealed this recording");
      return;
    }
    const fault = await this.#edgeSealFault(seal);
    if (fault) this.#findings.fail("edge-seal", fault);
    else {
      this.#findings.ok(
        "edge-seal",
        `the edge signed these ${seal.entries} entries with its key ${seal.key}`,
      );
    }
  }

  async #edgeSealFault(seal: EdgeSeal): Promise<string | null> {
    if (seal.entries !== this.entries) {
      return `the edge sealed ${seal.entries} entries; the file holds ${this.entries}`;
    }
    if (seal.head !== Buffer.from(this.#head).toString("hex"))
      return "the edge sealed other entries than these";
    const key = findEdgeKey(this.#keys, seal.key);
    if (!key) return `the seal's key ${seal.key} is not among the edge's keys given`;
    const right = await verifyText(key, edgeSealText(this.session, seal), seal.signature);
    return right ? null : "the edge's signature is wrong";
  }
}
