/** Streams of which the beginning of a character is kept. */
const MAX_STREAMS = 1_000;

/** Makes events JSON for programs: bytes in base64, and as text where they are UTF-8. */
export class JsonLines<Event extends object> {
  readonly #decoders = new Map<string, TextDecoder>();
  readonly #streamOf: (event: Event) => string | null;

  /** `streamOf`: of which stream an event has bytes of text; null for none. */
  constructor(streamOf: (event: Event) => string | null) {
    this.#streamOf = streamOf;
  }

  line(event: Event): string {
    if (!("bytes" in event) || !(event.bytes instanceof Uint8Array)) return JSON.stringify(event);
    const { bytes } = event;
    const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
    const stream = this.#streamOf(event);
    const text = stream === null ? null : this.#decoder(stream).decode(bytes, { stream: true });
    return JSON.stringify({ ...event, bytes: base64, ...(text !== null && { text }) });
  }

  #decoder(stream: string): TextDecoder {
    const known = this.#decoders.get(stream);
    if (known) return known;
    const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
    this.#decoders.set(stream, decoder);
    for (const oldest of this.#decoders.keys()) {
      if (this.#decoders.size <= MAX_STREAMS) break;
      this.#decoders.delete(oldest);
    }
    return decoder;
  }
}
