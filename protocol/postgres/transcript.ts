import { type Entry, EntryKind } from "../entry.ts";
import { SallyportError } from "../errors.ts";
import { decodeHeader, FRAME_HEADER, FrameFlag } from "../frame.ts";
import { connectorEvent, edgeEvent } from "../recording/events.ts";
import { fromClient, malformedFromClient } from "./transcript/client.ts";
import { Conversation } from "./transcript/conversation.ts";
import type { Happening, TranscriptEvent } from "./transcript/events.ts";
import { Gatherer } from "./transcript/gather.ts";
import { fromServer } from "./transcript/server.ts";

export type * from "./transcript/events.ts";

/** Bytes of each value that a transcript shows unless told otherwise. */
const VALUE_LIMIT = 4096;
/** Bytes of what can't be decoded that are shown. */
const UNDECODABLE_PREVIEW = 32;

const [NO_ENCRYPTION, ERROR_RESPONSE] = Buffer.from("NE");

type Side = "agent" | "target";

/**
 * Reads a recorded Postgres session: takes its entries in order, gives what happened. Pure; memory is bounded
 * whatever the entries hold (see `KEPT_BODY` and `MAX_REMEMBERED`), and it never throws for what they hold: the
 * recording of a hostile client becomes `undecodable` events. It trusts the entries' order, not their content;
 * verifying them is another matter.
 */
export class Transcript {
  readonly #talk: Conversation;
  readonly #client = new Gatherer("frontend");
  readonly #server = new Gatherer("backend");
  readonly #broken = new Set<Side>();
  #serverSpoke = false;
  #events: TranscriptEvent[] = [];
  #seq = 0;

  /** `valueLimit`: bytes of each value that are shown; null where rows are not told at all. */
  constructor(valueLimit: number | null = VALUE_LIMIT) {
    this.#talk = new Conversation(valueLimit, (happening) => this.#tell(happening));
  }

  /** What this entry tells, often nothing. */
  push(entry: Entry): TranscriptEvent[] {
    this.#events = [];
    this.#seq = entry.seq;
    this.#talk.now = entry.time;
    switch (entry.kind) {
      case EntryKind.edge:
        this.#report("edge", edgeEvent(entry.frame), entry.frame);
        break;
      case EntryKind.connector:
        this.#report("connector", connectorEvent(entry.frame), entry.frame);
        break;
      case EntryKind.agent:
        this.#decode("agent", this.#client, entry.frame.subarray(FRAME_HEADER));
        break;
      case EntryKind.target:
        this.#target(entry.frame);
    }
    return this.#events;
  }

  #target(frame: Uint8Array): void {
    // The edge's last word is a message of its own, whatever the target had begun to say.
    if (flagsOf(frame) & FrameFlag.edge) {
      this.#decode("target", new Gatherer("backend"), frame.subarray(FRAME_HEADER), "edge");
    } else {
      this.#decode("target", this.#server, this.#withoutAnswers(frame.subarray(FRAME_HEADER)));
    }
  }

  /** Takes off the bytes that answer SSLRequest and GSSENCRequest, which are no messages. */
  #withoutAnswers(bytes: Uint8Array): Uint8Array {
    let rest = bytes;
    while (rest.length > 0 && this.#talk.encryptionAnswers > 0 && !this.#serverSpoke) {
      if (rest[0] === ERROR_RESPONSE) break;
      this.#talk.encryptionAnswers--;
      if (rest[0] !== NO_ENCRYPTION) {
        for (const side of ["agent", "target"] as const) {
          this.#give(side, "encryption was agreed inside the tunnel", rest);
        }
      }
      rest = rest.subarray(1);
    }
    if (rest.length > 0) this.#serverSpoke = true;
    return rest;
  }

  #decode(side: Side, gatherer: Gatherer, bytes: Uint8Array, from: "target" | "edge" = "target"): void {
    if (this.#broken.has(side) && from !== "edge") {
      if (bytes.length > 0) this.#undecodable(side, "it follows what can't be read", bytes);
      return;
    }
    try {
      for (const message of gatherer.push(bytes)) {
        try {
          if (side === "agent") fromClient(this.#talk, message);
          else fromServer(this.#talk, message, from);
        } catch (error) {
          // The message is no such message, but where the next one begins is known.
          this.#undecodable(side, reasonOf(error), message.body, message.length);
          if (side === "agent") malformedFromClient(this.#talk, message);
        }
      }
    } catch (error) {
      this.#give(side, reasonOf(error), bytes);
    }
  }

  /** Gives up a direction: where its next message begins is not known. */
  #give(side: Side, reason: string, bytes: Uint8Array): void {
    this.#broken.add(side);
    this.#undecodable(side, reason, bytes);
  }

  #undecodable(from: Side, reason: string, bytes: Uint8Array, length: number = bytes.length): void {
    const preview = Buffer.from(bytes.subarray(0, UNDECODABLE_PREVIEW)).toString("hex");
    this.#tell({ type: "undecodable", from, reason, bytes: length, preview });
  }

  #report<Type extends "edge" | "connector">(
    type: Type,
    event: Extract<Happening, { type: Type }>["event"] | null,
    bytes: Uint8Array,
  ): void {
    if (event) this.#tell({ type, event } as Happening);
    else this.#undecodable("target", `this is no event of the ${type}`, bytes);
  }

  #tell(happening: Happening): void {
    this.#events.push({ seq: this.#seq, time: this.#talk.now, ...happening });
  }
}

function flagsOf(frame: Uint8Array): number {
  try {
    return decodeHeader(frame).flags;
  } catch (error) {
    if (error instanceof SallyportError) return 0;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof SallyportError) return error.message;
  throw error;
}
