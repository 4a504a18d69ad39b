import type { SshTranscriptEvent } from "../../../protocol/ssh/transcript/transcript.ts";

/** Streams of which the beginning of a character is kept. */
const MAX_STREAMS = 1_000;

/** Makes events JSON for programs: bytes in base64, and as text where they are UTF-8. */
export class JsonLines {
  readonly #decoders = new Map<string, TextDecoder>();

  line(event: SshTranscriptEvent): string {
    if (event.type !== "bytes") return JSON.stringify(event);
    const text = this.#decoder(`${event.channel} ${event.stream}`).decode(event.bytes, { stream: true });
    return JSON.stringify({ ...event, bytes: Buffer.from(event.bytes).toString("base64"), text });
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
