import { fieldValue } from "../../../protocol/http/fields.ts";
import type { Fields } from "../../../protocol/http/head.ts";
import type { HttpTranscriptEvent, Side } from "../../../protocol/http/transcript/transcript.ts";

/** Bytes of a body that are shown, each way, unless all of it is asked for. */
const MAX_SHOWN = 16 * 1024;
/** Controls that no text has but tab and line ends. */
const NO_TEXT = /(?![\t\n\r])\p{Cc}|\ufffd/u;

interface Way {
  bytes: number;
  messages: number;
  shown: number;
  /** Null before the first byte. */
  isText: boolean | null;
  contentType: string | null;
  compressed: boolean;
}

/** What passed of one exchange, and what of it is shown as text. */
export class Passed {
  readonly #most: number;
  readonly #ways: Record<Side, Way> = { agent: newWay(), target: newWay() };

  /** `whole`: all text is shown. */
  constructor(whole: boolean) {
    this.#most = whole ? Number.POSITIVE_INFINITY : MAX_SHOWN;
  }

  of(side: Side): Readonly<Way> {
    return this.#ways[side];
  }

  take(event: HttpTranscriptEvent): void {
    if (event.type === "request") this.#head("agent", event.head.fields);
    if (event.type === "response") this.#head("target", event.head.fields);
    if (event.type !== "bytes" && event.type !== "message") return;
    const way = this.#ways[event.from];
    way.bytes += event.bytes.length;
    if (event.type === "message" && event.begins) way.messages++;
  }

  /** What of these bytes is shown; null for nothing. Whether a body is text its first bytes say. */
  text(side: Side, bytes: Uint8Array): Uint8Array | null {
    const way = this.#ways[side];
    way.isText ??= !way.compressed && looksLikeText(bytes);
    if (!way.isText) return null;
    const part = bytes.subarray(0, Math.max(0, this.#most - way.shown));
    way.shown += part.length;
    return part.length === 0 ? null : part;
  }

  #head(side: Side, fields: Fields): void {
    const way = this.#ways[side];
    way.contentType = fieldValue(fields, "content-type");
    const encoding = fieldValue(fields, "content-encoding");
    way.compressed = encoding !== null && encoding.toLowerCase() !== "identity";
  }
}

function newWay(): Way {
  return { bytes: 0, messages: 0, shown: 0, isText: null, contentType: null, compressed: false };
}

/** A character that is cut off at the end is no sign against it. */
function looksLikeText(bytes: Uint8Array): boolean {
  return !NO_TEXT.test(new TextDecoder("utf-8").decode(bytes.subarray(0, 4_096), { stream: true }));
}
